"""Incremental loads in a real Airflow: what is read, what is stored, what the asset's event says."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from support.airflow_home import HOME, states, xcoms

from airflow_provider_poweroffice.api import Client
from poweroffice_sandbox import Sandbox

FILTER = "lastChangedDateTimeOffsetGreaterThan"


@pytest.fixture(autouse=True)
def _no_watermarks(airflow_db: None) -> None:  # noqa: ARG001 - the database is needed
    with sqlite3.connect(HOME / "airflow.db") as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables & {"asset_state_store", "asset_event"}:
            database.execute(f"DELETE FROM {table}")


@pytest.fixture(autouse=True)
def _connections(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fields = json.loads(sandbox.connection_json(companies=["fjordlys", "havblaast"]))
    fields["extra"]["requests_per_second"] = 1000
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps(fields))
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "books.db")})
    )


def asked(sandbox: Sandbox) -> list[str | None]:
    """Give the moments that customers were asked for since the journal was emptied."""
    queries = [entry.query for entry in sandbox.journal() if entry.path.endswith("/Customers")]
    return [parse_qs(query).get(FILTER, [None])[0] for query in queries]


def names(tmp_path: Path) -> dict[int, str]:
    """Give the names of the customers in the table."""
    with sqlite3.connect(tmp_path / "books.db") as books:
        return dict(books.execute("SELECT id, name FROM customers WHERE _company = 'poweroffice_default'"))


def rows_of(run: Any) -> list[dict[str, Any]]:
    """Give the rows in the file of a run."""
    path = HOME / "lake" / "customers" / f"{run.run_id}.ndjson.gz"
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_second_run_reads_what_changed(
    run_dag: Callable[..., Any], sandbox: Sandbox, client: Client, tmp_path: Path
) -> None:
    """The first run reads everything, the second what changed; table and files hold just that."""
    first = run_dag("increments")
    assert states(first) == {"to_table": "success", "to_file": "success"}
    held = sandbox.totals()["Customers"]
    assert len(names(tmp_path)) == len(rows_of(first)) == held
    assert asked(sandbox) == [None] * len(asked(sandbox))

    identifier = next(iter(names(tmp_path)))
    client.request(
        "PATCH", f"Customers/{identifier}", body=[{"op": "replace", "path": "/Name", "value": "Ny AS"}]
    )
    before = len(asked(sandbox))
    second = run_dag("increments")
    assert all(asked(sandbox)[before:]), asked(sandbox)
    assert identifier in {row["Id"] for row in rows_of(second)}
    assert len(rows_of(second)) < held
    assert names(tmp_path)[identifier] == "Ny AS"
    assert len(names(tmp_path)) == held
    receipt = xcoms(second)["to_table.return_value"]
    assert receipt["watermark"] > xcoms(first)["to_table.return_value"]["watermark"]


@pytest.mark.finding("D12")
def test_night_that_is_empty_by_mistake(
    run_dag: Callable[..., Any], sandbox: Sandbox, client: Client, tmp_path: Path
) -> None:
    """An increment that comes empty is believed at once, as it costs nothing: the next one reads it."""
    first = run_dag("increments")
    identifier = next(iter(names(tmp_path)))
    client.request(
        "PATCH", f"Customers/{identifier}", body=[{"op": "replace", "path": "/Name", "value": "Ny AS"}]
    )
    sandbox.add_fault(action="status", status=204, path="/Customers", times=2)
    before = len(asked(sandbox))
    second = run_dag("increments")
    assert len(asked(sandbox)) - before == 2, "a list, a task"
    assert rows_of(second) == []
    third = run_dag("increments")
    for task in ("to_table", "to_file"):
        kept = [xcoms(run)[f"{task}.return_value"]["watermark"] for run in (first, second, third)]
        assert kept[0] == kept[1] < kept[2]
    assert names(tmp_path)[identifier] == "Ny AS"
    assert identifier in {row["Id"] for row in rows_of(third)}


def test_table_that_was_dropped_is_read_whole(
    run_dag: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    """A watermark without its rows does not count: a dropped table is filled again."""
    run_dag("increments")
    with sqlite3.connect(tmp_path / "books.db") as books:
        books.execute("DROP TABLE customers")
    run_dag("increments")
    assert len(names(tmp_path)) == sandbox.totals()["Customers"]


def test_companies_have_watermarks_of_their_own(
    run_dag: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    """Mapped tasks share an asset, and keep a watermark for each company."""
    run_dag("mapped_increments")
    before = len(asked(sandbox))
    assert states(run_dag("mapped_increments")) == {"to_table": "success"}
    assert len(asked(sandbox)[before:]) >= 2
    assert all(asked(sandbox)[before:])
    with sqlite3.connect(tmp_path / "books.db") as books:
        counts = dict(books.execute("SELECT _company, count(*) FROM customers GROUP BY _company"))
    assert counts == {alias: sandbox.totals(alias)["Customers"] for alias in ("fjordlys", "havblaast")}
