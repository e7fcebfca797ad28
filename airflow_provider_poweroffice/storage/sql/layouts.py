"""
The contract of a layout: how rows lie in a table.

Rule: a layout sees every page before the database is touched, and writes it afterwards.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_poweroffice.storage.sql.columns import Books, Column, Existing


class Layout(ABC):
    """
    How rows lie in a table.

    :param table: its name, for messages.
    :param key: fields of a row that no two rows share; none: rows have no key.
    :param existing: the table's columns by name; None: there is no table yet.
    """

    books: Books

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

    @abstractmethod
    def see(self, content: bytes) -> None:
        """
        Look at a page: a JSON array.

        :raises LoadError: a row without its key, or that is no object.
        :raises TypeConflictError: a value does not fit its column.
        """

    @abstractmethod
    def csv(self, content: bytes, first: int) -> Iterator[bytes]:
        """
        Write a page's rows as lines of CSV: the number of the row, then the columns.

        :param first: number of the page's first row.
        :raises TypeConflictError: a decimal with more digits than its column keeps.
        """

    @abstractmethod
    def parameters(self, content: bytes, first: int) -> Iterator[tuple[Any, ...]]:
        """Give a page's rows as parameters of an INSERT, in the order of ``csv``."""

    @abstractmethod
    def key_of(self, row: bytes) -> str:
        """Give a row's key as text, or what there is to name it by."""

    def check_books(self, columns: Sequence[Column]) -> None:
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
