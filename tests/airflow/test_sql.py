"""The transfer to SQL through Airflow's own hooks: the table equals the books."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sql_loads import DATES, Query, load, sent
from support.airflow_home import ROOT

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.errors import IncompleteReadError, ServerError
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("connection")


@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_raw(query: Query, sandbox: Sandbox, client: Client, mode: str) -> None:
    """The table holds every row as sent, and the receipt is true."""
    for number in (1, 2):
        receipt = load(layout="raw", mode=mode, page_size=300)
        found = query("SELECT CAST(payload AS VARCHAR), company, run_id, task FROM ledger")
        assert sorted(row[0] for row in found) == sorted(sent(client))
        assert {row[1:] for row in found} == {("poweroffice_default", "run 1", "adhoc_airflow.load")}
        rows = sandbox.totals()["AccountTransactions"]
        again = rows if number == 2 else 0
        expected = {
            "append": (rows, 0, again),
            "replace": (rows, 0, again),
            "upsert": (rows - again, again, 0),
        }
        assert (receipt["inserted"], receipt["updated"], receipt["deleted"]) == expected[mode]
        assert (receipt["rows"], receipt["pages"], receipt["created"]) == (rows, -(-rows // 300), number == 1)
    stamps = [json.loads(row)["LastChangedDateTimeOffset"] for row in sent(client)]
    assert receipt["watermark"] == max(stamps)
    assert receipt["bytes"] == sum(len(row.encode()) + 1 for row in sent(client)) + receipt["pages"]
    assert (receipt["table"], receipt["sql_conn_id"], receipt["company"]) == (
        "ledger",
        "db",
        "poweroffice_default",
    )
    assert (receipt["columns_added"], receipt["fields_kept"], receipt["skipped_pages"]) == ([], [], [])
    assert json.loads(json.dumps(receipt)) == receipt


def test_columns(query: Query, client: Client) -> None:
    """Every field has its column, and the sum of all amounts is exact."""
    load(layout="columns")
    rows = [json.loads(row, parse_float=str) for row in sent(client)]
    found = query(
        "SELECT id, amount, posting_date, voucher_type, is_reversed, description FROM ledger ORDER BY id"
    )
    for row, (key, amount, day, kind, flag, text) in zip(rows, found, strict=True):
        assert (key, float(amount), str(day), kind, bool(flag), text) == (
            row["Id"],
            float(row["Amount"]),
            row["PostingDate"],
            row["VoucherType"],
            row["IsReversed"],
            row["Description"],
        )
    assert query("SELECT count(*) FROM ledger WHERE last_changed_date_time_offset IS NULL") == [(0,)]


@pytest.mark.parametrize(
    "endpoint", ["Customers", "SalesOrders", "Currencies", "Products", "VatCodes", "Employees"]
)
def test_resources(query: Query, client: Client, endpoint: str) -> None:
    """Resources with nested values, with keys of their own, with text for ids: both layouts, twice."""
    for layout in ("raw", "columns"):
        for _ in range(2):
            receipt = load(endpoint=endpoint, query=None, layout=layout, table=f"t_{layout}")
        assert query(f"SELECT count(*) FROM t_{layout}") == [(len(sent(client, endpoint)),)]
        assert (receipt["inserted"], receipt["fields_kept"]) == (0, [])


def test_companies_share_a_table(query: Query, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each company's load reads with its own key, and touches its own rows only."""
    fields = json.loads(sandbox.connection_json(companies=["fjordlys", "havblaast"]))
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps(fields))
    currencies: dict[str, Any] = {"endpoint": "Currencies", "mode": "replace"}
    for company in ("fjordlys", "havblaast"):
        load(query=None, company=company, **currencies)
    receipt = load(query={"currencyCode": "NOK"}, company="havblaast", **currencies)
    assert (receipt["company"], receipt["deleted"]) == ("havblaast", 8)
    assert query("SELECT _company, count(*) FROM ledger GROUP BY _company ORDER BY _company") == [
        ("fjordlys", 8),
        ("havblaast", 1),
    ]


def test_mapped_tasks_of_a_run_append_side_by_side(lite: Path) -> None:
    """A mapped task's retry replaces its own rows, not those of its siblings."""
    for index in (0, 1, 1):
        load(endpoint="Currencies", query=None, mode="append", layout="raw", map_index=index)
    with sqlite3.connect(lite) as database:
        tasks = database.execute("SELECT task, count(*) FROM ledger GROUP BY task ORDER BY task").fetchall()
    assert [(task[-3:], count) for task, count in tasks] == [("[0]", 8), ("[1]", 8)]


def test_changed_since(lite: Path) -> None:
    """Only what changed is read and upserted."""
    customers: dict[str, Any] = {"endpoint": "Customers", "query": None, "mode": "upsert"}
    first = load(**customers)
    again = load(changed_since=first["watermark"], **customers)
    assert (again["rows"] >= 1, again["rows"] < 5, again["inserted"]) == (True, True, 0)
    assert again["watermark"] == first["watermark"]
    assert lite.exists()


def test_trouble_on_the_way(lite: Path, sandbox: Sandbox, client: Client) -> None:
    """A read that fails half-way leaves the table as it was; with retries it is whole."""
    path = "/AccountTransactions"
    load(layout="raw", mode="replace", query=DATES | {"toDate": "2022-02-01"})

    def payloads() -> list[str]:
        with sqlite3.connect(lite) as database:
            return [
                row[0] for row in database.execute("SELECT payload FROM ledger ORDER BY CAST(id AS INTEGER)")
            ]

    before = payloads()
    assert 0 < len(before) < 2000
    sandbox.add_fault(action="status", status=503, path=path, every=2)
    with pytest.raises(ServerError):
        load(layout="raw", mode="replace", page_size=500, retry_options={"attempts": 1})
    with pytest.raises(IncompleteReadError, match="mode='replace' needs all; ledger is as before"):
        load(layout="raw", mode="replace", page_size=500, retry_options={"attempts": 1}, on_page_error="skip")
    assert payloads() == before
    load(layout="raw", mode="replace", page_size=500)
    sandbox.clear_faults()
    assert payloads() == sent(client)


def test_kill(tmp_path: Path) -> None:
    """Loads killed at random moments leave the old table or the new; a retry gives the books, row for row."""
    script = ROOT / "benchmarks" / "to_postgres.py"
    command = [sys.executable, str(script), "--only", "kill", "--rows", "20000", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    figures = json.loads(done.stdout.splitlines()[-1])["kill"]
    assert figures["rows"] == figures["equal_rows"] == figures["receipt_rows"] == 20000
    assert len(figures["state_then"]) == 10
    assert set(figures["state_then"]) <= {"old", "new"}
    assert "old" in figures["state_then"]
