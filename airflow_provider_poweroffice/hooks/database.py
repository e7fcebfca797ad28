"""
From the Airflow connection of any database to a :class:`Session`.

Rule: the hook of the database's own provider opens the connection; nothing about databases is known here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.hooks.base import without_frames

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import Connection

    from airflow_provider_poweroffice.storage.sql.databases.base import Session

log = logging.getLogger(__name__)


@without_frames
def database_hook(conn_id: str) -> DbApiHook:
    """
    Give the hook of a connection to a database, of that database's own provider.

    :raises ValueError: the connection is not a database's, or the provider of that is not installed.
    """
    return _hook_of(BaseHook.get_connection(conn_id), conn_id)


class Target:
    """
    The database that rows go to; Airflow is asked for its connection once.

    :param conn_id: the Airflow connection.
    :raises ValueError: as :func:`database_hook`.
    """

    @without_frames
    def __init__(self, conn_id: str) -> None:
        self.connection: Connection = BaseHook.get_connection(conn_id)
        self._hook = _hook_of(self.connection, conn_id)
        self.connect: Callable[[], Any] = self._hook.get_conn
        """Connects; some hooks ask Airflow for the connection each time, which not every thread may do."""

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session, and close its connection at the end."""
        from airflow_provider_poweroffice.storage.sql.databases import database_of
        from airflow_provider_poweroffice.storage.sql.databases.base import Session

        with closing(self.connect()) as connection:
            quote = str(getattr(self._hook, "escape_word_format", '"{}"'))[:1]
            kind = database_of(connection, mark=self._hook.placeholder, quote=quote)
            if kind.untested:
                log.warning(
                    "the driver %s is untested: the SQL is %s. Tested are PostgreSQL, MariaDB, DuckDB "
                    "and SQLite",
                    type(connection).__module__.partition(".")[0],
                    kind.untested,
                )
            yield Session(connection, kind)


def _hook_of(connection: Connection, conn_id: str) -> DbApiHook:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

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
