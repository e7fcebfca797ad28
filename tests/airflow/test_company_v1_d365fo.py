"""The groups for companies of v1, and for legal entities of Finance & Operations: tables, files, a retry."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from airflow.sdk import DAG, task
from company_tries import Airflow, asked
from sql_loads import FAST

from airflow_provider_poweroffice._compat import HAS_ASSET_STATE, AirflowFailException
from airflow_provider_poweroffice.task_groups.company_to_object_storage import company_to_object_storage
from airflow_provider_poweroffice.task_groups.load_company import load_company
from airflow_provider_poweroffice.tasks.company import LoadsFailedError
from airflow_provider_poweroffice.transfers.d365fo import (
    D365FOCompanyToObjectStorageOperator,
    D365FOCompanyToSqlOperator,
)
from poweroffice_sandbox import D365FOSandbox, V1Sandbox

FO: dict[str, Any] = {
    "d365fo_conn_id": "d365fo_default",
    "resources": {
        "CustomersV3": {},
        "data/CustomerGroups": {},
        "ExchangeRates": {"query": {"cross_company": False}},  # it has no company
    },
}
V1: dict[str, Any] = {
    "poweroffice_conn_id": "poweroffice_v1",
    "api_version": "v1",
    "resources": ["Customer", "GeneralLedgerAccount", "Reporting/AccountTransactions", "VatCode"],
}
TWO = ["fjordlys", "havblaast"]


@pytest.fixture
def v1_firm(v1_sandbox: V1Sandbox, v1_connection: str, monkeypatch: pytest.MonkeyPatch) -> V1Sandbox:
    """Give the connection of v1 the keys of two companies."""
    fields = json.loads(v1_sandbox.connection_json())
    keys = {alias: v1_sandbox.keys(alias).client_key for alias in TWO}
    fields["password"] = ""
    fields["extra"] |= {"requests_per_second": 1000, "client_api_keys": keys}
    monkeypatch.setenv(f"AIRFLOW_CONN_{v1_connection.upper()}", json.dumps(fields))
    return v1_sandbox


def attempt(airflow: Airflow, group: Any, company: str, run_id: str = "1", **arguments: Any) -> Any:
    """Carry out one try of the task that a group makes of one company."""
    with DAG("d", schedule=None) as dag:
        group(group_id="g", retry_options=FAST, **arguments)
    one: Any = dag.get_task("g.company")
    one.company = company
    one.render_template_fields({"run_id": run_id, "params": {}})
    return airflow.run(one, run_id + company)


def ask(path: Path, sql: str) -> list[Any]:
    """Ask a database."""
    with sqlite3.connect(path) as books:
        return books.execute(sql).fetchall()


def test_legal_entities_into_tables(fo: D365FOSandbox, fo_connection: str, lite: Path) -> None:
    """They share the tables, a token each; again, nothing is there twice, and no company drops another's."""
    airflow = Airflow()
    fo.add_fault(action="status", status=500, path="/data/CustomerGroups", times=0)
    result, _, _ = attempt(airflow, load_company, "usmf", sql_conn_id="db", tasks="company", **FO)
    assert isinstance(result, LoadsFailedError)
    assert "1 of 3 loads failed: customer_groups: ServerError" in str(result)
    fo.clear_faults()
    for run_id in ("1", "2"):
        for company in ("usmf", "usrt"):
            begin = len(fo.journal())
            result, _, events = attempt(
                airflow, load_company, company, run_id, sql_conn_id="db", tasks="company", **FO
            )
            assert result["loaded"] == len(events) == 3
            assert all(uri.startswith(f"d365fo://{fo_connection}/") for uri in events)
            read = asked(fo, begin)
            assert read["token"] == 1
            assert ("CustomersV3" in read) == ((run_id, company) != ("1", "usmf")), (
                "a retry does what is left"
            )
    for table, entity in (("customers_v3", "CustomersV3"), ("customer_groups", "CustomerGroups")):
        stored = ask(lite, f"SELECT _company, data_area_id, count(*) FROM {table} GROUP BY 1, 2 ORDER BY 1")
        assert stored == [(name, name, fo.totals(name)[entity]) for name in ("usmf", "usrt")]


def test_legal_entities_into_files(fo: D365FOSandbox, fo_connection: str, tmp_path: Path) -> None:
    """Each has its objects, with its rows."""
    path = f"file://{tmp_path}/{{{{ company }}}}/{{{{ resource }}}}.ndjson.gz"
    for company in ("usmf", "usrt"):
        result, _, _ = attempt(Airflow(), company_to_object_storage, company, object_path=path, **FO)
        assert result["loaded"] == 3
        lines = gzip.decompress((tmp_path / company / "customers_v3.ndjson.gz").read_bytes()).splitlines()
        assert {json.loads(line)["dataAreaId"] for line in lines} == {company}
        assert len(lines) == fo.totals(company)["CustomersV3"]
    assert fo_connection


def test_v1_into_tables(v1_firm: V1Sandbox, lite: Path) -> None:
    """Companies of v1 share tables; the second night reads what changed where v1 can tell."""
    airflow = Airflow()
    for run_id in ("1", "2"):
        for company in TWO:
            begin = len(v1_firm.journal())
            result, _, _ = attempt(
                airflow, load_company, company, run_id, sql_conn_id="db", tasks="company", **V1
            )
            assert result["loaded"] == len(V1["resources"])
            assert asked(v1_firm, begin)["Token"] == 1
            filters = {
                entry.path.rpartition("/")[2]: "LastChanged" in parse_qs(entry.query).get("$filter", [""])[0]
                for entry in v1_firm.journal()[begin:]
                if entry.method == "GET"
            }
            changed = run_id == "2"
            assert filters == {
                "Customer": changed,
                "GeneralLedgerAccount": changed,
                "AccountTransactions": changed,
                "VatCode": False,
            }
    for table, resource in (("customer", "Customer"), ("vat_code", "VatCode")):
        stored = ask(lite, f"SELECT _company, count(*) FROM {table} GROUP BY 1 ORDER BY 1")
        assert stored == [(name, v1_firm.totals(name)[resource]) for name in TWO]


