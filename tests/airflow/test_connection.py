"""From a connection's fields to a client, and what the Test button says."""

from __future__ import annotations

import importlib.resources
import json
import os
import re
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from airflow.sdk import BaseHook, Connection

from airflow_provider_poweroffice._compat import conf
from airflow_provider_poweroffice.api.connection_options import RateLimit
from airflow_provider_poweroffice.api.limits.stores import VARIABLE
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.errors import APITimeoutError
from airflow_provider_poweroffice.hooks.form import CONN_FIELDS
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.hooks.settings import read_settings
from airflow_provider_poweroffice.provider_info import get_provider_info
from poweroffice_sandbox import Sandbox

KEY = "11111111-2222-3333-4444-555555555555"
SUBSCRIPTION = "0123456789abcdef0123456789abcdef"


def connection(extra: object = None, **fields: Any) -> Connection:
    """Build a connection that works, with changes."""
    given = {"conn_type": "poweroffice", "login": KEY, "password": KEY[::-1]} | fields
    text = (
        extra
        if isinstance(extra, str)
        else json.dumps({"subscription_api_key": SUBSCRIPTION} | (extra or {}))
    )
    return Connection(conn_id="po", extra=text, **given)


def test_defaults() -> None:
    """Three keys are enough: production, the vendor's host, finite timeouts, certificates checked."""
    settings = read_settings(connection())
    assert (settings.environment, settings.host, settings.api_version) == ("production", None, "v2")
    assert (settings.timeouts.connect, settings.timeouts.read) == (10, 120)
    assert settings.verify is True
    assert settings.requests_per_second is None
    assert settings.credentials.subscription_key == SUBSCRIPTION


def test_form_nulls_are_unset() -> None:
    """The form stores null for fields left empty, and a URI gives an empty host."""
    nulls = dict.fromkeys(CONN_FIELDS) | {"subscription_api_key": SUBSCRIPTION}
    assert read_settings(connection(nulls, host="", port=0)) == read_settings(connection())


def test_every_field() -> None:
    """Each field of the form arrives, as JSON types and as the text a URI carries."""
    extra = {
        "environment": "Demo",
        "api_version": "v2",
        "connect_timeout": 1.5,
        "read_timeout": "30",
        "requests_per_second": 4,
        "rate_limit_share": "0.5",
        "rate_limit_backend": "redis://limits:6379/0",
        "rate_limit_password": "of-redis",
        "rate_limit_on_unreachable": "local",
        "verify": "true",
        "ca_bundle": "/etc/ca.pem",
    }
    settings = read_settings(connection(extra, host="https://x.example", port=8443))
    assert (settings.environment, settings.host) == ("demo", "https://x.example:8443")
    assert (settings.timeouts.connect, settings.timeouts.read) == (1.5, 30)
    assert (settings.verify, settings.requests_per_second) == ("/etc/ca.pem", 4)
    assert settings.rate_limit == RateLimit(
        share=0.5,
        backend="redis://limits:6379/0",
        password="of-redis",
        on_unreachable="local",
        directory=os.environ[VARIABLE],
    )
    assert "of-redis" not in repr(settings)
    assert read_settings(connection({"verify": False})).verify is False
    assert (
        read_settings(connection({"allow_http": True}, host="http://sandbox:8099")).host
        == "http://sandbox:8099"
    )


def test_rate_limit_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory in airflow.cfg is that of the limit's file; no bare variable is needed."""
    monkeypatch.delenv(VARIABLE)
    conf.read_dict({"poweroffice": {"rate_limit_dir": str(tmp_path)}})
    try:
        settings = read_settings(connection(host="https://x.example"))
    finally:
        conf.remove_section("poweroffice")
    with settings.open(RetryOptions()) as client:
        client.connection.throttle.acquire()
    assert [path.suffix for path in tmp_path.iterdir()] == [".limit"]


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("goapi.poweroffice.net", None, "https://goapi.poweroffice.net"),
        ("http://127.0.0.1:8099", None, "http://127.0.0.1:8099"),
        ("http://127.0.0.1", 8099, "http://127.0.0.1:8099"),
        ("https://x.example:1", 443, "https://x.example:1"),
        ("https://x.example/v2", None, "https://x.example/v2"),
        (None, 443, None),
    ],
)
def test_host(host: str | None, port: int | None, url: str | None) -> None:
    """The host may be a name or a base URL, with the port in either place."""
    assert read_settings(connection(host=host, port=port)).host == url


