"""Many companies in one connection: mapped tasks, one that fails, the summary, and no key anywhere."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.airflow_home import HOME, xcoms

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeTrigger
from poweroffice_sandbox import Sandbox

MANY = 12


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    """Run a sandbox with many small companies."""
    with Sandbox(companies=MANY, customers=3, ledger_rows=0, rate_limit=0) as running:
        yield running


@pytest.fixture
def firm(office: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Point ``poweroffice_default`` at an accounting firm with all companies; its own is the password."""
    office.reset()
    connect(monkeypatch, office)
    return office


def connect(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, **extra: Any) -> None:
    """Set ``poweroffice_default``, with some extras changed; a None takes one out."""
    fields = json.loads(sandbox.connection_json("granli", companies=sandbox.aliases()))
    given = fields["extra"] | {"requests_per_second": 1000} | extra
    fields["extra"] = {name: value for name, value in given.items() if value is not None}
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps(fields))


def keys_of(sandbox: Sandbox) -> set[str]:
    """Give all that must not be seen."""
    keys = [sandbox.keys(alias) for alias in sandbox.aliases()]
    return {item.client_key for item in keys} | {keys[0].application_key, keys[0].subscription_key}


def companies_read(sandbox: Sandbox) -> set[str | None]:
    """Give the companies whose data was asked for."""
    return {entry.company for entry in sandbox.journal() if "Token" not in entry.path}


def task_states(run: Any) -> dict[tuple[str, int], str]:
    """Give the state of each task instance."""
    return {
        (ti.task_id, ti.map_index): str(ti.state).rpartition(".")[2].lower()
        for ti in run.get_task_instances()
    }


def test_one_company_fails(firm: Sandbox, run_dag: Any) -> None:
    """All others land, the one that fails is named with its reason, and no key is anywhere in Airflow."""
    keys = keys_of(firm)
    firm.set_privileges("firma-007", remove=["Customer_Full", "CustomerProspect_Full"])
    run = run_dag("poweroffice_many_companies")
    aliases = firm.aliases()
    states, found = task_states(run), xcoms_by_index(run)
    failed = aliases.index("firma-007")
    assert states["summary", -1] == "failed"
    assert {
        index for (task, index), state in states.items() if task == "customers" and state == "failed"
    } == {failed}
    summary = found["summary", "return_value", -1]
    assert (summary["companies"], summary["skipped"]) == (MANY, [])
    assert summary["succeeded"] == [alias for alias in aliases if alias != "firma-007"]
    (failure,) = summary["failed"]
    assert (failure["company"], failure["task_id"], failure["map_index"]) == (
        "firma-007",
        "customers",
        failed,
    )
    assert failure["error"].startswith("PermissionDeniedError: [firma-007] GET /v2/Customers: 403")
    for index, alias in enumerate(aliases):
        if index != failed:
            receipt = found["customers", "return_value", index]
            assert (receipt["company"], receipt["rows"]) == (alias, 3)
            path = Path(receipt["path"].removeprefix("file://"))
            assert path.parent.name == alias
            assert len(gzip.decompress(path.read_bytes()).splitlines()) == 3
    assert found["companies", "return_value", -1] == aliases
    with sqlite3.connect(HOME / "airflow.db") as database:
        dump = "\n".join(database.iterdump())
        names = dict(
            database.execute(
                "select map_index, rendered_map_index from task_instance where run_id = ? and task_id = ?",
                (run.run_id, "customers"),
            ).fetchall()
        )
    assert names == dict(enumerate(aliases))
    assert "firma-007" in dump
    assert not any(key in dump for key in keys)
    for file in HOME.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(key.encode() in content for key in keys), file


def xcoms_by_index(run: Any) -> dict[tuple[str, str, int], Any]:
    """Read what the tasks of a run left."""
    with sqlite3.connect(HOME / "airflow.db") as database:
        rows = database.execute(
            "select task_id, key, map_index, value from xcom where run_id = ? and dag_id = ?",
            (run.run_id, run.dag_id),
        ).fetchall()
    return {(task, key, index): json.loads(value) for task, key, index, value in rows}


def test_all_succeed(firm: Sandbox, run_dag: Any) -> None:
    """When no company fails, neither does the summary."""
    run = run_dag("poweroffice_many_companies")
    assert set(task_states(run).values()) == {"success"}
    summary = xcoms(run)["summary.return_value"]
    assert (summary["succeeded"], summary["failed"]) == (firm.aliases(), [])


