"""What the OpenLineage provider is told of transfers: schemas, rows written, what ``verify`` has found."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.openlineage.extractors import ExtractorManager
from airflow.utils.state import TaskInstanceState
from conftest import Lake
from openlineage.client.event_v2 import Dataset
from openlineage.client.serde import Serde
from sql_loads import DATES, change, operator, set_database
from support.databases import postgres_database

from airflow_provider_poweroffice.errors import VerificationError
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeCompanyToSqlOperator
from poweroffice_sandbox import Sandbox
from tests.infrastructure.postgres_server import PostgresServer

pytestmark = pytest.mark.usefixtures("connection")
CONTEXT: Any = {"run_id": "run 1"}
SOURCE = "poweroffice://poweroffice_default"


@pytest.fixture
def books(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make ``db`` an empty database, and give what OpenLineage's names of its tables begin with."""
    name: str = postgres_database(postgres, "psycopg2")["dbname"]
    fields = postgres.airflow | {"schema": name}
    set_database(monkeypatch, fields)
    return f"postgres://127.0.0.1:{fields['port']}/{name}.public."


def told(task: Any, state: TaskInstanceState = TaskInstanceState.SUCCESS) -> dict[str, dict[str, Any]]:
    """Give the datasets of a task's end as the provider's extractor finds them, by direction and name."""
    run = SimpleNamespace(run_id="run 1")
    found = ExtractorManager().extract_metadata(run, task, state, SimpleNamespace(task=task))

    def by_name(datasets: list[Dataset]) -> dict[str, Any]:
        return {f"{one.namespace}/{one.name}": json.loads(Serde.to_json(one)) for one in datasets}

    return {"inputs": by_name(found.inputs), "outputs": by_name(found.outputs)}


def types(dataset: dict[str, Any]) -> dict[str, str]:
    """Give the type of each field of a schema."""
    return {field["name"]: field["type"] for field in dataset["facets"]["schema"]["fields"]}


def test_table(books: str, sandbox: Sandbox) -> None:
    """The ledger's table: columns, rows, both checks; and nothing of the rows or the connection."""
    task = operator(verify="trial-balance")
    receipt = task.execute(CONTEXT)
    found = told(task)
    assert found["inputs"].keys() == {f"{SOURCE}/AccountTransactions", f"{books}ledger"}
    assert types(found["inputs"][f"{SOURCE}/AccountTransactions"])["Amount"] == "decimal"
    (table,) = found["outputs"].values()
    assert {"amount": "decimal", "_company": "text"}.items() <= types(table).items()
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == receipt["inserted"] > 0
    assertions = found["inputs"][f"{books}ledger"]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {one["assertion"]: one["success"] for one in assertions} == {
        "each voucher sums to zero": True,
        "accounts agree with TrialBalance": True,
    }
    fields = json.loads(sandbox.connection_json())
    secrets = [fields["password"], fields["extra"]["subscription_api_key"], "Fjordlys"]
    assert not [secret for secret in secrets if secret in json.dumps(found)]


def test_failed_checks(books: str) -> None:
    """A load whose rows do not agree with the books has failed, and says which check has."""
    operator().execute(CONTEXT)
    change("update ledger set amount = amount + 1 where id = (select min(id) from ledger)")
    task = operator(verify="trial-balance", changed_since="2026-11-01")
    with pytest.raises(VerificationError):
        task.execute(CONTEXT)
    found = told(task, TaskInstanceState.FAILED)
    assertions = found["inputs"][f"{books}ledger"]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [one["success"] for one in assertions] == [False, False]


def test_company(books: str) -> None:
    """All tables of a company by one task are told each with its rows."""
    loads = {
        name: {"endpoint": endpoint, "table": name}
        for name, endpoint in {"departments": "Departments", "customers": "Customers"}.items()
    }
    task = PowerOfficeCompanyToSqlOperator(task_id="t", sql_conn_id="db", loads=loads)
    receipt = task.execute(CONTEXT)
    assert {
        name: one["outputFacets"]["outputStatistics"]["rowCount"]
        for name, one in told(task)["outputs"].items()
    } == {f"{books}{name}": load["rows"] for name, load in receipt["loads"].items()}


def test_object(lake: Lake) -> None:
    """An object has its fields, rows and bytes, and a name without the connection."""
    task = PowerOfficeToObjectStorageOperator(
        task_id="t",
        endpoint="AccountTransactions",
        query=DATES,
        object_path=f"{lake.root}/a/ledger.ndjson",
        format="ndjson",
    )
    receipt = task.execute(CONTEXT)
    (name, found), *_ = told(task)["outputs"].items()
    assert name == f"{lake.scheme}://lake/a/ledger.ndjson"
    statistics = found["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (receipt["rows"], receipt["bytes"])
    assert types(found)["PostingDate"] == "date"