@pytest.mark.parametrize(
    ("fields", "extra", "says"),
    [
        ({"conn_type": "http"}, None, "'http'"),
        ({"login": None}, None, "missing: login (application key)"),
        ({"password": ""}, None, "missing: password (client key)"),
        ({}, {"subscription_api_key": None}, "missing: extra subscription_api_key"),
        ({"login": "", "password": None}, "{}", "login (application key), password (client key), extra"),
        ({}, "not json", "extra is not valid JSON"),
        ({}, "[1]", "extra must be a JSON object"),
        ({"host": "ftp://x.example"}, None, "'ftp'"),
        ({"host": "http://x.example"}, None, "unencrypted"),
        ({"host": "https://u:p@x.example"}, None, "not a base URL"),
        ({"host": "https://:p@x.example"}, None, "not a base URL"),
        ({"host": "https://x.example/v2?a=1"}, None, "not a base URL"),
        ({"host": "https://"}, None, "not a base URL"),
        ({"host": "https://x.example:port"}, None, "not a valid URL"),
        ({"port": 8080}, None, "port 8080"),
        ({"host": "https://x.example:0"}, None, "not a base URL"),
        ({"host": "x.example", "port": 70_000}, None, "port 70000 must be 1 to 65535"),
        ({"host": "x.example", "port": -1}, None, "port -1 must be"),
        ({}, {"connect_timeout": -1}, "connect_timeout must be above 0, not -1"),
        ({}, {"read_timeout": "soon"}, "read_timeout must be a number"),
        ({}, {"requests_per_second": 0}, "requests_per_second"),
        ({}, {"verify": "perhaps"}, "verify must be true or false"),
        ({}, {"requests_per_second": True}, "requests_per_second must be a number"),
        ({}, {"rate_limit_share": 2}, "rate_limit_share must be above 0 and at most 1, not 2"),
        ({}, {"rate_limit_share": "half"}, "rate_limit_share must be a number"),
        (
            {},
            {"rate_limit_backend": "cluster"},
            "rate_limit_backend must be 'host', 'process' or a Redis URL",
        ),
        ({}, {"rate_limit_on_unreachable": "wait"}, "rate_limit_on_unreachable must be 'error' or 'local'"),
        ({}, {"rate_limit_password": "of-redis"}, "rate_limit_backend is not a Redis URL"),
    ],
)
def test_bad_connection(fields: dict[str, Any], extra: object, says: str) -> None:
    """What is missing or wrong is named, with the connection; no key is shown."""
    with pytest.raises(ValueError, match="connection 'po'") as caught:
        read_settings(connection(extra, **fields))
    assert says in str(caught.value)
    assert not any(key in str(caught.value) for key in (KEY, KEY[::-1], SUBSCRIPTION))


