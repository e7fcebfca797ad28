"""
What each database does its own way.

Rule: SQL that all of them understand is written once, elsewhere; here is only what differs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_poweroffice.storage.kinds import MOST_DIGITS
from airflow_provider_poweroffice.storage.sql.columns import Existing
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

if TYPE_CHECKING:
    from airflow_provider_poweroffice.storage.sql.session import Session

MOST_BYTES_OF_A_ROW = 1 << 26  # for DuckDB, whose own limit is 2 MB


def literal(text: str) -> str:
    """Write a text as a constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


class Dialect:
    """
    Standard SQL; also the base of the others.

    :param mark: what stands for a parameter.
    :param quote: what names are quoted with.
    """

    name: ClassVar[str] = "standard SQL"
    has_comments: ClassVar[bool] = False
    has_on_conflict: ClassVar[bool] = False
    types: ClassVar[Mapping[str, str]] = {
        "integer": "BIGINT",
        "decimal": "DECIMAL(38, 10)",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
        "text": "TEXT",
        "json": "TEXT",
        "payload": "TEXT",
        "name": "VARCHAR(255)",
    }
    bounded_decimals: ClassVar[bool] = True

    def __init__(self, mark: str = "?", quote: str = '"') -> None:
        self.mark = mark
        self.quote = quote

    def quoted(self, name: str) -> str:
        """Quote the name of a column."""
        return f"{self.quote}{name}{self.quote}"

    def prepare(self, connection: Any) -> None:
        """Set a new connection up."""

    def begin(self, session: Session, *, staging: bool = False) -> None:
        """
        Begin a transaction; drivers that follow the standard do so themselves.

        :param staging: it writes to temporary tables only.
        """

    def commit(self, session: Session) -> None:
        """End a transaction."""
        session.connection.commit()

    def rollback(self, session: Session) -> None:
        """Take a transaction back."""
        session.connection.rollback()

    def changed(self, cursor: Any) -> int:
        """Count the rows that the last statement changed."""
        return int(cursor.rowcount)

    def lock(self, session: Session, table: TableName, company: str | None = None) -> None:
        """
        Wait until no other transaction holds this lock; this one then does.

        :param table: however it is written, the lock of one table is one lock.
        :param company: whose rows are written; None: the table is made or changed.
        """

    def staged(self, session: Session, table: str) -> None:
        """Make ready a temporary table that is filled."""

    def in_json(self, column: str, field: str) -> str:
        """Take a field out of JSON, as text, a number in the digits that it was sent with."""
        return f"JSON_VALUE({column}, {literal(f'$.{field}')})"

    def exact_sum(self, amounts: str) -> str:
        """Sum decimals, or their text, without a float."""
        return f"sum(CAST({amounts} AS {self.types['decimal']}))"

    def type_of(self, kind: str, scale: int | None = None) -> str:
        """
        Name the type of a new column.

        :param scale: digits behind the point of a decimal, where they are bounded.
        """
        if kind == "decimal" and scale is not None and self.bounded_decimals:
            return f"DECIMAL({MOST_DIGITS}, {scale})"
        return self.types[kind]

    def describe(self, session: Session, table: TableName) -> dict[str, Existing] | None:
        """
        Give the columns of a table by name; None: there is no such table.

        :raises ValueError: it can not be told from others of this name.
        """
        try:
            session.execute(f"SELECT * FROM {table.quoted(self.quote)} WHERE 1 = 0")  # noqa: S608 - checked
        except Exception:  # noqa: BLE001 - every driver has its own; if it was another, CREATE TABLE will tell
            self.rollback(session)
            return None
        names = [column[0] for column in session.cursor.description]
        session.cursor.fetchall()
        sql = (
            "SELECT column_name, data_type, numeric_scale, datetime_precision "
            "FROM information_schema.columns WHERE table_name = "
        )
        parameters = [table.name]
        if table.schema:
            sql += f"{self.mark} AND table_schema = "
            parameters.append(table.schema)
        rows = session.rows(sql + self.mark, parameters)
        if sorted(name for name, *_ in rows) != sorted(names):
            raise ValueError(f"table={str(table)!r}: there are several of this name; give its schema")
        found = {}
        for name, kind, scale, fraction in rows:
            column = Existing.of(kind)
            if column.kind == "decimal" and scale is not None:
                column = replace(column, scale=int(scale))
            elif column.kind in {"timestamp", "time"} and fraction is not None:
                column = replace(column, scale=int(fraction))
            elif column.kind == "other":  # an array, or a type that only the database knows
                column = replace(column, kind="inexact" if kind.lower() != "user-defined" else "other")
            found[name] = column
        return found

    def existing(self, rows: Iterable[Sequence[Any]]) -> dict[str, Existing] | None:
        """Read names and types of columns."""
        return {name: Existing.of(kind) for name, kind in rows} or None


class BulkDialect(Dialect, ABC):
    """A database that takes many rows at once."""

    @abstractmethod
    def bulk(self, session: Session, table: str, lines: Iterable[bytes]) -> None:
        """Load lines of CSV in which a bare ``null`` is NULL."""


class DuckDB(BulkDialect):
    """
    DuckDB.

    Moments are ``TIMESTAMP``, in UTC: to read one with a zone, Python needs another library. The payload of
    the raw layout is text, as DuckDB's own JSON does not take all that JSON may hold.
    """

    name = "DuckDB"
    has_comments = True
    has_on_conflict = True
    types: ClassVar[Mapping[str, str]] = {
        **Dialect.types,
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
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ? "
            "AND table_schema = coalesce(?, current_schema()) AND table_catalog = current_database() "
            "ORDER BY ordinal_position",
            (table.name, table.schema),
        )
        return self.existing(rows)

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
        import tempfile  # noqa: PLC0415 - only where DuckDB is used

        with tempfile.TemporaryFile() as file:
            file.writelines(lines)
            file.flush()
            session.execute(
                f"COPY {table} FROM '/dev/fd/{file.fileno()}' (FORMAT csv, HEADER false, AUTO_DETECT false, "
                "NEW_LINE '\\n', DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR 'null', "
                f"ALLOW_QUOTED_NULLS false, MAX_LINE_SIZE {MOST_BYTES_OF_A_ROW})"
            )
