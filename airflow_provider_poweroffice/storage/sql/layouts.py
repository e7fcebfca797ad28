"""
The contract of a layout: how rows lie in a table.

Rule: a layout sees every page before the database is touched, and writes it afterwards.
"""

from __future__ import annotations

import codecs
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from airflow_provider_poweroffice.api.surrogates import split_rows
from airflow_provider_poweroffice.errors import LoadError
from airflow_provider_poweroffice.storage.kinds import take_apart
from airflow_provider_poweroffice.storage.sql.columns import AuditColumns, Column, Existing

_PIECE = 1 << 16
LONGEST_KEY = 200
"""Characters of a row's key, or of a field's name, in a message."""


class Layout(ABC):
    """
    How rows lie in a table.

    :param table: its name, for messages.
    :param key: fields of a row that no two rows share; none: rows have no key.
    :param existing: the table's columns by name; None: there is no table yet.
    """

    audit: AuditColumns
    way_out = ""
    """What an error about a row may advise."""

    def __init__(self, table: str, key: tuple[str, ...], existing: Mapping[str, Existing] | None) -> None:
        self.table = table
        self.key = key
        self.existing = existing

    @property
    @abstractmethod
    def columns(self) -> Sequence[Column]:
        """The columns that the rows seen so far fill, those of the key included."""

    @property
    @abstractmethod
    def key_columns(self) -> tuple[str, ...]:
        """The columns of the key, the company aside."""

    @property
    def kept(self) -> list[str]:
        """The fields with values that have no column of their own, as far as written."""
        return []

    def assume_known(self) -> bool:
        """Where nothing was read, do with what is known; tell whether a table can be made of it."""
        return True

    def readable(self, content: bytes) -> bytes:
        """
        Check that a page is UTF-8, and give it as this layout stores it.

        :raises LoadError: names row and field.
        """
        if not content.isascii():
            try:
                _check_utf8(content)
            except UnicodeDecodeError as error:
                raise self._not_utf8(content, error) from None
        return content

    def _not_utf8(self, content: bytes, error: UnicodeDecodeError) -> LoadError:
        for row in map(bytes, split_rows(content)):
            if field := _field_of(row, lambda value: not _is_utf8(value)):
                key = self.key_of(row.decode(errors="replace").encode())
                return LoadError(
                    f"table {self.table}, row {key}: {field} holds bytes that are not UTF-8, which JSON must "
                    "be; a transfer to object storage with format='ndjson' keeps them as sent",
                    table=self.table,
                    row=key,
                )
        return LoadError(f"table {self.table}: a page is not UTF-8 ({error.reason})", table=self.table)

    def measure(self, content: bytes) -> None:  # noqa: B027 - for layouts with decimals
        """Look at a page's numbers, where a new column of decimals must be wide enough for them."""

    def settle(self) -> None:  # noqa: B027 - as above
        """Choose the columns, when all pages are measured."""

    @abstractmethod
    def see(self, content: bytes) -> None:
        """
        Look at a page: a JSON array.

        :raises LoadError: a row without its key, or one that is not an object.
        :raises TypeConflictError: a value does not fit its column.
        """

    @abstractmethod
    def csv(self, content: bytes, first: int) -> Iterator[bytes]:
        """
        Write a page's rows as lines of CSV, some hundred at a time: the number of the row, then the columns.

        :param first: number of the page's first row.
        :raises TypeConflictError: a decimal with more digits than its column keeps.
        """

    @abstractmethod
    def parameters(self, content: bytes, first: int) -> Iterator[tuple[Any, ...]]:
        """Give a page's rows as parameters of an INSERT, in the order of ``csv``."""

    @abstractmethod
    def key_of(self, row: bytes) -> str:
        """Give a row's key as text, or what there is to name it by."""

    def check_audit(self, columns: Sequence[Column]) -> None:
        """
        Refuse a table that was made for something else.

        :param columns: that it must have.
        :raises ValueError: names those it lacks.
        """
        missing = [column.name for column in columns if column.name not in (self.existing or {})]
        if self.existing is not None and missing:
            raise ValueError(
                f"table {self.table} has no column {', '.join(missing)}: it was not made for this layout. "
                "Name another table, or the layout that it was made with"
            )


def _check_utf8(content: bytes) -> None:
    """
    Decode a page, in pieces: the memory for all of its text at once would take longer to get than to fill.

    :raises UnicodeDecodeError: it is not UTF-8.
    """
    decode = codecs.getincrementaldecoder("utf-8")().decode
    for start in range(0, len(content), _PIECE):
        decode(content[start : start + _PIECE])
    decode(b"", final=True)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _field_of(row: bytes, at_fault: Callable[[bytes], bool]) -> str | None:
    """Name the first field of a row whose value is at fault; of a row that cannot be taken apart, say so."""
    if not at_fault(row):
        return None
    try:
        values = take_apart(row)
    except (msgspec.MsgspecError, ValueError):
        return "the name of a field, or the row,"
    return next((name for name, value in values.items() if at_fault(bytes(value))), "the name of a field")
