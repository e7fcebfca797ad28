"""
From a record to the body of a call: templates compiled once, or a function.

Rule: values keep their types. A template that is one expression gives the value itself, so that ``{{ row.id
}}`` of a number is a number and of the text ``007`` that text; any other template gives text, and a None in
it is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from importlib import import_module
from math import isfinite
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from airflow_provider_poweroffice.api.catalogue.bodies import BodyField

Mapper = Callable[[dict[str, Any]], Any]
_EXACT = 2**53  # below it a float has each whole number
_EXPRESSION = re.compile(r"\s*\{\{[-+]?((?:(?!\{\{|\}\}).)*?)[-+]?\}\}\s*", re.DOTALL)


class _Environment(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give the column first: one that is called ``items`` is not the method."""
        return (
            obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)
        )


def _written(value: Any) -> Any:
    if value is None:
        raise ValueError("a None would become the text 'None'; write {{ ... or 'a default' }}")
    return value


def compile_mapping(mapping: Any, names: Mapping[str, Any]) -> Mapper:
    """
    Make the function from a record to a body.

    :param mapping: a dict (or a list) of templates, nested as the body is; a callable that takes the record,
        or its dotted name; None: the record is the body. A callable leaves a record out by giving None.
    :param names: what templates find besides ``row``.
    :raises ValueError, TypeError: it cannot be used; names the field.
    :raises ImportError: nothing has that dotted name.
    """
    if mapping is None:
        return dict
    if isinstance(mapping, str):
        module, _, name = mapping.rpartition(".")
        if not module:
            raise ValueError(
                f"mapping={mapping!r} must be the dotted name of a function: package.module.name"
            )
        mapping = getattr(import_module(module), name, None)
        if mapping is None:
            raise ImportError(f"mapping: the module {module!r} has no {name!r}")
    if callable(mapping):
        made: Mapper = mapping
        return made
    if not isinstance(mapping, Mapping) or not mapping:
        raise TypeError(
            f"mapping must be a dict of templates, a function or its dotted name, not {mapping!r}"
        )
    environment = _Environment(undefined=StrictUndefined, finalize=_written)
    render = _compiled(environment, mapping, "mapping")
    return lambda row: render({**names, "row": row})


def _compiled(environment: _Environment, value: Any, where: str) -> Mapper:
    if isinstance(value, Mapping):
        parts = {name: _compiled(environment, item, f"{where}[{name!r}]") for name, item in value.items()}
        return lambda names: {name: part(names) for name, part in parts.items()}
    if isinstance(value, (list, tuple)):
        items = [_compiled(environment, item, f"{where}[{index}]") for index, item in enumerate(value)]
        return lambda names: [item(names) for item in items]
    if not isinstance(value, str) or ("{{" not in value and "{%" not in value):
        return lambda _: value
    try:
        if one := _EXPRESSION.fullmatch(value):
            return _native(environment.compile_expression(one[1].strip(), undefined_to_none=False), where)
        template = environment.from_string(value)
    except TemplateSyntaxError as error:
        raise ValueError(f"{where}: {value!r} is not a template: {error}") from None
    return _named(template.render, where)


def _native(expression: Callable[..., Any], where: str) -> Mapper:
    def value_of(names: dict[str, Any]) -> Any:
        found = expression(names)
        return str(found) if isinstance(found, Undefined) else found  # raises, and says what is missing

    return _named(value_of, where)


def _named(render: Mapper, where: str) -> Mapper:
    def named(names: dict[str, Any]) -> Any:
        try:
            return render(names)
        except Exception as error:  # noqa: BLE001 - whatever a filter raises
            raise ValueError(f"{where}: {error}") from None

    return named


def typed(body: Any, fields: Mapping[str, BodyField], *, but: Collection[str] = ()) -> Any:
    """
    Turn texts into the numbers and booleans that the API's description asks for, where they are exactly that.

    A whole number that comes as 7.0 becomes 7. Names are spelled as in the description.

    :param body: of one record; CSV has texts only.
    :param fields: of the call's body; fields that are not described are left as they are.
    :param but: paths whose values are left as they are.
    """
    if isinstance(body, dict):
        known = {name.lower(): field for name, field in fields.items()}
        fitted = ((name, value, known.get(str(name).lower())) for name, value in body.items())
        return {
            field.name if field else name: _typed(value, field, but) if field else value
            for name, value, field in fitted
        }
    return [typed(item, fields, but=but) for item in body] if isinstance(body, list) else body


def _typed(value: Any, field: BodyField, but: Collection[str]) -> Any:
    if field.inner:
        below = f"{field.name}."
        return typed(
            value, field.inner, but={path.removeprefix(below) for path in but if path.startswith(below)}
        )
    if field.name in but:
        return value
    if isinstance(value, str):
        return _read(value, field.kind)
    return _whole(value) if field.kind == "integer" else value


def _read(text: str, kind: str) -> Any:
    """Read a text that is a value of a kind; give back any other text."""
    if kind not in _READERS:
        return text
    read, shape = _READERS[kind]
    return read(text) if shape.fullmatch(text) else text


def _whole(value: Any) -> Any:
    """Give an int for a whole number of another type, as pandas stores some."""
    if not isinstance(value, (float, Decimal)) or not isfinite(value):
        return value
    return int(value) if -_EXACT < value < _EXACT and value % 1 == 0 else value


_READERS: dict[str, tuple[Callable[[str], Any], re.Pattern[str]]] = {
    "integer": (int, re.compile(r"-?\d{1,18}", re.ASCII)),
    "decimal": (Decimal, re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)),
    "boolean": (lambda text: text.lower() == "true", re.compile("true|false", re.IGNORECASE)),
}
