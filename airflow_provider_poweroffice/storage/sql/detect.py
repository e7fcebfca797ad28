"""From a connection to the dialect of its database, by the driver that made it."""

from __future__ import annotations

from typing import Any

from airflow_provider_poweroffice.storage.sql.dialects import Dialect, DuckDB
from airflow_provider_poweroffice.storage.sql.postgres import Postgres
from airflow_provider_poweroffice.storage.sql.sqlite import SQLite

_BY_DRIVER: dict[str, type[Dialect]] = {
    "psycopg": Postgres,
    "psycopg2": Postgres,
    "sqlite3": SQLite,
    "duckdb": DuckDB,
    "_duckdb": DuckDB,
}


def dialect_of(connection: Any, *, mark: str = "?", quote: str = '"') -> Dialect:
    """
    Choose the dialect of a connection.

    :param mark: what stands for a parameter, where the driver is not known.
    :param quote: what names are quoted with there.
    """
    for kind in type(connection).__mro__:
        if found := _BY_DRIVER.get(kind.__module__.partition(".")[0]):
            return found()
    return Dialect(mark, quote)
