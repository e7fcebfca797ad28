"""No key, Basic string or token anywhere a person or a database can see it, whatever goes wrong."""

from __future__ import annotations

import asyncio
import gc
import logging
import sqlite3
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.airflow_home import HOME

from airflow_provider_poweroffice.api.auth import Token, TokenAuth
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator
from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeTrigger
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("connection")

TROUBLE: list[dict[str, Any]] = [
    {"action": "echo_credentials", "path": "/OAuth/Token"},
    {"action": "echo_credentials", "path": "/Customers"},
    {"action": "status", "status": 500, "path": "/Customers"},
    {"action": "status", "status": 401, "path": "/Customers"},
    {"action": "status", "status": 429, "path": "/Customers"},
    {"action": "status", "status": 307, "path": "/Customers", "headers": {"Location": "http://127.0.0.1:9/"}},
    {"action": "reset_before", "path": "/Customers"},
    {"action": "reset_after", "path": "/OAuth/Token"},
    {"action": "garbage", "path": "/Customers"},
    {"action": "truncate", "path": "/Customers"},
]


@pytest.fixture(autouse=True)
def _books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BOOKS", f'{{"conn_type": "sqlite", "host": "{HOME}/books.sqlite"}}')


@pytest.fixture
def issued(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Collect every token that is fetched."""
    tokens: set[str] = set()
    original = TokenAuth._fetch

    def fetch(auth: TokenAuth) -> Token:
        token = original(auth)
        tokens.add(token.text)
        return token

    monkeypatch.setattr(TokenAuth, "_fetch", fetch)
    return tokens


def secrets_of(sandbox: Sandbox, tokens: set[str]) -> set[str]:
    """Give all that must not be seen."""
    keys = sandbox.keys()
    return {
        keys.application_key,
        keys.client_key,
        keys.subscription_key,
        PowerOfficeHook().client.auth.secrets[0],
        *tokens,
    }


def everything() -> list[Any]:
    """Give one of each thing that makes calls."""
    once = {"retry_options": {"attempts": 2, "wait_initial": 0, "deadline": 1}}
    return [
        PowerOfficeOperator(task_id="get", endpoint="Customers", **once),
        PowerOfficeOperator(task_id="post", endpoint="Customers", method="POST", body={"Name": "x"}, **once),
        PowerOfficeOperator(task_id="soft", endpoint="Customers", fail_on_error=False, **once),
        PowerOfficeToObjectStorageOperator(
            task_id="copy", endpoint="Customers", object_path=f"file://{HOME}/s.ndjson.gz", **once
        ),
        PowerOfficeToSqlOperator(
            task_id="load", endpoint="Customers", sql_conn_id="books", table="c", **once
        ),
        PowerOfficeSensor(task_id="wait", endpoint="Customers", timeout=0, poke_interval=0, **once),
    ]


@pytest.mark.parametrize(
    "fault", TROUBLE, ids=lambda fault: f"{fault['action']}-{fault.get('status', fault['path'][1:6])}"
)
def test_nothing_is_shown(
    sandbox: Sandbox,
    issued: set[str],
    fault: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Under each kind of trouble: logs at DEBUG, results, exceptions with their chains and attributes."""
    sandbox.add_fault(**fault, times=0)
    shown: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for operator in everything():
            try:
                shown.append(repr(operator.execute({"run_id": "manual"})))
            except Exception as error:  # noqa: BLE001 - every error is looked at
                shown.append("".join(traceback.format_exception(error)))
                chain: BaseException | None = error
                while chain is not None:
                    shown.append(repr(vars(chain)))
                    chain = chain.__cause__ or chain.__context__
        event = asyncio.run(
            _first(
                PowerOfficeTrigger(
                    endpoint="Customers",
                    deadline="2000-01-01T00:00:00+00:00",
                    poweroffice_conn_id="poweroffice_default",
                )
            )
        )
        shown.append(repr(event))
    shown.append(caplog.text)
    shown.extend(capfd.readouterr())
    text = "\n".join(shown)
    assert "Customers" in text or "OAuth/Token" in text
    found = [secret[:4] + "..." for secret in secrets_of(sandbox, issued) if secret in text]
    assert found == []


async def _first(trigger: PowerOfficeTrigger) -> Any:
    return await anext(aiter(trigger.run()))


def test_success_shows_nothing_either(sandbox: Sandbox, issued: set[str], run_dag: Any) -> None:
    """After real DAG runs: nothing in Airflow's database (XCom, rendered fields) nor in its files."""
    for dag_id in (
        "poweroffice_extract_company",
        "poweroffice_create_customer",
        "poweroffice_wait_for_change",
    ):
        run_dag(dag_id)
    assert issued
    gc.collect()
    secrets = secrets_of(sandbox, issued)
    with sqlite3.connect(HOME / "airflow.db") as database:
        dump = "\n".join(database.iterdump())
    assert "poweroffice_extract_company" in dump
    assert not any(secret in dump for secret in secrets)
    for path in Path(HOME).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


def test_reprs_show_nothing(sandbox: Sandbox, issued: set[str]) -> None:
    """No object a debugger or a log could print shows a key."""
    hook = PowerOfficeHook()
    hook.client.request("GET", "VatCodes")
    things = [
        hook,
        hook.client,
        hook.client.auth,
        hook.client.session,
        hook.client.session.headers,
        vars(hook),
    ]
    text = "\n".join(map(repr, things))
    assert not any(secret in text for secret in secrets_of(sandbox, issued))


def test_everything_is_masked(sandbox: Sandbox, issued: set[str]) -> None:
    """As a net below all this, Airflow is told of every key and every token."""
    from airflow.sdk.log import redact  # noqa: PLC0415 - Airflow's home comes first

    PowerOfficeHook().client.request("GET", "VatCodes")
    for secret in secrets_of(sandbox, issued):
        assert redact(f"x {secret} y") == "x *** y"
