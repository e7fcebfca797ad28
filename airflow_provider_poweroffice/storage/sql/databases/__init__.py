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
from airflow_provider_poweroffice.storage.sql.databases.sqlserver import DBMS_NAME, PRODUCT, SQLServer

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
        driver = kind.__module__.partition(".")[0]
        if found := _BY_DRIVER.get(driver):
            return found()
        if driver == "pymssql":
            return SQLServer("%s")
        if driver == "pyodbc" and connection.getinfo(DBMS_NAME) == PRODUCT:
            return SQLServer("?")
    return Database(mark, quote)
