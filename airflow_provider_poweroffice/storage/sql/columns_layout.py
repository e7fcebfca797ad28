"""
The columns layout: a typed column for each field, nested values as JSON.

Rule: kinds come from the table, else from the user, else from the official description, else from all
values; a value that does not fit is an error, never a changed value.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

import msgspec

from airflow_provider_poweroffice.api.pages.keys import is_caseless
from airflow_provider_poweroffice.api.surrogates import escaped, split_rows
from airflow_provider_poweroffice.api.texts import one_line, whole_name
from airflow_provider_poweroffice.errors import LoadError, TypeConflictError
from airflow_provider_poweroffice.storage.kinds import (
    NULL,
    UNFIT,
    can_be_read,
    canonical,
    day,
    digits,
    holds,
    is_as_expected,
    kind_of,
    moment_text,
    scale_of,
    take_apart,
    type_to_check,
    unquoted,
    whole,
    widened,
)
from airflow_provider_poweroffice.storage.sql.columns import AuditColumns, Column, Existing
from airflow_provider_poweroffice.storage.sql.encoding import csv_field, key_text, parameter, quoted
from airflow_provider_poweroffice.storage.sql.fields import Field, Fields
from airflow_provider_poweroffice.storage.sql.layouts import LONGEST_KEY, Layout

log = logging.getLogger(__name__)
_NONE = msgspec.Raw(NULL)
_values = msgspec.structs.astuple
_encode = msgspec.json.Encoder().encode
_lines = msgspec.json.Encoder().encode_lines
_text = msgspec.json.Decoder(str).decode
_moments = msgspec.json.Decoder(list[datetime]).decode
_FULL = len(b'"2026-05-02T13:09:55.9103401Z"')
_MICRO = len("2026-05-02T13:09:55.910340")
_T, _Z = b"TZ"
_NEVER = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]  # in place of None where null does not fit
_TEXTS = frozenset({None, "date", "timestamp", "text"})
_PLAIN: dict[str, Any] = {"integer": int, "boolean": bool, "date": str, "timestamp": str, "text": str}
_FAST: dict[str, Any] = {"date": date, "timestamp": datetime}
_IN_SECONDS = re.compile(rb"\.([0-9]+)").search
_ROWS_AT_ONCE = 100  # so few that their tuples are gone before the garbage collector looks for any
_NO_KEY = (
    "an object or a list is no key, as databases do not compare them: name another field by key=, or use "
    'layout="raw"'
)
_SHOWN = 80  # bytes of a value in a message
_precision = re.compile(r"\((\d+)").search


class ColumnsLayout(Layout):
    """
    A column for each field, ``_extra`` for fields without one, and the audit columns.

    :param known: the kinds of fields by the official description.
    :param given: the kinds of fields that the user says, which go before it.
    :param column_names: ``"snake_case"``, or ``"as sent"``.
    :param allow_new: fields that the table has no column for get one.
    :param keep_misfits: a value that does not fit its column is kept in ``_extra``, and the column is null.
    :param whole: rows hold all fields that they have, so that one that a row lacks is null there.
    :param json_is_text: the database has no type for JSON, so that a column of texts may be one of JSON.
    :param zone: what the database reads behind a moment, which is in UTC.
    :param plain_decimals: the database reads no exponent.
    """

    audit = AuditColumns("_")
    extra = "_extra"
    way_out = ' Use layout="raw", which keeps the row as sent'

    def __init__(
        self,
        table: str,
        key: tuple[str, ...],
        existing: Mapping[str, Existing] | None,
        *,
        known: Mapping[str, str],
        given: Mapping[str, str],
        column_names: str = "snake_case",
        allow_new: bool = False,
        keep_misfits: bool = False,
        whole: bool = False,
        json_is_text: bool = False,
        zone: str = "Z",
        plain_decimals: bool = False,
    ) -> None:
        super().__init__(table, key, existing)
        self._fields = Fields(
            key, existing, known=known, given=given, column_names=column_names, allow_new=allow_new
        )
        if whole:
            self._fields.add_described()
        self._kept: set[str] = set()
        self._check_fast: Any = None
        self._keep_misfits = keep_misfits
        self._halves_told = False
        self._json_is_text = json_is_text
        self._zone = zone
        self._plain_decimals = plain_decimals
        self._described = frozenset((*known, *given))
        if nameless := [field.field for field in self._keys if field.is_extra]:
            raise ValueError(f"key={nameless[0]!r} cannot be the name of a column")
        if nested := [field.field for field in self._keys if field.kind == "json"]:
            raise ValueError(f"key={nested[0]!r}: {_NO_KEY}")
        self._rebuild()
        missing = [
            self._extra_column(),
            *(column for column in map(self._fields.column, self._keys) if column),
        ]
        self.check_audit([*self.audit.columns(), *missing])

    @property
    def _keys(self) -> list[Field]:
        return [self._fields[name] for name in self.key]

    @property
    def columns(self) -> Sequence[Column]:
        """One for each field that was seen with a kind, and the one for the others."""
        return (*self._fields.columns(), self._extra_column())

    def _extra_column(self) -> Column:
        known = (self.existing or {}).get(self.extra)
        return Column(self.extra, "json", "fields that have no column of their own", known)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The key's fields."""
        return tuple(field.name for field in self._keys)

    @property
    def kept(self) -> list[str]:
        """The fields of which a value went to ``_extra``."""
        return sorted(self._kept)

    def assume_known(self) -> bool:
        """Take all the fields of the official description as seen."""
        self._fields.assume_known()
        self._rebuild()
        return bool(list(self._fields.columns())) and all(field.is_column for field in self._keys)

    def readable(self, content: bytes) -> bytes:
        """Check a page; half a surrogate pair, which no database holds, becomes the letters of its escape."""
        content = super().readable(content)
        safe = escaped(content)
        if safe is not content and not self._halves_told:
            self._halves_told = True
            row = next(row for row in map(bytes, split_rows(content)) if escaped(row) is not row)
            log.warning(
                "table %s, row %s: a text holds half a surrogate pair; it is stored as the letters of its "
                "escape. layout='raw' keeps it as sent. Further rows like it are not told",
                self.table,
                self.key_of(escaped(row)),
            )
        return safe

    def see(self, content: bytes) -> None:
        """Check the page at once, in C as far as that goes; where it fails, look at its rows and learn."""
        if self._check_fast and not _fits(self._check_fast, content):
            self._check_fast = None  # pages of one list are alike
        if self._check_fast is None and not _fits(self._check_all, content):
            for number, row in enumerate(split_rows(content)):
                self._see_row(bytes(row), number)

    def _see_row(self, row: bytes, number: int) -> None:
        if _fits(self._check_one, row):
            return
        self._learn(row, number)
        try:
            self._check_one(row)
        except msgspec.ValidationError as error:
            key = self.key_of(row)
            raise LoadError(
                f"table {self.table}, row {key}: it cannot be read: {one_line(error)}.{self.way_out}",
                table=self.table,
                row=key,
            ) from None

    def _learn(self, row: bytes, number: int) -> None:
        """Take up the fields of a row that are new, or of another kind than before."""
        try:
            values = take_apart(row)
        except msgspec.ValidationError:
            raise LoadError(
                f'table {self.table}: row {number} of a page is not an object with fields; use layout="raw"',
                table=self.table,
            ) from None
        for name in self.key:
            if bytes(values.get(name, _NONE)) == NULL:
                raise LoadError(
                    f"table {self.table}: row {number} of a page has no {name}, which is its key: "
                    "name another by key=",
                    table=self.table,
                )
            if kind_of(bytes(values[name])) == "json":
                raise LoadError(
                    f"table {self.table}, row {self.key_of(row)}: {name}: {_NO_KEY}", table=self.table
                )
        for name, value in values.items():
            if not can_be_read(name):
                raise LoadError(
                    f"table {self.table}: the name of a field, {whole_name(name)}, has no place in this "
                    'layout; use layout="raw"',
                    table=self.table,
                )
            self._note(name, bytes(value), row)
        self._rebuild()

    def _note(self, name: str, value: bytes, row: bytes) -> None:
        field = self._fields.add(name)
        if field.is_extra or value == NULL:
            return
        if field.existing and self._may_be_json(field, value):
            field.existing = replace(field.existing, kind="json")
        kind = field.fixed
        if kind is None:
            kind = widened(field.kind, value, key=name in self.key)
            was_other = field.loose or field.kind not in _TEXTS or kind_of(value) != "text"
            field.loose = kind == "text" and was_other
        elif _column_holds(kind, value):
            field.loose = field.loose or not is_as_expected(kind, value)
        elif self._may_be_kept(field):
            field.is_mixed = field.loose = True
        else:
            raise self._conflict(field, value, row, f"which is {kind_of(value)}")
        field.kind = kind

    def _may_be_kept(self, field: Field) -> bool:
        """Tell whether values that do not fit go to ``_extra``; a row without its key could not be found."""
        return self._keep_misfits and field.field not in self.key

    def _may_be_json(self, field: Field, value: bytes) -> bool:
        """Tell whether a column of texts is the JSON of an undescribed field, made by an earlier load."""
        is_text = self._json_is_text and field.kind == "text" and field.field not in self._described
        return is_text and kind_of(value) == "json"

    def _conflict(self, field: Field, value: bytes, row: bytes, what: str) -> TypeConflictError:
        way_out = "Change the type of the column"
        if not field.existing:
            way_out = f"Give another one by fields={{{one_line(field.field, LONGEST_KEY)!r}: 'text'}}"
        if field.field not in self.key:
            way_out += ', say on_type_conflict="extra" to keep such values in _extra'
        return TypeConflictError(
            f'{self._misfit(field, value, row, what)}. {way_out}, or use layout="raw"',
            table=self.table,
            column=field.name,
            row=self.key_of(row),
            value=_shown(value),
        )

    def _misfit(self, field: Field, value: bytes, row: bytes, what: str) -> str:
        """Say what does not fit."""
        kind = field.existing.type if field.existing else field.kind or "text"
        return (
            f"table {self.table}, column {field.name} ({kind}): row {self.key_of(row)} has "
            f"{one_line(_shown(value))} in {one_line(field.field, LONGEST_KEY)}, {one_line(what)}"
        )

    def _rebuild(self) -> None:
        """Make the structs that check rows, and that take them apart, and say what is done to each column."""
        fields = list(self._fields)
        row, fast = _checking(fields, self.key), _checking(fields, self.key, fast=True)
        self._check_fast = msgspec.json.Decoder(list[fast]).decode  # type: ignore[valid-type]
        self._check_all: Any = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        self._check_one: Any = msgspec.json.Decoder(row).decode
        self._own = [n for n, field in enumerate(fields) if field.is_column]
        self._extra = [(n, field) for n, field in enumerate(fields) if field.is_extra]
        found = [
            (
                n,
                _conversion(
                    fields[n], self.key, self._zone, self._plain_decimals, strict=self._may_be_kept(fields[n])
                ),
            )
            for n in self._own
        ]
        self._conversions = [(n, convert) for n, convert in found if convert is not None]
        whole_moments = {n for n, convert in self._conversions if _is_whole_moment(convert)}
        self._moments = {n for n in whole_moments if not fields[n].loose}
        raw = {n for n, _ in self._conversions} - self._moments
        parts = _holding(
            [msgspec.Raw if n in raw else _held(field) for n, field in enumerate(fields)], fields
        )
        self._take_apart: Any = msgspec.json.Decoder(list[parts]).decode  # type: ignore[valid-type]
        self._measured = [(n, field) for n, field in enumerate(fields) if field.is_measured]

    def measure(self, content: bytes) -> None:
        """Count the digits of numbers for which the table has no column yet."""
        if not self._measured:
            return
        for parts in self._take_apart(content):
            values = _values(parts)
            for n, field in self._measured:
                value = bytes(values[n])
                if value == NULL or (field.is_mixed and not holds("decimal", value)):
                    continue
                before, behind = digits(value)
                before, behind = max(before, field.before), max(behind, field.behind)
                if scale_of(before, behind) is None and field.given:
                    what = "more digits than a decimal of this database holds"
                    raise self._conflict(field, value, self._row_of(values), what)
                field.before, field.behind = before, behind

    def settle(self) -> None:
        """Make texts of numbers that no decimal of this database holds, when all pages are measured."""
        for _, field in self._measured:
            if scale_of(field.before, field.behind) is None:
                field.kind, field.loose = "text", True
        self._rebuild()

    def _rows(self, content: bytes) -> Iterator[tuple[list[Any], list[bytes]]]:
        """
        Take a page apart, some rows at a time.

        :return: the rows, converted; and what of each has no column, as one JSON object or null.
        """
        parts = self._take_apart(content)
        for start in range(0, len(parts), _ROWS_AT_ONCE):
            rows = parts[start : start + _ROWS_AT_ONCE]
            misfits = self._convert(rows)
            if self._extra or misfits:
                rests = [self._rest(_values(row), misfits.get(n, ())) for n, row in enumerate(rows)]
            else:
                rests = [NULL] * len(rows)
            yield rows, rests

    def _convert(self, rows: Sequence[Any]) -> dict[int, list[tuple[Field, bytes]]]:
        """
        Convert the values of some rows, column by column.

        :return: what does not fit, by the place of its row.
        """
        misfits: dict[int, list[tuple[Field, bytes]]] = {}
        for n, convert in self._conversions:
            name = f"f{n}"
            column = [getattr(row, name) for row in rows]
            if moments := _cut_moments(column, self._zone) if n in self._moments else None:
                for row, moment in zip(rows, moments, strict=True):
                    setattr(row, name, moment)
                continue
            for place, (row, value) in enumerate(zip(rows, map(_json, column), strict=True)):
                if value != NULL:
                    try:
                        setattr(row, name, msgspec.Raw(convert(value)))
                    except UNFIT as error:
                        field = self._keep(n, _values(row), str(error))
                        misfits.setdefault(place, []).append((field, value))
                        setattr(row, name, None)
        return misfits

    def _own_values(self, rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """Give the values of each row that have a column."""
        found = map(_values, rows)
        if len(self._own) == len(list(self._fields)):
            return found
        return ([values[n] for n in self._own] for values in found)

    def _keep(self, n: int, values: Sequence[Any], what: str) -> Field:
        """
        Give the field of a value that does not fit, when it may go to ``_extra``.

        :raises TypeConflictError: it may not.
        """
        field = list(self._fields)[n]
        if not self._may_be_kept(field):
            raise self._conflict(field, _json(values[n]), self._row_of(values), what) from None
        if field.field not in self._kept:
            what = self._misfit(field, _json(values[n]), self._row_of(values), what)
            log.warning("%s. It is kept in _extra; further ones of this field are not told", what)
            self._kept.add(field.field)
        return field

    def _rest(self, values: Sequence[Any], misfits: Sequence[tuple[Field, bytes]]) -> bytes:
        others = [(field, bytes(values[n])) for n, field in self._extra if bytes(values[n]) != NULL]
        others += misfits
        self._kept.update(field.field for field, _ in others)
        return b"{" + b",".join(_pair(field, value) for field, value in others) + b"}" if others else NULL

    def _row_of(self, values: Sequence[Any]) -> bytes:
        return b"{" + b",".join(_pair(field, _json(values[n])) for n, field in enumerate(self._fields)) + b"}"

    @property
    def _column_kinds(self) -> list[str]:
        return [field.kind or "text" for field in self._fields if field.is_column]

    def csv(self, content: bytes, first: int) -> Iterator[bytes]:
        """
        Write the values as they were sent; only texts with escapes, JSON and moments are touched.

        What msgspec writes of some rows is ``[1,"a",null]`` a line: CSV, but for the brackets.
        """
        kinds = ["integer", *self._column_kinds, "json"]
        nested = [f"f{n}" for n, kind in zip(self._own, self._column_kinds, strict=True) if kind == "json"]
        for parts, rests in self._rows(content):
            for part in parts if nested else ():
                for name in nested:
                    setattr(part, name, _quoted_json(_json(getattr(part, name))))
            own = zip(self._own_values(parts), map(_quoted_json, rests), strict=True)
            rows = [(number, *values, rest) for number, (values, rest) in enumerate(own, start=first)]
            written = _lines(rows)
            if written.count(b"\n") == len(rows):
                lines = written[1:-2].split(b"]\n[")
            else:  # JSON was sent with line breaks in it
                lines = [_encode(row)[1:-1] for row in rows]
            if b"\\" in written:
                lines = [
                    _line(kinds, row) if b"\\" in line else line
                    for line, row in zip(lines, rows, strict=True)
                ]
            yield b"\n".join((*lines, b""))
            first += len(rows)

    def parameters(self, content: bytes, first: int) -> Iterator[tuple[Any, ...]]:
        """Give integers, booleans and text."""
        kinds = self._column_kinds
        for parts, rests in self._rows(content):
            own = zip(self._own_values(parts), rests, strict=True)
            for number, (values, rest) in enumerate(own, start=first):
                pairs = zip(kinds, values, strict=True)
                found = [
                    parameter(kind, bytes(value)) if isinstance(value, msgspec.Raw) else value
                    for kind, value in pairs
                ]
                yield (number, *found, parameter("json", rest))
            first += len(parts)

    def key_of(self, row: bytes) -> str:
        """Give the values of the key."""
        if not self.key:
            return one_line(row.decode(errors="replace"), LONGEST_KEY)
        values = take_apart(row)
        return one_line(key_text(tuple(bytes(values.get(name, _NONE)) for name in self.key)), LONGEST_KEY)


def _fits(check: Callable[[bytes], Any], content: bytes) -> bool:
    """Tell whether rows fit; what does not is no context of a later error, as it quotes the server."""
    try:
        check(content)
    except msgspec.ValidationError:
        return False
    return True


def _checking(fields: Sequence[Field], key: tuple[str, ...], *, fast: bool = False) -> Any:
    """
    Make the struct that checks a row.

    :param fast: check days and moments by types of msgspec's, without a pattern; not all that fit pass.
    """
    rename = {f"f{n}": field.field for n, field in enumerate(fields)}
    checked = [_checked(short, field, key, fast=fast) for short, field in zip(rename, fields, strict=True)]
    return msgspec.defstruct(
        "Row", checked, forbid_unknown_fields=True, rename=rename, kw_only=True, gc=False
    )


def _holding(types: Sequence[Any], fields: Sequence[Field]) -> Any:
    """Make the struct that takes a row apart."""
    rename = {f"f{n}": field.field for n, field in enumerate(fields)}
    parts = [
        (short, kind, _NONE) if kind is msgspec.Raw else (short, kind | None, None)
        for short, kind in zip(rename, types, strict=True)
    ]
    return msgspec.defstruct("Parts", parts, rename=rename, kw_only=True, gc=False)


def _held(field: Field) -> Any:
    """
    Give the type that a value is held as: one that msgspec writes as it was sent, as far as a database sees.

    It takes a slice of the page, ``Raw``, much longer than a text, a small number or null.
    """
    is_plain = field.is_column and not field.loose and not field.is_mixed
    return _PLAIN.get(field.kind or "", msgspec.Raw) if is_plain else msgspec.Raw


def _checked(short: str, field: Field, key: tuple[str, ...], *, fast: bool) -> tuple[Any, ...]:
    """Give a field of a struct that checks: its short name, its type and, unless it is a key's, a default."""
    kind = _type_of(field)
    if fast and not field.loose and kind is not msgspec.Raw:
        kind = _FAST.get(field.kind or "", kind)
    if field.field in key:
        return short, _NEVER if kind is None else kind
    if kind is None:
        return short, None, None
    return (short, kind, _NONE) if kind is msgspec.Raw else (short, kind | None, None)


def _type_of(field: Field) -> Any:
    if field.is_extra or field.is_mixed or field.kind == "json":
        return msgspec.Raw
    if field.kind in {"other", "time"}:
        return type_to_check("text", loose=True)
    return None if field.kind == "inexact" else type_to_check(field.kind, loose=field.loose)


def _column_holds(kind: str, value: bytes) -> bool:
    """Tell whether a column holds a value exactly, as far as can be told without its scale."""
    seen = kind_of(value)
    if kind in {"other", "time", "inexact"}:
        return kind != "inexact" and seen != "json" and (kind == "other" or seen == "text")
    if kind in {"date", "timestamp"} and seen == "text" and is_as_expected(kind, value):
        return True  # whether a calendar has it is told when it is written, and by name
    return holds(kind, value)


def _conversion(
    field: Field, key: tuple[str, ...], zone: str, plain_decimals: bool, *, strict: bool
) -> Callable[[bytes], bytes] | None:
    """
    Give what makes a column's value of a JSON value; None where nothing has to be done.

    :param strict: what does not fit is to be found here, as far as can be told without the database.
    """
    write = _writer(field, key, zone, plain_decimals)
    most = _most_before(field)
    if strict and (field.is_mixed or field.kind == "date" or most is not None):
        return partial(_checked_value, kind=field.kind or "", most=most, write=write)
    return write


def _most_before(field: Field) -> int | None:
    """Give the digits before the point that a column of decimals has room for, where it says so."""
    if field.existing is None or field.kind != "decimal" or field.scale is None:
        return None
    found = _precision(field.existing.type)
    return int(found[1]) - field.scale if found else None


def _checked_value(
    value: bytes, *, kind: str, most: int | None, write: Callable[[bytes], bytes] | None
) -> bytes:
    if not _column_holds(kind, value):
        raise ValueError(f"which is {kind_of(value)}")
    if kind == "date":
        return _day(value)
    if most is not None and digits(unquoted(value))[0] > most:
        raise ValueError("which is larger than the column holds")
    return write(value) if write else value


def _writer(
    field: Field, key: tuple[str, ...], zone: str, plain_decimals: bool
) -> Callable[[bytes], bytes] | None:
    scale, is_key = field.scale, field.field in key
    if field.kind == "text":
        return _text_writer(field, is_key=is_key)
    if field.kind == "timestamp":
        return partial(_moment, scale=scale, zone=zone)
    if field.kind == "time":
        return partial(_fraction, scale=scale)
    if field.kind == "decimal" and (is_key or plain_decimals):
        return partial(_number, scale=scale, write=canonical)
    if field.kind == "decimal" and scale is not None:
        return partial(_number, scale=scale, write=unquoted)
    return _LOOSE.get(field.kind or "") if field.loose else None


def _text_writer(field: Field, *, is_key: bool) -> Callable[[bytes], bytes] | None:
    write: Callable[[bytes], bytes] | None = None
    if is_key and is_caseless(field.field):
        write = bytes.lower
    elif is_key and field.loose:
        write = _key_text
    return write if field.scale is None else partial(_text_within, most=field.scale, write=write)


def _is_whole_moment(convert: Callable[[bytes], bytes]) -> bool:
    """Tell whether a conversion writes moments with all their microseconds."""
    return isinstance(convert, partial) and convert.func is _moment and convert.keywords["scale"] is None


def _cut_moments(column: Sequence[str | None], zone: str) -> list[str] | None:
    """Write moments to the microsecond, all at once; None where one is not written in full, or is none."""
    if None in column:
        return None
    joined, count, step = '","'.join(column), len(column), _FULL + 1  # type: ignore[arg-type]
    is_full = len(joined) == step * count - 3 and joined.isascii()
    if not is_full or (joined[10::step], joined[27::step]) != ("T" * count, "Z" * count):
        return None
    try:
        _moments(f'["{joined}"]')
    except msgspec.MsgspecError:
        return None
    return [value[:_MICRO] + zone for value in column]  # type: ignore[index]


def _moment(value: bytes, *, scale: int | None, zone: str) -> bytes:
    is_full = len(value) == _FULL and value[-2] == _Z and value[11] == _T and b"\\" not in value
    if scale is None and is_full:  # nearly all are so
        micro = value[1:-3]
        try:
            datetime.fromisoformat(micro.decode())
        except ValueError:
            raise ValueError("which is not a moment that a calendar has") from None
        return b'"%b%b"' % (micro, zone.encode())
    return b'"%b"' % moment_text(_text(value), scale, zone).encode()


def _whole(value: bytes) -> bytes:
    return b"%d" % whole(value)


def _day(value: bytes) -> bytes:
    return b'"%b"' % day(msgspec.json.decode(value)).isoformat().encode()


_LOOSE: dict[str, Callable[[bytes], bytes]] = {"integer": _whole, "date": _day, "decimal": unquoted}


def _key_text(value: bytes) -> bytes:
    return canonical(value) if kind_of(value) in {"integer", "decimal"} else value


def _text_within(value: bytes, *, most: int, write: Callable[[bytes], bytes] | None) -> bytes:
    """Refuse a text whose blanks at the end would be cut off; all else that is too long the database does."""
    if value[-2:] == b' "' or b"\\" in value:
        text = _text(value)
        if text.endswith(" ") and len(text) > most:
            raise ValueError("which ends in blanks that the column does not keep")
    return write(value) if write else value


def _number(value: bytes, *, scale: int | None, write: Callable[[bytes], bytes]) -> bytes:
    number = write(value)
    if scale is not None and digits(number)[1] > scale:
        raise ValueError("which is finer than the column keeps")
    return number


def _fraction(value: bytes, *, scale: int | None) -> bytes:
    fraction = _IN_SECONDS(value)
    if scale is not None and fraction and len(fraction[1].rstrip(b"0")) > scale:
        raise ValueError("which is finer than the column keeps")
    return value


def _json(value: Any) -> bytes:
    """Write a value that was taken apart; bytes are of JSON already."""
    return bytes(value) if isinstance(value, msgspec.Raw) else _encode(value)


def _quoted_json(value: bytes) -> msgspec.Raw:
    """Write JSON as a field of CSV, for msgspec to write as it is."""
    return _NONE if value == NULL else msgspec.Raw(quoted(value))


def _line(kinds: Sequence[str], row: Sequence[Any]) -> bytes:
    """Write a row whose texts have escapes as a line of CSV; its JSON is a field of CSV already."""
    pairs = zip(kinds, map(_json, row), strict=True)
    return b",".join(value if kind == "json" else csv_field(kind, value) for kind, value in pairs)


def _shown(value: bytes) -> str:
    return value.decode() if len(value) <= _SHOWN else value[:_SHOWN].decode(errors="ignore") + "..."


def _pair(field: Field, value: bytes) -> bytes:
    return msgspec.json.encode(field.field) + b":" + value
