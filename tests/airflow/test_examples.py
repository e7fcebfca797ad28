"""The example DAGs run in a real Airflow, and what they say is true."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.airflow_home import HOME, ROOT, states, xcoms

from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.storage.sql.identifiers import snake_case
from airflow_provider_poweroffice.task_groups.load_company import DEFAULT_RESOURCES
from airflow_provider_poweroffice.tasks import invoice
from poweroffice_sandbox import Sandbox

COMPANIES = ["fjordlys", "havblaast"]
SUCCESS = {"success", "TaskInstanceState.SUCCESS"}


def run_ok(run: Any) -> dict[str, Any]:
    """Check that all tasks of a run succeeded, and give their XComs."""
    assert set(states(run).values()) <= SUCCESS, states(run)
    return xcoms(run)


@pytest.mark.parametrize("path", sorted((ROOT / "example_dags").glob("*.py")), ids=lambda path: path.stem)
def test_short(path: Path) -> None:
    """An example is short enough for a newcomer to read."""
    assert len(path.read_text().splitlines()) <= 40


def test_extract_company(connection: str, sandbox: Sandbox, run_dag: Any) -> None:
    """Customers and ledger land as files whose rows and hashes are those of the receipt and the sandbox."""
    found = run_ok(run_dag("poweroffice_extract_company"))
    assert found["company.return_value"]["ClientName"]
    for task, resource in (("customers", "Customers"), ("ledger", "AccountTransactions")):
        receipt = found[f"{task}.return_value"]
        content = Path(urlsplit(receipt["path"]).path).read_bytes()
        rows = [json.loads(line) for line in gzip.decompress(content).splitlines()]
        assert len({row["Id"] for row in rows}) == len(rows) == receipt["rows"] == sandbox.totals()[resource]
        assert (receipt["bytes"], receipt["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    links = [value for name, value in found.items() if "Link" in name]
    assert all(str(link).startswith("https://developer.poweroffice.net/") for link in links)
    assert connection


def test_without_a_logical_date(connection: str, run_dag: Any) -> None:
    """A run started by hand or by an asset has no logical date; the examples do not need one."""
    for dag_id in ("poweroffice_extract_company", "poweroffice_create_customer"):
        run_ok(run_dag(dag_id, logical_date=None))
    assert connection


def test_create_customer(connection: str, sandbox: Sandbox, run_dag: Any) -> None:
    """The customer is created once and read back."""
    found = run_ok(run_dag("poweroffice_create_customer"))
    assert found["create.return_value"]["Id"] == found["read_back.return_value"]["Id"]
    assert found["read_back.return_value"]["Name"] == "Havblikk Kafé AS"
    assert sandbox.count("POST", "/Customers") == 1
    assert connection


def test_send_invoice(
    connection: str, sandbox: Sandbox, run_dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each order of the shop becomes one invoice, however often the DAG runs."""
    monkeypatch.setattr(invoice, "LAG", 0.1)  # that of the sandbox is none
    sandbox.set(send_polls=0)
    before = sandbox.totals()["OutgoingInvoices"]
    for _ in range(2):
        ended = run_dag("poweroffice_send_invoice")
        assert {str(ti.state).rpartition(".")[2].lower() for ti in ended.get_task_instances()} == {"success"}
    assert sandbox.totals()["OutgoingInvoices"] == before + 2
    assert sandbox.count("POST", "/SalesOrders/*/createAndSendInvoice") == 2
    assert connection


def test_wait_for_change(connection: str, run_dag: Any) -> None:
    """The sensor lets the next task go on when a customer has changed."""
    run_ok(run_dag("poweroffice_create_customer"))
    found = run_ok(run_dag("poweroffice_wait_for_change"))
    assert found["announce.return_value"].startswith("Havblikk Kafé AS changed at ")
    assert connection


