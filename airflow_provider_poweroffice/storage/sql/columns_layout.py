"""
The columns layout: a typed column for each field, nested values as JSON.

Rule: kinds come from the table, else from the official description, else from the data; a value that
does not fit is an error, never a changed value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from airflow_provider_poweroffice.errors import LoadError, TypeConflictError
from airflow_provider_poweroffice.storage.sql.columns import Books, Column, Existing
from airflow_provider_poweroffice.storage.sql.encoding import csv_field, key_text, parameter, places, quoted
from airflow_provider_poweroffice.storage.sql.fields import Field, Fields
from airflow_provider_poweroffice.storage.sql.kinds import NULL, fits, kind_of, type_of, widened
from airflow_provider_poweroffice.storage.sql.layouts import Layout
from airflow_provider_poweroffice.storage.sql.moments import cut, micro

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode
_NONE = msgspec.Raw(NULL)
_CAN_BE_READ = re.compile(r"[^\"\\\x00-\x1f]*").fullmatch  # of msgspec's structs
_UNTOUCHED = frozenset({"integer", "decimal", "boolean", "date"})  # a JSON literal of these is CSV


class ColumnsLayout(Layout):
    """
    A column for each field, ``_extra`` for fields without one, and the books.

    :param known: the kinds of fields by the official description.
    :param naming: ``"snake_case"``, or ``"as sent"``.
    :param allow_new: fields that the table has no column for get one.
    """

    books = Books("_")
    extra = "_extra"

    def __init__(
        self,
        table: str,
        key: tuple[str, ...],
        existing: Mapping[str, Existing] | None,
        *,
        known: Mapping[str, str],
        naming: str = "snake_case",
        allow_new: bool = False,
    ) -> None:
        super().__init__(table, key, existing)
        self._fields = Fields(key, existing, known=known, naming=naming, allow_new=allow_new)
        self._kept: set[str] = set()
        if nameless := [field.field for field in self._keys if field.is_extra]:
            raise ValueError(f"key={nameless[0]!r} can not be the name of a column")
        self._rebuild()
        missing = [
            self._extra_column(),
            *(column for column in map(self._fields.column, self._keys) if column),
        ]
        self.check_books([*self.books.columns(), *missing])

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
        """The fields that went to ``_extra`` with a value."""
        return sorted(self._kept)

    def assume_known(self) -> bool:
        """Take all the fields of the official description as seen."""
        self._fields.assume_known()
        self._rebuild()
        return bool(list(self._fields.columns())) and all(field.is_column for field in self._keys)

    def see(self, content: bytes) -> None:
        """Check the page at once; where that fails, look at its rows and learn."""
        try:
            self._check_all(content)
        except msgspec.ValidationError:
            for number, row in enumerate(_split(content)):
                self._see_row(bytes(row), number)

    def _see_row(self, row: bytes, number: int) -> None:
        try:
            self._check_one(row)
        except msgspec.ValidationError:
            self._learn(row, number)
            try:
                self._check_one(row)
            except msgspec.ValidationError as error:
                raise LoadError(
                    f"table {self.table}, row {self.key_of(row)}: it can not be read: {error}",
                    table=self.table,
                    row=self.key_of(row),
                ) from None

    def _learn(self, row: bytes, number: int) -> None:
        """Take up the fields of a row that are new, or of another kind than before."""
        try:
            values = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
        except msgspec.ValidationError:
            raise LoadError(
                f'table {self.table}: row {number} of a page is no object with fields; use layout="raw"',
                table=self.table,
            ) from None
        for name in self.key:
            if bytes(values.get(name, _NONE)) == NULL:
                raise LoadError(
                    f"table {self.table}: row {number} of a page has no {name}, which is its key: "
                    "name another by key=",
                    table=self.table,
                )
        for name, value in values.items():
            if not _CAN_BE_READ(name):
                raise LoadError(
                    f"table {self.table}: a row has the field {name!r}, which has no place in this layout; "
                    'use layout="raw"',
                    table=self.table,
                )
            self._note(name, bytes(value), row)
        self._rebuild()

    def _note(self, name: str, value: bytes, row: bytes) -> None:
        field = self._fields.add(name)
        if field.is_extra:
            return
        seen = kind_of(value, name)
        fixed = field.existing
        kind = widened(field.kind, seen)
        if seen is None or (kind is not None and (fixed is None or fits(fixed.kind, seen))):
            field.kind = fixed.kind if fixed else kind
            return
        raise self._conflict(field, value, row, seen)

    def _conflict(self, field: Field, value: bytes, row: bytes, seen: str) -> TypeConflictError:
        shown = value.decode() if len(value) <= 80 else value[:80].decode(errors="ignore") + "..."  # noqa: PLR2004 - a line of log
        kind = field.existing.type if field.existing else f"{field.kind}, by the rows before it"
        return TypeConflictError(
            f"table {self.table}, column {field.name} ({kind}): row {self.key_of(row)} has {shown} in "
            f'{field.field}, which is {seen}. Change the type of the column, or use layout="raw"',
            table=self.table,
            column=field.name,
            row=self.key_of(row),
            value=shown,
        )

    def _rebuild(self) -> None:
        """Make the structs that check rows, and that take them apart."""
        fields = list(self._fields)
        typed = [
            (f"f{n}", type_of("json" if field.is_extra else field.kind, required=True))
            if field.field in self.key
            else (
                f"f{n}",
                type_of("json" if field.is_extra else field.kind, required=False),
                *_default(field),
            )
            for n, field in enumerate(fields)
        ]
        raw = [(f"f{n}", msgspec.Raw, _NONE) for n in range(len(fields))]
        rename = {f"f{n}": field.field for n, field in enumerate(fields)}
        options: dict[str, Any] = {"rename": rename, "kw_only": True}
        row = msgspec.defstruct("Row", typed, forbid_unknown_fields=True, **options)
        parts = msgspec.defstruct("Parts", raw, **options)
        self._check_all: Any = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        self._check_one: Any = msgspec.json.Decoder(row).decode
        self._take_apart: Any = msgspec.json.Decoder(list[parts]).decode  # type: ignore[valid-type]

    def _rows(self, content: bytes) -> Iterator[tuple[list[bytes], bytes]]:
        """Give the values of each row that have columns, and the others as one JSON object or null."""
        own = [(n, field) for n, field in enumerate(self._fields) if field.is_column]
        extra = [(n, field) for n, field in enumerate(self._fields) if field.is_extra]
        scales = {n: field.existing.scale for n, field in own if field.existing}
        moments = [(n, field, scales.get(n)) for n, field in own if field.kind == "timestamp"]
        bounded = [
            (n, field, scale)
            for n, field in own
            if field.kind == "decimal" and (scale := scales.get(n)) is not None
        ]
        for parts in self._take_apart(content):
            values = list(msgspec.structs.astuple(parts))
            for n, field, scale in bounded:
                if places(bytes(values[n])) > scale:
                    raise self._misfit(field, values, bytes(values[n]), "finer than the column keeps")
            for n, field, scale in moments:
                if bytes(values[n]) == NULL:
                    continue
                moment = micro(msgspec.json.decode(values[n]))
                if moment is None:
                    raise self._misfit(field, values, bytes(values[n]), "no moment that a calendar has")
                values[n] = msgspec.Raw(b'"%b"' % (moment if scale is None else cut(moment, scale)).encode())
            others = [(field, values[n]) for n, field in extra if bytes(values[n]) != NULL] if extra else []
            self._kept.update(field.field for field, _ in others)
            rest = b"{" + b",".join(_pair(field, value) for field, value in others) + b"}" if others else NULL
            yield [values[n] for n, _ in own], rest

    def _misfit(
        self, field: Field, values: Sequence[msgspec.Raw], value: bytes, what: str
    ) -> TypeConflictError:
        row = b"{" + b",".join(_pair(f, values[i]) for i, f in enumerate(self._fields)) + b"}"
        return self._conflict(field, value, row, what)

    def csv(self, content: bytes, first: int) -> Iterator[bytes]:
        """Write the values as they were sent; only texts with escapes, JSON and moments are touched."""
        kinds = [field.kind or "text" for field in self._fields if field.is_column]
        touched = [n for n, kind in enumerate(kinds) if kind == "json"]
        texts = [n for n, kind in enumerate(kinds) if kind not in _UNTOUCHED]
        for number, (values, rest) in enumerate(self._rows(content), start=first):
            line = b",".join(values)
            # Any escape in the row: look at all of its texts; none: only at the few that always need it.
            for n in texts if b"\\" in line else touched:
                values[n] = csv_field(kinds[n], bytes(values[n]))
            yield b"%d,%b,%b\n" % (
                number,
                b",".join(values),
                rest if rest == NULL else quoted(rest),
            )

    def parameters(self, content: bytes, first: int) -> Iterator[tuple[Any, ...]]:
        """Give integers, booleans and text."""
        kinds = [field.kind or "text" for field in self._fields if field.is_column]
        for number, (values, rest) in enumerate(self._rows(content), start=first):
            pairs = zip(kinds, values, strict=True)
            yield (number, *(parameter(kind, bytes(value)) for kind, value in pairs), parameter("json", rest))

    def key_of(self, row: bytes) -> str:
        """Give the values of the key."""
        values = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
        return (
            key_text(tuple(bytes(values.get(name, _NONE)) for name in self.key)) if self.key else row.decode()
        )


def _default(field: Field) -> tuple[Any]:
    return (_NONE,) if field.is_extra or field.kind == "json" else (None,)


def _pair(field: Field, value: bytes) -> bytes:
    return msgspec.json.encode(field.field) + b":" + value
