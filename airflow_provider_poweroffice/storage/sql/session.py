"""
One cursor of a DB-API connection, and the statements it carries out.

Rule: all goes through one cursor, as temporary tables of DuckDB are the cursor's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_poweroffice.storage.sql.dialects import Dialect

ROWS_AT_ONCE = 1000


class Session:
    """
    A connection in use.

    :param connection: of any DB-API driver.
    :param dialect: of its database.
    """

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect
        dialect.prepare(connection)
        self.cursor = connection.cursor()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Carry out a statement."""
        if parameters:
            self.cursor.execute(sql, tuple(parameters))
        else:
            self.cursor.execute(sql)

    def count(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Carry out a statement that changes rows, and count them."""
        self.execute(sql, parameters)
        return self.dialect.changed(self.cursor)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Carry out a query."""
        self.execute(sql, parameters)
        return [tuple(row) for row in self.cursor.fetchall()]

    def insert(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Carry out an INSERT for each row, some thousand at a time."""
        rows = iter(rows)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            self.cursor.executemany(sql, some)

    @contextmanager
    def transaction(self, *, staging: bool = False) -> Iterator[None]:
        """
        Commit at the end, or take back everything.

        :param staging: only temporary tables are written to.
        """
        self.dialect.begin(self, staging=staging)
        try:
            yield
        except BaseException:
            # After a lost connection, or a timeout in the middle of a statement, it may be refused: then the
            # end of the connection takes everything back, and the error to tell of is the first one.
            with suppress(Exception):
                self.dialect.rollback(self)
            raise
        self.dialect.commit(self)