def test_v1_into_files(v1_firm: V1Sandbox, tmp_path: Path) -> None:
    """Each list of a company of v1 is an object."""
    path = f"file://{tmp_path}/{{{{ company }}}}/{{{{ resource }}}}.ndjson.gz"
    result, _, _ = attempt(Airflow(), company_to_object_storage, TWO[0], object_path=path, **V1)
    assert result["loaded"] == len(V1["resources"])
    lines = gzip.decompress((tmp_path / TWO[0] / "customer.ndjson.gz").read_bytes()).splitlines()
    assert len(lines) == v1_firm.totals(TWO[0])["Customer"]


@pytest.mark.parametrize("tasks", ["company", "resource"])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            {"poweroffice_conn_id": "poweroffice_v1", "resources": ["Customers"]},
            "api_version='v2', but poweroffice_conn_id='poweroffice_v1' is a connection of 'v1'",
        ),
        (
            {"poweroffice_conn_id": "of_v2", "resources": ["Customer"], "api_version": "v1"},
            "api_version='v1', but poweroffice_conn_id='of_v2' is a connection of 'v2'",
        ),
        (
            {"poweroffice_conn_id": "fo", "resources": ["Customers"]},
            "poweroffice_conn_id='fo' is a connection of type d365fo",
        ),
        (
            {"d365fo_conn_id": "poweroffice_v1", "resources": ["CustomersV3"]},
            "d365fo_conn_id='poweroffice_v1' is a connection of type poweroffice",
        ),
    ],
)
def test_a_connection_of_another_api(
    v1_firm: V1Sandbox, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], says: str, tasks: str
) -> None:
    """What a group says of its connection is compared with it before anything is asked for."""
    fields = json.loads(v1_firm.connection_json())
    keys = {"client_api_keys": {TWO[0]: "c11e0bad-0000-4000-8000-00000000bad0"}}
    of_v2 = fields | {"extra": keys | {"subscription_api_key": "5" * 32, "allow_http": True}}
    monkeypatch.setenv("AIRFLOW_CONN_OF_V2", json.dumps(of_v2))
    monkeypatch.setenv("AIRFLOW_CONN_FO", json.dumps({"conn_type": "d365fo"}))
    with DAG("d", schedule=None) as dag:
        load_company("db", tasks=tasks, **arguments)
    (one,) = dag.tasks
    one.company = TWO[0]  # type: ignore[attr-defined]
    result, _, events = Airflow().run(one)
    assert isinstance(result, AirflowFailException)
    assert says in str(result)
    assert (v1_firm.journal(), dict(events)) == ([], {})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"resources": {"Customers": {"api_version": "v1"}}},
            "leave out 'api_version': give it to the group",
        ),
        ({"api_version": "v1"}, "the default resources are lists of PowerOffice Go v2"),
        ({"d365fo_conn_id": "fo"}, "name yours, resources=['CustomersV3']"),
        ({"api_version": "v1", "resources": ["Customers"]}, "did you mean 'Customer'?"),
        ({"api_version": "v1", "resources": ["Customer"], "verify": True}, "verify=True compares"),
        (V1 | {"companies": "client_admin"}, "asks v2's ClientAdmin"),
        (FO | {"companies": "connection"}, "name the legal entities"),
        (FO | {"companies": ["usmf", "USMF"]}, "names usmf twice"),
        (FO | {"api_version": "v1"}, "leave d365fo_conn_id out"),
        (FO | {"verify": True}, "verify=True compares"),
        (FO | {"resources": {"CustomersV3": {"incremental": True}}}, "entities share no field"),
        (FO | {"resources": ["CustomersV3", "data/CustomersV3"]}, "have one name, customers_v3"),
        ({"api_version": "d365fo", "resources": ["CustomersV3"]}, "read with d365fo_conn_id="),
        ({"resources": {"Customers": {"d365fo_conn_id": "fo"}}}, "leave out 'd365fo_conn_id'"),
    ],
)
def test_refused(arguments: dict[str, Any], words: str) -> None:
    """What an API cannot do is refused while the DAG file is read."""
    with pytest.raises((ValueError, TypeError)) as caught, DAG("d", schedule=None):
        load_company(**{"companies": ["usmf"]} | arguments)
    assert words in str(caught.value)


def test_tasks() -> None:
    """The tasks are those of the API; a list of another task is divided without a connection."""
    with DAG("d", schedule=None) as dag:

        @task
        def chosen() -> list[str]:
            return ["usmf"]

        load_company(companies=["usmf", "usrt"], **FO)
        load_company(companies=["usmf"], tasks="resource", group_id="each", **FO)
        size = 2 if HAS_ASSET_STATE else 1
        path = "s3://lake/{{ company }}/{{ resource }}.ndjson.gz"
        company_to_object_storage(path, companies=chosen(), companies_per_task=size, **FO)
    tasks: dict[str, Any] = dag.task_dict
    company = tasks["load_company.company"]
    assert company.operator_class is D365FOCompanyToSqlOperator
    loads = company.partial_kwargs["loads"]
    assert {name: load["mode"] for name, load in loads.items()} == dict.fromkeys(
        ["customers_v3", "customer_groups", "exchange_rates"], "replace"
    )
    assert {"each.customers_v3", "each.summary"} <= tasks.keys()
    files = tasks["company_to_object_storage.company"]
    assert files.operator_class is D365FOCompanyToObjectStorageOperator
