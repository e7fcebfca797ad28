"""Which fields of the API's rows have a column, of what name and kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from airflow_provider_poweroffice.storage.kinds import scale_of
from airflow_provider_poweroffice.storage.sql.columns import ROW, Column, Existing
from airflow_provider_poweroffice.storage.sql.identifiers import folded, is_name, snake_case

_RESERVED = frozenset({ROW, "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid", "rowid", "_rowid_"})
"""Names of columns that the databases have themselves, or a load in its staging table; no field's column."""


@dataclass(slots=True)
class Field:
    """
    A field of the API's rows.

    :param field: its name there.
    :param name: of its column; empty: it has none and goes to the extra ones.
    :param kind: None until a value was seen.
    :param existing: the table's column.
    :param given: the kind is what the user says, so it does not widen.
    :param loose: values were seen that are to be read before they are what the column holds.
    :param is_mixed: values were seen that the column does not hold, and that are kept beside it.
    :param before: most digits before the point of its numbers, where they were counted.
    :param behind: most digits behind it.
    """

    field: str
    name: str
    kind: str | None
    existing: Existing | None
    given: bool = False
    loose: bool = False
    is_mixed: bool = False
    before: int = 0
    behind: int = 0

    @property
    def is_extra(self) -> bool:
        """Tell whether it goes to the extra ones."""
        return not self.name

    @property
    def fixed(self) -> str | None:
        """The kind that does not widen: that of the table's column, or the one that the user gave."""
        return self.existing.kind if self.existing else self.kind if self.given else None

    @property
    def scale(self) -> int | None:
        """The bound of the table's column, see ``Existing``; None where it has none."""
        return self.existing.scale if self.existing else None

    @property
    def is_column(self) -> bool:
        """Tell whether it has a column, or gets one."""
        return bool(self.name) and self.kind is not None

    @property
    def is_measured(self) -> bool:
        """Tell whether its digits are counted: it is a decimal, for which the table has no column yet."""
        return self.kind == "decimal" and not self.existing


class Fields:
    """The fields seen, in order; see ``ColumnsLayout`` for the arguments."""

    def __init__(
        self,
        key: tuple[str, ...],
        existing: Mapping[str, Existing] | None,
        *,
        known: Mapping[str, str],
        given: Mapping[str, str],
        column_names: str,
        allow_new: bool,
    ) -> None:
        self._existing = existing
        self._known = {**known, **given}
        self._given = given
        self._column_names = column_names
        self._allow_new = allow_new
        self._fields: dict[str, Field] = {}
        self._taken: set[str] = set()
        self._key = key
        # Of two fields with one column name the described one has it, whichever a row holds first.
        described = (*list(self._known)[::-1], *key[::-1])
        self._owners = {folded(self._name(field)): field for field in described}
        # Most databases fold the case of names in some way: a new column must differ by more.
        self._folded = {folded(column) for column in existing or ()}
        for name in key:
            self.add(name)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields.values())

    def __getitem__(self, name: str) -> Field:
        return self._fields[name]

    def add(self, name: str) -> Field:
        """Take up a field, or give the one there is."""
        if name not in self._fields:
            self._fields[name] = self._new(name)
        return self._fields[name]

    def _name(self, field: str) -> str:
        return snake_case(field) if self._column_names == "snake_case" else field

    def _new(self, name: str) -> Field:
        column = self._name(name)
        existing = (self._existing or {}).get(column)
        is_there = self._can_be_made(column, name) if existing is None else not existing.is_generated
        if not (is_there and self._is_free(column, name)):
            return Field(name, "", None, None)
        self._taken.add(folded(column))
        known = self._known.get(name)
        if existing and existing.kind == "text" and known == "json":
            existing = replace(existing, kind="json")  # in a database that has no type for it
        return Field(name, column, existing.kind if existing else known, existing, given=name in self._given)

    def _is_free(self, column: str, field: str) -> bool:
        """Tell whether a field may have a column of this name: it is a name, and no other field's."""
        alike = folded(column)
        is_own = self._owners.get(alike, field) == field and alike not in self._taken
        return is_own and is_name(column) and not column.startswith("_") and alike != ROW

    def _can_be_made(self, column: str, field: str) -> bool:
        """Tell whether a table that lacks a column may get it."""
        has_room = self._existing is None or self._allow_new or field in self._key
        return has_room and folded(column) not in _RESERVED | self._folded

    def add_described(self) -> None:
        """Take up the described fields that the table has a column for: one that is left out is null."""
        for name in self._known:
            if self._name(name) in (self._existing or ()):
                self.add(name)

    def assume_known(self) -> None:
        """Take up all the fields of the official description."""
        for name in self._known:
            self.add(name)

    def column(self, field: Field) -> Column | None:
        """Give the column of a field, if it has one."""
        note = f"{field.field} of the API"
        if not field.name:
            return None
        scale = scale_of(field.before, field.behind) if field.kind == "decimal" else None
        return Column(field.name, field.kind or "text", note, field.existing, scale)

    def columns(self) -> Iterator[Column]:
        """Give the columns of all fields that have one."""
        for field in self:
            if field.is_column and (column := self.column(field)):
                yield column
