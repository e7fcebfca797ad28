"""SQLite, and the exact arithmetic that it does not bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Context, Decimal
from typing import Any, ClassVar

import msgspec

from airflow_provider_poweroffice.storage.kinds import take_apart
from airflow_provider_poweroffice.storage.sql.columns import Existing
from airflow_provider_poweroffice.storage.sql.databases.base import Database, Session, literal
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

_NUMERIC_WOULD_CHANGE = frozenset({"decimal", "text", "json", "other"})
_EXACT = Context(prec=100)


def _field(text: str, name: str) -> str | None:
    """Take a field out of a JSON object: a text without its quotes, anything else as it stands."""
    value = bytes(take_apart(text).get(name, msgspec.Raw(b"null")))
    if value[:1] == b'"':
        return str(msgspec.json.decode(value))
    return None if value == b"null" else value.decode()


class _Sum:
    """A sum over text, or over whole numbers."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, value: str | int | None) -> None:
        """Add one; null adds nothing."""
        if value is not None:
            self._sum = _EXACT.add(self._sum, Decimal(value))

    def finalize(self) -> str:
        """Give the sum."""
        return str(self._sum)


class SQLite(Database):
    """
    SQLite.

    Its own decimal type is a float, so decimals are text: types whose names hold ``TEXT`` keep what they
    are given.
    """

    name = "SQLite"
    untested = ""
    upsert = "on conflict"
    json_is_text = False
    keeps_text = True
    row_type = "INTEGER"
    bounded_decimals = False
    one_writer = True
    types: ClassVar[Mapping[str, str]] = {
        "integer": "INTEGER",
        "decimal": "DECIMAL_TEXT",
        "boolean": "BOOLEAN",
        "date": "DATE_TEXT",
        "timestamp": "TIMESTAMP_TEXT",
        "text": "TEXT",
        "json": "JSON_TEXT",
        "payload": "JSON_TEXT",
        "name": "TEXT",
    }
    patience = 600_000  # milliseconds that a load waits for others to finish writing

    def prepare(self, connection: Any) -> None:
        """Take transactions into our own hands, wait for other writers, and bring what SQLite lacks."""
        connection.isolation_level = None
        connection.create_function("poweroffice_field", 2, _field, deterministic=True)
        connection.create_aggregate("poweroffice_sum", 1, _Sum)
        connection.execute(f"PRAGMA busy_timeout = {self.patience}")

    def begin(self, session: Session, *, staging: bool = False) -> None:
        """Be the one writer from the start: a reader that turns writer may be refused."""
        session.execute("BEGIN" if staging else "BEGIN IMMEDIATE")

    def in_json(self, column: str, field: str) -> str:
        """Take a field; SQLite's own functions would make a float of a number."""
        return f"poweroffice_field({column}, {literal(field)})"

    def exact_sum(self, amounts: str) -> str:
        """Sum text, and give text."""
        return f"poweroffice_sum({amounts})"

    def describe(self, session: Session, table: TableName) -> dict[str, Existing] | None:
        """Ask the table."""
        schema = table.schema or "main"
        rows = session.rows(
            "SELECT name, type, hidden > 1 FROM pragma_table_xinfo(?, ?) ORDER BY cid", (table.name, schema)
        )
        found = self.existing(rows) or {}
        for name, column in found.items():
            if column.kind == "text":
                found[name] = replace(column, scale=None)  # its texts have no bound
            if column.kind in _NUMERIC_WOULD_CHANGE and not _keeps_text(column.type.upper()):
                found[name] = Existing(column.type, "inexact", None)
        return found or None

    def comment_of(self, session: Session, table: TableName) -> str:
        """Take it from the text that the table was made with."""
        rows = session.rows(
            f'SELECT sql FROM "{table.schema or "main"}".sqlite_master WHERE lower(name) = lower(?)',  # noqa: S608 - checked
            (table.name,),
        )
        return "".join(str(sql) for (sql,) in rows).rpartition("/* ")[2]


def _keeps_text(declared: str) -> bool:
    """Tell whether a column of a declared type leaves texts alone: SQLite's affinity TEXT, or BLOB."""
    if "INT" in declared:
        return False
    return not declared or any(part in declared for part in ("CHAR", "CLOB", "TEXT", "BLOB"))
