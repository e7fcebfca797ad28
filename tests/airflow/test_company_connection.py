"""The companies of a connection: what its extra may hold, what the hook lists, what the Test button says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.hooks.settings import read_aliases, read_settings
from airflow_provider_poweroffice.operators.companies import PowerOfficeCompaniesOperator
from poweroffice_sandbox import Sandbox

KEY = "11111111-2222-3333-4444-555555555555"
OTHER = "66666666-7777-8888-9999-000000000000"
SUBSCRIPTION = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    """Run a sandbox with many small companies."""
    with Sandbox(companies=12, customers=1, ledger_rows=0, rate_limit=0) as running:
        yield running


@pytest.fixture
def firm(office: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Point ``poweroffice_default`` at an accounting firm with all companies; its own is the password."""
    office.reset()
    connect(monkeypatch, office)
    return office


def connect(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, **changes: Any) -> None:
    """Set ``poweroffice_default``, with some fields and extras changed."""
    fields = json.loads(sandbox.connection_json("granli", companies=sandbox.aliases()))
    extra = fields.pop("extra") | {"requests_per_second": 1000} | changes.pop("extra", {})
    text = json.dumps(fields | changes | {"extra": extra})
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", text)


def companies_read(sandbox: Sandbox) -> set[str | None]:
    """Give the companies whose data was asked for."""
    return {entry.company for entry in sandbox.journal() if "Token" not in entry.path}


def connection(client_keys: Any, name: str = "client_api_keys", **fields: Any) -> Connection:
    """Build a connection with companies."""
    extra = {"subscription_api_key": SUBSCRIPTION, name: client_keys}
    given = {"conn_type": "poweroffice", "login": KEY, "password": None} | fields
    return Connection(conn_id="po", extra=json.dumps(extra), **given)


@pytest.mark.parametrize("form", [dict, json.dumps], ids=["object", "text"])
def test_choice(form: Any) -> None:
    """An alias chooses its key, None the password; the order is kept; a form may store the object as text."""
    conn = connection(form({"b.as": OTHER, "a-1": KEY}), password=KEY)
    assert read_aliases(conn) == ["b.as", "a-1"]
    chosen = {name: read_settings(conn, name).credentials.client_key for name in (None, "b.as", "a-1")}
    assert chosen == {None: KEY, "b.as": OTHER, "a-1": KEY}
    assert OTHER not in repr(read_settings(conn, "b.as"))


@pytest.mark.finding("S20")
def test_one_alias_twice() -> None:
    """A name that is there twice is refused with both places: a parser would silently take the last."""
    twice = f'{{"acme": "{KEY}", "b": "{SUBSCRIPTION}", "acme": "{OTHER}"}}'
    for extra in (f'{{"client_api_keys": {twice}}}', json.dumps({"client_api_keys": twice})):
        conn = Connection(conn_id="po", conn_type="poweroffice", login=KEY, extra=extra)
        for read in (read_aliases, read_settings):
            with pytest.raises(ValueError, match="'acme' is there twice, at the places 1 and 3") as error:
                read(conn)
            assert KEY not in str(error.value)
    conn = Connection(conn_id="po", conn_type="poweroffice", extra='{"verify": true, "verify": false}')
    with pytest.raises(ValueError, match="extra: 'verify' is there twice"):
        read_settings(conn)


@pytest.mark.parametrize("nothing", [None, {}, "", " "])
def test_one_company(nothing: Any) -> None:
    """An empty extra is a connection of one company, as before."""
    conn = connection(nothing, password=OTHER)
    assert (read_aliases(conn), read_settings(conn).credentials.client_key) == ([], OTHER)
    with pytest.raises(ValueError, match="unknown company 'a'; the connection has no extra client_api_keys"):
        read_settings(conn, "a")


