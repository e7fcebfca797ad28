"""
SQL Server and Azure SQL, by pymssql or by pyodbc.

Rule: nothing here was ever run against a server. What a statement relies on was looked up in Microsoft's
reference of Transact-SQL; ``tests/storage/sqlserver/`` holds every statement of a load, to be read or run.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from airflow_provider_poweroffice.storage.sql.columns import Column, Existing
from airflow_provider_poweroffice.storage.sql.databases.base import Database, Session, literal
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

DBMS_NAME = 17
"""Number by which ``pyodbc`` is asked what it is connected to: ``SQL_DBMS_NAME`` of ODBC."""
PRODUCT = "Microsoft SQL Server"
"""What it then says, of Azure SQL too."""
BYTES_AT_ONCE = 1 << 20
"""Of rows in one INSERT, unless one row alone has more."""
LOCK_NAP = 1000
"""Milliseconds that the server waits for a lock before it is asked again, so that a timeout is heard of."""
_COLLATION = "Latin1_General_100_BIN2"
_INDEX_BYTES, _LETTER_BYTES, _OTHER_BYTES = 1700, 2, 17
"""Most of an index that is not clustered; of a letter; of a column of a key that is not text."""
_MOST_LETTERS = 512  # <dag>.<task>[<index>]
_ON = (
    *("ANSI_NULLS", "ANSI_NULL_DFLT_ON", "ANSI_PADDING", "ANSI_WARNINGS", "ARITHABORT"),
    *("CONCAT_NULL_YIELDS_NULL", "QUOTED_IDENTIFIER", "XACT_ABORT"),
)
_KINDS = {
    **dict.fromkeys(("bigint", "int", "smallint", "tinyint"), "integer"),
    **dict.fromkeys(("decimal", "numeric"), "decimal"),
    **dict.fromkeys(("datetimeoffset", "datetime2"), "timestamp"),
    **dict.fromkeys(("nvarchar", "varchar"), "text"),
    "bit": "boolean",
    "date": "date",
    "time": "time",
}
"""The types that keep what they are given, or refuse it; all others round, cut, pad or rewrite it."""
_DIGITS = 6  # of a second, as many as a moment has


class SQLServer(Database):
    """
    SQL Server 2016 and later (compatibility level 130, for ``OPENJSON``), Azure SQL Database.

    Rows go in as JSON in ASCII, so that neither the driver's encoding nor the rules of literals touch them.
    Texts of keys have a binary collation. SQL Server takes ``'a'`` and ``'a '`` for equal in any collation,
    so a key that ends in a blank is refused.
    """

    name = PRODUCT
    untested = "SQL Server's, and was never run there"
    upsert = "update"
    update = "UPDATE t SET {sets} FROM {table} t JOIN {stage} s ON {same}"
    create_temporary = "CREATE TABLE"
    add_column = "ADD"
    primary_key = "PRIMARY KEY NONCLUSTERED"
    substring = "substring"
    plain_decimals = True
    key_advice = " A key must fit its column and cannot end in a blank, which no comparison would see"
    types: ClassVar[Mapping[str, str]] = {
        **Database.types,
        "boolean": "BIT",
        "timestamp": "DATETIMEOFFSET(6)",
        **dict.fromkeys(("text", "json", "payload"), "NVARCHAR(MAX)"),
        "name": f"NVARCHAR({_MOST_LETTERS})",
    }

    def temporary(self, name: str) -> str:
        """Name a temporary table: it is the connection's own, and goes with it."""
        return f"#{name}"

    def prepare(self, connection: Any) -> None:
        """Have rows come as tuples, the server commit when it is told, and what does not fit be an error."""
        if callable(connection.autocommit):  # pymssql
            connection.as_dict = False
            connection.autocommit(True)  # noqa: FBT003 - the driver's own
        else:
            connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("; ".join(f"SET {option} ON" for option in _ON))
        cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        cursor.close()

    def begin(self, session: Session, *, staging: bool = False) -> None:  # noqa: ARG002 - the base's
        """Begin; the connection would commit each statement."""
        session.execute("BEGIN TRANSACTION")

    def commit(self, session: Session) -> None:
        """End a transaction, which gives its locks back."""
        session.execute("COMMIT TRANSACTION")

    def rollback(self, session: Session) -> None:
        """Take a transaction back; after an error the server has done so already."""
        session.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")

    def lock(self, session: Session, table: TableName, company: str | None = None) -> None:
        """
        Take a lock of the database's by its name, until the end of the transaction.

        :raises ValueError: the company's name ends in a blank, which no comparison would see.
        """
        if company and company.endswith(" "):
            raise ValueError(f"{company!r} ends in a blank: SQL Server takes it for {company.rstrip(' ')!r}")
        of = f"LOWER(N'{table.name}')" if company is None else f"OBJECT_ID({_object(table)})"
        sql = (
            f"SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', {of}, N' ', "
            f"CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', {self.mark}), 2)); "
            "EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', "
            f"@LockOwner = 'Transaction', @LockTimeout = {LOCK_NAP}; SET NOCOUNT OFF; SELECT @got"
        )
        while (got := session.rows(sql, (company or "",))[0][0]) < 0:
            if got != -1:  # it timed out
                raise OSError(f"table {table}: the server could not wait for a lock ({got})")

    def cast(self, value: str, kind: str) -> str:
        """Give a moment its type; a text that is cast to a shorter one would be cut."""
        return f"CAST({value} AS {self.types[kind if kind == 'timestamp' else 'text']})"

    def compared(self, value: str, column: Existing) -> str:  # noqa: ARG002 - the base's
        """Leave it to the server, which reads a text as what the column is."""
        return value

    def type_of(self, kind: str, scale: int | None = None) -> str:
        """Name a type; short texts with their collation."""
        type_name = super().type_of(kind, scale)
        return f"{type_name} COLLATE {_COLLATION}" if kind == "name" else type_name

    def key_type(self, texts: int, others: int = 0) -> str:
        """Name the type of a text in a key: all of them together must fit an index."""
        letters = (_INDEX_BYTES - others * _OTHER_BYTES) // (_LETTER_BYTES * max(texts, 1))
        return f"NVARCHAR({min(letters, _MOST_LETTERS)}) COLLATE {_COLLATION}"

    def key_check(self, name: str) -> str:
        """Refuse a blank at the end."""
        column = self.quoted(name)
        return f" CHECK (DATALENGTH({column}) = DATALENGTH(RTRIM({column})))"

    def comments(self, table: TableName, comment: str, columns: Iterable[Column]) -> Iterator[str]:
        """Keep them where the tools of SQL Server show them."""
        texts = [("", comment)] if comment else []
        for name, text in [*texts, *((column.name, column.note) for column in columns)]:
            of_column = f", @level2type = N'COLUMN', @level2name = N'{name}'" if name else ""
            yield (
                f"DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID({_object(table)})); "
                f"EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N{literal(text)}, "
                "@level0type = N'SCHEMA', @level0name = @schema, "
                f"@level1type = N'TABLE', @level1name = N'{table.name}'{of_column}"
            )

    def insert(self, session: Session, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert many rows with one statement and one parameter, about a megabyte at a time."""
        head, _, marks = sql.rpartition(" VALUES ")
        columns = ", ".join(f"c{n} NVARCHAR(MAX) '$[{n}]'" for n in range(marks.count(self.mark)))
        sql = f"{head} SELECT * FROM OPENJSON(CAST({self.mark} AS NVARCHAR(MAX))) WITH ({columns})"  # noqa: S608 - names are checked
        some: list[str] = []
        size = 0
        for row in rows:
            line = json.dumps(row)
            if some and size + len(line) > BYTES_AT_ONCE:
                session.execute(sql, (f"[{','.join(some)}]",))
                some, size = [], 0
            some.append(line)
            size += len(line)
        if some:
            session.execute(sql, (f"[{','.join(some)}]",))

    def describe(self, session: Session, table: TableName) -> dict[str, Existing] | None:
        """Ask the catalogue; a name without a schema is looked up as the server does."""
        rows = session.rows(
            "SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name "  # noqa: S608 - names are checked
            f"FROM sys.columns WHERE object_id = OBJECT_ID({_object(table)}) ORDER BY column_id"
        )
        return {name: _existing(*column) for name, *column in rows} or None

    def comment_of(self, session: Session, table: TableName) -> str:
        """Ask the catalogue."""
        rows = session.rows(
            "SELECT CAST(value AS NVARCHAR(4000)) FROM sys.extended_properties WHERE class = 1 "  # noqa: S608 - names are checked
            f"AND major_id = OBJECT_ID({_object(table)}) AND minor_id = 0 AND name = N'MS_Description'"
        )
        return "".join(value or "" for (value,) in rows)

    def check_key(
        self,
        session: Session,  # noqa: ARG002 - the base's
        table: TableName,
        existing: Mapping[str, Existing],
        names: Collection[str],
    ) -> None:
        """Refuse a column that tells rows apart but takes ``a`` for ``A``, or changes what it is given."""
        for name in names:
            column = existing.get(name)
            is_exact = column and column.kind == "text" and column.type.endswith(("_BIN2", "_BIN2_UTF8"))
            if column and column.kind in {"text", "inexact"} and not is_exact:
                raise ValueError(
                    f"table {table}, column {name} ({column.type}): it takes different texts for equal, or "
                    f"changes them, and so different rows; make it NVARCHAR(n) COLLATE {_COLLATION}"
                )


def _object(table: TableName) -> str:
    return f"N'{'.'.join(f'[{part}]' for part in (table.schema, table.name) if part)}'"


def _existing(base: str | None, length: int, precision: int, scale: int, collation: str | None) -> Existing:
    """
    Read what the catalogue says of a column.

    :param base: the type, of one that a user made what it is made of; None: it is not a plain type.
    :param length: bytes; -1: no bound.
    """
    kind = _KINDS.get(base or "", "inexact")
    if base and kind == "text":
        return _existing_text(base, length, collation or "")
    if kind == "decimal":
        return Existing(f"{base}({precision}, {scale})", kind, scale)
    if kind in {"timestamp", "time"}:
        whole = kind == "timestamp" and scale >= _DIGITS
        return Existing(f"{base}({scale})", kind, None if whole else scale)
    return Existing(base or "a type of the server's own", kind, None)


def _existing_text(base: str, length: int, collation: str) -> Existing:
    # What the code page of a varchar lacks becomes a question mark.
    is_exact = base == "nvarchar" or collation.endswith("_UTF8")
    size = "MAX" if length < 0 else length // (_LETTER_BYTES if base == "nvarchar" else 1)
    return Existing(f"{base}({size}) COLLATE {collation}", "text" if is_exact else "inexact", None)
