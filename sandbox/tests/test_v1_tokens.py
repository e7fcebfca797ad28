"""The token endpoint of v1, who may call, and how often."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from v1_client import FORM, V1Api


def test_token(v1: V1Api) -> None:
    """Keys in Basic and a form give a token of 1200 seconds; no subscription key, no refresh token."""
    answer = v1.ask_token()
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 1200)


def test_token_expires(start_v1: Callable[..., V1Api]) -> None:
    """A token is valid for its lifetime, and a call with an old one is 401 in the envelope."""
    api = start_v1(token_lifetime=600)
    api.sandbox.advance(599)
    assert api.get("VatCode").status_code == 200
    api.sandbox.advance(2)
    answer = api.get("VatCode")
    assert (answer.status_code, answer.json()["success"]) == (401, False)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"auth": ("wrong", "wrong")}, "invalid_client"),
        ({"auth": None}, "invalid_client"),
        ({"auth": None, "headers": {"Authorization": "Basic ????"}}, "invalid_client"),
        ({"data": {}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, "invalid_request"),
        ({"data": {"grant_type": "password"}}, "unsupported_grant_type"),
        ({"data": {"grant_type": "refresh_token", "refresh_token": "x"}}, "unsupported_grant_type"),
        ({"data": None, "json": FORM}, "invalid_request"),
        ({"data": b"grant_type=client_credentials"}, "invalid_request"),
    ],
)
def test_token_refused(v1: V1Api, changes: dict[str, Any], error: str) -> None:
    """Wrong keys, grants and content types are 400 with OAuth's names."""
    answer = v1.ask_token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_environments_are_separate(v1: V1Api) -> None:
    """Keys and tokens of one environment are refused in the other; the demo host or path chooses it."""
    demo = V1Api(v1.sandbox, environment="demo").login()
    assert demo.get("Customer").status_code == 200
    assert v1.ask_token(auth=(demo.keys.application_key, demo.keys.client_key)).status_code == 400
    assert requests.get(f"{v1.base}/Customer", headers=demo.session.headers, timeout=5).status_code == 401
    headers = {**demo.session.headers, "Host": "api-demo.poweroffice.net"}
    assert requests.get(f"{v1.base}/Customer", headers=headers, timeout=5).status_code == 200


def test_companies_are_separate(v1: V1Api) -> None:
    """Each client key opens its own company."""
    other = V1Api(v1.sandbox, company=1).login()
    assert other.rows("Customer", orderby="Id", top=3) != v1.rows("Customer", orderby="Id", top=3)
    assert [entry.company for entry in v1.sandbox.journal()[-2:]] == ["havblaast", "fjordlys"]


@pytest.mark.parametrize("form", ["reusable", "single-use"])
def test_refresh_token(start_v1: Callable[..., V1Api], form: str) -> None:
    """As before December 2025: a refresh token gives a new access token, once or for ever."""
    api = start_v1(refresh_token=form, token_lifetime=600)
    refresh = {"grant_type": "refresh_token", "refresh_token": api.ask_token().json()["refresh_token"]}
    api.sandbox.advance(700)
    token = api.ask_token(auth=None, data=refresh).json()["access_token"]
    api.session.headers["Authorization"] = f"Bearer {token}"
    assert api.get("VatCode").status_code == 200
    again = api.ask_token(auth=None, data=refresh)
    assert again.status_code == {"reusable": 200, "single-use": 400}[form]


def test_refresh_token_of_the_other_environment(start_v1: Callable[..., V1Api]) -> None:
    """A refresh token of demo is unknown in production, and so is an invented one."""
    api = start_v1(refresh_token="reusable")
    demo = V1Api(api.sandbox, environment="demo").ask_token().json()["refresh_token"]
    for token in (demo, "invented", ""):
        answer = api.ask_token(data={"grant_type": "refresh_token", "refresh_token": token})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(("form", "told"), [("number", 600), ("string", "600"), ("one-less", 599)])
def test_expires_in(start_v1: Callable[..., V1Api], form: str, told: object) -> None:
    """expires_in says how the lifetime is told."""
    assert start_v1(expires_in=form, token_lifetime=600).ask_token().json()["expires_in"] == told


def test_token_body_lenient(start_v1: Callable[..., V1Api]) -> None:
    """The old backend: a form is read whatever the Content-Type says."""
    api = start_v1(token_body="lenient")
    assert api.ask_token(data=b"grant_type=client_credentials").status_code == 200


