"""
Rows that are gone: marked, not removed, and unmarked when they come back.

Rule: every statement runs in the load's one transaction. A list that lacks most of a table's rows is taken as
wrong: nothing is marked.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_poweroffice.errors import IncompleteReadError, TooManyDeletionsError
from airflow_provider_poweroffice.storage.sql.columns import AuditColumns
from airflow_provider_poweroffice.storage.sql.databases.base import Session
from airflow_provider_poweroffice.storage.sql.ddl import IDS
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.plan import LoadOwner

_SHOWN = 3
FEW = 100  # rows of a company that may all be gone at once: a list of departments may well be emptied


class Deletions:
    """
    The statements that compare the rows of a company with the keys of all that there are.

    :param keys: temporary table of the keys.
    :param key: its columns.
    :param whole: the table is to hold the rows of all keys that were listed.
    :param most: the share of the company's rows that may be marked at once, 0 to 1.
    """

    def __init__(
        self,
        session: Session,
        table: TableName,
        *,
        keys: str,
        key: Sequence[str],
        audit: AuditColumns,
        owner: LoadOwner,
        most: float,
        whole: bool = True,
    ) -> None:
        self.marked = 0
        self.restored = 0
        self._before = 0
        self._session = session
        self._owner = owner
        self._most = most
        self._label = str(table)
        database = session.database
        self._table = table.quoted(database.quote)
        names = [database.quoted(name) for name in key]
        self._keys, self._key = database.temporary(keys), names
        with session.transaction(staging=True):
            # Without it, SQLite would look through all keys for each row.
            session.execute(f"CREATE INDEX {keys}_key ON {self._keys} ({', '.join(names)})")
            database.staged(session, self._keys, names)
        self._listed = keys == IDS and whole
        self._deleted_at = database.quoted(audit.deleted_at)
        self._company = database.quoted(audit.company)
        self._own = f"{self._table}.{self._company} = {database.mark}"
        same = " AND ".join(f"s.{name} = {self._table}.{name}" for name in names)
        self._there = f"EXISTS (SELECT 1 FROM {self._keys} s WHERE {same})"  # noqa: S608 - names are checked

    def _count(self, *conditions: str) -> int:
        where = " AND ".join((self._own, *conditions))
        sql = f"SELECT count(*) FROM {self._table} WHERE {where}"  # noqa: S608 - names are checked
        return int(self._session.rows(sql, (self._owner.company,))[0][0])

    def note_before(self) -> None:
        """Count, before the rows are written, those that there are, and the marked ones that come back."""
        self._before = self._count(f"{self._deleted_at} IS NULL")
        self.restored = self._count(f"{self._deleted_at} IS NOT NULL", self._there)

    def _check_listed(self, unmarked: int) -> None:
        """
        Refuse a list with keys that the table lacks.

        :param unmarked: rows of the table that are listed, and not marked.
        """
        key = ", ".join(self._key)
        sql = f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM {self._keys}) AS listed"  # noqa: S608 - checked
        listed = int(self._session.rows(sql)[0][0])
        marked = self._count(f"{self._deleted_at} IS NOT NULL", self._there) if self.restored else 0
        if listed <= unmarked + marked:
            return
        same = " AND ".join(f"t.{name} = s.{name}" for name in self._key)
        missing = self._session.rows(
            f"SELECT DISTINCT {key} FROM {self._keys} s WHERE NOT EXISTS (SELECT 1 FROM {self._table} t "  # noqa: S608 - names are checked
            f"WHERE t.{self._company} = {self._session.database.mark} AND {same}) ORDER BY {key}",
            (self._owner.company,),
        )
        if missing:
            shown = ", ".join(" ".join(map(str, row)) for row in missing[:_SHOWN])
            raise IncompleteReadError(
                f"table {self._label}: {len(missing)} rows of {self._owner.company} are listed, and were "
                f"neither read nor are in the table, such as {shown}: rows moved while they were read. The "
                "table is as before"
            )

    def mark(self) -> None:
        """
        Mark the rows that are gone, and unmark those that are there; when the rows are written.

        :raises TooManyDeletionsError: that is more than allowed.
        :raises IncompleteReadError: keys are listed that the table lacks, although all rows read are in it.
        """
        rows = self._count(f"{self._deleted_at} IS NULL")
        gone = self._count(f"{self._deleted_at} IS NULL", f"NOT {self._there}")
        before = self._before
        if before > FEW and gone > before * self._most:
            raise TooManyDeletionsError(
                f"table {self._label}: {gone} of {before} rows of {self._owner.company} would be marked as "
                f"deleted, more than max_deletions={self._most:g} allows; the table is as before. Check "
                "company, keys, privileges and query; if they are gone, run once with max_deletions=1",
                table=self._label,
                gone=gone,
                rows=before,
            )
        if self._listed:
            self._check_listed(rows - gone)
        database, company = self._session.database, self._owner.company
        if gone:
            now = database.cast(database.mark, "timestamp")
            self.marked = self._session.count(
                f"UPDATE {self._table} SET {self._deleted_at} = {now} "  # noqa: S608 - names are checked
                f"WHERE {self._own} AND {self._deleted_at} IS NULL AND NOT {self._there}",
                (self._owner.loaded_at, company),
            )
        if self.restored:
            self._session.execute(
                f"UPDATE {self._table} SET {self._deleted_at} = NULL "  # noqa: S608 - names are checked
                f"WHERE {self._own} AND {self._deleted_at} IS NOT NULL AND {self._there}",
                (company,),
            )
