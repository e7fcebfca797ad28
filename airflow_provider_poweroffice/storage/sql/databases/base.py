"""
What each database does its own way, and the session that its statements go through.

Rule: SQL that all of them understand is written once, elsewhere; here is only what differs. All goes through
one cursor, as temporary tables of DuckDB are the cursor's own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from typing import Any, ClassVar, Literal

from airflow_provider_poweroffice.storage.kinds import MOST_DIGITS
from airflow_provider_poweroffice.storage.sql.columns import Column, Existing
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

ROWS_AT_ONCE = 1000


def literal(text: str) -> str:
    """Write a text as a constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _described(kind: str, scale: int | None, fraction: int | None, letters: int | None) -> Existing:
    """
    Read what ``information_schema`` says of a column.

    :param scale: digits behind the point of a number.
    :param fraction: digits behind the second.
    :param letters: most of a text.
    """
    column = Existing.of(kind)
    if column.kind == "other":  # an array, or a type that only the database knows
        return column if kind.lower() == "user-defined" else replace(column, kind="inexact")
    bounds = {"decimal": scale, "timestamp": fraction, "time": fraction}
    bounds["text"] = letters if column.scale is None else column.scale
    bound = bounds.get(column.kind)
    return column if bound is None else replace(column, scale=int(bound))


class Database:
    """Standard SQL; also the base of the others."""

    name: ClassVar[str] = "standard SQL"
    has_comments: ClassVar[bool] = False
    keeps_text: ClassVar[bool] = False
    """Whether it keeps the text of CREATE TABLE, with the comments in it."""
    upsert: ClassVar[Literal["delete", "on conflict", "update"]] = "delete"
    """How a row that is there gives way: deleted first, by a clause of the INSERT, or updated first."""
    zone: ClassVar[str] = "Z"
    """What stands behind a moment, which is in UTC."""
    update: ClassVar[str] = "UPDATE {table} t JOIN {stage} s ON {same} SET {sets}"
    """How a row of the table is updated by a staged one, where ``upsert`` is "update"."""
    create_temporary: ClassVar[str] = "CREATE TEMPORARY TABLE"
    add_column: ClassVar[str] = "ADD COLUMN"
    primary_key: ClassVar[str] = "PRIMARY KEY"
    substring: ClassVar[str] = "substr"
    plain_decimals: ClassVar[bool] = False
    """Whether a decimal is read from a text without an exponent only."""
    key_advice: ClassVar[str] = ""
    """What an error about a text of a key advises, where it is not what the layout does."""
    untested: ClassVar[str] = "the standard's"
    """Whose SQL it is, where it was never run against such a server; empty: tests run it."""
    one_writer: ClassVar[bool] = False
    """Whether a second connection that writes has to wait for the first, or is refused."""
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
    alike: ClassVar[tuple[str, ...]] = ("a", "A", "a ")
    """Texts that a looser collation takes for one."""
    binary: ClassVar[str] = "BINARY"
    """The collation that tells all texts apart."""

    def __init__(self, mark: str = "?", quote: str = '"') -> None:
        self.mark = mark
        self.quote = quote

    json_is_text: ClassVar[bool] = True
    """Whether a new column of JSON looks like one of texts."""
    row_type: ClassVar[str] = "BIGINT"
    """Of the number of a row in the staging table."""

    def quoted(self, name: str) -> str:
        """Quote the name of a column."""
        return f"{self.quote}{name}{self.quote}"

    def temporary(self, name: str) -> str:
        """Name a temporary table."""
        return name

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
        Wait until no other transaction holds this lock, and take it.

        :param table: one lock for each table, however its name is written.
        :param company: whose rows are written; None: the table is made or changed.
        """

    def staged(self, session: Session, table: str, columns: Sequence[str]) -> None:
        """
        Make ready a temporary table that is filled, and that others are to be joined with.

        :param columns: by which it is joined, quoted.
        """

    def in_json(self, column: str, field: str) -> str:
        """Take a field out of JSON, as text, a number in the digits that it was sent with."""
        return f"JSON_VALUE({column}, {literal(f'$.{field}')})"

    def cast(self, value: str, kind: str) -> str:
        """Give a parameter its type: a name, or a moment."""
        return f"CAST({value} AS {self.types[kind]})"

    def compared(self, value: str, column: Existing) -> str:
        """Give a parameter the type of the column that it is compared with."""
        return f"CAST({value} AS {column.type})"

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

    def key_type(self, texts: int, others: int = 0) -> str:  # noqa: ARG002 - where an index has a bound
        """
        Name the type of a text in a key.

        :param texts: how many texts the key has.
        :param others: how many columns of other kinds.
        """
        return self.type_of("name")

    def key_check(self, name: str) -> str:  # noqa: ARG002 - where a comparison takes texts for equal
        """Write what a staged text of a key must fulfil."""
        return ""

    def comments(self, table: TableName, comment: str, columns: Iterable[Column]) -> Iterator[str]:
        """
        Give the statements that keep the comments.

        :param comment: of the table; empty: it has one, or none.
        """
        if self.has_comments:
            name = table.quoted(self.quote)
            if comment:
                yield f"COMMENT ON TABLE {name} IS {literal(comment)}"
            for column in columns:
                yield f"COMMENT ON COLUMN {name}.{self.quoted(column.name)} IS {literal(column.note)}"

    def note(self, column: Column) -> str:  # noqa: ARG002 - others have statements for it
        """Write the comment of a column, where it is part of its definition."""
        return ""

    def options(self, comment: str = "") -> str:  # noqa: ARG002 - as above
        """Write what follows the columns of a new table."""
        return ""

    def delete_repeated(self, session: Session, table: str, row: str, key: str) -> int:
        """
        Leave the last of the rows that have the same key, and count the others.

        :param row: the column of the row's number.
        :param key: columns, with commas between.
        """
        return session.count(
            f"DELETE FROM {table} WHERE {row} IN (SELECT {row} FROM (SELECT {row}, row_number() OVER "  # noqa: S608 - names are checked
            f"(PARTITION BY {key} ORDER BY {row} DESC) AS n FROM {table}) AS numbered WHERE n > 1)"
        )

    def insert(self, session: Session, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Carry out an INSERT for each row, some thousand at a time."""
        rows = iter(rows)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            session.cursor.executemany(sql, some)

    def check_key(
        self, session: Session, table: TableName, existing: Mapping[str, Existing], names: Collection[str]
    ) -> None:
        """
        Check that columns tell different rows apart, by what the database says of texts in them.

        A column of fixed length takes no text with blanks at its end, so those need not be told apart.

        :raises ValueError: one of them does not.
        """
        texts = [name for name in names if name in existing and existing[name].kind == "text"]
        if not texts:
            return
        counts = ", ".join(f"count(DISTINCT {self.quoted(name)})" for name in texts)
        columns = ", ".join(map(self.quoted, texts))
        alike = " UNION ALL ".join(f"SELECT {', '.join([literal(t)] * len(texts))}" for t in self.alike)
        ((*found,),) = session.rows(
            f"SELECT {counts} FROM (SELECT {columns} FROM {table.quoted(self.quote)} WHERE 1 = 0 "  # noqa: S608 - names are checked
            f"UNION ALL {alike}) AS alike"
        )
        for name, count in zip(texts, found, strict=True):
            if count < len(self.alike) - (existing[name].scale == 0):
                raise self._takes_for_equal(table, name, existing[name].type, self.binary)

    def _takes_for_equal(self, table: TableName, name: str, type_name: str, collation: str) -> ValueError:
        return ValueError(
            f"table {table}, column {name} ({type_name}): its type or collation takes different texts for "
            f"equal, and so different rows; give the column COLLATE {collation}"
        )

    def describe(self, session: Session, table: TableName) -> dict[str, Existing] | None:
        """
        Give the columns of a table by name; None: there is no such table.

        :raises ValueError: it cannot be told from others of this name.
        """
        try:
            session.execute(f"SELECT * FROM {table.quoted(self.quote)} WHERE 1 = 0")  # noqa: S608 - checked
        except Exception:  # noqa: BLE001 - every driver has its own; if it was another, CREATE TABLE will tell
            self.rollback(session)
            return None
        names = [column[0] for column in session.cursor.description]
        session.cursor.fetchall()
        sql = (
            "SELECT column_name, data_type, numeric_scale, datetime_precision, character_maximum_length "
            "FROM information_schema.columns WHERE table_name = "
        )
        parameters = [table.name]
        if table.schema:
            sql += f"{self.mark} AND table_schema = "
            parameters.append(table.schema)
        rows = session.rows(sql + self.mark, parameters)
        if sorted(name for name, *_ in rows) != sorted(names):
            raise ValueError(f"table={str(table)!r}: there are several of this name; give its schema")
        return {name: _described(*facts) for name, *facts in rows}

    def comment_of(self, session: Session, table: TableName) -> str:  # noqa: ARG002 - some keep one
        """Give the comment that a table was made with; empty where there is none, or none is kept."""
        return ""

    def existing(self, rows: Iterable[Sequence[Any]]) -> dict[str, Existing] | None:
        """Read names and types of columns, and whether the database makes their values."""
        return {
            name: replace(Existing.of(kind), is_generated=bool(made)) for name, kind, made in rows
        } or None


