"""
Jinja that leaves a mark where None is written, or made a part of a text.

Rule: whatever else a template does, and every condition in it, is as in any other task, but for texts that
were made before the condition, as by ``{% set %}``: what a filter makes of None alone still equals
``'None'``, and one that None is a part of equals no other text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import nodes, pass_eval_context
from jinja2.filters import FILTERS, make_attrgetter, sync_do_join
from jinja2.visitor import NodeTransformer

from airflow_provider_poweroffice.tasks.nothing import MARK, NOTHING, marked

if TYPE_CHECKING:
    from jinja2.compiler import CodeGenerator

_TEXT_FILTERS = frozenset(
    {
        "capitalize",
        "center",
        "e",
        "escape",
        "forceescape",
        "indent",
        "lower",
        "replace",
        "string",
    }
    | {"pprint", "safe", "striptags", "title", "trim", "truncate", "upper", "urlencode", "urlize", "wordwrap"}
)
"""Filters of Jinja that make a text of whatever they are given, of None too."""
_RENAMED = _TEXT_FILTERS | {"join"}
_TEXT_METHODS = frozenset({"format", "join"})


def strict_environment(environment: jinja2.Environment) -> jinja2.Environment:
    """Give an environment in which None is marked where it is written, or made a part of a text."""
    strict = environment.overlay(finalize=marked)
    made = {name: _keeping_none(FILTERS[name]) for name in _TEXT_FILTERS} | {"join": _join}
    given = environment.filters  # with the DAG's own, which may have one of these names
    own = {_own(name): ours if given[name] is FILTERS[name] else given[name] for name, ours in made.items()}
    strict.filters = given | own | {_MARKED: _marked_operand, _METHOD: _text_method}
    generator: Any = environment.code_generator_class
    strict.code_generator_class = _marking_generator(generator)
    return strict


def _own(name: str) -> str:
    return f"{name} of poweroffice"  # no template can name it


_MARKED, _METHOD = _own("marked"), _own("method")


def _marked_operand(value: Any) -> Any:
    return marked(value)


def _text_method(method: Any) -> Any:
    """Give a method of a text that marks what it is given; a method of anything else as it is."""
    owner = getattr(getattr(method, "__wrapped__", method), "__self__", None)  # Jinja's sandbox wraps it
    if not isinstance(owner, str):
        return method

    def marking(*args: Any, **kwargs: Any) -> Any:
        return method(*map(marked, args), **{name: marked(value) for name, value in kwargs.items()})

    return marking


@cache
def _keeping_none(made: Callable[..., Any]) -> Callable[..., Any]:
    """Give a filter that leaves None, and a text with one, to be found."""
    place = 0 if getattr(made, "jinja_pass_arg", None) is None else 1  # behind the context of some

    @wraps(made)
    def keeping(*args: Any, **kwargs: Any) -> Any:
        value = args[place]
        if value is None or (isinstance(value, str) and NOTHING in value):
            return MARK
        return made(*args, **kwargs)

    return keeping


@pass_eval_context
def _join(context: Any, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    items = value if attribute is None else map(make_attrgetter(context.environment, attribute), value)
    return sync_do_join(context, map(marked, items), d)


def _marking(node: Any, name: str = _MARKED) -> Any:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno, environment=node.environment)


class _Marker(NodeTransformer):
    """Marks what becomes a part of a text; conditions compare what they are given."""

    def visit_Concat(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        node.nodes = [*map(_marking, node.nodes)]
        return node

    def visit_Mod(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        node.right = _marking(node.right)
        return node

    def visit_Call(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        if isinstance(node.node, nodes.Getattr) and node.node.attr in _TEXT_METHODS:
            node.node = _marking(node.node, _METHOD)
        return node

    def visit_Filter(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        if node.name == "format":
            self._mark_arguments(node)
        elif node.name == "map":  # each item by the filter that its first argument names
            for named in node.args[:1]:
                if isinstance(named, nodes.Const) and named.value in _RENAMED:
                    named.value = _own(named.value)
        elif node.name in _RENAMED and node.node is not None:
            if node.name == "replace":
                node.args[1:2] = map(_marking, node.args[1:2])
            node.name = _own(node.name)
        return node

    @staticmethod
    def _mark_arguments(node: Any) -> None:
        node.args = [*map(_marking, node.args)]
        for argument in node.kwargs:
            argument.value = _marking(argument.value)
        node.dyn_args = node.dyn_args and _marking(node.dyn_args)
        node.dyn_kwargs = node.dyn_kwargs and _marking(node.dyn_kwargs)

    def visit_CondExpr(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        node.expr1 = self.visit(node.expr1)
        node.expr2 = node.expr2 and self.visit(node.expr2)
        return node

    def visit_If(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        for part in (node.body, node.elif_, node.else_):
            part[:] = [self.visit(child) for child in part]
        return node

    def visit_Compare(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        return node

    visit_Test = visit_Compare  # noqa: N815 - jinja2's name


@cache
def _marking_generator(base: Any) -> type[CodeGenerator]:
    class Marking(base):  # type: ignore[misc]
        def visit_Template(self, node: Any, frame: Any = None) -> None:  # noqa: N802 - jinja2's name
            super().visit_Template(_Marker().visit(node), frame)

    return Marking
