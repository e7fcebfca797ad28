"""Real databases for tests: each new and empty."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from airflow_provider_poweroffice.storage.sql.databases import base, database_of
from tests.infrastructure.postgres_server import PostgresServer

KINDS = [name for name in ("psycopg", "psycopg2") if find_spec(name)] + ["standard", "sqlite", "duckdb"]
"""PostgreSQL by both of its drivers, PostgreSQL as a database of which nothing is known, and two more."""

_numbers = itertools.count()


def start_postgres() -> PostgresServer:
    """Start a server; where there is none, the error says how to get one."""
    server = PostgresServer()
    server.start()
    return server


class Database:
    """
    An empty database.

    :param kind: one of ``KINDS``.
    :param connect: opens a connection.
    """

    def __init__(self, kind: str, connect: Callable[[], Any]) -> None:
        self.kind = kind
        self.connect = connect

    def session(self) -> base.Session:
        """Open a session as the operator does."""
        connection = self.connect()
        kind = base.Database("%s") if self.kind == "standard" else database_of(connection)
        return base.Session(connection, kind)

    def run(self, sql: str) -> None:
        """Carry out a statement."""
        session = self.session()
        with session.transaction():
            session.execute(sql)
        session.connection.close()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Carry out a query."""
        session = self.session()
        try:
            return session.rows(sql)
        finally:
            session.connection.close()


def postgres_database(server: PostgresServer, driver: str) -> dict[str, Any]:
    """Make a database of its own, and give what connects to it."""
    module: Any = __import__(driver)
    name = f"d{next(_numbers)}"
    connection = module.connect(**server.parts)
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    # The tables must not depend on the time zone of whoever connects.
    return server.parts | {"dbname": name, "options": "-c timezone=Europe/Oslo"}


def open_database(kind: str, folder: Path, server: Callable[[], PostgresServer]) -> Database:
    """
    Make an empty database.

    :param server: gives the PostgreSQL server, where it is needed.
    """
    if kind == "sqlite":
        return Database(kind, lambda: sqlite3.connect(folder / "test.sqlite"))
    if kind == "duckdb":
        import duckdb  # noqa: PLC0415 - only where it is used

        return Database(kind, lambda: duckdb.connect(str(folder / "test.duckdb")))
    driver = "psycopg2" if kind == "standard" else kind
    parts = postgres_database(server(), driver)
    module: Any = __import__(driver)
    return Database(kind, lambda: module.connect(**parts))
