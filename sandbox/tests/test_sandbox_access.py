"""Tokens, keys, environments, privileges and the throttle, on the wire."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from sandbox_client import Api


def claims(token: str) -> dict:
    """Read the middle of a JWT."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_token_answer(api: Api) -> None:
    """The right keys give a bearer token for 1200 seconds that looks like a JWT."""
    answer = api.ask_token()
    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "bearer", 1200)
    seen = claims(body["access_token"])
    assert seen["goClientName"] == "Fjordlys Verksted AS"
    assert "Customer_Full" in seen["role"]
    assert seen["exp"] - seen["nbf"] == 1200


@pytest.mark.parametrize("position", [0, 1])
def test_wrong_keys(api: Api, position: int) -> None:
    """A wrong application or client key is 400 invalid_client."""
    keys = [api.keys.application_key, api.keys.client_key]
    keys[position] = "00000000-0000-4000-8000-000000000000"
    answer = api.ask_token(auth=tuple(keys))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    assert "environment" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"data": {"grant_type": "password"}}, "unsupported_grant_type"),
        ({"data": {}}, "invalid_request"),
        ({"auth": None}, "invalid_request"),
    ],
)
def test_bad_token_request(api: Api, changes: dict[str, Any], error: str) -> None:
    """A token request that is not client credentials is refused with its OAuth error."""
    api.session.headers.pop("Authorization")
    answer = api.ask_token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(("key", "word"), [(None, "missing"), ("0" * 32, "invalid")])
def test_subscription_key(api: Api, key: str | None, word: str) -> None:
    """Without a valid subscription key the gateway answers 401, at the token endpoint and at the API."""
    api.session.headers["Ocp-Apim-Subscription-Key"] = key
    for answer in (api.ask_token(), api.get("Customers")):
        assert answer.status_code == 401
        assert answer.json()["statusCode"] == 401
        assert f"due to {word} subscription key" in answer.json()["message"]


def test_secondary_and_query_subscription_key(api: Api) -> None:
    """The secondary key works, and so does the key in the query."""
    api.session.headers["Ocp-Apim-Subscription-Key"] = api.keys.subscription_key[:-1] + "2"
    assert api.get("Customers").status_code == 200
    del api.session.headers["Ocp-Apim-Subscription-Key"]
    assert api.get("Customers", **{"subscription-key": api.keys.subscription_key}).status_code == 200


def test_environments_are_separate(api: Api, client_of: type[Api]) -> None:
    """Keys and tokens of one environment are refused in the other."""
    demo = client_of(api.sandbox, 0, "demo").login()
    assert demo.get("Customers").status_code == 200
    demo.base = api.base
    assert demo.get("Customers").status_code == 401  # demo subscription key
    demo.session.headers["Ocp-Apim-Subscription-Key"] = api.keys.subscription_key
    stranger = demo.get("Customers")
    assert (stranger.status_code, stranger.content) == (401, b"")  # demo token
    demo.token_url = api.token_url
    assert demo.ask_token().json()["error"] == "invalid_client"


def test_paths_in_any_case(api: Api) -> None:
    """Paths are insensitive to case."""
    root = api.sandbox.url
    assert api.session.get(f"{root}/V2/cUSTOMERS").status_code == 200
    api.token_url = f"{root}/oauth/token"
    assert api.ask_token().status_code == 200


def test_token_expires_with_the_sandbox_clock(api: Api) -> None:
    """A token is valid until its last second and not after."""
    api.sandbox.advance(1195)
    assert api.get("Customers").status_code == 200
    api.sandbox.advance(10)
    answer = api.get("Customers")
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic abc"])
def test_no_valid_token(api: Api, header: str | None) -> None:
    """A missing or unknown token is 401 without a body."""
    api.session.headers["Authorization"] = header
    answer = api.get("Customers")
    assert (answer.status_code, answer.content) == (401, b"")


def test_privileges(api: Api, client_of: type[Api]) -> None:
    """A company without a privilege gets 403 without a body; read-only privileges refuse writing."""
    reduced = client_of(api.sandbox, 2).login()
    assert (reduced.ledger().status_code, reduced.ledger().content) == (403, b"")
    assert reduced.get("Customers").status_code == 200
    assert reduced.post("Customers", {"Name": "Ny"}).status_code == 403
    information = reduced.get("ClientIntegrationInformation").json()
    assert "AccountTransaction" in information["InvalidPrivileges"]
    assert "AccountTransaction" not in information["ValidPrivileges"]


def test_companies_hold_different_rows(api: Api, client_of: type[Api]) -> None:
    """Each client key opens its own company."""
    other = client_of(api.sandbox, 1).login()
    names = [client.get("Customers", OrderBy="Id").json()[0]["Name"] for client in (api, other)]
    assert names[0] != names[1]
    assert other.get("ClientIntegrationInformation").json()["ClientName"] == "Havblåst Kafé AS"


def test_throttle_counts_all_client_keys(start: Callable[..., Api], client_of: type[Api]) -> None:
    """Ten requests a second for each subscription, whoever sends them; then 429 with the gateway's body."""
    time = [1_800_000_000.0]
    api = start(rate_limit=10, clock=lambda: time[0])  # the login is the first request
    other = client_of(api.sandbox, 1).login()
    assert [api.get("Customers").status_code for _ in range(8)] == [200] * 8
    refused = other.get("Customers")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.json() == {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 1 seconds."}
    assert other.ask_token().status_code == 429
    time[0] += 1.0
    assert other.get("Customers").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "Nope"), ("POST", "SalesOrders"), ("POST", "OutgoingInvoices"), ("PUT", "Customers")],
)
def test_unknown_operation(api: Api, method: str, path: str) -> None:
    """What the gateway does not know is 404 with the gateway's body."""
    answer = api.session.request(method, f"{api.base}/{path}", json={})
    assert (answer.status_code, answer.json()) == (404, {"statusCode": 404, "message": "Resource not found"})


def test_outside_the_api(api: Api) -> None:
    """A path outside the API is 404 without asking for keys."""
    assert requests.get(f"{api.sandbox.url}/v1/Customers", timeout=5).status_code == 404
