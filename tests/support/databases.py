"""Real databases for tests: each new and empty."""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from airflow_provider_poweroffice.storage.sql.databases import base, database_of
from tests.infrastructure.mariadb_server import MariaDBServer
from tests.infrastructure.postgres_server import PostgresServer

KINDS = [name for name in ("psycopg", "psycopg2") if find_spec(name)] + ["standard", "sqlite", "duckdb"]
"""PostgreSQL by both of its drivers, PostgreSQL as a database of which nothing is known, and two more."""
MYSQL = ["pymysql", "mysql.connector"]
"""MariaDB, by two drivers of MySQL's."""
SECOND = {"standard", "mysql.connector"} | ({"psycopg2"} if find_spec("psycopg") else set())
"""Further roads to databases that others lead to as well."""
SERVED = {"psycopg", "psycopg2", "pymysql"} | SECOND
"""Those that need a server."""
BOUNDED = {"standard", "duckdb", *MYSQL}
"""Those whose decimals have a bound."""

_numbers, _mysql_numbers = itertools.count(), itertools.count()
_KEPT = 8
"""Databases that are kept: each takes 8 MB, and a run makes hundreds."""


def start_postgres() -> PostgresServer:
    """Start a server; where there is none, the error says how to get one."""
    server = PostgresServer()
    server.start()
    return server


def start_mariadb() -> MariaDBServer:
    """Start a server; where there is none, the error says how to get one."""
    server = MariaDBServer()
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
            session.execute(spelled(self.kind, sql))
        session.connection.close()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Carry out a query."""
        session = self.session()
        try:
            return session.rows(spelled(self.kind, sql))
        finally:
            session.connection.close()


def spelled(kind: str, sql: str) -> str:
    """Write a statement as a database does: MySQL has its own words and quotes."""
    if kind not in {*MYSQL, "mysql"}:
        return sql
    for word, other in ((r"VARCHAR(\(\d+\))?", "CHAR"), ("INTEGER", "SIGNED")):
        sql = re.sub(rf"\bAS {word}\)", f"AS {other})", sql)
    return sql.replace('"', "`")


def postgres_database(server: PostgresServer, driver: str) -> dict[str, Any]:
    """Make a database of its own, and give what connects to it."""
    module: Any = __import__(driver)
    number = next(_numbers)
    name = f"d{number}"
    connection = module.connect(**server.parts)
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    if number >= _KEPT:
        connection.cursor().execute(f"DROP DATABASE IF EXISTS d{number - _KEPT} WITH (FORCE)")
    connection.close()
    # The tables must not depend on the time zone of whoever connects.
    return server.parts | {"dbname": name, "options": "-c timezone=Europe/Oslo"}


def mysql_database(server: MariaDBServer, driver: str) -> dict[str, Any]:
    """Make a database of its own, and give what connects to it."""
    name = f"m{next(_mysql_numbers)}"
    connection = import_module(driver).connect(**server.parts)
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    return server.parts | {"database": name}


def open_database(kind: str, folder: Path, server: Callable[[str], Any]) -> Database:
    """
    Make an empty database.

    :param server: gives the server by the name of its fixture, where one is needed.
    """
    if kind == "sqlite":
        return Database(kind, lambda: sqlite3.connect(folder / "test.sqlite"))
    if kind == "duckdb":
        import duckdb  # noqa: PLC0415 - only where it is used

        return Database(kind, lambda: duckdb.connect(str(folder / "test.duckdb")))
    if kind in MYSQL:
        mysql_parts = mysql_database(server("mariadb"), kind)
        return Database(kind, lambda: import_module(kind).connect(**mysql_parts))
    driver = "psycopg2" if kind == "standard" else kind
    parts = postgres_database(server("postgres"), driver)
    module: Any = __import__(driver)
    return Database(kind, lambda: module.connect(**parts))