@pytest.mark.parametrize(
    ("fields", "extra", "says"),
    [
        ({}, {"environment": "test"}, "production, demo"),
        ({}, {"api_version": "v7"}, "v7"),
        ({"host": "https://x.example/api"}, None, "/v2"),
        ({"host": "https://x.example/Demo/v2"}, None, "/Demo/v2"),
        ({}, {"ca_bundle": "/no/such/file.pem"}, "/no/such/file.pem"),
    ],
)
def test_bad_environment(
    fields: dict[str, Any], extra: object, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the API does not have is refused when the client is built, before any request."""
    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(lambda _id: connection(extra, **fields)))
    with pytest.raises(ValueError, match=says):
        _ = PowerOfficeHook("po").client


def test_uri_round_trip(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection from a URI is the same as one from JSON."""
    monkeypatch.setenv("AIRFLOW_CONN_PO_URI", sandbox.connection_uri())
    monkeypatch.setenv("AIRFLOW_CONN_PO_JSON", sandbox.connection_json())
    by_uri, by_json = (read_settings(BaseHook.get_connection(name)) for name in ("po_uri", "po_json"))
    assert by_uri == by_json


def test_get_conn(connection: str, sandbox: Sandbox) -> None:
    """The hook lends an authenticated session, and closes it."""
    with PowerOfficeHook(connection) as hook:
        answer = hook.get_conn().get("ClientIntegrationInformation")
        assert answer.json()["ClientName"]
        assert hook.get_conn() is hook.client.session
    assert "client" not in vars(hook)
    assert sandbox.count("POST", "/OAuth/Token") == 1


def test_nothing_is_read_early() -> None:
    """A hook can be built where there is no connection: DAG files are parsed there."""
    PowerOfficeHook("there-is-no-such-connection").close()


def test_retry_options(connection: str, sandbox: Sandbox) -> None:
    """The hook's retry options reach the wire."""
    sandbox.add_fault(action="status", status=503, path="/Customers", times=0)
    hook = PowerOfficeHook(connection, retry_options={"attempts": 2, "wait_initial": 0})
    with hook, pytest.raises(Exception, match="503"):
        hook.client.request("GET", "Customers")
    assert sandbox.count("GET", "/Customers") == 2
    with pytest.raises(ValueError, match="atempts"):
        PowerOfficeHook(retry_options={"atempts": 2})


def set_connection(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, **changes: Any) -> PowerOfficeHook:
    """Give a hook of a connection to the sandbox with some fields changed."""
    fields = json.loads(sandbox.connection_json())
    extra = fields.pop("extra") | {"requests_per_second": 1000} | changes.pop("extra", {})
    monkeypatch.setenv("AIRFLOW_CONN_PO_TEST", json.dumps(fields | changes | {"extra": extra}))
    return PowerOfficeHook("po_test")


def test_success_tells_what_is_open(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """On success the button names the company, the valid and the invalid privileges."""
    poor = json.loads(sandbox.connection_json(company=2))
    done, says = set_connection(
        monkeypatch, sandbox, login=poor["login"], password=poor["password"]
    ).test_connection()
    assert done, says
    assert says.startswith("Connected to Bj")
    invalid, _, valid = says.partition("(production v2). Invalid privileges: ")[2].partition(
        ". Valid privileges: "
    )
    assert "AccountTransaction" in invalid
    assert "Customer" in valid


@pytest.mark.parametrize("bad_keys", ["400", "401"])
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"extra": {"subscription_api_key": "0" * 32}}, "Wrong subscription key"),
        ({"extra": {"subscription_api_key": "nonsense"}}, "32 hexadecimal digits"),
        (
            {"login": KEY},
            "Wrong application key (login) or client key (password): the token endpoint refused",
        ),
        ({"login": "mistyped"}, "The application key should look like"),
        ({"password": "mistyped"}, "The client key should look like"),
        ({"login": KEY, "password": KEY}, "Both hold the same key."),
        ({"extra": {"environment": "demo"}}, "Wrong environment: these keys belong to production"),
        ({"extra": {"environment": "moon"}}, "production, demo"),
        ({"password": ""}, "missing: password (client key)"),
        ({"host": "http://127.0.0.1:9"}, "no token from 127.0.0.1:9 (ConnectionRefusedError"),
    ],
)
def test_failure_tells_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, changes: dict[str, Any], says: str, bad_keys: str
) -> None:
    """On failure the button says which key, or that the environment, is wrong; and never shows one."""
    sandbox.set(bad_keys=bad_keys)
    done, message = set_connection(monkeypatch, sandbox, **changes).test_connection()
    assert not done
    assert says in message
    keys = sandbox.keys()
    assert not any(
        key in message
        for key in (keys.application_key, keys.client_key, keys.subscription_key, KEY, "mistyped")
    )


