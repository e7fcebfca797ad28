"""The v1 sandbox as others are: faults, journal, totals, save and restore, sizes, connection, command."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from v1_client import YEARS, V1Api

from poweroffice_sandbox import SizeError, V1Sandbox
from poweroffice_sandbox.pytest import poweroffice_v1_sandbox  # noqa: F401 - used by name


def test_totals(v1: V1Api) -> None:
    """The totals are what the lists count."""
    totals = v1.control("GET", "totals", company="fjordlys").json()
    assert totals["rows"] == v1.sandbox.totals()
    for path in ("Customer", "Import", "TimeTracking/TimeTrackingEntry", "OutgoingInvoice/List"):
        assert v1.get(path, orderby="Id", top=1).json()["count"] == totals["rows"][path]


def test_journal_has_no_secret(v1: V1Api) -> None:
    """Paths and companies are kept, keys and tokens are not."""
    token = v1.session.headers["Authorization"].partition(" ")[2]
    v1.get("Customer", top=1)
    text = v1.control("GET", "journal").text
    assert (text.count('"path":"/Customer"'), v1.sandbox.count("GET", "/customer")) == (1, 1)
    assert all(secret not in text for secret in (token, v1.keys.client_key, v1.keys.application_key))


def test_faults(v1: V1Api) -> None:
    """A fault strikes the chosen requests; a throttle answers as the API's own."""
    v1.sandbox.add_fault(action="status", status=503, path="/Customer")
    assert [v1.get("Customer", top=1).status_code for _ in range(2)] == [503, 200]
    v1.sandbox.add_fault(action="throttle", seconds=5)
    assert (v1.get("Customer").status_code, v1.get("Customer").json()["success"]) == (429, False)
    v1.sandbox.advance(5)
    assert v1.get("Customer", top=1).status_code == 200
    v1.sandbox.add_fault(action="expire_tokens")
    assert v1.get("Customer").status_code == 401


def test_lost_reply(v1: V1Api) -> None:
    """The work is done though the reply is lost."""
    v1.sandbox.add_fault(action="reset_after", method="POST")
    with pytest.raises(requests.ConnectionError):
        v1.send("POST", "Customer", {"name": "Ny"})
    assert v1.sandbox.totals()["Customer"] == 121


def test_save_and_restore(v1: V1Api) -> None:
    """Data and modules come back as often as wanted; a reset is the beginning."""
    v1.send("POST", "Customer", {"name": "Ny"})
    v1.sandbox.save()
    for _ in range(2):
        v1.send("DELETE", "Customer/1000359")
        v1.sandbox.set_subscriptions("Accounting")
        v1.sandbox.set_privileges("Customer")
        assert v1.sandbox.totals()["Customer"] == 120
        v1.sandbox.restore()
        assert v1.sandbox.totals()["Customer"] == 121
        assert "TimeTracking" in v1.control("GET", "subscriptions").json()["subscriptions"]
        assert "Customer_Full" in v1.control("GET", "privileges").json()["privileges"]
    v1.sandbox.reset()
    assert v1.sandbox.totals()["Customer"] == 120


@pytest.mark.parametrize(
    "options",
    [
        {"customers": 0},
        {"suppliers": 0},
        {"employees": 0},
        {"products": 0},
        {"projects": 0},
        {"departments": 0},
        {"departments": 1},
        {"time_entries": 0},
        {"voucher_cycles": 0},
        {"voucher_cycles": 1, "customers": 1, "suppliers": 1, "employees": 1, "products": 1, "projects": 1},
    ],
)
def test_sizes(start_v1: Callable[..., V1Api], options: dict[str, int]) -> None:
    """Each register can be empty or have one row, and the rest still fits."""
    api = start_v1(**options, own_rows="all")
    for path, number in api.sandbox.totals().items():
        if path != "Client":
            assert len(api.rows(path, **(YEARS if path.startswith("Reporting/") else {}))) == number
    rows = api.rows("Reporting/TrialBalance")
    assert round(sum(row["balance"] for row in rows), 2) == 0


@pytest.mark.parametrize("options", [{"customers": -1}, {"voucher_cycles": 20_001}, {"products": True}])
def test_bad_sizes(options: dict[str, Any]) -> None:
    """A number out of range is named."""
    with pytest.raises(SizeError, match=next(iter(options))):
        V1Sandbox(**options)


def test_connection(v1: V1Api) -> None:
    """The published connection has the keys, the base URL as host, and the version."""
    parts = json.loads(v1.sandbox.connection_json())
    assert parts == {
        "conn_type": "poweroffice",
        "host": v1.sandbox.url,
        "login": v1.keys.application_key,
        "password": v1.keys.client_key,
        "extra": {"api_version": "v1"},
    }
    assert json.loads(v1.sandbox.connection_json(environment="demo"))["host"] == f"{v1.sandbox.url}/Demo"
    assert v1.sandbox.connection_uri().startswith(f"poweroffice://{v1.keys.application_key}:")


def test_announcement(v1: V1Api) -> None:
    """What the command prints has the connection, every client key and the call to try."""
    text = v1.sandbox.announcement()
    assert f"AIRFLOW_CONN_POWEROFFICE_V1='{v1.sandbox.connection_json()}'" in text
    assert text.count("client key ") == 8
    assert f"{v1.sandbox.base_url()}/Customer?$orderby=Id&$top=2" in text


def test_fixture(poweroffice_v1_sandbox: V1Sandbox) -> None:  # noqa: F811 - the fixture
    """The pytest fixture gives a running sandbox."""
    assert V1Api(poweroffice_v1_sandbox).login().rows("VatCode")
