"""
The databases that are known, and what tells them apart.

Rule: a connection's driver says which database it is; of any other, standard SQL is expected, untested.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_poweroffice.storage.sql.databases.base import Database
from airflow_provider_poweroffice.storage.sql.databases.duckdb import DuckDB
from airflow_provider_poweroffice.storage.sql.databases.mysql import DRIVERS, MySQL
from airflow_provider_poweroffice.storage.sql.databases.postgres import Postgres
from airflow_provider_poweroffice.storage.sql.databases.sqlite import SQLite

_BY_DRIVER: dict[str, type[Database]] = {
    "psycopg": Postgres,
    "psycopg2": Postgres,
    "sqlite3": SQLite,
    "duckdb": DuckDB,
    "_duckdb": DuckDB,
    **dict.fromkeys(DRIVERS, MySQL),
}


def database_of(connection: Any, *, mark: str = "?", quote: str = '"') -> Database:
    """Choose the database of a connection."""
    for kind in type(connection).__mro__:
        if found := _BY_DRIVER.get(kind.__module__.partition(".")[0]):
            return found()
    return Database(mark, quote)
