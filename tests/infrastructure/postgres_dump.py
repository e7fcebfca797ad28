"""
What a PostgreSQL server holds, as text and as files.

Rule: asked by its own programs, so that no driver is needed.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.infrastructure.postgres_server import PostgresServer, programs

_TABLE = re.compile(rb"^COPY public\.(\S+) .*? FROM stdin;\n(.*?)^\\\.$", re.DOTALL | re.MULTILINE)


def tables(server: PostgresServer, database: str = "postgres") -> dict[str, bytes]:
    """Give the rows of every table, a line each, as ``pg_dump`` writes them."""
    dump = _run(server, "pg_dump", "--data-only", database)
    return {name.decode(): rows for name, rows in _TABLE.findall(dump)}


def folder(server: PostgresServer) -> Path:
    """Give the folder of its files: they hold deleted rows too, and the log of all changes."""
    query(server, "checkpoint")
    return Path(query(server, "show data_directory").decode().strip())


def query(server: PostgresServer, sql: str, database: str = "postgres") -> bytes:
    """Give the answer to a statement, a line a row."""
    return _run(server, "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql, database)


def _run(server: PostgresServer, program: str, *arguments: str) -> bytes:
    at = server.parts
    environment = os.environ | {
        "PGHOST": at["host"],
        "PGPORT": str(at["port"]),
        "PGUSER": at["user"],
        "PGPASSWORD": at["password"],
        "PGDATABASE": at["dbname"],
    }
    command = [str(programs() / program), *arguments]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
