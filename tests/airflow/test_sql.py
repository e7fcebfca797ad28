"""The transfer to SQL through Airflow's own hooks: the table equals the books, whatever goes wrong."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_of_tests import ROOT
from databases import postgres_database
from postgres_server import PASSWORD, PostgresServer

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.errors import IncompleteReadError, LoadError, ServerError, TypeConflictError
from airflow_provider_poweroffice.hooks.database import database_hook
from airflow_provider_poweroffice.sandbox import Sandbox
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator

pytestmark = pytest.mark.usefixtures("connection")
DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
FAST = {"wait_initial": 0, "attempts": 6}
Query = Callable[[str], list[tuple[Any, ...]]]


def set_database(monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]) -> None:
    """Have ``db`` be a connection."""
    monkeypatch.setenv("AIRFLOW_CONN_DB", json.dumps(fields))


@pytest.fixture(params=["postgres", "sqlite", "duckdb"])
def query(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Query:
    """Make ``db`` an empty database of each kind, and give a function that asks it."""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        database = postgres_database(server, "psycopg2")["dbname"]
        # A cursor that is set up to give dicts must not matter.
        set_database(monkeypatch, server.airflow | {"schema": database, "extra": {"cursor": "dictcursor"}})
    else:
        set_database(
            monkeypatch, {"conn_type": request.param, "host": str(tmp_path / f"books.{request.param}")}
        )

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return [
            tuple(row.values() if isinstance(row, dict) else row)
            for row in database_hook("db").get_records(sql)
        ]

    return ask


@pytest.fixture
def lite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make ``db`` an empty SQLite and give its path."""
    path = tmp_path / "books.sqlite"
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(path)})
    return path


def operator(**arguments: Any) -> PowerOfficeToSqlOperator:
    """Make a transfer of the ledger."""
    defaults = {"endpoint": "AccountTransactions", "query": DATES, "conn_id": "db", "table": "ledger"}
    return PowerOfficeToSqlOperator(task_id="load", **defaults | {"retry_options": FAST} | arguments)


def load(run_id: str = "run 1", map_index: int = -1, **arguments: Any) -> dict[str, Any]:
    """Run a transfer of the ledger."""
    context: Any = {"run_id": run_id, "ti": SimpleNamespace(map_index=map_index)}
    return operator(**arguments).execute(context)


def sent(client: Client, endpoint: str = "AccountTransactions") -> list[str]:
    """Read the rows as the sandbox sends them."""
    query = DATES if endpoint == "AccountTransactions" else None
    return [bytes(row).decode() for page in client.pages(endpoint, query=query) for row in page.raw_rows]


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
    assert (receipt["table"], receipt["conn_id"], receipt["company"]) == (
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


def test_companies_share_a_table(query: Query) -> None:
    """Each company's load touches its own rows only."""
    for company in ("acme", "beta"):
        load(endpoint="Currencies", query=None, company=company, mode="replace")
    receipt = load(endpoint="Currencies", query={"currencyCode": "NOK"}, company="beta", mode="replace")
    assert (receipt["company"], receipt["deleted"]) == ("beta", 8)
    assert query("SELECT _company, count(*) FROM ledger GROUP BY _company ORDER BY _company") == [
        ("acme", 8),
        ("beta", 1),
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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"mode": "merge"}, "unknown mode 'merge'; use one of: 'append', 'replace', 'upsert'"),
        ({"layout": "wide"}, "unknown layout 'wide'"),
        ({"column_names": "camel"}, "unknown column_names 'camel'"),
        ({"table": "a.b.c"}, "table='a.b.c'"),
        ({"table": 'led"ger'}, "is no name"),
        ({"schema": "a.b"}, "schema='a.b'"),
        ({"table": "a.b", "schema": "c"}, "give one"),
        ({"mode": "replace", "changed_since": "2026-05-02"}, "use mode='upsert'"),
        ({"mode": "replace", "max_pages": 3}, "leave out max_pages"),
        ({"on_page_error": "ignore"}, "on_page_error"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], says: str) -> None:
    """What can be seen while the DAG file is read is refused then."""
    with pytest.raises(ValueError, match=r"mode|layout|column_names|table|schema|on_page_error") as caught:
        operator(**arguments)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"endpoint": "TimeTracking/HourType", "query": None, "key": ""}, "needs a key"),
        ({"key": ["Id", "Id"]}, "names a field twice"),
        ({"key": 5}, "key must be the name of a field"),
        ({"key": {"Id": 1}}, "key must be the name of a field"),
        ({"mode": "{{ 'me' }}rge"}, "unknown mode 'merge'"),
        ({"table": "{{ 'a b' }}"}, "table='a b'"),
        ({"conn_id": "nope"}, "nope"),
        ({"conn_id": "poweroffice_default"}, "no SQL database"),
        ({"conn_id": "odd"}, "no installed provider knows the type 'odd'"),
    ],
)
def test_bad_arguments_later(
    lite: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], says: str
) -> None:
    """What only shows when templates are rendered and connections are read is refused before any request."""
    monkeypatch.setenv("AIRFLOW_CONN_ODD", '{"conn_type": "odd"}')
    task = operator(**arguments)
    context: Any = {"run_id": "run 1"}
    task.render_template_fields(context)
    with pytest.raises(Exception, match=r".") as caught:
        task.execute(context)
    assert says in str(caught.value)
    assert [entry for entry in sandbox.journal() if entry.method == "GET"] == []
    assert (
        not lite.exists() or sqlite3.connect(lite).execute("SELECT name FROM sqlite_master").fetchall() == []
    )


