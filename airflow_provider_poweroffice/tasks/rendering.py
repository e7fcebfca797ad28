"""
Template fields of this package's tasks: None never becomes the text ``None``.

Jinja renders a missing value as ``None``. As a filter, an id or an amount that text is wrong: the query finds
nothing, and a table replaced by its result is empty. So every ``{{ ... }}`` that gives None, or a list or
dict that holds one, or joins one to a text (``~``, the filter ``join``), fails the task and names the field,
except where a whole argument documents None as "not given", and in native rendering, which gives None itself.

What upstream tasks return is data: Airflow knows it by its identity and does not render it. Nothing here may
hand a derived text to Airflow's renderer, as that would be a template again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_poweroffice._compat import AirflowFailException

if TYPE_CHECKING:
    import jinja2
    from airflow.sdk import Context
    from airflow.sdk.definitions.mappedoperator import OperatorPartial
    from jinja2.compiler import CodeGenerator

_NOTHING = f"nothing_{secrets.token_hex(16)}"
"""Stands for None while a field is rendered; random, so that no other text equals it; ``repr`` keeps it."""


def _marked(value: Any) -> Any:
    """Jinja's ``finalize``: called with the value of each expression before it is written."""
    if value is None:
        return _NOTHING
    kind = type(value)
    if kind is dict:
        marked: Any = {key: _marked(item) for key, item in value.items()}
        return marked if any(marked[key] is not item for key, item in value.items()) else value
    if kind in {list, tuple, set, frozenset}:
        marked = list(map(_marked, value))
        return kind(marked) if any(new is not old for new, old in zip(marked, value, strict=True)) else value
    return value


def _strict(environment: jinja2.Environment) -> jinja2.Environment:
    """Give an environment in which None is marked where an expression is written, joined or concatenated."""
    strict = environment.overlay(finalize=_marked)
    strict.filters = environment.filters | {"join": _marking_join()}
    generator: Any = environment.code_generator_class
    strict.code_generator_class = _marking_generator(generator)
    return strict


@cache
def _marking_join() -> Callable[..., str]:
    from jinja2 import pass_eval_context
    from jinja2.filters import make_attrgetter, sync_do_join

    @pass_eval_context
    def join(context: Any, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
        items = value if attribute is None else map(make_attrgetter(context.environment, attribute), value)
        return sync_do_join(context, map(_marked, items), d)

    return join


@cache
def _marking_generator(base: Any) -> type[CodeGenerator]:
    class Marking(base):  # type: ignore[misc]
        def visit_Concat(self, node: Any, frame: Any) -> None:  # noqa: N802 - jinja2's name
            joins = "(markup_join if context.eval_ctx.autoescape else str_join)"
            self.write(f"{joins}((")
            for operand in node.nodes:
                self.write("environment.finalize(")
                self.visit(operand, frame)
                self.write("), ")
            self.write("))")

    return Marking


class RenderedOperator(BaseOperator):
    """Base of all tasks of this package: checks what their template fields render to."""

    @classmethod
    def partial(cls, **kwargs: Any) -> OperatorPartial:
        """Begin a mapped task, whose arguments are checked while the DAG file is read."""
        from airflow_provider_poweroffice.tasks.mapping import CheckedPartial

        made = super().partial(**kwargs)
        made._expand_called = True  # noqa: SLF001 - the other one is expanded
        return CheckedPartial(operator_class=cls, kwargs=made.kwargs, params=made.params)

    none_means_unset: frozenset[str] = frozenset()
    """Template fields for which a template that gives None is the same as leaving the argument out."""

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """
        Render a template field.

        :raises AirflowFailException: a template gave None; names the field, and the place in it.
        """
        environment = jinja_env or self.get_template_env()
        if environment.finalize is not None:  # within a field, or the DAG sets its own finalize
            rendered = super().render_template(content, context, environment, seen_oids)
            # A filter may have made a text of None before it was written.
            is_none = isinstance(content, str) and rendered == "None" != content
            return _NOTHING if is_none and environment.finalize is _marked else rendered
        # The content itself goes on, never a copy: by its identity Airflow knows data from templates.
        strict = _strict(environment)
        rendered = self.render_template(content, context, strict, seen_oids)
        return self._without_none(content, rendered, is_native=_is_native(environment))

    def _without_none(self, content: Any, rendered: Any, *, is_native: bool) -> Any:
        if rendered is content:  # data
            return rendered
        names = self._fields_with(content)
        name = names[0] if names else "a field"
        if rendered is None or rendered == _NOTHING:
            if names and self.none_means_unset.issuperset(names):
                return None
            raise AirflowFailException(_message(name, content))
        places = list(_places(rendered, name))
        if is_native and all(text == _NOTHING for _, text in places):
            return _native(rendered)
        if places:
            raise AirflowFailException(_message(places[0][0], content))
        return rendered

    def _fields_with(self, content: Any) -> list[str]:
        """Name the template fields that hold this very object."""
        return [field for field in self.template_fields if getattr(self, field, None) is content]


def _message(where: str, content: Any) -> str:
    return (
        f"{where}: the template {content!r} gave None, which would be sent as the text 'None': was the value "
        "missing? Write {{ ... or 'a default' }}, or have the task that gives the value fail"
    )


def _places(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Find the texts that hold a None, with their places."""
    if isinstance(value, str):
        if _NOTHING in value:
            yield where, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _places(item, f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple, set, frozenset)):
        for index, item in enumerate(value):
            yield from _places(item, f"{where}[{index}]")


def _native(value: Any) -> Any:
    """Give None itself, as a DAG with ``render_template_as_native_obj`` asks for."""
    if isinstance(value, dict):
        return {key: _native(item) for key, item in value.items()}
    if isinstance(value, (list, set, frozenset)) or type(value) is tuple:
        return type(value)(map(_native, value))
    return None if value == _NOTHING else value


def _is_native(environment: jinja2.Environment) -> bool:
    from jinja2.nativetypes import NativeEnvironment

    return isinstance(environment, NativeEnvironment)
