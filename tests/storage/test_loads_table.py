"""The table of loads, in every database: a row for each run, company and resource, written once or again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.databases import Database

from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.loads_table import LoadRow, write_loads

TABLE = TableName("_loads")
ODD = 'ServerError: it\'s "down" \\ `{{ x }}` %s ? — 💥'


def row(company: str = "acme", task: str = "d.load_company.company.customers", **changes: Any) -> LoadRow:
    """Make a row."""
    given: dict[str, Any] = {"run_id": "run 1", "resource": "Customers", "outcome": "loaded"}
    given["recorded_at"] = "2026-11-30T00:00:02.000000"
    return LoadRow(company=company, task=task, **given | changes)


def write(db: Database, *rows: LoadRow) -> None:
    """Write rows, as the summary does."""
    session = db.session()
    try:
        write_loads(session, TABLE, rows)
    finally:
        session.connection.close()


def test_written_again(db: Database) -> None:
    """A summary that is tried again replaces its rows, and no others."""
    write(db, row(), row("beta", outcome="failed", error=ODD))
    write(db, row(run_id="run 2"))
    write(db, row(task="d.other.company.customers"), *(row(f"c{number}") for number in range(1100)))
    write(db, row(outcome="unchanged"), row("beta", rows_loaded=3))
    found = db.query("SELECT run_id, task, company, outcome, error, rows_loaded FROM _loads ORDER BY 1, 2, 3")
    told = [line for line in found if not line[2].startswith("c")]
    customers, other = "d.load_company.company.customers", "d.other.company.customers"
    assert told == [
        ("run 1", customers, "acme", "unchanged", None, None),
        ("run 1", customers, "beta", "loaded", None, 3),
        ("run 1", other, "acme", "loaded", None, None),
        ("run 2", customers, "acme", "loaded", None, None),
    ]
    assert len(found) == len(told) + 1100


def test_what_a_row_holds(db: Database) -> None:
    """Seconds are exact, moments are UTC, and any text is kept."""
    write(
        db,
        row(
            table_name="books.customers",
            rows_loaded=12,
            inserted=1,
            updated=11,
            deleted=0,
            marked_deleted=2,
            seconds="0.412",
            watermark="2026-05-02T13:09:55.9103401Z",
            error=ODD,
            began_at="2026-11-29T23:59:59.750000",
            ended_at="2026-11-30T00:00:00.162000",
        ),
    )
    columns = "table_name, rows_loaded, inserted, updated, deleted, marked_deleted, seconds, watermark, error"
    ((*told, seconds, watermark, error),) = db.query(f"SELECT {columns} FROM _loads")
    assert told == ["books.customers", 12, 1, 11, 0, 2]
    assert (Decimal(seconds), watermark, error) == (Decimal("0.412"), "2026-05-02T13:09:55.9103401Z", ODD)
    ((began, ended),) = db.query("SELECT began_at, ended_at FROM _loads")
    moments = [datetime.fromisoformat(str(moment)) for moment in (began, ended)]
    in_utc = [one.astimezone(UTC) if one.tzinfo else one.replace(tzinfo=UTC) for one in moments]
    assert in_utc == [
        datetime(2026, 11, 29, 23, 59, 59, 750_000, tzinfo=UTC),
        datetime(2026, 11, 30, 0, 0, 0, 162_000, tzinfo=UTC),
    ]


def test_a_table_that_is_there(db: Database) -> None:
    """One of an earlier version gets the columns that it lacks; one that is something else is left alone."""
    write(db, row())
    db.run('ALTER TABLE _loads DROP COLUMN "ended_at"')
    write(db, row("beta", ended_at="2026-11-30T00:00:00.162000"))
    assert db.query("SELECT count(*), count(ended_at) FROM _loads") == [(2, 1)]
    db.run("DROP TABLE _loads")
    db.run("CREATE TABLE _loads (load_id VARCHAR(9), status INTEGER)")
    with pytest.raises(ValueError, match="table _loads is there and has no column run_id"):
        write(db, row())
    assert db.query("SELECT count(*) FROM _loads") == [(0,)]


def test_the_query_of_the_docs(db: Database) -> None:
    """One query tells the state of a firm: the latest of each company and resource, and its last load."""
    page = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text()
    (query,) = (block for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if "_loads" in block)
    loaded = {"began_at": "2026-11-29T00:00:00", "ended_at": "2026-11-29T00:00:01"}
    write(db, row(**loaded), row("beta", **loaded))
    later = {"run_id": "run 2", "recorded_at": "2026-12-01T00:00:00", "ended_at": "2026-11-30T00:00:01"}
    write(db, row(outcome="unchanged", **later), row("beta", outcome="failed", error="503", **later))
    write(db, row("new", outcome="not_run", error="refused"))
    told = {company: (outcome, str(last)[:10], error) for company, _, outcome, last, error in db.query(query)}
    days = {str(day) for _, day, _ in told.values()}
    assert {company: (outcome, error) for company, (outcome, _, error) in told.items()} == {
        "acme": ("unchanged", None),
        "beta": ("failed", "503"),
        "new": ("not_run", "refused"),
    }
    assert days == {"2026-11-30", "2026-11-29", "None"}