@pytest.mark.parametrize(
    ("client_keys", "says"),
    [
        ("{", "extra client_api_keys is not valid JSON; write"),
        ("[" * 100_000, "extra client_api_keys is not valid JSON; write"),
        ([OTHER], "extra client_api_keys is not an object; write"),
        ({"a": ""}, "the client key of 'a' is missing"),
        ({"a": {"key": OTHER}}, "the client key of 'a' is missing"),
        ({"a/b": OTHER}, "the alias 'a/b' must be"),
        ({"..": OTHER}, "the alias '..' must be"),
        ({"": OTHER}, "the alias '' must be"),
        ({"a" * 81: OTHER}, "up to 80 letters"),
        ({"x": KEY, OTHER: "x"}, "the alias at place 2 looks like a key"),
        ({"a": OTHER, "b": OTHER.upper()}, "'a' and 'b' have the same client key"),
        ({"Nord": KEY, "nord": OTHER}, "'Nord' and 'nord' differ by case only"),
        ({"a": f" {OTHER}"}, "spaces"),
    ],
)
def test_bad_client_keys(client_keys: Any, says: str) -> None:
    """What is wrong is said by alias or place, with the connection, and no key is shown."""
    with pytest.raises(ValueError, match="connection 'po'") as caught:
        read_settings(connection(client_keys), "a")
    assert says in str(caught.value)
    assert not any(key in str(caught.value) for key in (KEY, OTHER, OTHER.upper()))


def test_names_that_airflow_shows() -> None:
    """An extra that Airflow would show in clear text is refused."""
    with pytest.raises(
        ValueError, match="client_keys would be shown in clear text by Airflow; call it client_api"
    ):
        read_settings(connection({"a": OTHER}, "client_keys", password=KEY))


def test_no_company_chosen() -> None:
    """Without a password there is no default: the error lists the aliases, at most twenty."""
    with pytest.raises(ValueError, match=r"no company is chosen .* known: a, b$"):
        read_settings(connection({"a": KEY, "b": OTHER}))
    many = {f"c{number}": f"{OTHER}{number}" for number in range(30)}
    with pytest.raises(ValueError, match=r"known: c0, .*c19 and 10 more$"):
        read_settings(connection(many))


def test_hooks_never_mix(firm: Sandbox) -> None:
    """Hooks of one connection in many threads: each reads its own company."""
    names = {alias: firm.state.access.company(alias, "production").name for alias in firm.aliases()}
    aliases, wrong = list(names), []

    def read(seed: int) -> None:
        for step in range(6):
            alias = aliases[(seed * 5 + step * 7) % len(aliases)]
            with PowerOfficeHook(company=alias) as hook:
                said = [hook.client.request("GET", "ClientIntegrationInformation").body for _ in range(3)]
            wrong.extend(body for body in said if body["ClientName"] != names[alias])

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert firm.count("GET", "/ClientIntegrationInformation") >= 6 * 6 * 3


def test_button_tries_all(firm: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """All work: how many, and the first one's name and privileges; one token each."""
    done, says = PowerOfficeHook().test_connection()
    assert done, says
    assert says.startswith(
        "All of the 13 client keys work. Connected to Granli Regnskapsbyrå AS (production v2)."
    )
    assert firm.count("POST", "/OAuth/Token") == 14
    connect(monkeypatch, firm, password="")
    done, says = PowerOfficeHook().test_connection()
    assert says.startswith(
        "All of the 12 client keys work. Connected to Fjordlys Verksted AS (production v2)."
    )
    assert (
        PowerOfficeHook(company="havblaast").test_connection()[1].startswith("Connected to Havblåst Kafé AS")
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"login": KEY}, "None of the 13 client keys work. Wrong application key (login) or client key"),
        ({"extra": {"subscription_api_key": "0" * 32}}, "Wrong subscription key"),
        (
            {"extra": {"environment": "demo"}},
            "Wrong environment: these keys belong to production",
        ),
        ({"host": "http://127.0.0.1:9"}, "no token from 127.0.0.1:9"),
        ({"extra": {"client_api_keys": "{"}}, "is not valid JSON"),
        (
            {"password": OTHER},
            "12 of 13 client keys work. Not those of: the password's. A client key belongs",
        ),
    ],
)
def test_button_says_what_is_wrong_with_all(
    firm: Sandbox, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], says: str
) -> None:
    """What is the same for all companies is said once, and without trying them all."""
    connect(monkeypatch, firm, **changes)
    done, message = PowerOfficeHook().test_connection()
    assert not done
    assert says in message
    assert not any(key in message for key in (KEY, OTHER, SUBSCRIPTION))


