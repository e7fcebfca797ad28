"""Every Python snippet of the documentation runs, against the sandbox."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.definitions.mappedoperator import MappedOperator
from support.airflow_home import HOME, ROOT

from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox

FOLDERS = ("dbt/", "docs/", "sandbox/", "sandbox/docs/")
PAGES = [ROOT / "README.md", *(page for folder in FOLDERS for page in sorted(ROOT.glob(f"{folder}*.md")))]
SNIPPETS = [
    pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL), start=1)
    if "from cosmos" not in code  # tests/airflow/stores/test_cosmos.py has Cosmos
]


@pytest.fixture(autouse=True)
def _connections(
    sandbox: Sandbox,
    v1_sandbox: V1Sandbox,
    fo: D365FOSandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_D365FO_DEFAULT", fo.connection_json())
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", str(tmp_path))
    for name, one in (("DEFAULT", sandbox), ("V1", v1_sandbox)):
        fields = json.loads(one.connection_json())
        fields["extra"]["requests_per_second"] = 1000
        monkeypatch.setenv(f"AIRFLOW_CONN_POWEROFFICE_{name}", json.dumps(fields))
    warehouse = {"conn_type": "sqlite", "host": str(tmp_path / "warehouse.sqlite")}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(warehouse))
    with sqlite3.connect(tmp_path / "warehouse.sqlite") as database:
        database.execute(
            "create table crm_customers as select 1 id, 'Å' name, null email, null city, null zip"
        )
    (tmp_path / "poweroffice").mkdir()
    lines = [
        {"AccountId": number, "VatId": "0", "PostingDate": "2025-11-30", "CurrencyAmount": amount}
        for number, amount in ((1920, -100.1), (3000, 100.1))
    ]
    voucher = {"CurrencyCode": "NOK", "VoucherDate": "2025-11-30", "VoucherLines": lines}
    payroll = {"ExternalImportReference": "payroll 11", **voucher}
    (tmp_path / "poweroffice/payroll.ndjson").write_text(json.dumps(payroll))
    (tmp_path / "poweroffice/results").mkdir()
    result = {"line": 1, "key": "1", "status": "created", "id": 7, "reference": None, "error": None, "at": ""}
    (tmp_path / "poweroffice/results/results.ndjson").write_text(json.dumps(result))


def _posted_invoice() -> str:
    """Give the voucher of an invoice that has a document."""
    with PowerOfficeHook() as hook:
        page = next(hook.client.pages("OutgoingInvoices", page_size=1))
    return str(page.rows[0]["Id"])


@pytest.mark.parametrize("code", SNIPPETS)
def test_snippet(code: str, tmp_path: Path) -> None:
    """A snippet is valid, and its operators do what they are shown to do."""
    space: dict[str, Any] = {"__name__": "snippet"}
    with DAG("snippet", schedule=None) as dag:
        exec(
            compile(code.replace("file:///tmp", f"file://{tmp_path}"), "snippet", "exec", dont_inherit=True),
            space,
        )
    dags = [thing for thing in space.values() if isinstance(thing, DAG)] or [dag]
    context = {
        "run_id": "manual__1",
        "params": {
            "since": None,
            "company": None,
            "token": None,
            "preview": True,
            "order_number": 4711,
            "voucher_id": _posted_invoice() if "voucher_id" in code else None,
        },
        "dag_run": SimpleNamespace(run_after=datetime.now(UTC)),
    }
    needs_run = "xcom_pull" in code or any(isinstance(task, MappedOperator) for task in dags[-1].tasks)
    for task in dags[-1].tasks:
        if not needs_run:  # the examples have one
            task.render_template_fields(context)  # type: ignore[arg-type]
            task.execute(context)  # type: ignore[arg-type]
        assert isinstance(task, (BaseOperator, MappedOperator))
    if "poweroffice_results" in code:
        with sqlite3.connect(tmp_path / "warehouse.sqlite") as database:
            assert database.execute("select status, id from poweroffice_results").fetchall() == [
                ("created", "7")
            ]


def test_there_are_snippets() -> None:
    """A documentation without code would pass the other test too."""
    assert len(SNIPPETS) >= 8


def test_generated_parts_and_links() -> None:
    """What is generated equals the code, and links lead somewhere."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "check_docs.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_home_is_inside_the_checkout() -> None:
    """The tests leave nothing outside the checkout."""
    assert ROOT in HOME.parents
