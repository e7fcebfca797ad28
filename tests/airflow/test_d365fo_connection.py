"""The ``d365fo`` connection: its fields, its form, its test, and what it keeps to itself."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import traceback
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection
from support.airflow_home import HOME, states, xcoms
from support.d365fo import TEST

from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.hooks.d365fo import D365FOHook
from airflow_provider_poweroffice.hooks.form import D365FO_CONN_FIELDS as CONN_FIELDS
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.hooks.settings import read_settings
from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator, D365FORestEndpointOperator
from airflow_provider_poweroffice.provider_info import get_provider_info
from poweroffice_sandbox import Sandbox
from poweroffice_sandbox.d365fo import D365FOSandbox


@pytest.fixture
def connect(fo: D365FOSandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that sets the connection, with some fields changed, and gives its hook."""

    def change(app: int | str = 0, **changed: Any) -> D365FOHook:
        fields = json.loads(fo.connection_json(app))
        fields["extra"] |= changed.pop("extra", {})
        monkeypatch.setenv("AIRFLOW_CONN_D365FO_DEFAULT", json.dumps(fields | changed))
        return D365FOHook()

    return change


def test_connected(connect: Any, fo: D365FOSandbox) -> None:
    """Good keys are told with what they reach."""
    assert connect().test_connection() == (True, f"Connected to {fo.url}: 2 service groups.")


@pytest.mark.parametrize("body", ["[]", "null", '{"ServiceGroups": 5}'])
def test_odd_list_of_services(connect: Any, fo: D365FOSandbox, body: str) -> None:
    """The button never raises, however odd the answer."""
    json_type = {"Content-Type": "application/json"}
    fo.add_fault(action="status", status=200, body=body, headers=json_type, path="/api/*", times=0)
    assert connect().test_connection() == (True, f"Connected to {fo.url}: 0 service groups.")


def test_empty_list_of_services(connect: Any, fo: D365FOSandbox) -> None:
    """An answer without content is not one, and the button says so."""
    fo.add_fault(action="status", status=200, body="", path="/api/*", times=0)
    done, says = connect().test_connection()
    assert not done
    assert "no content" in says


@pytest.mark.parametrize(
    ("app", "changed", "says"),
    [
        ("unregistered", {}, "Got a token, but Finance & Operations refused it.*registered inside it"),
        ("expired", {}, "client secret.*AADSTS7000222.*expired"),
        (0, {"password": "wrong"}, "client secret.*AADSTS7000215.*secret's id"),
        (0, {"login": "c11e4700-0000-4000-8000-000000000099"}, "client id.*AADSTS700016"),
        (0, {"extra": {"tenant_id": "nobody.example"}}, "tenant.*AADSTS90002"),
        ("powerless", {}, "Got a token, but no list of services|Connected"),
        (0, {"host": "http://127.0.0.1:1"}, "extra authority.*another server than host"),
        (0, {"password": ""}, r"missing: password \(client secret\)"),
        (0, {"login": "", "extra": {"tenant_id": ""}}, r"missing: login \(client ID\), extra tenant_id"),
        (0, {"host": ""}, r"missing: host \(environment URL\)"),
        (0, {"host": "http://contoso.operations.dynamics.com"}, "unencrypted"),
        (0, {"extra": {"system_url": "ftp://x"}}, "extra system_url 'ftp://x'"),
        (0, {"extra": {"authority": "http://login.x"}}, "extra authority.*unencrypted"),
        (0, {"extra": {"token_version": "v3"}}, "token_version 'v3'"),
        (0, {"extra": {"read_timeout": "x"}}, "read_timeout"),
        (0, {"extra": {"tenant_id": "common"}}, "'common' is not a tenant"),
        (0, {"conn_type": "http"}, "type 'http'"),
        (0, {"extra": {"verify": "perhaps"}}, "verify must be true or false"),
    ],
)
def test_refusals(connect: Any, fo: D365FOSandbox, app: Any, changed: dict[str, Any], says: str) -> None:
    """Each mistake is told by its field, and never with the secret."""
    good, sentence = connect(app, **changed).test_connection()
    assert good == (sentence.startswith("Connected"))
    assert re.search(says, sentence, re.DOTALL), sentence
    assert fo.keys(app).client_secret not in sentence


@pytest.mark.parametrize("name", ["tenant_id", "tenantId", "tenant"])
def test_names_of_the_tenant(connect: Any, fo: D365FOSandbox, name: str) -> None:
    """The tenant may be named as other providers of Microsoft's name it; an empty field is unset."""
    extra = {"tenant_id": "", name: fo.keys().tenant_id}
    assert connect(extra=extra).test_connection()[0]


