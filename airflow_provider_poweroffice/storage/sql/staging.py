"""
The temporary table that rows go through, and the rows behind its numbers.

Rule: it belongs to the connection, so nothing of it stays, whatever happens to a load.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, starmap
from typing import Any

from airflow_provider_poweroffice.api.surrogates import split_rows
from airflow_provider_poweroffice.storage.page_spool import PageSpool
from airflow_provider_poweroffice.storage.sql.columns import ROW, Column
from airflow_provider_poweroffice.storage.sql.databases.base import BulkDatabase, Session
from airflow_provider_poweroffice.storage.sql.ddl import STAGE, create_stage, is_key_text
from airflow_provider_poweroffice.storage.sql.layouts import Layout
from airflow_provider_poweroffice.storage.sql.refusal import is_refused_value, refused_row


class Stage:
    """
    The staged rows of a load.

    :param layout: how they lie in the table.
    :param spool: the pages.
    :param table: name of the temporary table.
    """

    def __init__(self, session: Session, layout: Layout, spool: PageSpool, table: str = STAGE) -> None:
        self._table = session.database.temporary(table)
        self.columns: Sequence[Column] = list(layout.columns)
        self._session = session
        self._layout = layout
        self._spool = spool

    def key_of(self, number: int) -> str:
        """Give the key of a row by its number."""
        for content, first in self._spool.numbered():
            rows = split_rows(content)
            if number < first + len(rows):
                return self._layout.key_of(bytes(rows[number - first]))
        raise AssertionError("unreachable: the row was counted")

    def fill(self, *, bulk: bool) -> None:
        """
        Make the table and bring the rows into it.

        :param bulk: the database's way for many rows, where it has one.
        :raises LoadError: a row that the database cannot hold.
        """
        session, database = self._session, self._session.database
        with session.transaction(staging=True):
            create_stage(session, self._table, self.columns, self._layout.key_columns)
        try:
            with session.transaction(staging=True):
                if bulk and isinstance(database, BulkDatabase):
                    lines = chain.from_iterable(starmap(self._layout.csv, self._spool.numbered()))
                    database.bulk(session, self._table, lines)
                else:
                    rows = chain.from_iterable(starmap(self._layout.parameters, self._spool.numbered()))
                    session.insert(self._insert(), rows)
        except Exception as error:
            if is_refused_value(error):
                self._find_refused()
            raise

    def _insert(self) -> str:
        database = self._session.database
        names = [database.quoted(name) for name in (ROW, *(column.name for column in self.columns))]
        marks = ", ".join([database.mark] * len(names))
        return f"INSERT INTO {self._table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - names are checked

    def _find_refused(self) -> None:
        """Insert page by page, and row by row in the page that is refused, up to the row at fault."""
        for content, first in self._spool.numbered():
            try:
                with self._session.transaction(staging=True):
                    self._session.insert(self._insert(), self._layout.parameters(content, first))
            except Exception as error:
                if not is_refused_value(error):
                    raise
                self._find_in_page(content)

    def _find_in_page(self, content: bytes) -> None:
        for row, values in zip(split_rows(content), self._layout.parameters(content, 0), strict=True):
            if error := self._refusal(values):
                column = self._column_at_fault(values)
                is_key = column and is_key_text(column, self._layout.key_columns)
                advice = self._session.database.key_advice if is_key else ""
                row_error = refused_row(
                    self._layout.table,
                    self._layout.key_of(bytes(row)),
                    error,
                    column=f"column {column.name} ({column.note})" if column else "",
                    way_out=advice or self._layout.way_out,
                )
                raise row_error from error

    def _refusal(self, values: Sequence[Any]) -> Exception | None:
        """Insert a row, and give the database's objection to it."""
        try:
            with self._session.transaction(staging=True):
                self._session.insert(self._insert(), [tuple(values)])
        except Exception as error:
            if is_refused_value(error):
                return error
            raise
        return None

    def _column_at_fault(self, values: Sequence[Any]) -> Column | None:
        """Find the first value that the database refuses alone."""
        for n, column in enumerate(self.columns, start=1):
            alone = [value if position in {0, n} else None for position, value in enumerate(values)]
            if self._refusal(alone):
                return column
        return None
