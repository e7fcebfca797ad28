"""MySQL 8 and MariaDB, by mysqlclient, PyMySQL or MySQL's own driver."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any, ClassVar

from airflow_provider_poweroffice.storage.sql.columns import Column, Existing
from airflow_provider_poweroffice.storage.sql.databases.base import Database, Session
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

DRIVERS = ("pymysql", "MySQLdb", "mysql")
BYTES_AT_ONCE = 1 << 20
"""Of rows in one INSERT, unless one row alone has more."""
LOCK_NAP = 1
"""Seconds that the server waits for a lock before it is asked again, so that a timeout is heard of."""
_COLLATIONS = ("utf8mb4_nopad_bin", "utf8mb4_0900_bin")
"""MariaDB's and MySQL's in which case, accents and blanks at the end tell texts apart."""
_MODE = (
    "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO"
)
_INDEX_BYTES, _LETTER_BYTES, _OTHER_BYTES = 3072, 4, 20
"""Most of an index of InnoDB; of a letter of utf8mb4; of a column of a key that is not text."""
_MOST_LETTERS = 512  # <dag>.<task>[<index>]
_MOST_SCALE = 30
_AS_JSON = ", as JSON"
_json_columns = re.compile(r"CHECK \(json_valid\(`([^`]+)`\)\)").findall
"""Finds the columns of MariaDB's own JSON, which is a text with a condition."""
_GENERATED = "STORED GENERATED", "VIRTUAL GENERATED"
_first_word = re.compile(r"\w+(\([^)]*\))?").match
_INEXACT = frozenset({"bit", "year", "binary", "set"})
"""They take a text, and keep something else."""
_LOCK = (
    "concat('poweroffice ', "
    "sha1(concat_ws('/', lower(coalesce(%s, database())), lower(%s), coalesce(%s, ''))))"
)


def _literal(value: Any) -> str:
    """Write a value as a constant: text quoted, decimals too, which are texts here."""
    if value is None:
        return "NULL"
    if not isinstance(value, str):
        return str(int(value))
    # str.translate takes five times as long.
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\0", "\\0")
    return f"'{escaped}'"


def _as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes | bytearray) else str(value or "")


