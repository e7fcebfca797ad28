"""
Rows to typed values: whole numbers, exact decimals, dates, moments, texts; nested values as JSON text.

Rule: exact or an error. No number passes a float, nothing is cut off or dropped: a field without a type is
kept beside the others, and a value that does not fit is named with its field and row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from airflow_provider_poweroffice.api.timestamps import ticks_of_iso
from airflow_provider_poweroffice.errors import FieldTypeError

_MOST_DIGITS = 18  # behind the first, of 64 bits
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: dict[str, Any] = {
    "integer": int | None,
    "decimal": Decimal | None,
    "boolean": bool | None,
    "date": str | None,
    "timestamp": str | None,
    "text": str | None,
    "json": msgspec.Raw,
}
_CAN_BE_READ = re.compile(r"[^\"\\\x00-\x1f]*").fullmatch  # of msgspec's structs
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_number = msgspec.json.Decoder(Decimal).decode
_text = msgspec.json.Decoder(str).decode


class TypedRows:
    """
    Turns rows into tuples of values, in the order of the fields, with the untyped rest as JSON text last.

    Values are ``int``, ``Decimal``, ``bool``, ``date``, aware ``datetime`` (UTC, microseconds: the API's
    seventh digit is cut off), ``str`` or None.

    :param fields: name to type, see :data:`~airflow_provider_poweroffice.api.catalogue.fields.KINDS`.
    :param key: the field that names a row in an error.
    """

    def __init__(self, fields: Mapping[str, str], key: str = "Id") -> None:
        if unknown := [kind for kind in fields.values() if kind not in _TYPES]:
            raise ValueError(f"fields: unknown type {unknown[0]!r}; use one of: {', '.join(_TYPES)}")
        self.fields = dict(fields)
        self._key = key
        names = {f"f{number}": name for number, name in enumerate(fields)}
        row = msgspec.defstruct(
            "Row",
            [
                (short, _TYPES[fields[name]], msgspec.Raw(b"") if fields[name] == "json" else None)
                for short, name in names.items()
            ],
            rename=names,
            forbid_unknown_fields=True,
        )
        self._fast = msgspec.json.Decoder(row).decode
        self._getters = tuple(names)
        self._late = tuple(
            (position, _CONVERT[kind])
            for position, kind in enumerate(fields.values())
            if kind in {"date", "timestamp", "json"}
        )

    def __call__(self, raw_rows: list[msgspec.Raw]) -> Iterator[list[Any]]:
        """
        Convert rows.

        :raises FieldTypeError: a value does not fit.
        """
        for raw in raw_rows:
            try:
                row = self._fast(raw)
                values = [getattr(row, name) for name in self._getters]
                for position, convert in self._late:
                    if values[position] is not None:
                        values[position] = convert(values[position])
            except (msgspec.ValidationError, ValueError, OverflowError):
                yield self._slow(raw)
            else:
                values.append(None)
                yield values

    def _slow(self, raw: msgspec.Raw) -> list[Any]:
        """Convert field by field: with the rest, or with an error that says where."""
        found = _decode(raw)
        values: list[Any] = []
        for name, kind in self.fields.items():
            value = found.pop(name, None)
            if value is None or bytes(value) == b"null":
                values.append(None)
                continue
            try:
                values.append(_PARSE[kind](bytes(value)))
            except (msgspec.MsgspecError, ValueError, ArithmeticError, OverflowError):
                row = bytes(_decode(raw).get(self._key, b"?")).decode()
                raise FieldTypeError(
                    f"{name} of the row with {self._key} {row} is {bytes(value).decode()[:80]}, which is no "
                    f"{kind}; give its type in fields, e.g. fields={{{name!r}: 'text'}}",
                    field=name,
                    row=row,
                ) from None
        rest = b",".join(msgspec.json.encode(name) + b":" + bytes(value) for name, value in found.items())
        return [*values, f"{{{rest.decode()}}}" if rest else None]


def _moment(text: str) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks_of_iso(text) // 10)


def _day(text: str) -> date:
    if len(text) > 10 and text[11:19] not in {"00:00:00", ""}:  # noqa: PLR2004 - YYYY-MM-DD
        raise ValueError(text)
    return date.fromisoformat(text[:10])


def _json_text(raw: msgspec.Raw) -> str | None:
    text = bytes(raw)
    return None if text in {b"", b"null"} else text.decode()


_CONVERT: dict[str, Callable[[Any], Any]] = {"date": _day, "timestamp": _moment, "json": _json_text}


def _whole(raw: bytes) -> int:
    value = _number(raw)
    # Written out, 1E999999999 would keep the task busy for hours.
    if value.adjusted() > _MOST_DIGITS or value != value.to_integral_value():
        raise ValueError(raw)
    return int(value)


def _plain(raw: bytes) -> str:
    """Give a text; a number or a truth value is the text that was sent."""
    return _text(raw) if raw[:1] == b'"' else raw.decode()


_PARSE: dict[str, Callable[[bytes], Any]] = {
    "integer": _whole,
    "decimal": _number,
    "boolean": msgspec.json.Decoder(bool).decode,
    "date": lambda raw: _day(_text(raw)),
    "timestamp": lambda raw: _moment(_text(raw)),
    "text": _plain,
    "json": lambda raw: raw.decode(),
}


def guess_fields(raw_rows: list[msgspec.Raw]) -> dict[str, str]:
    """
    Guess the types of rows that no description covers: by all values of the first page.

    Numbers with a point anywhere in the field are decimals, other numbers are whole; moments and dates stay
    texts, as a text that only looks like one would be changed. Names with quotes, backslashes or control
    characters get no type: such fields stay with the rest.
    """
    kinds: dict[str, str] = {}
    for raw in raw_rows:
        for name, value in _decode(raw).items():
            kind = _kind(bytes(value))
            if not _CAN_BE_READ(name):
                continue
            if kind is None:
                kinds.setdefault(name, "")
            elif kinds.get(name) in {None, "", kind}:
                kinds[name] = kind
            elif {kinds[name], kind} == {"integer", "decimal"}:
                kinds[name] = "decimal"
            else:
                kinds[name] = "json" if "json" in {kinds[name], kind} else "text"
    return {name: kind or "text" for name, kind in kinds.items()}


def _kind(raw: bytes) -> str | None:
    first = raw[:1]
    if raw == b"null":
        return None
    if first in {b"{", b"["}:
        return "json"
    if first == b'"':
        return "text"
    if first in {b"t", b"f"}:
        return "boolean"
    return "integer" if raw.lstrip(b"-").isdigit() else "decimal"
