"""
The kinds of values, for Parquet and for SQL: what a kind holds, how it widens, how it is read.

=============  ==========================================================================================
``integer``    a whole number of 64 bits: ``4000``, ``4000.0``, ``4e3``, ``"4000"``
``decimal``    any number: ``1.10``, ``"1.10"``; never a float
``boolean``    ``true`` and ``false``
``date``       ``"2026-05-02"``, also with a time of midnight
``timestamp``  an ISO 8601 date or time, in UTC to the microsecond; without an offset, UTC is meant
``text``       a text; a number or a truth value is the text that was sent
``json``       anything, as it was sent
=============  ==========================================================================================

Where a field has a column, a type given by the user, or a description, that kind decides what a value is.
Elsewhere the values themselves decide: numbers are decimals, texts are texts whatever they look like and
whatever their field is called, and a kind that does not hold a value gives way to the narrowest one that
does: integer to decimal to text, date to timestamp to text, anything to json.

Rule: pure; exact or an error. No number passes through a float, nothing is rounded. A seventh digit of a
second is cut off, so that no moment becomes later than it was. Moments before the first or after the last of
the calendar, which .NET's least and largest dates are once an offset is applied, become the first and the
last, as in .NET's own ``ToUniversalTime``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Annotated, Any

import msgspec

from airflow_provider_poweroffice.api.catalogue.fields import KINDS
from airflow_provider_poweroffice.api.timestamps import text_of, ticks_of_iso

NULL = b"null"
MOST_DIGITS = 38
"""Digits of a decimal where they are bounded: DuckDB, Parquet, and the SQL standard's common ground."""
SCALE = 10
"""Digits behind the point of a bounded decimal, unless its values need more."""
can_be_read = re.compile(r"[^\"\\\x00-\x1f]*").fullmatch
"""Tell whether msgspec's structs take a name; a field of any other name stays with the rest."""

