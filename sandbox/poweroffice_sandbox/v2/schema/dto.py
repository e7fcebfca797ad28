"""
What a DTO is made of: the field notation read into tables, and the check of one value against one field.

Rule: pure; nothing here knows a resource, a company or a request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from .tables import ENUMS, named_words

_WORD = re.compile(r"(!?)([-+>~]?)(\w+):(\w+(?:\[\])?)(?:<=(\d+))?(?:=(\d+)\.\.(\d+))?(\?)?$")
_INTEGER = re.compile(r"-?\d+$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


CREATED, CHANGED = "CreatedDateTimeOffset", "LastChangedDateTimeOffset"


class BadValueError(ValueError):
    """A value does not fit its field; the text is the detail of the answer."""


@dataclass(frozen=True)
class Field:
    """One field of a DTO; ``mark`` as in the notation of :mod:`.tables`."""

    name: str
    type: str
    mark: str
    required: bool
    max_length: int | None
    nullable: bool
    limits: tuple[int, int] | None = None


@dataclass(frozen=True)
class Schema:
    """A DTO: its fields in order, and the same by lower-case name."""

    fields: tuple[Field, ...]
    by_name: dict[str, Field]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of an answer, in order."""
        return tuple(field.name for field in self.fields if field.mark != ">")

    @property
    def required(self) -> tuple[str, ...]:
        """The fields a POST must carry."""
        return tuple(field.name for field in self.fields if field.required)

    def writable(self, name: str, method: str) -> Field | None:
        """
        Find the field a client may set, by its name in any casing.

        :param method: ``POST`` or ``PATCH``.
        """
        field = self.by_name.get(name.lower())
        closed = {"-", "~"} if method == "POST" else {"-", "+", ">"}
        return None if field is None or field.mark in closed else field


def schema(text: str) -> Schema:
    """
    Read the notation.

    :param text: see :mod:`.tables`.
    """
    fields = []
    for word in text.split():
        match = _WORD.match(word)
        if match is None:
            raise ValueError(f"field notation: {word!r}")
        needed, mark, name, kind, longest, least, most, nullable = match.groups()
        limits = (int(least), int(most)) if least else None
        length = int(longest) if longest else None
        fields.append(Field(name, kind, mark, bool(needed), length, bool(nullable), limits))
    return Schema(tuple(fields), {field.name.lower(): field for field in fields})


@cache
def schema_of(entity: str, **marks: str) -> Schema:
    """
    Give the fields of an entity of the official tables.

    The OpenAPI file cannot tell what a PATCH of the flows' entities takes: the marks are what published
    clients found. Assumed: the required fields of a new outgoing invoice voucher, which the file of March
    2025 has only in answers.

    :param entity: e.g. ``Customer``.
    :param marks: other marks for single fields, by name.
    """
    text = {**named_words("fields"), **named_words("flow_fields")}[entity]
    return marked(schema(text), marks)


def marked(fields: Schema, marks: Mapping[str, str]) -> Schema:
    """
    Give the same fields with other marks for some.

    :param marks: by name, ``!`` among them; ``=Other`` makes the name another one for a field in bodies.
    """
    other = {name: mark[1:] for name, mark in marks.items() if mark.startswith("=")}
    kept = tuple(
        _remarked(field, marks[field.name]) if field.name in marks else field for field in fields.fields
    )
    by_name = {field.name.lower(): field for field in kept}
    return Schema(kept, by_name | {name.lower(): by_name[known.lower()] for name, known in other.items()})


def _remarked(field: Field, mark: str) -> Field:
    return replace(field, mark=mark.lstrip("!"), required=field.required or mark.startswith("!"))


_BLANKS: dict[str, Any] = {"bool": False, "int": 0, "number": 0, "string": "", "uuid": str(UUID(int=0))}


def filled(fields: Schema, row: dict[str, Any], time: str) -> dict[str, Any]:
    """
    Give a row with every field of an answer; what is missing and cannot be null gets a plain value.

    :param time: the time for dates and times that are missing.
    """
    return {**{field.name: _blank(field, time) for field in fields.fields if field.mark != ">"}, **row}


def _blank(field: Field, time: str) -> Any:
    if field.nullable:
        return None
    if field.type in ENUMS:
        return ENUMS[field.type][0]
    if field.limits:
        return field.limits[0]
    return {**_BLANKS, "date": time[:10], "timestamp": time}.get(field.type)


def whole(entity: str, row: dict[str, Any], time: str) -> dict[str, Any]:
    """Give a row with every field of the answer."""
    fields = filled(schema_of(entity), row, time)
    return {name: value for name, value in fields.items() if name in _names(entity)}


@cache
def _names(entity: str) -> frozenset[str]:
    return frozenset(schema_of(entity).names)


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise BadValueError(f"The value '{value}' is not a text, {field.name} takes a text.")
    if field.max_length is not None and len(value) > field.max_length:
        raise BadValueError(
            f"The field {field.name} must be a string with a maximum length of {field.max_length}."
        )
    return value


def _within(field: Field, value: Decimal | int) -> None:
    if field.limits and not field.limits[0] <= value <= field.limits[1]:
        least, most = field.limits
        # The text of .NET's RangeAttribute; the description has the range, not the text.
        raise BadValueError(f"The field {field.name} must be between {least} and {most}.")


def _integer(field: Field, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.match(value):
        return int(value)
    raise BadValueError(f"The value '{value}' is invalid for {field.name}, which takes a whole number.")


def _number(field: Field, value: Any) -> Decimal | int:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.match(value):
        return Decimal(value)
    raise BadValueError(f"The value '{value}' is invalid for {field.name}, which takes a number.")


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise BadValueError(f"The value '{value}' is invalid for {field.name}, which takes true or false.")


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise BadValueError(f"The value '{value}' is invalid for {field.name}, which takes a date.") from None


def _timestamp(field: Field, value: Any) -> str:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        raise BadValueError(f"The value '{value}' is invalid for {field.name}, which takes a time.") from None
    return str(value)


def _uuid(field: Field, value: Any) -> str:
    if isinstance(value, str) and _UUID.match(value):
        return value.lower()
    raise BadValueError(f"The value '{value}' is invalid for {field.name}, which takes a UUID.")


def _integers(field: Field, value: Any) -> list[int]:
    if not isinstance(value, list):
        raise BadValueError(f"The value '{value}' is invalid for {field.name}, which takes a list.")
    return [_integer(field, item) for item in value]


def _enum(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        # OpenAPI, example of a 400: "...Enums is not allowed to be represented as integers"
        raise BadValueError(f"{field.name}: Enums is not allowed to be represented as integers.")
    for known in ENUMS[field.type]:
        if known.lower() == value.lower():
            return known
    raise BadValueError(f"The value '{value}' is invalid for {field.name}: {', '.join(ENUMS[field.type])}.")


_READERS = {
    "string": _text,
    "int": _integer,
    "number": _number,
    "bool": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "uuid": _uuid,
    "int[]": _integers,
}


def read_value(field: Field, value: Any) -> Any:
    """
    Return the value as the API stores it; texts are accepted for numbers and booleans.

    :param value: as decoded from JSON, fractions as :class:`~decimal.Decimal`.
    :raises BadValueError: it does not fit.
    """
    if value is None:
        if field.nullable:
            return None
        raise BadValueError(f"The value '' is invalid for {field.name}, which cannot be null.")
    if field.type in ENUMS:
        return _enum(field, value)
    reader = _READERS.get(field.type)
    if reader is None:
        return value
    read: Any = reader(field, value)
    if field.limits:
        _within(field, read)
    return read
