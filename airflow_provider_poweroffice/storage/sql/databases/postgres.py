"""PostgreSQL, by psycopg2 or psycopg 3."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from airflow_provider_poweroffice.storage.sql.columns import Existing
from airflow_provider_poweroffice.storage.sql.databases.base import BulkDatabase, Session, literal
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

_DESCRIBE = """
    WITH RECURSIVE types AS (
        SELECT attnum, attname, format_type(atttypid, atttypmod) AS shown,
            attgenerated <> '' OR attidentity = 'a' AS made, atttypid AS type, atttypmod AS typmod
        FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT attnum, attname, shown, made, typbasetype, typtypmod
        FROM types JOIN pg_type ON pg_type.oid = types.type WHERE typtype = 'd'
    )
    SELECT attname, shown, format_type(type, typmod), typcategory, made
    FROM types JOIN pg_type ON pg_type.oid = types.type WHERE typtype <> 'd' ORDER BY attnum
"""
_TEXT_CATEGORIES = frozenset("EIVU")
"""Of pg_type: enumerations, network addresses, bit strings, and what users and extensions define."""
BYTES_AT_ONCE = 1 << 20
LOCK_NAP = 0.1
"""Seconds between two tries to lock."""


class Postgres(BulkDatabase):
    """
    PostgreSQL.

    JSON is ``json``, not ``jsonb``: it keeps the text that was sent, to the letter.
    """

    name = "PostgreSQL"
    untested = ""
    has_comments = True
    upsert = "on conflict"
    json_is_text = False
    bounded_decimals = False
    binary = '"C"'
    types: ClassVar[Mapping[str, str]] = {
        "integer": "bigint",
        "decimal": "numeric",
        "boolean": "boolean",
        "date": "date",
        "timestamp": "timestamp with time zone",
        "text": "text",
        "json": "json",
        "payload": "json",
        "name": "text",
    }

    def __init__(self) -> None:
        super().__init__(mark="%s")

    def prepare(self, connection: Any) -> None:
        """
        Have rows come as tuples, texts travel as UTF-8, and a backslash be a letter like any other.

        The settings of a role or a database may say otherwise; a database of the encoding SQL_ASCII would
        even have psycopg 3 give names as bytes. They are committed, as a transaction that is taken back
        takes its settings back too.
        """
        if hasattr(connection, "row_factory"):
            from psycopg.rows import tuple_row  # noqa: PLC0415 - it is the connection's own driver

            connection.row_factory = tuple_row
        else:
            connection.cursor_factory = None
            connection.set_client_encoding("UTF8")
        with connection.cursor() as cursor:
            cursor.execute("SET client_encoding = 'UTF8'")
            cursor.execute("SET standard_conforming_strings = on")
        connection.commit()

    def staged(self, session: Session, table: str, columns: Sequence[str]) -> None:
        """
        Count the rows: a plan for a table thought to be small takes hours on a large one.

        A plan needs no other columns, and to look at all of a wide table takes long.
        """
        session.execute(f"ANALYZE {table} ({', '.join(columns)})")

    def lock(self, session: Session, table: TableName, company: str | None = None) -> None:
        """
        Take an advisory lock until the end of the transaction: by the table's number, once it has one.

        It is polled, as psycopg2 receives no signal while a statement waits: a task would wait beyond its
        timeout.
        """
        name, parameters = "%s::text", [f"poweroffice {table.name}"]
        if company is not None:
            name, parameters = (
                "'poweroffice ' || to_regclass(%s)::oid || ' ' || %s",
                [table.quoted(), company],
            )
        sql = f"SELECT pg_try_advisory_xact_lock(hashtextextended({name}, 0))"
        while session.rows(sql, parameters)[0][0] is False:
            session.execute(f"SELECT pg_sleep({LOCK_NAP})")

    def in_json(self, column: str, field: str) -> str:
        """Take a field as text."""
        return f"({column} ->> {literal(field)})"

    def exact_sum(self, amounts: str) -> str:
        """Sum ``numeric``, which has no bound."""
        return f"sum(CAST({amounts} AS numeric))"

    def describe(self, session: Session, table: TableName) -> dict[str, Existing] | None:
        """
        Ask the catalogue; a name without a schema is looked up along the search path.

        A domain is what it is made of, however many domains are between. Types that only the database knows
        are judged by their category: whatever is made of numbers or times may round them in silence.
        """
        rows = session.rows(_DESCRIBE, (table.quoted(),))
        found = {}
        for name, shown, base, category, made in rows:
            column = replace(Existing.of(base), type=shown, is_generated=made)
            if column.kind == "other" and category == "S":
                column = replace(column, kind="text")
            elif column.kind == "other" and category not in _TEXT_CATEGORIES:
                column = replace(column, kind="inexact")
            found[name] = column
        return found or None

    def comment_of(self, session: Session, table: TableName) -> str:
        """Ask the catalogue."""
        ((comment,),) = session.rows("SELECT obj_description(to_regclass(%s), 'pg_class')", (table.quoted(),))
        return comment or ""

    def bulk(self, session: Session, table: str, lines: Iterable[bytes]) -> None:
        """``COPY``: the lines go as they are."""
        # The lines are UTF-8, whatever the connection's own encoding is.
        sql = f"COPY {table} FROM STDIN WITH (FORMAT csv, NULL 'null', ENCODING 'UTF8')"
        if hasattr(session.cursor, "copy_expert"):  # psycopg2
            file = _Lines(lines)
            try:
                session.cursor.copy_expert(sql, file, BYTES_AT_ONCE)
            except Exception:
                if file.error:  # psycopg2 tells of it as a cancelled query, which would be tried again
                    raise file.error from None
                raise
            return
        with session.cursor.copy(sql) as copy:
            for block in lines:
                copy.write(block)


class _Lines(io.RawIOBase):
    """Lines as a file that psycopg2 reads from; ``error`` is what making them raised."""

    error: BaseException | None = None

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._blocks = iter(lines)
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> Any:
        """Give at most so many bytes."""
        if not self._rest:
            try:
                self._rest = next(self._blocks, b"")
            except BaseException as error:
                self.error = error
                raise
        given, self._rest = self._rest[:size], self._rest[size:]
        return given