def test_table_that_does_not_fit_is_refused_before_the_read(lite: Path, sandbox: Sandbox) -> None:
    """Nobody waits for an hour of reading to learn that the table is another's."""
    with sqlite3.connect(lite) as database:
        database.execute("CREATE TABLE ledger (id INTEGER)")
    with pytest.raises(ValueError, match=r"table ledger has no column .*not made for this layout"):
        load()
    assert [entry for entry in sandbox.journal() if entry.method == "GET"] == []


def test_type_conflict_ends_the_task(lite: Path) -> None:
    """A value that does not fit is no matter for a retry; the typed error is the cause."""
    load(endpoint="Currencies", query=None, mode="replace")
    with sqlite3.connect(lite) as database:
        database.execute("CREATE TABLE other AS SELECT * FROM ledger")
        (sql,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'ledger'").fetchone()
        database.execute("DROP TABLE ledger")
        database.execute(sql.replace('"notation" TEXT', '"notation" INTEGER'))
    with pytest.raises(
        AirflowFailException, match="TypeConflictError: table ledger, column notation"
    ) as caught:
        load(endpoint="Currencies", query=None, mode="replace")
    cause = caught.value.__cause__
    assert isinstance(cause, TypeConflictError)
    assert (cause.column, cause.row, cause.value) == ("notation", "CHF", '"Fr."')


def test_database_that_refuses_ends_the_task(lite: Path) -> None:
    """What the database says, with table and row; the table is as before."""
    load(endpoint="Currencies", query={"currencyCode": "NOK"}, mode="replace")
    with sqlite3.connect(lite) as database:
        database.execute(
            "CREATE TRIGGER no BEFORE INSERT ON ledger WHEN new.code = 'SEK' "
            "BEGIN SELECT RAISE(ABORT, 'not here'); END"
        )
    with pytest.raises(
        AirflowFailException, match="table ledger, row SEK: IntegrityError: not here"
    ) as caught:
        load(endpoint="Currencies", query=None, mode="replace")
    assert isinstance(caught.value.__cause__, LoadError)
    with sqlite3.connect(lite) as database:
        assert database.execute("SELECT code FROM ledger").fetchall() == [("NOK",)]


def test_templates(lite: Path) -> None:
    """Every argument a user writes text into is a template, and renders without a secret."""
    arguments = ("endpoint", "conn_id", "table", "mode", "layout", "key", "company", "changed_since")
    names = {
        name: f"{{{{ v.{name} }}}}" for name in (*arguments, "created_since", "schema", "poweroffice_conn_id")
    }
    task = operator(**names, query={"a": "{{ v.query }}"}, headers={"b": "{{ v.headers }}"})
    values = {name: f"<{name}>" for name in (*names, "query", "headers")}
    task.render_template_fields({"v": values})  # type: ignore[typeddict-unknown-key]
    for name in names:
        assert getattr(task, name) == f"<{name}>"
    assert (task.query, task.headers) == ({"a": "<query>"}, {"b": "<headers>"})
    assert lite.parent.exists()


def test_no_secret_is_said(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The database's password is in no message, whether it refuses the login or a row."""
    set_database(monkeypatch, postgres.airflow | {"login": "nobody"})
    with caplog.at_level("DEBUG"), pytest.raises(Exception, match="nobody") as caught:
        load()
    set_database(monkeypatch, postgres.airflow)
    with caplog.at_level("DEBUG"), pytest.raises(AirflowFailException, match="nowhere") as refused:
        load(endpoint="Currencies", query=None, schema="nowhere")
    for text in (str(caught.value), str(refused.value), caplog.text):
        assert PASSWORD not in text


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