_EXACT = Context(prec=100_000, Emin=MIN_EMIN, Emax=MAX_EMAX)
_LEAST, _MOST = -(2**63), 2**63 - 1
_INTEGER_DIGITS = 19
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = ticks_of_iso("0001-01-01T00:00:00Z"), ticks_of_iso("9999-12-31T23:59:59.9999999Z")
_LAST_DAY = "9999-12-31T23:59:59"
_FULL = len("2026-05-02T13:09:55.9103401Z")
_POINT = len("2026-05-02T13:09:55")
_DATE = r"^\d{4}-\d\d-\d\d$"
_TIMESTAMP = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,9})? ?([Zz]|[+-]\d\d:?\d\d)?)?$"
_is_date = re.compile(_DATE).search
_is_timestamp = re.compile(_TIMESTAMP).search
_is_midnight = re.compile(r"[T ]00:00(:00(\.0+)?)? ?([Zz]|[+-]\d\d:?\d\d)?").fullmatch
_is_number = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?").fullmatch
_text = msgspec.json.Decoder(str).decode
take_apart = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""Gives the fields of a row, each as it was sent."""

_AS_EXPECTED: dict[str | None, Any] = {
    "integer": Annotated[int, msgspec.Meta(ge=_LEAST, le=_MOST)],
    "decimal": float,  # only to check; the value is thrown away
    "boolean": bool,
    "date": Annotated[str, msgspec.Meta(pattern=_DATE)],
    "timestamp": Annotated[str, msgspec.Meta(pattern=_TIMESTAMP)],
    "text": str,
    "json": msgspec.Raw,
    None: None,
}
_SCALAR: Any = bool | int | float | str


def check_kinds(fields: Mapping[str, str]) -> None:
    """
    Refuse unknown kinds.

    :raises ValueError, TypeError: names the kinds that there are.
    """
    if not isinstance(fields, Mapping):
        raise TypeError(
            f"fields must map a field to its type, such as {{'No': 'text'}}, not {type(fields).__name__}"
        )
    if unknown := [kind for kind in fields.values() if kind not in KINDS]:
        raise ValueError(f"fields: unknown type {unknown[0]!r}; use one of: {', '.join(KINDS)}")


def type_to_check(kind: str | None, *, loose: bool = False) -> Any:
    """
    Give the type against which msgspec checks values of a kind fast, null aside.

    :param kind: None: no value was seen yet, so that only null passes.
    :param loose: let values through that fit only once they are read, such as ``4000.0`` of an integer.
    """
    return _SCALAR if loose and kind != "json" else _AS_EXPECTED[kind]


def kind_of(value: bytes) -> str | None:
    """Find the kind of a JSON value on its own; None for null. A text is a text, whatever it looks like."""
    first = value[:1]
    if first == b'"':
        return "text"
    if first in {b"{", b"["}:
        return "json"
    if first in {b"t", b"f"}:
        return "boolean"
    if first == b"n":
        return None
    digits = value.removeprefix(b"-")
    is_whole = digits.isdigit() and len(digits) <= _INTEGER_DIGITS and _LEAST <= int(value) <= _MOST
    return "integer" if is_whole else "decimal"


def is_as_expected(kind: str, value: bytes) -> bool:
    """Tell whether a value is written as its kind asks, so that it needs no conversion."""
    seen = kind_of(value)
    if seen == "text" and kind in {"date", "timestamp"}:
        text = _text(value)
        return bool(_is_date(text) or (kind == "timestamp" and _is_timestamp(text)))
    return kind in {seen, "json"} or (kind, seen) == ("decimal", "integer")


def holds(kind: str, value: bytes) -> bool:
    """Tell whether a column of a kind holds a value other than null, exactly."""
    try:
        PARSE[kind](value)
    except UNFIT:
        return False
    return True


def widened(kind: str | None, value: bytes, *, key: bool = False) -> str:
    """
    Give the narrowest kind that holds what a field has had so far, and one more value.

    :param kind: None: no value yet.
    :param value: not null.
    :param key: the field is part of a key: whole numbers stay whole.
    """
    seen = kind_of(value) or "text"
    if kind is None:
        return "decimal" if seen == "integer" and not key else seen
    if is_as_expected(kind, value) or (kind == "text" and seen != "json"):
        return kind
    if seen == "json":
        return "json"
    if (kind, seen) == ("integer", "decimal"):
        return "decimal"
    if kind == "date" and is_as_expected("timestamp", value):
        return "timestamp"
    return "text"


def guess(rows: Iterable[msgspec.Raw], kinds: dict[str, str | None], *, key: str = "") -> None:
    """
    Learn the kinds of rows that no description covers.

    :param kinds: field to kind, or to None where only null was seen so far; brought up to date.
    """
    for row in rows:
        for name, raw in take_apart(row).items():
            value = bytes(raw)
            if not can_be_read(name):
                continue
            kind = kinds.setdefault(name, None)
            if value != NULL:
                kinds[name] = widened(kind, value, key=name == key)


def unquoted(value: bytes) -> bytes:
    """
    Give a number, also one that was sent as a text.

    :raises ValueError: it is not a number, or a text that would lose something, such as leading zeros.
    """
    number = value[1:-1] if value[:1] == b'"' else value
    if not _is_number(number):
        raise ValueError("which is not a number")
    return number


def whole(value: bytes) -> int:
    """
    Read a whole number.

    :raises ValueError: it is not a whole number, or does not fit into 64 bits.
    """
    number = Decimal(unquoted(value).decode())
    # Written out, 1E999999999 would keep the task busy for hours.
    if number.adjusted() >= _INTEGER_DIGITS or number != number.to_integral_value():
        raise ValueError("which is not a whole number")
    found = int(number)
    if not _LEAST <= found <= _MOST:
        raise ValueError("which is not a whole number of 64 bits")
    return found


def number(value: bytes) -> Decimal:
    """Read a number; raises ValueError."""
    return Decimal(unquoted(value).decode())


def canonical(value: bytes) -> bytes:
    """Write a number so that equal numbers are equal texts: ``1``, ``1.0`` and ``1e0`` as ``1``."""
    found = number(value)
    if not found:
        return b"0"
    found = found.normalize(_EXACT)
    return f"{found:f}".encode() if abs(found.adjusted()) <= MOST_DIGITS else str(found).encode()


def digits(value: bytes) -> tuple[int, int]:
    """Count the digits before and behind the point that a number needs; those behind may be below zero."""
    before, point, behind = value.partition(b".")
    if point and behind.isdigit():
        return len(before.removeprefix(b"-").lstrip(b"0")), len(behind.rstrip(b"0"))
    if not point and before.removeprefix(b"-").isdigit():
        whole_part = before.removeprefix(b"-").lstrip(b"0")
        return len(whole_part), len(whole_part.rstrip(b"0")) - len(whole_part)
    found = number(value).normalize(_EXACT)
    return (max(0, found.adjusted() + 1), -int(found.as_tuple().exponent)) if found else (0, 0)


def scale_of(before: int, behind: int) -> int | None:
    """
    Choose the digits behind the point of a bounded decimal.

    :return: None: no decimal of :data:`MOST_DIGITS` holds so many.
    """
    scale = max(behind, min(SCALE, MOST_DIGITS - before))
    return scale if before + scale <= MOST_DIGITS else None


def day(text: str) -> date:
    """
    Read a date, also one with a time of midnight, or .NET's largest moment; any offset is not looked at.

    :raises ValueError: it is not a day.
    """
    if len(text) > len("2026-05-02") and not _is_midnight(text[10:]) and not text.startswith(_LAST_DAY):
        raise ValueError("which is not a date")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError("which is not a day that a calendar has") from None


def _ticks(text: str) -> int:
    return min(max(ticks_of_iso(text), _FIRST), _LAST)


def moment(text: str) -> datetime:
    """Read a timestamp, to the microsecond; raises ValueError."""
    return _EPOCH + timedelta(microseconds=_ticks(text) // 10)


def moment_text(text: str, keep: int | None = None, zone: str = "Z") -> str:
    """
    Write a timestamp as ``2026-05-02T13:09:55.910340Z``, which every database reads.

    :param keep: digits behind the second that a column keeps, 0 to 6.
    :param zone: what stands behind it.
    :raises ValueError: no calendar has it.
    """
    try:
        if len(text) == _FULL and text[-1] + text[10] + text[7] + text[_POINT] == "ZT-.":
            micro = text[:-2]
            datetime.fromisoformat(micro)
        else:
            micro = text_of(_ticks(text))[:-2]
    except (ValueError, OverflowError):
        raise ValueError("which is not a moment that a calendar has") from None
    if keep is None:
        return micro + zone
    return (micro[: _POINT + 1 + keep] if keep else micro[:_POINT]) + zone


def plain(value: bytes) -> str:
    """Give a text; a number or a truth value is the text that was sent; raises ValueError for others."""
    if value[:1] == b'"':
        return _text(value)
    if value[:1] in {b"{", b"["}:
        raise ValueError("which is nested")
    return value.decode()


def _truth(value: bytes) -> bool:
    if value not in {b"true", b"false"}:
        raise ValueError("which is neither true nor false")
    return value == b"true"


PARSE: Mapping[str, Callable[[bytes], Any]] = {
    "integer": whole,
    "decimal": number,
    "boolean": _truth,
    "date": lambda value: day(_text(value)),
    "timestamp": lambda value: moment(_text(value)),
    "text": plain,
    "json": bytes.decode,
}
"""Kind to the function that reads a JSON value other than null, or raises one of :data:`UNFIT`."""

UNFIT = (ValueError, ArithmeticError, msgspec.MsgspecError)
"""What reading a value that does not fit raises; a ``UnicodeDecodeError`` is among them."""
