"""
From the staging table to the table, by mode.

Rule: every statement here runs in the load's one transaction, and can be limited to a range of rows, by
which the row that a database refuses is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_poweroffice.storage.sql.columns import ROW, Books, Column
from airflow_provider_poweroffice.storage.sql.ddl import STAGE
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.session import Session


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Whose rows a load writes, and who writes them.

    :param company: the rows of other companies are not touched.
    :param run_id: of the Airflow run.
    :param task: of that run; with ``run_id`` it tells a load from all others but its own retries.
    :param loaded_at: when the load began, as text with its zone.
    """

    company: str
    run_id: str
    task: str
    loaded_at: str


@dataclass(frozen=True, slots=True)
class Counts:
    """
    What became of the rows.

    :param inserted: rows that were not there.
    :param updated: rows that were there, and are written anew.
    :param deleted: rows that were there, and gave way: those of the company, or of an earlier try.
    """

    inserted: int
    updated: int
    deleted: int


class Merge:
    """
    The statements that bring staged rows into their table.

    :param columns: of the staging table, ``ROW`` aside.
    :param key: the columns of the key, the company aside.
    """

    def __init__(
        self,
        session: Session,
        table: TableName,
        *,
        mode: str,
        columns: Sequence[Column],
        key: Sequence[str],
        books: Books,
        identity: Identity,
    ) -> None:
        self._session = session
        self._mode = mode
        self._key = key
        self._books = books
        self._identity = identity
        self._quoted = session.dialect.quoted
        self._table = table.quoted(session.dialect.quote)
        self._columns = [column.name for column in columns]

    def drop_repeated(self) -> int:
        """Leave the last of the rows that have the same key, and count the others."""
        if not self._key:
            return 0
        row, key = self._quoted(ROW), ", ".join(map(self._quoted, self._key))
        return self._session.count(
            f"DELETE FROM {STAGE} WHERE {row} IN (SELECT {row} FROM (SELECT {row}, row_number() OVER "  # noqa: S608 - names are checked
            f"(PARTITION BY {key} ORDER BY {row} DESC) AS n FROM {STAGE}) AS numbered WHERE n > 1)"
        )

    def run(self, first: int, end: int) -> Counts:
        """
        Write the rows of a range.

        :param first: its first row.
        :param end: the row behind its last.
        """
        deleted = updated = 0
        if self._mode == "append":
            deleted = self._delete(
                {
                    self._books.company: self._identity.company,
                    self._books.run_id: self._identity.run_id,
                    self._books.task: self._identity.task,
                }
            )
        elif self._mode == "replace":
            deleted = self._delete({self._books.company: self._identity.company})
        else:
            updated = self._count_matching(first, end)
            if updated and not self._session.dialect.has_on_conflict:
                self._delete_matching(first, end)
        written = self._insert(first, end)
        return Counts(inserted=written - updated, updated=updated, deleted=deleted)

    def _delete(self, values: dict[str, str]) -> int:
        where = " AND ".join(f"{self._quoted(name)} = {self._session.dialect.mark}" for name in values)
        return self._session.count(f"DELETE FROM {self._table} WHERE {where}", list(values.values()))  # noqa: S608 - names are checked

    def _count_matching(self, first: int, end: int) -> int:
        """Count the staged rows that the table has already."""
        mark, row, company = self._session.dialect.mark, self._quoted(ROW), self._quoted(self._books.company)
        sql = (
            f"SELECT count(*) FROM {STAGE} s JOIN {self._table} t "  # noqa: S608 - names are checked
            f"ON t.{company} = {mark} AND {self._same('t')} WHERE s.{row} >= {mark} AND s.{row} < {mark}"
        )
        return int(self._session.rows(sql, (self._identity.company, first, end))[0][0])

    def _delete_matching(self, first: int, end: int) -> None:
        mark, row, company = self._session.dialect.mark, self._quoted(ROW), self._quoted(self._books.company)
        self._session.execute(
            f"DELETE FROM {self._table} WHERE {company} = {mark} AND EXISTS (SELECT 1 FROM {STAGE} s "  # noqa: S608 - names are checked
            f"WHERE {self._same(self._table)} AND s.{row} >= {mark} AND s.{row} < {mark})",
            (self._identity.company, first, end),
        )

    def _same(self, table: str) -> str:
        """Write the condition that a row of the table and a staged one have the same key."""
        return " AND ".join(f"{table}.{self._quoted(name)} = s.{self._quoted(name)}" for name in self._key)

    def _insert(self, first: int, end: int) -> int:
        dialect, books = self._session.dialect, self._books
        constants = {
            books.company: self._identity.company,
            books.loaded_at: self._identity.loaded_at,
            books.run_id: self._identity.run_id,
            books.task: self._identity.task,
        }
        types = {column.name: dialect.types[column.kind] for column in books.columns()}
        marks = [f"CAST({dialect.mark} AS {types[name]})" for name in constants]
        columns = [*map(self._quoted, self._columns)]
        into = ", ".join([*columns, *map(self._quoted, constants)])
        row = self._quoted(ROW)
        sql = (
            f"INSERT INTO {self._table} ({into}) SELECT {', '.join([*columns, *marks])} "  # noqa: S608 - names are checked
            f"FROM {STAGE} WHERE {row} >= {dialect.mark} AND {row} < {dialect.mark}"
        )
        if self._mode == "upsert" and dialect.has_on_conflict:
            conflict = ", ".join(map(self._quoted, (books.company, *self._key)))
            changed = [
                name for name in (*self._columns, *constants) if name not in (books.company, *self._key)
            ]
            sets = [f"{self._quoted(name)} = excluded.{self._quoted(name)}" for name in changed]
            # A row that was gone and is sent again is there again.
            sets.append(f"{self._quoted(books.deleted_at)} = NULL")
            sql += f" ON CONFLICT ({conflict}) DO UPDATE SET {', '.join(sets)}"
        return self._session.count(sql, [*constants.values(), first, end])