def test_button_names_those_that_fail(firm: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The aliases that fail are named, at most twenty, and no key."""
    keys = {alias: firm.keys(alias).client_key for alias in firm.aliases()}
    bad = {f"bad{number}": f"{KEY[:-2]}{number:02}" for number in range(25)}
    connect(monkeypatch, firm, extra={"client_api_keys": {**keys, **dict(list(bad.items())[:2])}})
    done, says = PowerOfficeHook().test_connection()
    assert not done
    assert says.startswith("13 of 15 client keys work. Not those of: bad0, bad1. ")
    connect(monkeypatch, firm, extra={"client_api_keys": {**keys, **bad}})
    says = PowerOfficeHook().test_connection()[1]
    assert ", bad19 and 5 more. " in says
    assert len(says) < 400
    assert not any(key in says for key in (*keys.values(), *bad.values()))


@pytest.mark.parametrize("nothing", [None, {}, ""])
def test_no_companies(firm: Sandbox, monkeypatch: pytest.MonkeyPatch, nothing: Any) -> None:
    """An empty list is an error that names the way out, not a DAG that succeeds without doing anything."""
    connect(monkeypatch, firm, extra={"client_api_keys": nothing})
    with pytest.raises(AirflowFailException, match=r"lists no companies; give it the extra client_api_keys"):
        PowerOfficeCompaniesOperator(task_id="companies").execute({})


def test_hook_lists(firm: Sandbox) -> None:
    """The list is JSON, in the connection's order, and costs no request."""
    assert json.loads(json.dumps(PowerOfficeHook().companies())) == firm.aliases()
    assert firm.count() == 0
    with pytest.raises(ValueError, match="unknown source 'clientadmin' of companies; use one of: connection"):
        PowerOfficeHook().companies("clientadmin")


def test_hook_lists_active_clients(firm: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """By ClientAdmin: those that the firm has and the connection holds; what does not fit is named."""
    firm.state.access.create_company("production", "Ny Klient AS", "999777666")
    found = PowerOfficeHook(company="granli").companies("client_admin")
    assert found == firm.aliases()
    assert (
        "no client key for the firm's active client Ny Klient AS (organization number 999777666)"
        in caplog.text
    )
    assert firm.count("POST", "/ClientAdmin/*") == 0  # nothing is minted


def test_company_that_is_no_client(
    firm: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that left the firm is left out; one that does not answer stays, so that its own task fails."""
    stranger = "01234567-89ab-cdef-0123-456789abcdef"
    keys = {"fjordlys": firm.keys("fjordlys").client_key, "gone": stranger}
    connect(monkeypatch, firm, extra={"client_api_keys": keys})
    assert PowerOfficeHook().companies("client_admin") == ["fjordlys", "gone"]
    assert "[gone] could not be asked who it is, and stays in the list" in caplog.text
    assert stranger not in caplog.text
    firm.add_fault(
        action="status", status=200, path="/ClientIntegrationInformation", body='{"ClientId": "x"}'
    )
    connect(monkeypatch, firm, extra={"client_api_keys": {"fjordlys": keys["fjordlys"]}})
    with pytest.raises(ValueError, match="none of its 1 companies is an active client of the firm"):
        PowerOfficeHook().companies("client_admin")
    assert "[fjordlys] is not an active client of the firm, and is left out" in caplog.text


def test_listing_needs_the_privilege(firm: Sandbox) -> None:
    """A company that is no accounting firm cannot list clients; the task ends and says why."""
    task = PowerOfficeCompaniesOperator(task_id="companies", source="client_admin", firm="fjordlys")
    with pytest.raises(AirflowFailException, match=r"\[fjordlys\] GET /v2/ClientAdmin/Clients: 403"):
        task.execute({})
    assert companies_read(firm) == {"fjordlys"}
