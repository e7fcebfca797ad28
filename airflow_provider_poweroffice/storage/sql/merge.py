"""
From the staging table to the table, by mode.

Rule: every statement here runs in the load's one transaction, and can be limited to a range of rows, by
which the row that a database refuses is found.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_poweroffice.storage.sql.columns import ROW, AuditColumns, Column
from airflow_provider_poweroffice.storage.sql.databases.base import Session
from airflow_provider_poweroffice.storage.sql.ddl import STAGE
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.plan import Counts, LoadOwner


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
        audit: AuditColumns,
        owner: LoadOwner,
    ) -> None:
        self._session = session
        self._mode = mode
        self._key = key
        self._audit = audit
        self._owner = owner
        self._quoted = session.database.quoted
        self._table = table.quoted(session.database.quote)
        self._stage = session.database.temporary(STAGE)
        self._columns = [column.name for column in columns]

    def drop_repeated(self) -> int:
        """Leave the last of the rows that have the same key, and count the others."""
        if not self._key:
            return 0
        key = ", ".join(map(self._quoted, self._key))
        return self._session.database.delete_repeated(self._session, self._stage, self._quoted(ROW), key)

    def make_ready(self) -> None:
        """Have the database look at the staged rows, where they are to be joined with the table's."""
        if self._mode == "upsert":
            columns = [self._quoted(name) for name in (ROW, *self._key)]
            self._session.database.staged(self._session, self._stage, columns)

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
                    self._audit.company: self._owner.company,
                    self._audit.run_id: self._owner.run_id,
                    self._audit.task: self._owner.task,
                }
            )
        elif self._mode == "replace":
            deleted = self._delete({self._audit.company: self._owner.company})
        else:
            updated = self._count_matching(first, end)
            how = self._session.database.upsert
            if updated and how == "delete":
                self._delete_matching(first, end)
            elif updated and how == "update":
                self._update_matching(first, end)
                return Counts(inserted=self._insert(first, end, new=True), updated=updated, deleted=0)
        written = self._insert(first, end)
        return Counts(inserted=written - updated, updated=updated, deleted=deleted)

    def _delete(self, values: dict[str, str]) -> int:
        where = " AND ".join(f"{self._quoted(name)} = {self._session.database.mark}" for name in values)
        return self._session.count(f"DELETE FROM {self._table} WHERE {where}", list(values.values()))  # noqa: S608 - names are checked

    def _count_matching(self, first: int, end: int) -> int:
        """Count the staged rows that the table has already."""
        mark, row, company = self._session.database.mark, self._quoted(ROW), self._quoted(self._audit.company)
        sql = (
            f"SELECT count(*) FROM {self._stage} s JOIN {self._table} t "  # noqa: S608 - names are checked
            f"ON t.{company} = {mark} AND {self._same('t')} WHERE s.{row} >= {mark} AND s.{row} < {mark}"
        )
        return int(self._session.rows(sql, (self._owner.company, first, end))[0][0])

    def _delete_matching(self, first: int, end: int) -> None:
        mark, row, company = self._session.database.mark, self._quoted(ROW), self._quoted(self._audit.company)
        self._session.execute(
            f"DELETE FROM {self._table} WHERE {company} = {mark} AND EXISTS (SELECT 1 FROM {self._stage} s "  # noqa: S608 - names are checked
            f"WHERE {self._same(self._table)} AND s.{row} >= {mark} AND s.{row} < {mark})",
            (self._owner.company, first, end),
        )

    def _same(self, table: str) -> str:
        """Write the condition that a row of the table and a staged one have the same key."""
        return " AND ".join(f"{table}.{self._quoted(name)} = s.{self._quoted(name)}" for name in self._key)

    def _update_matching(self, first: int, end: int) -> None:
        """Update by what was staged; a unique index that the table may have does not matter."""
        database, constants = self._session.database, self._constants()
        company, row, mark = self._quoted(self._audit.company), self._quoted(ROW), database.mark
        values = {name: f"s.{self._quoted(name)}" for name in self._columns if name not in self._key}
        values |= {name: cast for name, (cast, _) in constants.items() if name != self._audit.company}
        values[self._audit.deleted_at] = "NULL"
        sets = ", ".join(f"t.{self._quoted(name)} = {value}" for name, value in values.items())
        update = database.update.format(table=self._table, stage=self._stage, same=self._same("t"), sets=sets)
        self._session.execute(
            f"{update} WHERE t.{company} = {mark} AND s.{row} >= {mark} AND s.{row} < {mark}",
            [
                *(value for name, (_, value) in constants.items() if name != self._audit.company),
                *(self._owner.company, first, end),
            ],
        )

    def _constants(self) -> dict[str, tuple[str, str]]:
        """Give for the columns that are the same in all rows the expression, and its parameter."""
        database, audit, owner = self._session.database, self._audit, self._owner
        kinds = {column.name: column.kind for column in audit.columns()}
        values = {
            audit.company: owner.company,
            audit.loaded_at: owner.loaded_at,
            audit.run_id: owner.run_id,
            audit.task: owner.task,
        }
        return {name: (database.cast(database.mark, kinds[name]), value) for name, value in values.items()}

    def _insert(self, first: int, end: int, *, new: bool = False) -> int:
        """
        Insert the rows.

        :param new: only those that the table lacks.
        """
        database, audit = self._session.database, self._audit
        constants = self._constants()
        marks = [cast for cast, _ in constants.values()]
        parameters: list[str | int] = [value for _, value in constants.values()]
        columns = [*map(self._quoted, self._columns)]
        into = ", ".join([*columns, *map(self._quoted, constants)])
        row = self._quoted(ROW)
        sql = (
            f"INSERT INTO {self._table} ({into}) SELECT {', '.join([*columns, *marks])} "  # noqa: S608 - names are checked
            f"FROM {self._stage} s WHERE {row} >= {database.mark} AND {row} < {database.mark}"
        )
        parameters += [first, end]
        if new:
            company = self._quoted(audit.company)
            sql += (
                f" AND NOT EXISTS (SELECT 1 FROM {self._table} t "  # noqa: S608 - names are checked
                f"WHERE t.{company} = {database.mark} AND {self._same('t')})"
            )
            parameters.append(self._owner.company)
        if self._mode == "upsert" and database.upsert == "on conflict":
            conflict = ", ".join(map(self._quoted, (audit.company, *self._key)))
            changed = [
                name for name in (*self._columns, *constants) if name not in (audit.company, *self._key)
            ]
            sets = [f"{self._quoted(name)} = excluded.{self._quoted(name)}" for name in changed]
            # A row that was gone and is sent again is there again.
            sets.append(f"{self._quoted(audit.deleted_at)} = NULL")
            sql += f" ON CONFLICT ({conflict}) DO UPDATE SET {', '.join(sets)}"
        return self._session.count(sql, parameters)
