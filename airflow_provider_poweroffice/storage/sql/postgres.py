"""PostgreSQL, by psycopg2 or psycopg 3."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_poweroffice.storage.sql.columns import Existing
from airflow_provider_poweroffice.storage.sql.dialects import BulkDialect, literal
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

if TYPE_CHECKING:
    from airflow_provider_poweroffice.storage.sql.session import Session

LINES_AT_ONCE = 500
BYTES_AT_ONCE = 1 << 20


class Postgres(BulkDialect):
    """
    PostgreSQL.

    JSON is ``json``, not ``jsonb``: it keeps the text that was sent, to the letter.
    """

    name = "PostgreSQL"
    has_comments = True
    has_on_conflict = True
    types: ClassVar[Mapping[str, str]] = {
        "integer": "bigint",
        "decimal": "numeric",
        "boolean": "boolean",
        "date": "date",
        "timestamp": "timestamp with time zone",
        "text": "text",
        "json": "json",
        "name": "text",
    }

    def __init__(self) -> None:
        super().__init__(mark="%s")

    def prepare(self, connection: Any) -> None:
        """Have rows come as tuples, whatever cursor the connection is set up for."""
        if hasattr(connection, "row_factory"):
            from psycopg.rows import tuple_row  # noqa: PLC0415 - it is the connection's own driver

            connection.row_factory = tuple_row
        else:
            connection.cursor_factory = None

    def staged(self, session: Session, table: str) -> None:
        """Count the rows: a plan for a table thought to be small takes hours on a large one."""
        session.execute(f"ANALYZE {table}")

    def lock(self, session: Session, name: str) -> None:
        """Take an advisory lock until the end of the transaction."""
        session.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"poweroffice {name}",))

    def in_json(self, column: str, field: str) -> str:
        """Take a field as text."""
        return f"({column} ->> {literal(field)})"

    def exact_sum(self, amounts: str) -> str:
        """Sum ``numeric``, which has no bound."""
        return f"sum(CAST({amounts} AS numeric))"

    def describe(self, session: Session, table: TableName) -> dict[str, Existing] | None:
        """Ask the catalogue; a name without a schema is looked up along the search path."""
        rows = session.rows(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (table.quoted(),),
        )
        return self.existing(rows)

    def bulk(self, session: Session, table: str, lines: Iterable[bytes]) -> None:
        """``COPY``: the lines go as they are."""
        sql = f"COPY {table} FROM STDIN WITH (FORMAT csv, NULL 'null')"
        if hasattr(session.cursor, "copy_expert"):  # psycopg2
            session.cursor.copy_expert(sql, _Lines(lines), BYTES_AT_ONCE)
            return
        with session.cursor.copy(sql) as copy:
            for block in _blocks(lines):
                copy.write(block)


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    some: list[bytes] = []
    for line in lines:
        some.append(line)
        if len(some) >= LINES_AT_ONCE:
            yield b"".join(some)
            some.clear()
    yield b"".join(some)


class _Lines(io.RawIOBase):
    """Lines as a file that psycopg2 reads from."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._blocks = _blocks(lines)
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> Any:
        """Give at most so many bytes."""
        if not self._rest:
            self._rest = next((block for block in self._blocks if block), b"")
        given, self._rest = self._rest[:size], self._rest[size:]
        return given