class MySQL(Database):
    """
    MySQL 8.0.17 and later, MariaDB 10.5 and later; tables of InnoDB.

    Moments are ``DATETIME(6)``, in UTC, whatever the session's zone is. JSON is text: MySQL's own type would
    drop the order of keys and the digits of numbers. A column's comment says that it holds JSON.
    """

    name = "MySQL"
    untested = ""
    zone = ""
    upsert = "update"
    types: ClassVar[Mapping[str, str]] = {
        **Database.types,
        "timestamp": "DATETIME(6)",
        "text": "LONGTEXT",
        "json": "LONGTEXT",
        "payload": "LONGTEXT",
        "name": f"VARCHAR({_MOST_LETTERS})",
    }
    json_is_text = False
    row_type = "BIGINT NOT NULL PRIMARY KEY"

    def __init__(self) -> None:
        super().__init__(mark="%s", quote="`")
        self._collation = _COLLATIONS[0]
        self._packet = BYTES_AT_ONCE
        self._held: list[tuple[Any, ...]] = []

    def prepare(self, connection: Any) -> None:
        """
        Have rows come as tuples, texts travel as utf8mb4, times be UTC, and what does not fit be an error.

        :raises ValueError: the server is too old to tell all texts apart.
        """
        if hasattr(connection, "set_charset_collation"):  # MySQL's own driver, which knows few collations
            connection.set_charset_collation("utf8mb4", "utf8mb4_bin")
            connection.sql_mode = _MODE  # it escapes texts by what it knows of the mode
        else:
            connection.set_character_set("utf8mb4")
            driver = next(
                name
                for kind in type(connection).__mro__
                if (name := kind.__module__.split(".")[0]) in DRIVERS
            )
            connection.cursorclass = import_module(f"{driver}.cursors").Cursor
        cursor = connection.cursor()
        cursor.execute(f"SET SESSION sql_mode = '{_MODE}', time_zone = '+00:00', sql_safe_updates = 0")
        # Else loads of companies that are neighbours in an index would wait for each other.
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        cursor.execute(
            "SELECT max(collation_name), @@max_allowed_packet FROM information_schema.collations "
            "WHERE collation_name IN (%s, %s)",
            _COLLATIONS,
        )
        ((collation, packet),) = cursor.fetchall()
        cursor.close()
        if collation is None:
            raise ValueError(
                f"the server has none of the collations {', '.join(_COLLATIONS)}, which tell texts apart "
                "that differ in case or blanks: MySQL 8.0.17 or MariaDB 10.5 or later is needed"
            )
        self._collation, self._packet = _as_text(collation), int(packet)

    def begin(self, session: Session, *, staging: bool = False) -> None:  # noqa: ARG002 - the base's
        """Begin, also where the connection would commit each statement."""
        session.execute("START TRANSACTION")

    def commit(self, session: Session) -> None:
        """End a transaction, and give its locks back."""
        super().commit(session)
        self._unlock(session)

    def rollback(self, session: Session) -> None:
        """Take a transaction back, and give its locks back."""
        super().rollback(session)
        self._unlock(session)

    def _unlock(self, session: Session) -> None:
        while self._held:
            session.rows(f"SELECT RELEASE_LOCK({_LOCK})", self._held.pop())

    def lock(self, session: Session, table: TableName, company: str | None = None) -> None:
        """
        Take a lock of the server's by its name, until the end of the transaction or of the connection.

        Statements that commit by themselves, as CREATE TABLE does, leave it alone.
        """
        name = (table.schema, table.name, company)
        while True:
            ((taken,),) = session.rows(f"SELECT GET_LOCK({_LOCK}, {LOCK_NAP})", name)
            if taken:
                self._held.append(name)
                return
            if taken is None:
                raise OSError(f"table {table}: the server could not wait for a lock")

    def cast(self, value: str, kind: str) -> str:
        """Moments lose the letter of their zone, which MySQL does not read."""
        if kind == "timestamp":
            return f"CAST(TRIM(TRAILING 'Z' FROM {value}) AS DATETIME(6))"
        return f"CAST({value} AS CHAR)"

    def compared(self, value: str, column: Existing) -> str:  # noqa: ARG002 - the base's
        """Leave it to the server, which reads a text as what the column is."""
        return value

    def exact_sum(self, amounts: str) -> str:
        """Sum decimals as wide as there are."""
        return f"sum(CAST({amounts} AS DECIMAL(65, {_MOST_SCALE})))"

    def type_of(self, kind: str, scale: int | None = None) -> str:
        """Name a type, texts with their collation; a number finer than any decimal is text."""
        if kind == "decimal" and scale is not None and scale > _MOST_SCALE:
            kind = "text"
        type_name = super().type_of(kind, scale)
        is_text = type_name.startswith(("LONGTEXT", "VARCHAR"))
        return f"{type_name} COLLATE {self._collation}" if is_text else type_name

    def key_type(self, texts: int, others: int = 0) -> str:
        """Name the type of a text in a key: all of them together must fit an index."""
        letters = (_INDEX_BYTES - others * _OTHER_BYTES) // (_LETTER_BYTES * max(texts, 1))
        return f"VARCHAR({min(letters, _MOST_LETTERS)}) COLLATE {self._collation}"

    def note(self, column: Column) -> str:
        """Write the comment of a column within its definition."""
        return f" COMMENT {_literal(column.note + (_AS_JSON if column.kind == 'json' else ''))}"

    def options(self, comment: str = "") -> str:
        """Choose the engine, which takes back what is not committed, and the letters."""
        chosen = f" ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {self._collation}"
        return f"{chosen} COMMENT = {_literal(comment)}" if comment else chosen

    def delete_repeated(self, session: Session, table: str, row: str, key: str) -> int:
        """Note the numbers first: MySQL opens a temporary table once in a statement."""
        session.execute(
            f"CREATE TEMPORARY TABLE poweroffice_repeated ({row} {self.row_type}){self.options()} "  # noqa: S608 - names are checked
            f"SELECT {row} FROM (SELECT {row}, row_number() OVER "
            f"(PARTITION BY {key} ORDER BY {row} DESC) AS n FROM {table}) AS numbered WHERE n > 1"
        )
        return session.count(
            f"DELETE s FROM {table} AS s JOIN poweroffice_repeated AS r ON r.{row} = s.{row}"
        )

    def insert(self, session: Session, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """
        Insert many rows with one statement, about a megabyte at a time.

        :raises ValueError: the server takes no row of this size.
        """
        head = sql.rpartition(" VALUES ")[0].encode() + b" VALUES "
        most = self._packet - len(head) - 16
        some: list[bytes] = []
        size = 0
        for row in rows:
            line = f"({','.join(map(_literal, row))})".encode()
            if len(line) > most:
                raise ValueError(
                    f"the row has {len(line)} bytes, and the server's max_allowed_packet is {self._packet}"
                )
            if some and size + len(line) >= min(most, BYTES_AT_ONCE):
                session.cursor.execute(head + b",".join(some))
                some, size = [], 0
            some.append(line)
            size += len(line) + 1
        if some:
            session.cursor.execute(head + b",".join(some))

    def describe(self, session: Session, table: TableName) -> dict[str, Existing] | None:
        """
        Ask the server.

        :raises ValueError: it is a table of an engine that takes nothing back.
        """
        if (found := self._properties(session, table)) is None:
            return None
        engine, _ = found
        if engine not in {"InnoDB", ""}:  # a view has none
            raise ValueError(
                f"table {table} has the engine {engine}, which cannot take a load back: "
                f"ALTER TABLE {table} ENGINE = InnoDB"
            )
        columns = session.rows(f"SHOW FULL COLUMNS FROM {table.quoted(self.quote)}")
        made = session.rows(f"SHOW CREATE TABLE {table.quoted(self.quote)}") if engine else [("", "")]
        json = set(_json_columns(_as_text(made[0][1])))
        existing = {}
        for name, shown, collation, *more in columns:
            is_json = _as_text(name) in json or _as_text(more[-1]).endswith(_AS_JSON)
            column = _existing(_as_text(shown), _as_text(collation), is_json=is_json)
            existing[_as_text(name)] = replace(column, is_generated=_as_text(more[-3]).endswith(_GENERATED))
        return existing

    def comment_of(self, session: Session, table: TableName) -> str:
        """Ask the catalogue."""
        return (self._properties(session, table) or ("", ""))[1]

    def _properties(self, session: Session, table: TableName) -> tuple[str, str] | None:
        """Give engine and comment of a table."""
        rows = session.rows(
            "SELECT table_name, engine, table_comment FROM information_schema.tables "
            "WHERE table_schema = coalesce(%s, database()) AND table_name = %s",
            (table.schema, table.name),
        )
        found = {_as_text(name): (_as_text(engine), _as_text(comment)) for name, engine, comment in rows}
        # Servers on Windows and macOS keep names in small letters.
        return found.get(table.name) or found.get(table.name.lower())

    def check_key(
        self,
        session: Session,  # noqa: ARG002 - the base's
        table: TableName,
        existing: Mapping[str, Existing],
        names: Collection[str],
    ) -> None:
        """Refuse a column of texts that tells rows apart but takes ``a`` for ``A``."""
        for name in names:
            column = existing.get(name)
            if column and column.kind == "text" and not column.type.endswith(_COLLATIONS):
                raise self._takes_for_equal(table, name, column.type, self._collation)


def _existing(shown: str, collation: str, *, is_json: bool) -> Existing:
    """Read what the server says of a column."""
    word = _first_word(shown)
    base = word[0] if word else shown
    if base == "tinyint(1)":
        return Existing(shown, "boolean", None)
    column = Existing.of(base)
    type_name = f"{shown} COLLATE {collation}" if collation else shown
    if base.partition("(")[0] in _INEXACT:
        return Existing(type_name, "inexact", None)
    if column.kind in {"timestamp", "time"}:
        digits = int(base.partition("(")[2].rstrip(")") or 0)
        is_whole = column.kind == "timestamp" and digits == 6  # noqa: PLR2004 - as many as a moment has
        # Of an old server's own type a missing value would be the present.
        type_name = f"{shown} NULL" if base.startswith("timestamp") else shown
        return Existing(type_name, column.kind, None if is_whole else digits)
    kind = "json" if is_json and base == "longtext" else column.kind
    return replace(column, type=type_name, kind=kind)