@pytest.fixture
def books(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Point the connections at two companies of the sandbox and at an empty warehouse, and give its path."""
    path = tmp_path / "books.sqlite"
    for name, text in (
        ("POWEROFFICE_DEFAULT", sandbox.connection_json(companies=COMPANIES)),
        ("WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path), "extra": {}})),
    ):
        fields = json.loads(text)
        fields["extra"]["requests_per_second"] = 1000
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(fields))
    return path


def test_company_to_warehouse(books: Path, sandbox: Sandbox, run_dag: Any) -> None:
    """Every table holds every row of both companies, and their books balance; a second run reads changes."""
    found = run_ok(run_dag("poweroffice_company_to_warehouse"))
    assert found["load_company.summary.return_value"]["succeeded"] == COMPANIES
    with sqlite3.connect(books) as warehouse:
        for resource in DEFAULT_RESOURCES:
            table = snake_case(resource)
            counts = dict(warehouse.execute(f"SELECT _company, count(*) FROM {table} GROUP BY _company"))
            assert counts == {alias: sandbox.totals(alias)[resource] for alias in COMPANIES}, resource
        amounts = warehouse.execute("SELECT amount FROM account_transactions").fetchall()
    assert sum(Decimal(amount) for (amount,) in amounts) == 0
    before = len(sandbox.journal())
    run_ok(run_dag("poweroffice_company_to_warehouse"))
    asked = [entry for entry in sandbox.journal()[before:] if entry.path.endswith("/AccountTransactions")]
    assert asked
    assert all("lastChangedDateTimeOffsetGreaterThan" in entry.query for entry in asked)


def test_customers_from_warehouse(books: Path, sandbox: Sandbox, run_dag: Any) -> None:
    """A preview writes nothing; then each customer is there once, and a second run only reads."""
    with sqlite3.connect(books) as warehouse:
        warehouse.execute(
            "create table crm_customers (id integer, name text, email text, city text, zip text)"
        )
        rows = [(70_000 + n, f"Kunde {n}", None, "Bergen", "5003") for n in range(60)]
        warehouse.executemany("insert into crm_customers values (?, ?, ?, ?, ?)", rows)
    dag = "poweroffice_customers_from_warehouse"
    seen = run_ok(run_dag(dag, run_conf={"preview": True}))["customers.return_value"]
    assert seen["counts"] == {"create": 60, "invalid": 0}
    assert sandbox.count("POST", "/Customers") == 0
    assert run_ok(run_dag(dag))["customers.return_value"]["created"] == 60
    receipt = run_ok(run_dag(dag))["customers.return_value"]
    assert (receipt["unchanged"], sandbox.count("POST", "/Customers")) == (60, 60)
    results = [json.loads(line) for line in Path(urlsplit(receipt["path"]).path).read_text().splitlines()]
    assert [result["key"] for result in results] == [str(row[0]) for row in rows]


def test_mapped_tasks(connection: str, sandbox: Sandbox, run_dag: Any) -> None:
    """One task is mapped over several collections; each writes its own object."""
    run_ok(run_dag("mapped"))
    found = {
        path.name: len(gzip.decompress(path.read_bytes()).splitlines()) for path in HOME.glob("lake/mapped/*")
    }
    totals = sandbox.totals()
    names = ("Customers", "Suppliers", "Employees")
    assert found == {f"{index}-{name}.ndjson.gz": totals[name] for index, name in enumerate(names)}
    assert connection


def test_voucher_documentation(
    connection: str, sandbox: Sandbox, run_dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PDF is sent once, and is what the voucher's documentation holds then."""
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", str(tmp_path))
    content = b"%PDF-1.4 " + b"bilag " * 100_000
    (tmp_path / "1001.pdf").write_bytes(content)
    with PowerOfficeHook(connection) as hook:
        rows = hook.client.request("GET", "GeneralLedgerAccounts", query={"accountNos": "1920,6300"}).body
        line = {"VatId": 100, "PostingDate": "2026-05-31"}
        lines = [
            line | {"AccountId": row["Id"], "CurrencyAmount": sign * 100}
            for row, sign in zip(rows, (1, -1), strict=True)
        ]
        body = {"VoucherDate": "2026-05-31", "CurrencyCode": "NOK", "VoucherLines": lines}
        identifier = hook.client.request("POST", "Vouchers/ManualJournals", body=body).body["Id"]
        run_ok(
            run_dag(
                "poweroffice_voucher_documentation",
                run_conf={"voucher_id": identifier, "receipt": str(tmp_path / "1001.pdf")},
            )
        )
        packed = hook.client.request("GET", "VoucherDocumentation/Download", query={"id": identifier}).content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [content]
    assert sandbox.count("PUT", "/VoucherDocumentation") == 1
