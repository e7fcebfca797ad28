"""
Kinds of JSON values, and what a column of each kind takes.

Rule: numbers stay text on their way: no amount passes through a float.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

KINDS = ("integer", "decimal", "boolean", "date", "timestamp", "text", "json")
NULL = b"null"
_LEAST, _MOST = -(2**63), 2**63 - 1  # of a column of 64 bits
_MOST_DIGITS = len(str(_LEAST))
_DATE = r"^\d{4}-\d\d-\d\d$"
_TIMESTAMP = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,9})? ?([Zz]|[+-]\d\d:?\d\d)?)?$"
_is_date = re.compile(_DATE).search
_is_timestamp = re.compile(_TIMESTAMP).search
_SPEAKS_OF_TIME = re.compile(r"date|time", re.IGNORECASE)

_TYPES: dict[str | None, Any] = {
    "integer": Annotated[int, msgspec.Meta(ge=_LEAST, le=_MOST)],
    "decimal": float,  # only to check; the value is thrown away
    "boolean": bool,
    "date": Annotated[str, msgspec.Meta(pattern=_DATE)],
    "timestamp": Annotated[str, msgspec.Meta(pattern=_TIMESTAMP)],
    "text": str,
    "json": msgspec.Raw,
    "other": bool | int | float | str,  # no nested value; numbers only to check, as above
    "float": None,  # digits would be lost
    None: None,
}
_NEVER = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
# A column of the first kind, and a value of the second: the kind that holds both.
_WIDER = {
    ("integer", "decimal"): "decimal",
    ("date", "timestamp"): "timestamp",
    ("date", "text"): "text",
    ("timestamp", "text"): "text",
}
# A column of the first kind takes values of the second as they are.
_HOLDS = {("decimal", "integer"), ("timestamp", "date"), ("text", "date"), ("text", "timestamp")}


def type_of(kind: str | None, *, required: bool) -> Any:
    """
    Give the type that msgspec checks values of a kind against.

    :param kind: None: no value was seen yet, so that only null fits.
    :param required: null does not fit.
    """
    kind_type = _TYPES[kind]
    if required and kind_type is None:
        return _NEVER
    return kind_type if required or kind_type in {msgspec.Raw, None} else kind_type | None


def kind_of(value: bytes, field: str) -> str | None:
    """
    Find the kind of a JSON value; None for null.

    :param field: its name: texts that look like dates are dates only in fields that speak of time.
    """
    first = value[:1]
    if first == b'"':
        text = msgspec.json.decode(value)
        if not _SPEAKS_OF_TIME.search(field):
            return "text"
        return "date" if _is_date(text) else "timestamp" if _is_timestamp(text) else "text"
    if first in {b"{", b"["}:
        return "json"
    if first in {b"t", b"f"}:
        return "boolean"
    if first == b"n":
        return None
    is_whole = (
        not any(letter in value for letter in b".eE")
        and len(value) <= _MOST_DIGITS
        and _LEAST <= int(value) <= _MOST
    )
    return "integer" if is_whole else "decimal"


def fits(column: str, value: str | None) -> bool:
    """Tell whether a column of a kind takes values of another, exactly."""
    return (
        value is None
        or column in {value, "json"}
        or (column, value) in _HOLDS
        or (column == "other" and value != "json")
    )


def widened(column: str | None, value: str | None) -> str | None:
    """Give the kind that takes both; None: there is none, or nothing was seen."""
    if column is None or value is None:
        return column or value
    return column if fits(column, value) else _WIDER.get((column, value))


def kind_of_type(name: str) -> tuple[str, int | None]:
    """
    Read a database's name of a type.

    :return: kind, and for decimals and timestamps of bounded scale the digits behind the point. ``float``:
        digits would be lost. ``other``: the database knows.
    """
    word, _, inside = name.lower().partition("(")
    word = word.strip()
    if re.fullmatch(r"(tiny|small|medium|big|huge)?int(eger)?\d*", word):
        return "integer", None
    if word in {"numeric", "decimal", "decimal_text"}:
        scale = inside.partition(",")[2].partition(")")[0].strip() or ("0" if inside else "")
        return "decimal", int(scale) if scale else None
    if word in {"real", "float", "double", "double precision", "float4", "float8"}:
        return "float", None
    if word.startswith("timestamp"):
        digits = inside.partition(")")[0].strip()
        return "timestamp", int(digits) if digits.isdecimal() else None
    for kind in ("boolean", "date", "text", "json"):
        if word.startswith(kind if kind != "boolean" else "bool"):
            return kind, None
    return ("text", None) if "char" in word else ("other", None)