@pytest.mark.parametrize("version", ["v1", "v2", "adfs"])
def test_token_urls(connect: Any, fo: D365FOSandbox, version: str) -> None:
    """A whole token URL does without tenant and authority."""
    host = fo.base_url("/namespaces/AXSF") if version == "adfs" else fo.url
    extra = {"tenant_id": None, "authority": None, "token_url": fo.token_url(version)}
    assert connect(host=host, extra=extra).test_connection()[0]


def test_uri_form(fo: D365FOSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection may be a URI, odd secret and all."""
    monkeypatch.setenv("AIRFLOW_CONN_D365FO_DEFAULT", fo.connection_uri())
    assert D365FOHook().test_connection()[0]


def test_port_443_is_no_other_audience(connect: Any) -> None:
    """The port that Airflow's Test button wants is not part of the audience."""
    hook = connect(host="Contoso.Operations.Dynamics.com", port=443, extra={"authority": ""})
    assert hook._settings().credentials.audience == "https://contoso.operations.dynamics.com"


def test_session(connect: Any, fo: D365FOSandbox) -> None:
    """get_conn gives a session that signs requests to this environment only."""
    with connect() as hook:
        assert hook.get_conn().get("data/UnitsOfMeasure").json()["value"]
        with pytest.raises(Exception, match="no key or token is sent"):
            hook.get_conn().get("http://127.0.0.1:1/data/X")
    assert fo.count("GET", "/data/*") == 1


def test_services(connect: Any) -> None:
    """The hook lists services and describes an operation."""
    with connect() as hook:
        assert "SandboxServices" in hook.services()
        assert hook.services(f"{TEST}/echo")["Return"]["Type"] == "Object"


def test_wrong_hook(connect: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The common hook takes both types of connection; this one its own only."""
    connect()
    assert PowerOfficeHook("d365fo_default").test_connection() == D365FOHook().test_connection()
    with PowerOfficeHook("d365fo_default") as hook:
        assert hook.client.request("GET", "UnitsOfMeasure", query={"$top": 1}).body[0]["UnitSymbol"]
    monkeypatch.setenv("AIRFLOW_CONN_D365FO_DEFAULT", sandbox.connection_json())
    with pytest.raises(ValueError, match="it is of the type 'poweroffice'"):
        _ = D365FOHook().client
    fields = json.loads(sandbox.connection_json())
    fields["extra"]["api_version"] = "d365fo"
    monkeypatch.setenv("AIRFLOW_CONN_D365FO_DEFAULT", json.dumps(fields))
    with pytest.raises(ValueError, match="set conn_type to 'd365fo'"):
        _ = PowerOfficeHook("d365fo_default").client


def test_form() -> None:
    """The form is declared for its type, both ways, and its secrets are password fields."""
    declared = {item["connection-type"]: item for item in get_provider_info()["connection-types"]}["d365fo"]
    assert declared["conn-fields"] is CONN_FIELDS
    assert CONN_FIELDS["token"]["schema"]["format"] == "password"
    behaviour = D365FOHook.get_ui_field_behaviour()
    assert behaviour["relabeling"]["host"] == "Environment URL"
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService  # noqa: PLC0415

    (meta,) = [item for item in HookMetaService.hook_meta_data() if item.connection_type == "d365fo"]
    assert set(meta.extra_fields or {}) == set(CONN_FIELDS)
    module, _, name = declared["hook-class-name"].rpartition(".")
    assert getattr(__import__(module, fromlist=[name]), name) is D365FOHook


def test_fields_are_those_that_are_read(
    connect: Any, fo: D365FOSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every field of the form reaches the client."""
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__TRUSTED_TOKEN_HOSTS", fo.url)
    extra = {
        "system_url": fo.url + "/s",
        "resource": "R",
        "company": "dat",
        "token": "t0ken-of-the-form",
        "token_url": fo.token_url("v1"),
        "token_version": "v2",
        "connect_timeout": 3,
        "read_timeout": 4,
        "requests_per_second": 5,
        "verify": False,
        "ca_bundle": "x",
        "allow_http": True,
        "rate_limit_share": 0.5,
        "rate_limit_backend": "process",
        "rate_limit_password": "",
        "rate_limit_on_unreachable": "local",
    }
    settings = connect(host="http://env.example/p", extra=extra)._settings()
    found = settings.credentials
    assert (found.url, found.system_url, found.resource) == ("http://env.example/p", fo.url + "/s", "R")
    assert (found.company, found.token, found.token_version) == ("dat", "t0ken-of-the-form", "v2")
    assert (found.token_url, found.authority) == (fo.token_url("v1"), fo.url)
    assert (settings.timeouts.connect, settings.timeouts.read, settings.verify) == (3, 4, False)
    assert settings.requests_per_second == 5
    assert (settings.rate_limit.share, settings.rate_limit.backend) == (0.5, "process")
    assert set(extra) | {"tenant_id", "authority"} == set(CONN_FIELDS)


FAULTS: list[dict[str, Any]] = [
    {"action": "echo_credentials", "path": "*/token"},
    {"action": "echo_credentials", "path": "/api/*"},
    {"action": "status", "status": 401, "path": "*"},
    {"action": "status", "status": 500, "path": "*"},
    {"action": "status", "status": 429, "headers": {"Retry-After": "1"}, "path": "*"},
    {"action": "reset_before", "path": "*"},
    {"action": "truncate", "path": "*/token"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['action']}-{fault.get('status', '')}")
def test_nothing_is_shown(
    connect: Any,
    fo: D365FOSandbox,
    fault: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Under each kind of trouble: no secret or token in logs at DEBUG, exceptions and their attributes."""
    hook = connect()
    secrets = {*hook._settings().credentials.secrets, hook.client.auth.token()}
    fo.add_fault(**fault, times=0)
    once = {"retry_options": {"attempts": 1}}
    shown = [repr(hook), repr(hook.client), repr(vars(hook))]
    with caplog.at_level(logging.DEBUG):
        for operator in (
            D365FORestEndpointOperator(
                task_id="a", service_name=f"{TEST}/getText", method="POST", retry_timeout=1, **once
            ),
            D365FOEntityOperator(task_id="b", entity="CustomersV3", key={"CustomerAccount": "x"}, **once),
        ):
            try:
                shown.append(repr(operator.execute({})))
            except Exception as error:  # noqa: BLE001 - every error is looked at
                shown.append("".join(traceback.format_exception(error)))
                chain: BaseException | None = error
                while chain is not None:
                    shown.append(repr(vars(chain)))
                    chain = chain.__cause__ or chain.__context__
    text = "\n".join([*shown, caplog.text, *capfd.readouterr()])
    assert "token" in text
    assert not [secret[:4] for secret in secrets if secret in text]


def test_token_is_in_no_rendered_field(
    fo_connection: str, run_dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a real DAG run with a token from a template: nothing in Airflow's database, nor in its files."""
    token = D365FOHook(fo_connection).client.auth.token()
    monkeypatch.setenv("AIRFLOW_VAR_D365FO_TOKEN", token)
    found = xcoms(run_dag("d365fo_services"))
    assert found["with_token.return_value"].startswith("Blåbær")
    with sqlite3.connect(HOME / "airflow.db") as database:
        dump = "\n".join(database.iterdump())
    assert "d365fo_services" in dump
    assert token not in dump
    assert not any(token.encode() in path.read_bytes() for path in Path(HOME).rglob("*") if path.is_file())


def test_deferral_in_a_dag(fo: D365FOSandbox, fo_connection: str, run_dag: Any) -> None:
    """In a real DAG run a throttled POST waits in the triggerer, and is carried out once."""
    fo.add_fault(action="status", status=429, headers={"Retry-After": "1"}, path="/api/*", times=2)
    found = xcoms(run_dag("d365fo_throttled"))
    assert found["throttled.return_value"] is True
    assert list(fo.executed().values()) == [1]
    assert fo_connection


def test_mapped(fo: D365FOSandbox, fo_connection: str, run_dag: Any) -> None:
    """One call is mapped over several payloads."""
    assert set(states(run_dag("d365fo_mapped")).values()) <= {"success", "TaskInstanceState.SUCCESS"}
    assert fo.executed() == {f"{TEST}/echo": 2}
    assert fo_connection


def test_talent() -> None:
    """The two addresses that the cmdlet documents for Talent: the audience, and where all is called."""
    instance = "https://aos-rts-sf-b1b468164ee-prod-northeurope.hr.talent.dynamics.com/namespaces/0ab49d18"
    fields = {"conn_id": "c", "conn_type": "d365fo", "login": "a", "password": "b-secret"}
    for host in (
        "http://hr.talent.dynamics.com",
        "hr.talent.dynamics.com/",
        "https://HR.talent.dynamics.com",
    ):
        extra = {"tenant_id": "contoso.com", "system_url": instance}
        settings = read_settings(Connection(**fields, host=host, extra=json.dumps(extra)))
        keys = settings.credentials
        assert isinstance(keys, D365FOCredentials)
        assert (settings.host, keys.url, keys.audience) == (
            instance,
            instance,
            "http://hr.talent.dynamics.com",
        )
    for evil in ("https://evil.example/namespaces/x", "https://xhr.talent.dynamics.com.evil.example"):
        extra = {"tenant_id": "contoso.com", "system_url": evil}
        with pytest.raises(ValueError, match="unencrypted"):
            read_settings(Connection(**fields, host="http://hr.talent.dynamics.com", extra=json.dumps(extra)))
