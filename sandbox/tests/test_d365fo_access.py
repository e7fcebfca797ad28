"""Finance & Operations: tokens, their errors, and what the environment checks in them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
from d365fo_client import Fo

from poweroffice_sandbox.d365fo.keys import HR_AUDIENCE, OTHER_TENANT


def test_bodies_of_the_three_endpoints(fo: Fo) -> None:
    """v1 gives texts and the resource, v2 numbers, AD FS a small answer; all tokens work on premises."""
    one, two, adfs = (fo.ask_token(version).json() for version in ("v1", "v2", "adfs"))
    assert (one["expires_in"], one["resource"], one["token_type"]) == ("3599", fo.sandbox.url, "Bearer")
    assert int(one["expires_on"]) - int(one["not_before"]) == 3599
    assert (two["expires_in"], two["ext_expires_in"], "resource" in two) == (3599, 3599, False)
    assert (sorted(adfs), adfs["token_type"]) == (["access_token", "expires_in", "token_type"], "bearer")
    fo.base = fo.sandbox.base_url("/namespaces/AXSF")
    for answer in (one, two, adfs):
        fo.headers["Authorization"] = f"Bearer {answer['access_token']}"
        assert fo.get("UnitsOfMeasure").status_code == 200


@pytest.mark.parametrize(
    ("version", "changes", "code", "error"),
    [
        ("v2", {"client_secret": "wrong"}, 7000215, "invalid_client"),
        ("v2", {"client_id": "c11e4700-0000-4000-8000-000000000099"}, 700016, "unauthorized_client"),
        ("v2", {"tenant": "nobody.example"}, 90002, "invalid_request"),
        ("v1", {"resource": "https://other.example"}, 500011, "invalid_resource"),
        ("v2", {"scope": "data"}, 70011, "invalid_scope"),
        ("v2", {"scope": "https://other.example/read"}, 1002012, "invalid_scope"),
        ("v2", {"scope": "https://other.example/.default"}, 500011, "invalid_resource"),
        ("v1", {"grant_type": None}, 900144, "invalid_request"),
        ("v1", {"resource": None}, 900144, "invalid_request"),
        ("v2", {"grant_type": "password"}, 70003, "unsupported_grant_type"),
    ],
)
def test_token_errors(fo: Fo, version: str, changes: dict[str, Any], code: int, error: str) -> None:
    """Each mistake has its code, in the full shape of Entra's errors."""
    answer = fo.ask_token(version, **changes)
    body = answer.json()
    status = 401 if code == 7000215 else 400
    assert (answer.status_code, body["error_codes"], body["error"]) == (status, [code], error)
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert body["trace_id"] in body["error_description"]
    assert body["correlation_id"] in body["error_description"]


def test_expired_secret(start_fo: Callable[..., Fo]) -> None:
    """A secret that has expired is 7000222, not 7000215."""
    fo = Fo(start_fo().sandbox, "expired")
    assert fo.ask_token().json()["error_codes"] == [7000222]


def test_secret_must_be_form_encoded(fo: Fo) -> None:
    """The published secret works only when it is encoded as a form asks; put in raw it is another secret."""
    keys, url = fo.keys, fo.sandbox.token_url("v1")
    rest = (
        f"grant_type=client_credentials&client_id={keys.client_id}&resource={fo.sandbox.url}&client_secret="
    )
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    def asked(secret: str) -> requests.Response:
        return requests.post(url, data=(rest + secret).encode(), headers=kind, timeout=5)

    assert asked(quote_plus(keys.client_secret)).status_code == 200
    assert asked(keys.client_secret).json()["error_codes"] == [7000215]
    assert asked(keys.client_secret.replace("&", "%26").replace("%41", "%2541")).status_code == 401


