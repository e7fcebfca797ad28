"""
Literals of OData URLs, and values of JSON bodies.

Rule: one reading of each kind of field for keys, filters and bodies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ..model import COMPANY, EMPTY_DATE, ENUMS, NAMESPACE, Entity, Field
from ..reply import odata_error

TOKEN = re.compile(
    r"\s*(?:"
    rf"(?P<enum>{re.escape(NAMESPACE)}\.(?P<type>\w+)'(?P<member>[^']*)')"
    r"|(?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[mMlLdDfF]?)"
    r"|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<word>[A-Za-z_@$][\w./]*)"
    r"|(?P<sign>[(),=])"
    r")"
)
_INT = {"int": 31, "long": 63}


class LiteralError(ValueError):
    """A literal or value that cannot be read; the message is for the client."""


def tokens(text: str) -> Iterator[tuple[str, Any]]:
    """
    Cut a key or an expression into kind and value.

    :param text: percent-decoded.
    :raises LiteralError: something is no token.
    """
    place, text = 0, text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise LiteralError(f"Syntax error at position {place} in '{text}'.")
        place = match.end()
        kind = str(match.lastgroup)
        if match["enum"]:
            yield "enum", (match["type"], match["member"])
        elif kind == "text":
            yield kind, match["text"].replace("''", "'")
        elif kind == "number":
            yield kind, _number(match["number"].rstrip("mMlLdDfF"))
        else:
            yield kind, match[kind]


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise LiteralError(f"The number '{text}' is too large.") from None


def normal_date(text: str) -> str:
    """
    Write a date and time in UTC as the service does: ``2025-01-31T12:00:00Z``.

    :param text: ISO 8601 with a zone, or a date alone, which is noon.
    :raises LiteralError: it is no date.
    """
    try:
        moment = datetime.fromisoformat(text if "T" in text else f"{text}T12:00:00Z")
    except ValueError:
        raise LiteralError(f"'{text}' is not a valid Edm.DateTimeOffset.") from None
    if moment.tzinfo is None:
        raise LiteralError(f"'{text}' is not a valid Edm.DateTimeOffset: the zone is missing.")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise LiteralError(f"'{text}' is before the year 1 or after 9999.") from None
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def member_of(field: Field, member: str) -> str:
    """
    Check an enum's member.

    :raises LiteralError: there is no such member.
    """
    if member not in ENUMS[field.kind]:
        raise LiteralError(f"The value '{member}' is not a member of '{field.edm}'.")
    return member


def from_literal(field: Field, kind: str, value: Any) -> Any:
    """
    Read a literal of a key.

    :raises LiteralError: it does not fit the field.
    """
    if kind == "text" and field.kind == "text":
        return value
    if kind == "date" and field.kind == "date":
        return normal_date(value)
    if kind == "enum" and value[0] == field.kind:
        return member_of(field, value[1])
    if kind == "number" and field.kind in {"int", "long", "decimal"}:
        return value if field.kind == "decimal" else _whole(field, value)
    raise LiteralError(f"The literal of '{field.name}' is not a valid {field.edm}.")


def _whole(field: Field, value: Any) -> int:
    # The size first: a decimal such as 1e999999999 must not be written out.
    limit = 1 << _INT[field.kind]
    if not -limit < value < limit or value != int(value):
        raise LiteralError(f"Cannot convert the literal '{value}' of '{field.name}' to {field.edm}.")
    return int(value)


def from_json(field: Field, value: Any) -> Any:
    """
    Read a value of a JSON body; null is the empty value of the field.

    :param value: as decoded, with decimals for fractions.
    :raises LiteralError: it does not fit the field.
    """
    if value is None and not field.is_enum:
        return empty(field)
    readers: dict[str, Callable[[str], str]] = {"text": str, "date": normal_date}
    if isinstance(value, str):
        if field.is_enum:
            return member_of(field, value)
        if field.kind in readers:
            return readers[field.kind](value)
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        if field.kind in _INT:
            return _whole(field, value)
        if field.kind == "decimal":
            return _money(value)
    raise LiteralError(
        f"Cannot convert the value of property '{field.name}' to the expected type '{field.edm}'."
    )


def _money(value: Any) -> Decimal:
    try:
        amount = Decimal(value)
        return amount.quantize(Decimal("0.01")) if amount.as_tuple().exponent in {0, -1} else amount
    except InvalidOperation:
        raise LiteralError(f"'{value}' is not a valid Edm.Decimal.") from None


def empty(field: Field) -> Any:
    """Give what a field holds when nothing was given: ``""``, 0, 1900, or the enum's first member."""
    if field.is_enum:
        return ENUMS[field.kind][0]
    return {"text": "", "int": 0, "long": 0, "decimal": Decimal("0.00"), "date": EMPTY_DATE}[field.kind]


def _pairs(entity: Entity, text: str) -> dict[str, tuple[str, Any]]:
    items = list(tokens(text))
    if len(items) == 1 and len(entity.keys) == 1:
        return {entity.keys[0].name: items[0]}
    given: dict[str, tuple[str, Any]] = {}
    while items:
        name, sign, value, *items = [*items, ("sign", ",")] if len(items) == 3 else items  # noqa: PLR2004
        comma, *items = items
        if (name[0], sign, comma) != ("word", ("sign", "="), ("sign", ",")) or name[1] in given:
            raise LiteralError(f"Syntax error in the key '({text})'.")
        given[str(name[1])] = value
    return given


def _complete(entity: Entity, given: set[str]) -> None:
    if given != {item.name for item in entity.keys}:
        wanted = ", ".join(item.name for item in entity.keys)
        raise LiteralError(f"A key of '{entity.set_name}' must have exactly: {wanted}.")


def parse_key(entity: Entity, text: str) -> tuple[Any, ...]:
    """
    Read a key.

    :param text: within the parentheses, percent-decoded.
    :return: as :meth:`.entity.Entity.key_of` gives it.
    :raises RefusedError: it cannot be read, or not every key field is there.
    """
    try:
        given = _pairs(entity, text)
        _complete(entity, set(given))
        values = {item.name: from_literal(item, *given[item.name]) for item in entity.keys}
    except LiteralError as error:
        raise odata_error(400, str(error)) from None
    except ValueError:
        raise odata_error(400, f"Syntax error in the key '({text})'.") from None
    if COMPANY in values:
        values[COMPANY] = values[COMPANY].lower()
    return tuple(values.values())