def test_hints_come_first(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A misspelt extra is told of before the long list, and in the log of a task; swapped keys are known."""
    hook = set_connection(monkeypatch, sandbox, extra={"enviroment": "demo"})
    hint = "extra 'enviroment' is not read: is it environment?"
    assert f"(production v2). {hint} Valid privileges: " in hook.test_connection()[1]
    caplog.clear()
    hook.client.request("GET", "VatCodes")
    assert [record.getMessage() for record in caplog.records].count(f"connection: {hint}") == 1
    keys = json.loads(sandbox.connection_json())
    swapped = {"login": keys["password"], "password": keys["login"]}
    assert "in each other's place" in set_connection(monkeypatch, sandbox, **swapped).test_connection()[1]
    old = set_connection(monkeypatch, sandbox, login=KEY, extra={"api_version": "v1"})
    assert old.test_connection()[1].endswith("are these keys of v2?")


def test_provider_info_fits_the_schemas() -> None:
    """Airflow's own schemas accept the provider info, the connection form included."""
    info = get_provider_info()
    folder = importlib.resources.files("airflow")
    jsonschema.validate(info, json.loads((folder / "provider_info.schema.json").read_text()))
    form = json.loads((folder / "provider.yaml.schema.json").read_text())["properties"]["connection-types"][
        "items"
    ]
    if "conn-fields" in form["properties"]:
        for item in info["connection-types"]:
            jsonschema.validate(item, form)


def test_provider_info_is_true() -> None:
    """Every module and class it names exists, and the hook agrees with it."""
    info = get_provider_info()
    (entry,) = (item for item in entry_points(group="apache_airflow_provider") if "poweroffice" in item.value)
    assert entry.load()() == info
    assert entry.dist is not None
    assert entry.dist.name == info["package-name"]
    for kind in ("hooks", "operators", "sensors", "triggers"):
        for integration in info[kind]:
            for module in integration["python-modules"]:
                importlib.import_module(module)
    importlib.import_module(info["transfers"][0]["python-module"])
    for path in info["extra-links"]:
        module, _, name = path.rpartition(".")
        assert hasattr(importlib.import_module(module), name)
    (declared, _) = info["connection-types"]
    assert (declared["connection-type"], declared["hook-name"]) == (
        PowerOfficeHook.conn_type,
        PowerOfficeHook.hook_name,
    )


def test_secrets_of_the_form_are_redacted() -> None:
    """Airflow redacts an extra by its name; the field that holds a key must have such a name."""
    from airflow._shared.secrets_masker import should_hide_value_for_key  # noqa: PLC0415 - private, may move

    secret = [name for name in CONN_FIELDS if "key" in name or "password" in name]
    assert secret == ["subscription_api_key", "client_api_keys", "rate_limit_password"]
    assert all(should_hide_value_for_key(name) for name in secret)


def test_form_of_airflow_3_1() -> None:
    """The Python methods that Airflow 3.1 reads give the same fields as the declaration."""
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService  # noqa: PLC0415

    (meta,) = [item for item in HookMetaService.hook_meta_data() if item.connection_type == "poweroffice"]
    assert meta.hook_name == "PowerOffice Go"
    assert set(meta.extra_fields or {}) == set(CONN_FIELDS)
    assert PowerOfficeHook.get_ui_field_behaviour()["relabeling"]["password"] == "Client key"


def test_every_field_of_the_form_is_read() -> None:
    """A field of the form that nothing reads would be an option that does nothing."""
    values = {"environment": "demo", "api_version": "v9", "allow_http": True, "verify": False}
    values |= {"rate_limit_share": 0.5, "rate_limit_on_unreachable": "local"}
    values |= {"rate_limit_backend": "process", "rate_limit_password": "of-redis"}
    for name in set(CONN_FIELDS) - {"subscription_api_key", "client_api_keys"}:
        extra = {name: values.get(name, 3)}
        usual = {"rate_limit_backend": "redis://x.example"} if name == "rate_limit_password" else {}
        changed = connection(usual | extra, host="https://x.example")
        if name == "allow_http":
            read_settings(connection(extra, host="http://x.example"))
        else:
            assert read_settings(changed) != read_settings(connection(usual, host="https://x.example")), name


def test_command_in_airflow() -> None:
    """Where Airflow takes commands from providers (3.2), ``airflow poweroffice resources`` is one."""
    from airflow.cli.cli_parser import get_parser  # noqa: PLC0415 - takes seconds

    try:
        arguments = get_parser().parse_args(["poweroffice", "resources", "ledger"])
    except SystemExit:
        assert version("apache-airflow").startswith("3.1.")
        return
    assert (arguments.search, arguments.output, arguments.filters) == ("ledger", "table", False)


def test_many_privileges_fit_the_page(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A company with very many privileges gets the first of them, and how many more there are."""
    done, says = set_connection(monkeypatch, sandbox).test_connection()
    assert done
    assert says.count(",") == 19
    assert re.search(r" and \d+ more\.$", says)


def test_timeouts_reach_the_wire(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """The connection's own time limits are those of every request."""
    limits = {"connect_timeout": 3, "read_timeout": 0.1}
    hook = set_connection(monkeypatch, sandbox, extra=limits)
    hook.retry_options = RetryOptions(attempts=1)
    hook.client.auth.token()
    adapter = hook.get_conn().get_adapter(sandbox.url)
    assert (adapter._timeouts.connect, adapter._timeouts.read) == (3, 0.1)  # type: ignore[attr-defined]
    sandbox.add_fault(action="delay", seconds=0.3, path="/VatCodes", times=1)
    with pytest.raises(APITimeoutError):
        hook.client.request("GET", "VatCodes")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("enviroment", "environment"),
        ("Ocp-Apim-Subscription-Key", "subscription_api_key"),
        ("api-version", "api_version"),
        ("readTimeout", "read_timeout"),
    ],
)
def test_misspelt_extras(name: str, meant: str) -> None:
    """An extra that nobody reads, and that looks like one, is told of by the Test button; others are not."""
    extra = {"subscription_api_key": "s" * 32, name: "demo", "my_own_note": "x"}
    fields = {"conn_id": "c", "conn_type": "poweroffice", "login": "a", "password": "b"}
    conn = Connection(**fields, extra=json.dumps(extra))
    assert read_settings(conn).remarks == f" extra {name!r} is not read: is it {meant}?"
    conn = Connection(
        conn_id="c", conn_type="poweroffice", login="a", password="b", extra=json.dumps({name: 1})
    )
    with pytest.raises(
        ValueError, match=f"missing: extra subscription_api_key.*; extra {name!r} is not read"
    ):
        read_settings(conn)
