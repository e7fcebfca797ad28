"""
Template fields of this package's tasks: None never becomes the text ``None``.

Jinja renders a missing value as ``None``. As a filter, an id or an amount that text is wrong: the query finds
nothing, and a table replaced by its result is empty. So every ``{{ ... }}`` that gives None, a list or dict
that holds one, or a text that one was made a part of (``~``, ``%``, ``format``, filters such as ``join``),
fails the task and names the field, except where a whole argument documents None as "not given", and in
native rendering, which gives None itself. Conditions see None as it is.

What upstream tasks return is data: Airflow knows it by its identity and does not render it. Nothing here may
hand a derived text to Airflow's renderer, as that would be a template again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.tasks.nothing import NOTHING, Mark

if TYPE_CHECKING:
    import jinja2
    from airflow.sdk import Context
    from airflow.sdk.definitions.mappedoperator import OperatorPartial


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
            return super().render_template(content, context, environment, seen_oids)
        # The content itself goes on, never a copy: by its identity Airflow knows data from templates.
        from airflow_provider_poweroffice.tasks.none_marks import strict_environment

        strict = strict_environment(environment)
        rendered = self.render_template(content, context, strict, seen_oids)
        return self._without_none(content, rendered, is_native=_is_native(environment))

    def _without_none(self, content: Any, rendered: Any, *, is_native: bool) -> Any:
        if rendered is content:  # data
            return rendered
        names = self._fields_with(content)
        name = names[0] if names else "a field"
        if rendered is None or rendered == NOTHING:
            if names and self.none_means_unset.issuperset(names):
                return None
            raise AirflowFailException(_message(name, content))
        places = list(_places(rendered, name))
        if is_native and all(_is_native_value(text) for _, text in places):
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


def _places(value: Any, where: str, within: tuple[int, ...] = ()) -> Iterator[tuple[str, str]]:
    """Find the texts that hold a None, with their places."""
    if isinstance(value, str):
        if NOTHING in value.lower():
            yield where, value
    elif id(value) in within:
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _places(key, where, (*within, id(value)))
            yield from _places(item, f"{where}[{key!r}]", (*within, id(value)))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for index, item in enumerate(value):
            yield from _places(item, f"{where}[{index}]", (*within, id(value)))


def _native(value: Any, within: tuple[int, ...] = ()) -> Any:
    """Give None itself, as a DAG with ``render_template_as_native_obj`` asks for."""
    if id(value) in within:
        return value
    within = (*within, id(value))
    if isinstance(value, dict):
        return {_native(key, within): _native(item, within) for key, item in value.items()}
    if isinstance(value, (list, set, frozenset)) or type(value) is tuple:
        return type(value)(_native(item, within) for item in value)
    if isinstance(value, Mark):
        return value.original
    return None if value == NOTHING else value


def _is_native_value(text: str) -> bool:
    return text == NOTHING or (isinstance(text, Mark) and text.original is not None)


def _is_native(environment: jinja2.Environment) -> bool:
    from jinja2.nativetypes import NativeEnvironment

    return isinstance(environment, NativeEnvironment)
