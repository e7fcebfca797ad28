"""
The table of loads: a row for each run, company and resource, by which one query tells the state of a firm.

Rule: the rows of a run take the place of those that it wrote before, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from airflow_provider_poweroffice.storage.sql.columns import Column
from airflow_provider_poweroffice.storage.sql.databases.base import BulkDatabase, Session
from airflow_provider_poweroffice.storage.sql.ddl import add_columns, create_table
from airflow_provider_poweroffice.storage.sql.encoding import quoted as csv_text
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.refusal import named_table

_KEY = ("run_id", "task", "company")
_COLUMNS = (
    Column("run_id", "name", "the Airflow run, as in _run_id of the rows"),
    Column("task", "name", "the task of the run, as in _task of the rows, without a map index"),
    Column("company", "name", "the company, as in _company of the rows"),
    Column("resource", "name", "what was read"),
    Column("table_name", "name", "the table of the rows"),
    Column("outcome", "name", "loaded, unchanged, left_out, failed, unknown or not_run"),
    Column("rows_loaded", "integer", "rows that were read and stored"),
    Column("inserted", "integer", "of them, those that the table did not have"),
    Column("updated", "integer", "of them, those that it had"),
    Column("deleted", "integer", "rows deleted before: all of the company's (replace)"),
    Column("marked_deleted", "integer", "rows found to be gone, and marked"),
    Column("seconds", "decimal", "from the first request to the last row", scale=3),
    Column("watermark", "name", "what the next run goes on from"),
    Column("error", "text", "why it is not loaded"),
    Column("recorded_at", "timestamp", "when this row was written"),
    Column("began_at", "timestamp", "when it began"),
    Column("ended_at", "timestamp", "when it ended"),
)
_AT_ONCE = 500  # parameters of one statement


class LoadRow(msgspec.Struct, frozen=True, kw_only=True):
    """
    A row of the table; its fields are the columns.

    :param seconds: with three digits behind the point.
    :param recorded_at: in UTC, without a zone, as the other moments.
    """

    run_id: str
    task: str
    company: str
    resource: str
    outcome: str
    recorded_at: str
    table_name: str | None = None
    rows_loaded: int | None = None
    inserted: int | None = None
    updated: int | None = None
    deleted: int | None = None
    marked_deleted: int | None = None
    seconds: str | None = None
    watermark: str | None = None
    error: str | None = None
    began_at: str | None = None
    ended_at: str | None = None


def write_loads(session: Session, table: TableName, rows: Sequence[LoadRow]) -> None:
    """
    Write the rows of one run; those that it has written of the same tasks and companies go.

    The table is made where it is missing, and gets columns that it lacks.

    :raises ValueError: the table is there, and is another.
    :raises LoadError: the database refuses; the table is as before.
    """
    database = session.database
    name, quoted, mark = table.quoted(database.quote), database.quoted, database.mark
    with named_table(str(table)):
        with session.transaction():
            database.lock(session, table)
            _make(session, table)
        with session.transaction():
            database.lock(session, table, rows[0].run_id)
            for task in sorted({row.task for row in rows}):
                companies = sorted({row.company for row in rows if row.task == task})
                for some in (companies[n : n + _AT_ONCE] for n in range(0, len(companies), _AT_ONCE)):
                    session.execute(
                        f"DELETE FROM {name} WHERE {quoted('run_id')} = {mark} AND {quoted('task')} = {mark} "  # noqa: S608 - names are checked
                        f"AND {quoted('company')} IN ({', '.join([mark] * len(some))})",
                        (rows[0].run_id, task, *some),
                    )
            into = f"{name} ({', '.join(quoted(column.name) for column in _COLUMNS)})"
            values = _values(rows, database.zone)
            if isinstance(
                database, BulkDatabase
            ):  # a thousand companies would be a minute of INSERTs in DuckDB
                database.bulk(session, into, map(_line, values))
            else:
                marks = ", ".join([mark] * len(_COLUMNS))
                session.insert(f"INSERT INTO {into} VALUES ({marks})", values)  # noqa: S608 - as above


def _make(session: Session, table: TableName) -> None:
    existing = session.database.describe(session, table)
    if existing is None:
        one = f"one row for each {', '.join(_KEY)}"
        note = f"PowerOffice Go loads: {one}; made by airflow-provider-poweroffice"
        create_table(session, table, _COLUMNS, _KEY, note)
        return
    if missing := [name for name in _KEY if name not in existing]:
        raise ValueError(
            f"table {table} is there and has no column {missing[0]}, so it is not a table of loads. Name "
            "another, loads_table='...', or None for no such table"
        )
    add_columns(session, table, [column for column in _COLUMNS if column.name not in existing])


def _values(rows: Sequence[LoadRow], zone: str) -> Iterator[tuple[str | int | None, ...]]:
    for row in rows:
        values = msgspec.structs.asdict(row)
        for name in ("recorded_at", "began_at", "ended_at"):
            values[name] = values[name] and f"{values[name]}{zone}"
        yield tuple(values[column.name] for column in _COLUMNS)


def _line(values: tuple[str | int | None, ...]) -> bytes:
    fields = (b"null" if value is None else csv_text(str(value).encode()) for value in values)
    return b",".join(fields) + b"\n"
