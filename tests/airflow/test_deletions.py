"""``detect_deletions`` through Airflow's own hooks: rows that are gone are marked, by few requests."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from sql_loads import Query, change, load, operator, sent

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.api import Client
from poweroffice_sandbox import Sandbox, V1Sandbox

pytestmark = pytest.mark.usefixtures("connection")

CUSTOMERS: dict[str, Any] = {
    "endpoint": "Customers",
    "query": None,
    "table": "customers",
    "detect_deletions": True,
}


def queries(sandbox: Sandbox, path: str = "/Customers") -> list[dict[str, list[str]]]:
    """Give the queries that a list was asked by."""
    return [
        parse_qs(entry.query)
        for entry in sandbox.journal()
        if entry.path.endswith(path) and entry.method == "GET"
    ]


def delete(client: Client, identifier: Any, endpoint: str = "Customers") -> None:
    """Delete a row of the sandbox."""
    client.request("DELETE", f"{endpoint}/{identifier}")


def new_customer(client: Client, name: str) -> int:
    """Make a customer, whom nothing refers to."""
    made: dict[str, Any] = client.request("POST", "Customers", body={"Name": name, "IsPerson": False}).body
    return int(made["Id"])


@pytest.mark.parametrize("layout", ["raw", "columns"])
def test_gone_and_marked(query: Query, client: Client, sandbox: Sandbox, layout: str) -> None:
    """Ids are listed alone, by one page, without the filter for changes; live rows equal the books."""
    doomed = new_customer(client, "Snart Borte AS")
    first = load(layout=layout, **CUSTOMERS)
    assert (first["marked_deleted"], first["restored"]) == (0, 0)
    assert not [asked for asked in queries(sandbox) if "Fields" in asked], (
        "all rows were read: no list is needed"
    )
    delete(client, doomed)
    receipt = load(layout=layout, changed_since=first["watermark"], **CUSTOMERS)
    assert (receipt["marked_deleted"], receipt["restored"]) == (1, 0)
    (listed,) = [asked for asked in queries(sandbox) if "Fields" in asked]
    assert listed["Fields"] == ["Id"]
    assert listed["PageSize"] == ["20000"]
    assert "lastChangedDateTimeOffsetGreaterThan" not in listed
    deleted_at = "deleted_at" if layout == "raw" else "_deleted_at"
    live = query(f"SELECT id FROM customers WHERE {deleted_at} IS NULL")
    assert len(live) == len(sent(client, "Customers"))
    assert [int(row[0]) for row in query(f"SELECT id FROM customers WHERE {deleted_at} IS NOT NULL")] == [
        doomed
    ]


def test_same_filters(lite: Path, client: Client) -> None:
    """A row that leaves the query's filter counts as gone; one that comes back is there again."""
    one = new_customer(client, "Vandrer AS")
    number = client.request("GET", f"Customers/{one}").body["Number"]
    how = CUSTOMERS | {"query": {"customerNos": f"1-{number}"}}
    watermark = load(**how)["watermark"]
    for now, expected in ((number + 100, (1, 0)), (number, (0, 1))):
        client.request("PATCH", f"Customers/{one}", body=[{"op": "replace", "path": "/Number", "value": now}])
        receipt = load(changed_since=watermark, **how)
        assert (receipt["marked_deleted"], receipt["restored"]) == expected
    assert lite.exists()