class BulkDatabase(Database, ABC):
    """A database that takes many rows at once."""

    @abstractmethod
    def bulk(self, session: Session, table: str, lines: Iterable[bytes]) -> None:
        """Load lines of CSV, one or some hundred at a time, in which a bare ``null`` is NULL."""


class Session:
    """A connection in use."""

    def __init__(self, connection: Any, database: Database) -> None:
        self.connection = connection
        self.database = database
        database.prepare(connection)
        self.cursor = connection.cursor()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Carry out a statement."""
        if parameters:
            self.cursor.execute(sql, tuple(parameters))
        else:
            self.cursor.execute(sql)

    def count(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Carry out a statement that changes rows, and count them."""
        self.execute(sql, parameters)
        return self.database.changed(self.cursor)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Carry out a query."""
        self.execute(sql, parameters)
        return [tuple(row) for row in self.cursor.fetchall()]

    def insert(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Carry out an INSERT for each row."""
        self.database.insert(self, sql, rows)

    @contextmanager
    def transaction(self, *, staging: bool = False) -> Iterator[None]:
        """
        Commit at the end, or take back everything.

        :param staging: only temporary tables are written to.
        """
        self.database.begin(self, staging=staging)
        try:
            yield
        except BaseException:
            # After a lost connection, or a timeout in the middle of a statement, it may be refused: then the
            # end of the connection takes everything back, and the error to tell of is the first one.
            with suppress(Exception):
                self.database.rollback(self)
            raise
        self.database.commit(self)
