"""The control endpoints, the journal and the Python face."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from poweroffice_sandbox import PortError, Sandbox
from poweroffice_sandbox.pytest import poweroffice_sandbox  # noqa: F401 - used by name

if TYPE_CHECKING:
    from sandbox_client import Api


def test_journal_holds_requests_and_no_secrets(api: Api, client_of: type[Api]) -> None:
    """The journal has every request as received, who asked, and not one of the keys."""
    client_of(api.sandbox, 1).login().get("Customers", PageSize=2)
    api.get("customers", **{"subscription-key": api.keys.subscription_key, "customerNos": "5"})
    api.get("Nope")
    api.post("Customers", {"Name": "A"})
    entries = api.control("GET", "journal").json()
    assert [(e["method"], e["path"], e["status"], e["company"]) for e in entries] == [
        ("POST", "/OAuth/Token", 200, None),
        ("POST", "/OAuth/Token", 200, None),
        ("GET", "/v2/Customers", 200, "havblaast"),
        ("GET", "/v2/customers", 204, "fjordlys"),
        ("GET", "/v2/Nope", 404, None),
        ("POST", "/v2/Customers", 201, "fjordlys"),
    ]
    assert [e["number"] for e in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[3]["query"] == "subscription-key=hidden&customerNos=5"
    text = json.dumps(entries)
    token = api.session.headers["Authorization"].split()[1]
    for secret in (*vars(api.keys).values(), token, "client_credentials"):
        assert secret not in text


def test_counts(api: Api) -> None:
    """Counts are by method and path glob; control calls are not counted."""
    for _ in range(3):
        api.get("Customers")
    api.get("Customers/7300001")
    assert api.control("GET", "counts", path="/Customers").json() == {"count": 3}
    assert api.sandbox.count("GET", "/v2/customers*") == 4
    assert api.sandbox.count(path="/oauth/token") == 1
    assert api.sandbox.count() == 5


def test_switches_and_faults_over_http(api: Api) -> None:
    """Switches and faults can be set, read and taken back at run time."""
    assert api.control("POST", "switches", {"nulls": "omitted"}).json()["nulls"] == "omitted"
    assert b"null" not in api.get("Customers").content
    wrong = api.control("POST", "switches", {"nulls": "x"})
    assert (wrong.status_code, "choose one of included, omitted" in wrong.json()["error"]) == (400, True)
    assert api.control("POST", "faults", {"action": "status", "status": 500}).json()[0]["action"] == "status"
    assert api.control("DELETE", "faults").json() == []
    assert api.get("Customers").status_code == 200


def test_reset(api: Api) -> None:
    """Reset puts data, journal and faults back; the token stays valid."""
    api.post("Customers", {"Name": "A"})
    api.sandbox.add_fault(action="status")
    assert api.control("POST", "reset").json()["status"] == "ok"
    assert api.control("GET", "journal").json() == []
    assert api.get("Customers").status_code == 200
    assert api.sandbox.totals()["Customers"] == 120


def test_totals(api: Api) -> None:
    """Totals name each resource's rows for a company, and the connections accepted."""
    answer = api.control("GET", "totals", company="havblaast").json()
    assert answer["rows"]["AccountTransactions"] == 2000
    assert answer["connections"] >= 2
    assert api.control("GET", "totals", company="9").status_code == 400


def test_connections_are_counted(api: Api) -> None:
    """A kept connection counts once."""
    before = api.sandbox.connections
    for _ in range(5):
        api.get("VatCodes")
    assert api.sandbox.connections == before


def test_time_over_http(api: Api) -> None:
    """The sandbox's time can be moved on over HTTP."""
    api.control("POST", "advance", {"seconds": 3600})
    assert api.get("Customers").status_code == 401


def test_unknown_control_endpoint(api: Api) -> None:
    """An unknown control endpoint is 404 and lists those there are."""
    answer = api.control("GET", "nope")
    assert (answer.status_code, "GET /_sandbox/health" in answer.json()["error"]) == (404, True)


def test_connection_json_and_uri(api: Api) -> None:
    """Both forms of the Airflow connection carry the three keys and the server's origin."""
    keys = api.sandbox.keys(1, "demo")
    parts = json.loads(api.sandbox.connection_json(1, "demo"))
    assert parts == {
        "conn_type": "poweroffice",
        "host": api.sandbox.url,
        "login": keys.application_key,
        "password": keys.client_key,
        "extra": {"subscription_api_key": keys.subscription_key, "environment": "demo"},
    }
    uri = urlsplit(api.sandbox.connection_uri(1, "demo"))
    assert (uri.scheme, uri.username, uri.password) == ("poweroffice", keys.application_key, keys.client_key)
    assert unquote(uri.netloc.rpartition("@")[2]) == api.sandbox.url
    assert json.loads(parse_qs(uri.query)["__extra__"][0]) == parts["extra"]


def test_starts_and_stops_fast() -> None:
    """Ten sandboxes start and stop within a second."""
    before = time.perf_counter()
    for _ in range(10):
        with Sandbox() as sandbox:
            assert sandbox.url.startswith("http://127.0.0.1:")
    assert time.perf_counter() - before < 1


def test_port_in_use(api: Api) -> None:
    """A port in use is an error that names it."""
    port = int(api.sandbox.url.rpartition(":")[2])
    with pytest.raises(PortError, match=str(port)):
        Sandbox(port=port).start()


def test_fixture(poweroffice_sandbox: Sandbox) -> None:  # noqa: F811 - the fixture
    """The published fixture gives a running sandbox."""
    assert poweroffice_sandbox.totals()["Customers"] == 120