def test_wrong_list_wipes_nothing(
    lite: Path, sandbox: Sandbox, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of another company, whose ids are others, marks nothing, and the table is as before."""
    ledger = {"mode": "upsert", "detect_deletions": True}
    first = load(**ledger)
    assert (connection, first["rows"] > 100) == ("poweroffice_default", True)
    wrong = sandbox.connection_json(company="havblaast")
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", wrong)
    with pytest.raises(AirflowFailException, match=r"TooManyDeletionsError.*max_deletions=0.5"):
        load(query={"fromDate": "1990-01-01", "toDate": "1990-12-31"}, **ledger)
    with sqlite3.connect(lite) as database:
        found = database.execute("SELECT count(*), count(_deleted_at) FROM ledger").fetchall()
    assert found == [(first["rows"], 0)]


def test_list_that_fails(lite: Path, client: Client, sandbox: Sandbox) -> None:
    """A list that is not whole marks nothing, whatever becomes of pages of rows."""
    first = load(**CUSTOMERS)
    delete(client, new_customer(client, "Kort AS"))
    sandbox.add_fault(action="status", status=500, path="/Customers", times=0)
    how = CUSTOMERS | {"on_page_error": "skip", "retry_options": {"attempts": 1}}
    with pytest.raises(Exception, match="500"):
        load(changed_since=first["watermark"], **how)
    sandbox.clear_faults()
    with sqlite3.connect(lite) as database:
        assert database.execute("SELECT count(_deleted_at) FROM customers").fetchall() == [(0,)]


def test_v1_has_no_list_of_ids(
    lite: Path, v1_sandbox: V1Sandbox, v1_client: Client, v1_connection: str
) -> None:
    """V1 sends whole rows only, so they are read for their ids."""
    how: dict[str, Any] = CUSTOMERS | {"endpoint": "Customer", "poweroffice_conn_id": v1_connection}
    doomed = v1_client.request("POST", "Customer", body={"name": "Snart Borte AS"}).body["id"]
    first = load(**how)
    delete(v1_client, doomed, "Customer")
    receipt = load(changed_since=first["watermark"], **how)
    assert (receipt["marked_deleted"], receipt["rows"] < first["rows"]) == (1, True)
    assert lite.exists()
    assert "select" not in str(v1_sandbox.journal()).lower()


def test_finance_and_operations(lite: Path, fo_connection: str) -> None:
    """Entities have no filter for changes, so every load is whole and the rows themselves are the list."""
    key = ["dataAreaId", "CustomerAccount"]
    how: dict[str, Any] = CUSTOMERS | {"endpoint": "CustomersV3", "key": key}
    rows = load(d365fo_conn_id=fo_connection, **how)["rows"]
    with sqlite3.connect(lite) as database:
        database.execute("UPDATE customers SET _deleted_at = 'then'")
        database.execute("UPDATE customers SET customer_account = 'X' WHERE rowid = 1")
    receipt = load(d365fo_conn_id=fo_connection, **how)
    assert (receipt["restored"], receipt["inserted"], receipt["rows"]) == (rows - 1, 1, rows)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"mode": "append"}, "mode='append' only adds: use mode='upsert'"),
        ({"mode": "replace"}, "mode='replace' needs no detect_deletions"),
        ({"paging": {"max_pages": 1}}, "leave out max_pages"),
        ({"max_deletions": 2}, "share of the company's rows, from 0 to 1"),
        ({"max_deletions": True}, "share of the company's rows, from 0 to 1"),
        ({"detect_deletions": "yes"}, "must be True or False"),
        ({"detect_deletions": False, "max_deletions": 0.1}, "needs detect_deletions=True"),
        ({"query": {"lastChangedDateTimeOffsetGreaterThan": "2026-01-01"}}, "incremental=True"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], says: str) -> None:
    """What contradicts a comparison is refused while the DAG file is read, with the way out."""
    with pytest.raises((ValueError, TypeError), match=r"detect_deletions|max_deletions") as caught:
        operator(**{"detect_deletions": True, "endpoint": "Customers", "query": None} | arguments)
    assert says in str(caught.value)


@pytest.mark.finding("D2", "R1")
@pytest.mark.parametrize("layout", ["raw", "columns"])
def test_rows_that_were_missed_are_read(query: Query, client: Client, sandbox: Sandbox, layout: str) -> None:
    """A row that no filter for changes finds any more, as an earlier read missed it, is found by its key."""
    first = load(layout=layout, **CUSTOMERS)
    ids = sorted(int(row[0]) for row in query("SELECT id FROM customers"))
    change(f"DELETE FROM customers WHERE CAST(id AS VARCHAR(20)) IN ('{ids[3]}', '{ids[70]}')")
    doomed = new_customer(client, "Snart Borte AS")
    load(layout=layout, changed_since=first["watermark"], **CUSTOMERS | {"detect_deletions": False})
    delete(client, doomed)
    receipt = load(layout=layout, changed_since=first["watermark"], **CUSTOMERS)
    assert (receipt["inserted"], receipt["marked_deleted"]) == (2, 1)
    assert sorted(int(row[0]) for row in query("SELECT id FROM customers")) == sorted([*ids, doomed])
    before = len(queries(sandbox))
    load(layout=layout, changed_since=receipt["watermark"], **CUSTOMERS)
    assert len(queries(sandbox)) == before + 2, "when all is well: what changed, and one list"


@pytest.mark.finding("D2")
def test_a_whole_read_of_several_pages_is_compared_too(query: Query, sandbox: Sandbox) -> None:
    """Between pages rows may move: the read lists the keys, and one list is enough."""
    receipt = load(page_size=50, **CUSTOMERS)
    asked = [asked["Fields"] for asked in queries(sandbox) if "Fields" in asked]
    assert asked == [["Id"]]
    assert query("SELECT count(*) FROM customers WHERE _deleted_at IS NULL") == [(receipt["rows"],)]


@pytest.mark.finding("D13")
def test_replace_by_nothing(query: Query) -> None:
    """A false empty answer does not empty a table; ``max_deletions=1`` says that it is none."""
    how = CUSTOMERS | {"detect_deletions": False, "mode": "replace"}
    rows = load(**how)["rows"]
    nobody = {"lastChangedDateTimeOffsetGreaterThan": "2099-01-01T00:00:00Z"}
    with pytest.raises(AirflowFailException, match=rf"would leave 0 of {rows} rows.*max_deletions=1"):
        load(**how | {"query": nobody})
    assert query("SELECT count(*) FROM customers") == [(rows,)]
    assert load(max_deletions=1, **how | {"query": nobody})["deleted"] == rows