def test_basic_on_v2(fo: Fo) -> None:
    """v2 takes id and secret as Basic too, form-encoded before they are joined."""
    form = {"grant_type": "client_credentials", "scope": f"{fo.sandbox.url}/.default"}

    def asked(secret: str) -> int:
        pair = b64encode(f"{fo.keys.client_id}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
        return requests.post(fo.sandbox.token_url(), data=form, headers=headers, timeout=5).status_code

    assert asked(quote_plus(fo.keys.client_secret)) == 200
    assert asked(fo.keys.client_secret) == 401


def test_unregistered_app(fo: Fo) -> None:
    """The commonest mistake: a valid token, and 401 without a body, as the app is unknown inside F&O."""
    other = Fo(fo.sandbox, "unregistered").login()
    answer = other.get("UnitsOfMeasure")
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_audience(fo: Fo) -> None:
    """A slash or capitals in the audience give a token the environment refuses; or none, by a switch."""
    for version, changes in (
        ("v1", {"resource": f"{fo.sandbox.url}/"}),
        ("v2", {"scope": f"{fo.sandbox.url}//.default"}),
        ("v1", {"resource": fo.sandbox.url.upper()}),
        ("v1", {"resource": HR_AUDIENCE}),
    ):
        assert fo.login(version, **changes).get("UnitsOfMeasure").status_code == 401
    fo.sandbox.set(odd_audience="65001")
    assert fo.ask_token("v1", resource=f"{fo.sandbox.url}/").json()["error_codes"] == [65001]


def test_old_human_resources(fo: Fo) -> None:
    """Below another namespace the audience is that of Human Resources, and only that."""
    fo.base = fo.sandbox.base_url("/namespaces/0b1d2c3e-0000-4000-8000-000000000001")
    assert fo.get("UnitsOfMeasure").status_code == 401
    assert fo.login("v1", resource=HR_AUDIENCE).get("UnitsOfMeasure").status_code == 200


def test_other_tenant_and_time(fo: Fo) -> None:
    """A token of another tenant is refused, and one that has expired on the sandbox's clock."""
    assert fo.login("v2", tenant=OTHER_TENANT).get("UnitsOfMeasure").status_code == 401
    assert fo.login("v2", tenant="common").get("UnitsOfMeasure").status_code == 401
    assert fo.login("v2", tenant="fjordlys.example").get("UnitsOfMeasure").status_code == 200
    fo.sandbox.advance(3600)
    assert fo.get("UnitsOfMeasure").status_code == 401
    assert fo.login().get("UnitsOfMeasure").status_code == 200
    fo.sandbox.expire_tokens()
    assert fo.get("UnitsOfMeasure").status_code == 401


def test_any_token(fo: Fo) -> None:
    """For clients that make a token up on localhost: by a switch any is good, but none is not."""
    fo.headers["Authorization"] = "Bearer made-up"
    assert fo.get("UnitsOfMeasure").status_code == 401
    fo.sandbox.set(sign_in="skipped")
    assert fo.get("UnitsOfMeasure").status_code == 200
    fo.headers.clear()
    assert fo.get("UnitsOfMeasure").status_code == 401


def test_on_premises_login_page(fo: Fo) -> None:
    """On premises a call without a good token is sent to a login page, which is 200 and HTML."""
    fo.base, fo.headers = fo.sandbox.base_url("/namespaces/AXSF"), {}
    answer = fo.get("UnitsOfMeasure")
    assert (answer.status_code, answer.headers["Location"].startswith("/adfs/ls/")) == (302, True)
    page = requests.get(f"{fo.base}/data/UnitsOfMeasure", timeout=5)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(("reading", "status"), [("403", 403), ("500", 500)])
def test_no_privilege(fo: Fo, reading: str, status: int) -> None:
    """A user without the privilege gets 403 or an exception, for services and entities."""
    fo.sandbox.set(no_privilege=reading)
    other = Fo(fo.sandbox, "powerless").login()
    assert other.run("getText", {}).status_code == status
    assert "Access denied" in other.get("UnitsOfMeasure").json()["Message"]


def test_headers(fo: Fo) -> None:
    """Every answer has an activity id, echoes the client's id, and offers the affinity cookie."""
    first = fo.call("GET", "/data/UnitsOfMeasure", headers={"x-ms-client-request-id": "abc"}).headers
    assert (first["x-ms-client-request-id"], first["OData-Version"]) == ("abc", "4.0")
    assert len(first["ms-dyn-aid"]) == 36
    assert first["server-timing"].startswith("dur=")
    assert first["Set-Cookie"].startswith("ApplicationAffinity=server-")


def test_journal_and_no_secrets(fo: Fo) -> None:
    """The journal has the requests with the user's company, and neither secret nor token."""
    fo.get("UnitsOfMeasure")
    text = fo.control("GET", "journal").text
    assert [entry.company for entry in fo.sandbox.journal()] == [None, "usmf"]
    assert fo.keys.client_secret not in text
    assert fo.headers["Authorization"].split()[1] not in text