def test_a_chain_of_tasks(firm: Sandbox, run_dag: Any) -> None:
    """The cause is reported, not what failed with it; skips are apart; ``fail=False`` only reports."""
    firm.set_privileges("havblaast", remove=["Customer_Full", "CustomerProspect_Full"])
    run = run_dag("company_chain")
    assert task_states(run)["summary", -1] == "success"
    summary = xcoms(run)["summary.return_value"]
    assert (summary["companies"], summary["succeeded"], summary["skipped"]) == (5, ["fjordlys"], ["granli"])
    by_company = {item["company"]: item for item in summary["failed"]}
    assert set(by_company) == {"havblaast", "firma-004", "firma-005"}
    assert by_company["havblaast"]["task_id"] == "work.read"
    assert by_company["havblaast"]["error"].startswith("PermissionDeniedError: [havblaast] GET /v2/Customers")
    # An error of the user's own task; a key in its text is blanked out.
    assert by_company["firma-004"]["error"] == "RuntimeError: [firma-004] the key *** is odd"
    # A task that left nothing is named by its place among the companies.
    assert "left no reason" in by_company["firma-005"]["error"]


def test_no_companies(firm: Sandbox, monkeypatch: pytest.MonkeyPatch, run_dag: Any) -> None:
    """Without companies the list fails, and the summary too: the run is red, not green and empty."""
    connect(monkeypatch, firm, client_api_keys=None)
    run = run_dag("poweroffice_many_companies")
    states = task_states(run)
    assert (states["companies", -1], states["summary", -1]) == ("failed", "failed")


def test_company_of_each_kind_of_task(firm: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Operator, transfer and sensor read the company asked for, say so in log lines, and give no key away."""
    path = f"file://{HOME}/kinds/fjordlys.ndjson"
    tasks = [
        PowerOfficeOperator(task_id="get", endpoint="Customers", company="fjordlys", paginate=True),
        PowerOfficeToObjectStorageOperator(
            task_id="copy", endpoint="Customers", object_path=path, format="ndjson", company="fjordlys"
        ),
        PowerOfficeSensor(task_id="wait", endpoint="Customers", company="fjordlys", deferrable=False),
    ]
    for task in tasks:
        task.execute({})
    company = PowerOfficeOperator(task_id="who", endpoint="ClientIntegrationInformation", company="fjordlys")
    assert company.execute({})["ClientName"] == "Fjordlys Verksted AS"
    assert companies_read(firm) == {"fjordlys"}
    said = capsys.readouterr().out
    assert "[fjordlys] Customers: 3 rows" in said
    assert not any(key in said for key in keys_of(firm))


def test_password_is_the_company_without_alias(firm: Sandbox) -> None:
    """Without ``company`` the password's company is read, as in a connection of one company."""
    who = PowerOfficeOperator(task_id="who", endpoint="ClientIntegrationInformation").execute({})
    assert who["ClientName"] == "Granli Regnskapsbyrå AS"
    assert firm.count("POST", "/OAuth/Token") == 1


@pytest.mark.parametrize(
    ("company", "says"),
    [
        ("fjordlis", r"unknown company 'fjordlis'; known: fjordlys, havblaast"),
        ("", "is not an alias"),
        ("  ", "is not an alias"),
        ([], r"is not an alias.*\.expand"),
        (["fjordlys"], r"is not an alias.*\.expand"),
        ("None", "unknown company 'None'"),
    ],
)
def test_unknown_company(firm: Sandbox, company: Any, says: str) -> None:
    """An alias that is none is refused before any request, with the known ones and without a key."""
    tasks = [
        PowerOfficeOperator(task_id="get", endpoint="Customers", company=company),
        PowerOfficeToObjectStorageOperator(
            task_id="copy", endpoint="Customers", object_path=f"file://{HOME}/x.ndjson.gz", company=company
        ),
        PowerOfficeSensor(task_id="wait", endpoint="Customers", company=company, deferrable=False),
    ]
    for task in tasks:
        with pytest.raises(AirflowFailException, match=says) as caught:
            task.execute({})
        assert not any(key in str(caught.value) for key in keys_of(firm))
    assert firm.count() == 0


def test_trigger_carries_the_alias(firm: Sandbox) -> None:
    """The triggerer gets the alias and reads the key itself."""
    trigger = PowerOfficeTrigger(
        endpoint="Customers",
        deadline="2100-01-01T00:00:00+00:00",
        poweroffice_conn_id="poweroffice_default",
        company="fjordlys",
    )
    path, arguments = trigger.serialize()
    assert arguments["company"] == "fjordlys"
    assert not any(key in json.dumps([path, arguments]) for key in keys_of(firm))
    event = anext_of(PowerOfficeTrigger(**arguments))
    assert event.payload["status"] == "success"
    assert companies_read(firm) == {"fjordlys"}
    unknown = PowerOfficeTrigger(**arguments | {"company": "fjordlis"})
    assert "known: fjordlys" in anext_of(unknown).payload["message"]
    firm.set_privileges("fjordlys", privileges=["CommonServices"])
    firm.expire_tokens()
    message = anext_of(PowerOfficeTrigger(**arguments)).payload["message"]
    assert "PermissionDeniedError: [fjordlys] GET /v2/Customers: 403" in message


def anext_of(trigger: PowerOfficeTrigger) -> Any:
    """Give the trigger's first event."""

    async def first() -> Any:
        return await anext(aiter(trigger.run()))

    return asyncio.run(first())