def test_bad_keys(start_v1: Callable[..., V1Api]) -> None:
    """bad_keys: 401 has the envelope, 400 OAuth's error."""
    answer = start_v1(bad_keys="401").ask_token(auth=("wrong", "wrong"))
    assert (answer.status_code, answer.json()["success"]) == (401, False)


@pytest.mark.parametrize("form", ["envelope", "empty"])
def test_module_missing(start_v1: Callable[..., V1Api], form: str) -> None:
    """A company without a module gets 403 for its resources; auth_body says with which body."""
    api = start_v1(auth_body=form)
    poor = V1Api(api.sandbox, company=2).login()
    poor.sandbox.set_privileges("TimeTracking", "Customer", company=2)
    poor.login()
    answer = poor.get("TimeTracking/TimeTrackingEntry")
    assert answer.status_code == 403
    assert bool(answer.content) is (form == "envelope")
    assert poor.get("Customer").status_code == 200


def test_rights_are_in_the_token(v1: V1Api) -> None:
    """A change of modules and privileges is seen by tokens issued after it; reading is part of writing."""
    hours = "TimeTracking/TimeTrackingEntry"
    assert v1.sandbox.set_subscriptions("Accounting") == ("Accounting",)
    assert v1.get(hours).status_code == 200
    assert v1.login().get(hours).status_code == 403
    body = {"company": "fjordlys", "subscriptions": ["Accounting", "TimeTracking"]}
    assert v1.control("POST", "subscriptions", body).json() == {"subscriptions": body["subscriptions"]}
    assert v1.control("GET", "subscriptions", company="fjordlys").json() == {
        "subscriptions": body["subscriptions"]
    }
    assert v1.login().get(hours).status_code == 200
    asked = {"company": "fjordlys", "privileges": ["Customer", "Supplier_Full"]}
    assert v1.control("POST", "privileges", asked).json() == {"privileges": ["Customer", "Supplier_Full"]}
    v1.login()
    assert [v1.get(path).status_code for path in ("Customer", "Supplier", "Product")] == [200, 200, 403]
    assert [v1.send("POST", path, {"name": "x"}).status_code for path in ("Customer", "Supplier")] == [
        403,
        200,
    ]
    told = v1.get("ClientIntegrationInformation").json()["data"]
    assert told["validPrivileges"] == ["Customer", "Supplier_Full"]
    assert {"Customer_Full", "Product"} <= set(told["invalidPrivileges"])
    assert {"Customer", "Supplier"}.isdisjoint(told["invalidPrivileges"])
    with pytest.raises(ValueError, match="subscriptions = 'Payrol': choose of Payroll"):
        v1.sandbox.set_subscriptions("Payrol")
    with pytest.raises(ValueError, match="privileges = 'Sales'"):
        v1.sandbox.set_privileges("Sales")


def test_rate_limit(start_v1: Callable[..., V1Api]) -> None:
    """50 requests per second and key, token calls counted; a second later it goes on."""
    api = start_v1(rate_limit=50, clock=lambda: 1_800_000_000.0)
    statuses = [api.get("VatCode").status_code for _ in range(50)]
    assert statuses == [200] * 49 + [429]
    assert V1Api(api.sandbox, company=1).login().get("VatCode").status_code == 200
    api.sandbox.advance(1)
    assert api.get("VatCode").status_code == 200


def test_rate_limit_key(start_v1: Callable[..., V1Api]) -> None:
    """rate_limit_key: the application's limit is shared by its companies."""
    api = start_v1(rate_limit=2, rate_limit_key="application", clock=lambda: 1_800_000_000.0)
    V1Api(api.sandbox, company=1).login()
    assert api.get("VatCode").status_code == 429


@pytest.mark.parametrize("body", ["envelope", "gateway", "empty"])
@pytest.mark.parametrize("wait", ["absent", "seconds", "date"])
def test_throttled_form(start_v1: Callable[..., V1Api], body: str, wait: str) -> None:
    """throttle_body and retry_after say how a 429 looks."""
    api = start_v1(rate_limit=1, throttle_body=body, retry_after=wait, clock=lambda: 1_800_000_000.0)
    answer = api.get("VatCode")
    assert answer.status_code == 429
    told = answer.headers.get("Retry-After")
    if wait == "date":
        assert parsedate_to_datetime(told).timestamp() == 1_800_000_001
    else:
        assert told == {"absent": None, "seconds": "1"}[wait]
    found = set(answer.json()) if answer.content else set()
    names = {"envelope": {"success", "validation"}, "gateway": {"statusCode", "message"}, "empty": set()}
    assert found == names[body]
