"""
From the Airflow connection of any database to a :class:`Session`.

Rule: the hook of the database's own provider opens the connection; nothing about databases is known here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook

from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.hooks.base import without_frames

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

    from airflow_provider_poweroffice.storage.sql.databases.base import Session

log = logging.getLogger(__name__)


@without_frames
def database_hook(conn_id: str) -> DbApiHook:
    """
    Give the hook of a connection to a database, of that database's own provider.

    :raises ValueError: the connection is not a database's, or the provider of that is not installed.
    """
    from airflow.providers.common.sql.hooks.sql import DbApiHook

    connection = BaseHook.get_connection(conn_id)
    try:
        hook = connection.get_hook()
    except Exception as error:
        if "Unknown hook type" not in str(error):
            raise
        raise ValueError(
            f"sql_conn_id={conn_id!r}: no installed provider knows the type {shown(connection.conn_type)}; "
            f"install it, such as apache-airflow-providers-{connection.conn_type}"
        ) from None
    if not isinstance(hook, DbApiHook):
        raise ValueError(  # noqa: TRY004 - a connection of the wrong type is a wrong value
            f"sql_conn_id={conn_id!r} has the type {shown(connection.conn_type)}, which is not an SQL "
            "database"
        )
    return hook


@contextmanager
def database(hook: DbApiHook) -> Iterator[Session]:
    """Open a session, and close its connection at the end."""
    from airflow_provider_poweroffice.storage.sql.databases import database_of
    from airflow_provider_poweroffice.storage.sql.databases.base import Database, Session

    with closing(hook.get_conn()) as connection:
        quote = str(getattr(hook, "escape_word_format", '"{}"'))[:1]
        kind = database_of(connection, mark=hook.placeholder, quote=quote)
        if type(kind) is Database:
            log.warning(
                "the driver %s is untested: standard SQL is used. Tested are PostgreSQL, MariaDB, DuckDB and "
                "SQLite",
                type(connection).__module__.partition(".")[0],
            )
        yield Session(connection, kind)
