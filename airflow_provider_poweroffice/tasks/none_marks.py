"""
Jinja that leaves a mark where None is written, or made a part of a text.

What makes a text is carried out twice, with None and with a mark in its place: where the texts differ, None
is in them, however it came there. So of a function it is known that it makes a text, and not how.

Rule: whatever else a template does, and every condition in it, is as in any other task. A condition is given
the texts that were made before it, as by ``{% set %}``, with None in them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import cache, partial, wraps
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import nodes, pass_eval_context
from jinja2.filters import FILTERS, do_format, do_replace, make_attrgetter, sync_do_join
from jinja2.visitor import NodeTransformer

from airflow_provider_poweroffice.tasks.nothing import NOTHING, Alone, Mark, is_marked, marked, unmarked

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
        "pprint",
        "safe",
        "string",
        "striptags",
        "title",
        "trim",
        "truncate",
        "upper",
        "urlencode",
        "urlize",
        "wordwrap",
    }
)
"""Filters of Jinja that make a text of what they are given, of None too; further arguments are settings."""
_TEXT_METHODS = frozenset({"format", "format_map", "join"})
_TEXT_FUNCTIONS = (str, repr, ascii, format)


def strict_environment(environment: jinja2.Environment) -> jinja2.Environment:
    """Give an environment in which None is marked where it is written, or made a part of a text."""
    strict = environment.overlay(finalize=marked)
    made = {name: _watching(FILTERS[name]) for name in _TEXT_FILTERS}
    made |= {"format": _format, "join": _join, "replace": _replace}
    given = environment.filters  # with the DAG's own, which may have one of these names
    own = {_own(name): ours if given[name] is FILTERS[name] else given[name] for name, ours in made.items()}
    strict.filters = given | own | {_MARKED: marked, _TEXT: _text, _MOD: _mod, _CALLED: _called}
    strict.filters[_UNMARKED] = unmarked
    generator: Any = environment.code_generator_class
    strict.code_generator_class = _marking_generator(generator)
    return strict


def _own(name: str) -> str:
    return f"{name} of poweroffice"  # no template can name it


_MARKED, _TEXT, _MOD, _CALLED, _UNMARKED = map(_own, ("marked", "text", "mod", "called", "unmarked"))
_RENAMED = _TEXT_FILTERS | {"format", "join", "replace"}


def _watched(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """
    Make a text, and give a mark for one that a None is a part of.

    :param function: has no effects.
    """
    arguments = [marked(value) for value in given]
    keywords = {name: marked(value) for name, value in named.items()}
    pairs = [*zip((*arguments, *keywords.values()), (*given, *named.values()), strict=True)]
    if all(new is old and not is_marked(old) for new, old in pairs):
        return function(*given, **named)
    found = function(*arguments, **keywords)
    try:
        usual = function(*map(unmarked, given), **{name: unmarked(value) for name, value in named.items()})
    except (TypeError, ValueError):  # as of {:.2f} for None
        usual = found
    return _marked_where(found, usual, alone=isinstance(pairs[0][0], Alone))


def _marked_where(found: Any, usual: Any, *, alone: bool) -> Any:
    if isinstance(usual, (int, float)):  # a number tells no text
        return usual
    if isinstance(usual, str):
        if not is_marked(found) and str(found) == str(usual):
            return usual
        if alone and usual.strip().lower() == "none":
            return Alone(NOTHING, usual=usual)
        return Mark(found, usual=usual) if is_marked(found) and found != NOTHING else Mark(usual=usual)
    if isinstance(usual, (list, tuple)) and len(usual) == len(found):  # of a text that was split
        return [_marked_where(new, old, alone=False) for new, old in zip(found, usual, strict=True)]
    return usual if found == usual else Mark()


@cache
def _watching(made: Callable[..., Any]) -> Callable[..., Any]:
    place = 0 if getattr(made, "jinja_pass_arg", None) is None else 1  # behind the context of some

    @wraps(made)
    def watching(*args: Any, **kwargs: Any) -> Any:
        begin, end = args[:place], args[place + 1 :]
        return _watched(lambda text: made(*begin, text, *end, **kwargs), args[place])

    return watching


def _format(value: str, *args: Any, **kwargs: Any) -> Any:
    return _watched(do_format, value, *args, **kwargs)


@pass_eval_context
def _replace(context: Any, s: str, old: str, new: str, count: int | None = None) -> Any:
    return _watched(lambda text, new: do_replace(context, text, old, new, count), s, new)


@pass_eval_context
def _join(context: Any, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> Any:
    items = value if attribute is None else map(make_attrgetter(context.environment, attribute), value)
    return _watched(partial(sync_do_join, context), [*items], d)


def _text(value: Any) -> Any:
    """Mark a text that holds a mark, so that no slice of it is without."""
    return Mark(value) if is_marked(value) and not isinstance(value, Mark) else value


def _mod(left: Any, right: Any) -> Any:
    return _watched(operator.mod, left, right) if isinstance(left, str) else left % right


def _called(function: Any) -> Any:
    """Give a function that makes a text so that it marks one with a None; any other as it is."""
    method = getattr(function, "__wrapped__", function)  # Jinja's sandbox wraps some
    owner, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
    if any(function is known for known in _TEXT_FUNCTIONS):
        return partial(_watched, function)
    if not isinstance(owner, str):
        return function
    if name in _TEXT_METHODS:
        return partial(_watched, function)
    # No method that the sandbox would have to look at.
    return partial(_watched, getattr(str, name), owner) if is_marked(owner) else function


def _by(node: Any, name: str, *others: Any) -> Any:
    return nodes.Filter(
        node, name, [*others], [], None, None, lineno=node.lineno, environment=node.environment
    )


class _Condition(NodeTransformer):
    """Has a condition given texts with None in the place of a mark."""

    def visit_Name(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        return _by(node, _UNMARKED) if node.ctx == "load" else node

    visit_Getattr = visit_Getitem = visit_Name  # noqa: N815 - jinja2's names


class _Marker(NodeTransformer):
    """Has what makes a text watched, but in conditions."""

    def visit_Concat(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        node.nodes = [_by(part, _MARKED) for part in node.nodes]
        return _by(node, _TEXT)

    def visit_Mod(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        return _by(node.left, _MOD, node.right)

    def visit_Call(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        node.node = _by(node.node, _CALLED)
        return node

    def visit_Getitem(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        node.node = _by(node.node, _TEXT)
        if not isinstance(node.arg, (nodes.Const, nodes.Slice)):
            node.arg = _by(node.arg, _UNMARKED)
        return node

    def visit_Filter(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        if node.name == "map":  # each item by the filter that its first argument names
            for named in node.args[:1]:
                if isinstance(named, nodes.Const) and named.value in _RENAMED:
                    named.value = _own(named.value)
        elif node.name in _RENAMED:
            node.name = _own(node.name)
        return node

    def visit_CondExpr(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        node.test = _Condition().visit(node.test)
        node.expr1 = self.visit(node.expr1)
        node.expr2 = node.expr2 and self.visit(node.expr2)
        return node

    def visit_If(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        node.test = _Condition().visit(node.test)
        for part in (node.body, node.elif_, node.else_):
            part[:] = [self.visit(child) for child in part]
        return node

    def visit_Compare(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        return _Condition().generic_visit(node)

    visit_Test = visit_Compare  # noqa: N815 - jinja2's name


@cache
def _marking_generator(base: Any) -> type[CodeGenerator]:
    class Marking(base):  # type: ignore[misc]
        def visit_Template(self, node: Any, frame: Any = None) -> None:  # noqa: N802 - jinja2's name
            super().visit_Template(_Marker().visit(node), frame)

    return Marking
