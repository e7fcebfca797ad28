"""DuckDB."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from airflow_provider_poweroffice.storage.sql.columns import Existing
from airflow_provider_poweroffice.storage.sql.databases.base import BulkDatabase, Database, Session, literal
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

MOST_BYTES_OF_A_ROW = 1 << 26  # its own limit is 2 MB


class DuckDB(BulkDatabase):
    """
    DuckDB.

    Moments are ``TIMESTAMP``, in UTC: to read one with a zone, Python needs another library. The payload of
    the raw layout is text, as DuckDB's own JSON does not take all that JSON may hold.
    """

    name = "DuckDB"
    untested = ""
    has_comments = True
    upsert = "on conflict"
    json_is_text = False
    one_writer = True
    alike = (*Database.alike, "\u00e1")
    types: ClassVar[Mapping[str, str]] = {
        **Database.types,
        "text": "VARCHAR",
        "json": "JSON",
        "payload": "VARCHAR",  # its JSON refuses half a surrogate pair
        "name": "VARCHAR",
    }

    def begin(self, session: Session, *, staging: bool = False) -> None:  # noqa: ARG002 - the base's
        """Begin; DuckDB would commit each statement."""
        session.execute("BEGIN TRANSACTION")

    def commit(self, session: Session) -> None:
        """End the cursor's transaction: the connection has another."""
        session.execute("COMMIT")

    def rollback(self, session: Session) -> None:
        """Take the cursor's transaction back."""
        session.execute("ROLLBACK")

    def changed(self, cursor: Any) -> int:
        """Read the count that the statement gives."""
        return int(cursor.fetchone()[0])

    def describe(self, session: Session, table: TableName) -> dict[str, Existing] | None:
        """Ask the catalogue of the database in use."""
        rows = session.rows(
            "SELECT column_name, data_type, is_generated = 'ALWAYS' FROM information_schema.columns "
            "WHERE table_name = ? "
            "AND table_schema = coalesce(?, current_schema()) AND table_catalog = current_database() "
            "ORDER BY ordinal_position",
            (table.name, table.schema),
        )
        return self.existing(rows)

    def check_key(
        self, session: Session, table: TableName, existing: Mapping[str, Existing], names: Collection[str]
    ) -> None:
        """
        Check that columns tell different rows apart; before DuckDB 2 by the table's definition alone.

        :raises ValueError: one of them does not.
        """
        super().check_key(session, table, existing, names)
        rows = session.rows(
            "SELECT sql FROM duckdb_tables() WHERE lower(table_name) = lower(?) "
            "AND schema_name = coalesce(?, current_schema()) AND database_name = current_database()",
            (table.name, table.schema),
        )
        for (sql,) in rows:
            for name in existing.keys() & names:
                if re.search(rf'[(,] *"?{re.escape(name)}"? +\w+ +COLLATE (?!"?binary)', sql, re.IGNORECASE):
                    raise self._takes_for_equal(table, name, existing[name].type, self.binary)

    def comment_of(self, session: Session, table: TableName) -> str:
        """Ask the catalogue of the database in use."""
        rows = session.rows(
            "SELECT comment FROM duckdb_tables() WHERE lower(table_name) = lower(?) "
            "AND schema_name = coalesce(?, current_schema()) AND database_name = current_database()",
            (table.name, table.schema),
        )
        return "".join(comment or "" for (comment,) in rows)

    def in_json(self, column: str, field: str) -> str:
        """Take a field as text."""
        return f"({column} ->> {literal(f'$.{field}')})"

    def bulk(self, session: Session, table: str, lines: Iterable[bytes]) -> None:
        """
        Write the lines to a file, and have it read.

        The file has no name, so that nothing stays of it when the task is killed; DuckDB opens it by its
        number. The end of a line is stated, as DuckDB would else take it from the first row, whose texts may
        hold line breaks of their own.
        """
        with tempfile.TemporaryFile() as file:
            file.writelines(lines)
            file.flush()
            session.execute(
                f"COPY {table} FROM '/dev/fd/{file.fileno()}' (FORMAT csv, HEADER false, AUTO_DETECT false, "
                "NEW_LINE '\\n', DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR 'null', "
                f"ALLOW_QUOTED_NULLS false, MAX_LINE_SIZE {MOST_BYTES_OF_A_ROW})"
            )
