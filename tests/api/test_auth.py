"""The token: which key was wrong, when it is renewed, and that it is fetched once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from support import FakeClock, Unthrottled, client_of, credentials
from support.raw_server import RawServer, StreamServer, answer, http

from airflow_provider_poweroffice.api import Client, Credentials, RetryOptions
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.retry import retry_reason
from airflow_provider_poweroffice.errors import (
    AuthenticationError,
    InvalidResponseError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
    ServerError,
    UntrustedHostError,
)
from poweroffice_sandbox import Sandbox

TOKEN = "/OAuth/Token"
GUID = "00000000-0000-0000-0000-00000000dead"


def with_keys(sandbox: Sandbox, clock: FakeClock, **changes: str) -> Client:
    """Open a client with some keys changed."""
    keys = sandbox.keys()
    given = {
        "application_key": keys.application_key,
        "client_key": keys.client_key,
        "subscription_key": keys.subscription_key,
    } | changes
    return Client(Credentials(**given), host=sandbox.url, clock=clock, throttle=Unthrottled())


@pytest.mark.parametrize("bad_keys", ["400", "401"])
@pytest.mark.parametrize("wrong", ["application_key", "client_key"])
def test_wrong_key(sandbox: Sandbox, clock: FakeClock, wrong: str, bad_keys: str) -> None:
    """A wrong key is an AuthenticationError at once, under both readings of the status."""
    sandbox.set(bad_keys=bad_keys)
    with with_keys(sandbox, clock, **{wrong: GUID}) as client, pytest.raises(AuthenticationError) as caught:
        client.request("GET", "Customers")
    assert (caught.value.key, caught.value.status) == ("application key or client key", int(bad_keys))
    assert "login" in str(caught.value)
    assert sandbox.count("POST", TOKEN) == 1
    assert clock.naps == []


def test_wrong_subscription_key(sandbox: Sandbox, clock: FakeClock) -> None:
    """The gateway's refusal is told apart from the token endpoint's."""
    with (
        with_keys(sandbox, clock, subscription_key="f" * 32) as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.request("GET", "Customers")
    assert caught.value.key == "subscription key"
    assert "subscription_api_key" in str(caught.value)


def test_renewed_ahead_of_expiry(sandbox: Sandbox, clock: FakeClock) -> None:
    """The token is renewed before it expires, by the lifetime the server returned."""
    for form in ("number", "string"):
        sandbox.reset()
        sandbox.set(token_lifetime=100, expires_in=form)
        with with_keys(sandbox, clock) as client:
            client.request("GET", "VatCodes")
            clock.now += 79
            client.request("GET", "VatCodes")
            assert sandbox.count("POST", TOKEN) == 1
            clock.now += 2
            client.request("GET", "VatCodes")
            assert sandbox.count("POST", TOKEN) == 2
    assert not any(entry.status == 401 for entry in sandbox.journal())


def test_long_token_is_renewed_a_minute_early(sandbox: Sandbox, clock: FakeClock) -> None:
    """Of the usual 1200 seconds, 1140 are used."""
    with with_keys(sandbox, clock) as client:
        client.request("GET", "VatCodes")
        clock.now += 1139
        client.request("GET", "VatCodes")
        clock.now += 2
        client.request("GET", "VatCodes")
    assert sandbox.count("POST", TOKEN) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_renewed_once_on_401(client: Client, sandbox: Sandbox, method: str) -> None:
    """A revoked token costs one more token and no failure, for writes too: a 401 was not carried out."""
    client.auth.token()
    sandbox.expire_tokens()
    body = {"Name": "x"} if method == "POST" else None
    assert client.request(method, "Customers", body=body).is_success
    assert sandbox.count("POST", TOKEN) == 2
    assert sandbox.count(method, "/Customers") == 2


@pytest.mark.finding("D14")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_new_tokens_are_refused_for_a_while(
    client: Client, sandbox: Sandbox, clock: FakeClock, method: str
) -> None:
    """While an identity service restarts, new tokens are refused too: any call is repeated."""
    sandbox.add_fault(action="status", status=401, path="/Customers", method=method, times=7)
    body = {"Name": "x"} if method == "POST" else None
    assert client.request(method, "Customers", body=body).is_success
    assert sandbox.count(method, "/Customers") == 8
    assert len(clock.naps) == 3


@pytest.mark.finding("D14")
def test_new_tokens_are_refused_for_good(client: Client, sandbox: Sandbox, clock: FakeClock) -> None:
    """A server that refuses new tokens too is not asked for ever; a task may try again later."""
    sandbox.add_fault(action="status", status=401, path="/Customers", times=0)
    with pytest.raises(PermissionDeniedError, match="401") as caught:
        client.request("GET", "Customers")
    assert not caught.value.final
    assert retry_reason(caught.value, "POST")
    assert len(clock.naps) == 5
    assert sandbox.count("GET", "/Customers") == 12


@pytest.mark.finding("D14")
def test_an_app_that_is_not_registered(clock: FakeClock) -> None:
    """F&O refuses the tokens of such an app: that is told after seconds, and a task may try again later."""
    with RawServer(http(status="401 Unauthorized")) as server:
        keys = D365FOCredentials(
            url=server.url, token_url=f"{server.url}/token", client_id="app", client_secret="s3cret-value"
        )
        with (
            Client(
                keys, api_version="d365fo", host=server.url, clock=clock, throttle=Unthrottled()
            ) as client,
            pytest.raises(PermissionDeniedError, match="registered inside it") as caught,
        ):
            client.request("GET", "CustomersV3")
        assert server.count("GET") == 6
    assert sum(clock.naps) < 4
    assert retry_reason(caught.value, "POST")


@pytest.mark.finding("D14")
@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("word", ["temporarily_unavailable", "server_error"])
def test_identity_service_that_is_busy(
    client: Client, sandbox: Sandbox, clock: FakeClock, status: int, word: str
) -> None:
    """OAuth says by a word that the service, and no key, is at fault: the call is sent a little later."""
    body = json.dumps({"error": word, "error_description": "AADSTS90033: A transient error has occurred."})
    sandbox.add_fault(action="status", status=status, body=body, path="/OAuth/Token", times=2)
    assert client.request("POST", "Customers", body={"Name": "x"}).is_success
    assert len(clock.naps) == 2
    sandbox.add_fault(action="status", status=status, body=body, path="/OAuth/Token", times=0)
    with pytest.raises(ServerError, match="AADSTS90033") as caught:
        client.auth.token(instead_of=client.auth.token())
    assert not caught.value.outcome_unknown


def test_gateway_401_is_not_cured_by_a_token(client: Client, sandbox: Sandbox) -> None:
    """A 401 about the subscription key does not cost a token."""
    body = json.dumps({"statusCode": 401, "message": "Access denied due to invalid subscription key."})
    sandbox.add_fault(action="status", status=401, path="/Customers", times=0, body=body)
    with pytest.raises(PermissionDeniedError, match="subscription key"):
        client.request("GET", "Customers")
    assert sandbox.count("POST", TOKEN) == 1
    assert sandbox.count("GET", "/Customers") == 1


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_token_endpoint_has_bad_moments(client: Client, sandbox: Sandbox, status: int, method: str) -> None:
    """429 and 5xx of the token endpoint are tried again for any method: the call was not sent."""
    sandbox.add_fault(action="status", status=status, path=TOKEN, times=2)
    assert client.request(method, "Customers", body={"Name": "x"} if method == "POST" else None).is_success
    assert sandbox.count(method, "/Customers") == 1
    assert sandbox.count("POST", TOKEN) == 3


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitError), (503, ServerError)])
def test_token_endpoint_stays_down(
    sandbox: Sandbox, clock: FakeClock, status: int, kind: type[PowerOfficeError]
) -> None:
    """When the token endpoint stays down, the error is typed, and nothing is said to be uncertain."""
    sandbox.add_fault(action="status", status=status, path=TOKEN, times=0)
    client = client_of(
        sandbox,
        clock,
        retry=RetryOptions(attempts=2),
    )
    with client, pytest.raises(kind) as caught:
        client.request("POST", "Customers", body={})
    assert caught.value.outcome_unknown is False


@pytest.mark.parametrize("action", ["reset_before", "reset_after", "truncate", "garbage"])
def test_token_reply_breaks_off(client: Client, sandbox: Sandbox, action: str) -> None:
    """A token reply that breaks off is asked for again, also for a POST."""
    sandbox.add_fault(action=action, path=TOKEN, times=1)
    assert client.request("POST", "Customers", body={"Name": "x"}).status_code == 201
    assert sandbox.count("POST", "/Customers") == 1


def test_answer_without_token(sandbox: Sandbox, clock: FakeClock) -> None:
    """A 200 without a token is an error of its own, not a KeyError."""
    sandbox.add_fault(action="status", status=200, body='{"expires_in": 5}', path=TOKEN, times=0)
    client = client_of(
        sandbox,
        clock,
        retry=RetryOptions(attempts=1),
    )
    with client, pytest.raises(InvalidResponseError, match="access_token"):
        client.request("GET", "Customers")


@pytest.mark.parametrize("token", ["secret-a\r\nX: y", "secret-b\u20ac", " secret-c", "secret d", 5, [], ""])
def test_token_that_can_not_be_sent(sandbox: Sandbox, clock: FakeClock, token: object) -> None:
    """A token that fits no header is refused, and not shown by the error."""
    body = json.dumps({"access_token": token})
    sandbox.add_fault(action="status", status=200, body=body, path=TOKEN, times=0)
    client = client_of(sandbox, clock, retry=RetryOptions(attempts=1))
    with client, pytest.raises(InvalidResponseError, match="access_token") as caught:
        client.request("GET", "Customers")
    assert "secret" not in str(caught.value)


def test_host_in_its_own_script(clock: FakeClock) -> None:
    """A host with letters beyond ASCII is the same server as in the form that is sent."""
    keys = Credentials(application_key="aaaaaa", client_key="bbbbbb", subscription_key="cccccc")
    with Client(keys, host="https://B\u00fccher.example", clock=clock, throttle=Unthrottled()) as client:
        client.auth.check_origin("https://xn--bcher-kva.example/v2/Customers")
        for other in ("https://bucher.example/", "https://b\u00fccher.example.org/", "https://\u00fc/"):
            with pytest.raises(UntrustedHostError):
                client.auth.check_origin(other)


@pytest.mark.parametrize("lifetime", [None, "soon", 0, -5])
def test_odd_lifetimes(client: Client, sandbox: Sandbox, lifetime: object) -> None:
    """A lifetime that is missing, text or nothing does no harm."""
    body = json.dumps({"access_token": client.auth.token(), "expires_in": lifetime})
    client.auth._token = None
    sandbox.add_fault(action="status", status=200, body=body, path=TOKEN, times=0)
    assert client.request("GET", "VatCodes").is_success


def test_one_renewal_at_a_time(client: Client, sandbox: Sandbox) -> None:
    """Many threads that need a token cause one token request."""
    sandbox.add_fault(action="delay", seconds=0.05, path=TOKEN, times=0)
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda: tokens.append(client.auth.token())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 12
    assert len(set(tokens)) == 1
    assert sandbox.count("POST", TOKEN) == 1


def test_one_renewal_after_many_refusals(client: Client, sandbox: Sandbox) -> None:
    """Threads that were refused the same token share the one that replaces it."""
    stale = client.auth.token()
    fresh = {client.auth.token(instead_of=stale) for _ in range(5)}
    assert len(fresh) == 1
    assert sandbox.count("POST", TOKEN) == 2


def test_netrc_is_ignored(
    sandbox: Sandbox, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .netrc entry for the host replaces neither the keys nor the token."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(sandbox.url) == ("evil", "evil")
    with with_keys(sandbox, clock) as client:
        assert client.request("GET", "VatCodes").is_success
        assert client.session.get("VatCodes").ok


def test_each_environment_has_its_own_keys(sandbox: Sandbox, clock: FakeClock) -> None:
    """Demo keys work in demo only, at demo's own token URL."""
    keys = credentials(sandbox, environment="demo")
    with Client(keys, environment="demo", host=sandbox.url, clock=clock, throttle=Unthrottled()) as client:
        assert (
            client.request("GET", "ClientIntegrationInformation").path
            == "/Demo/v2/ClientIntegrationInformation"
        )
    with (
        Client(keys, host=sandbox.url, clock=clock, throttle=Unthrottled()) as client,
        pytest.raises(AuthenticationError),
    ):
        client.request("GET", "ClientIntegrationInformation")


def test_on_token_hears_of_each(sandbox: Sandbox, clock: FakeClock) -> None:
    """Each new token is announced before it is used, so that a log can mask it."""
    heard: list[str] = []
    with client_of(sandbox, clock, on_token=heard.append) as client:
        client.request("GET", "VatCodes")
        sandbox.expire_tokens()
        client.request("GET", "VatCodes")
    assert len(set(heard)) == 2


@pytest.mark.parametrize("path", ["/Customers", TOKEN])
def test_echoed_keys_are_blanked(client: Client, sandbox: Sandbox, path: str) -> None:
    """A server that echoes the keys it was sent does not bring them into an exception."""
    sandbox.add_fault(action="echo_credentials", path=path, times=0)
    with pytest.raises(PowerOfficeError) as caught:
        client.request("GET", "Customers")
    secrets = client.auth.secrets
    shown = str(caught.value) + repr(vars(caught.value)) + repr(getattr(caught.value, "response", ""))
    assert "***" in shown
    assert not any(secret in shown for secret in secrets)


def test_no_cookie_is_kept(client: Client, sandbox: Sandbox) -> None:
    """A load balancer's cookie is not sent back, so calls are spread over its servers."""
    sandbox.add_fault(
        action="status", status=200, body="[]", headers={"Set-Cookie": "ARRAffinity=x; Path=/"}, times=1
    )
    client.request("GET", "Customers")
    assert not client.session.cookies


@pytest.mark.sample(1)
@pytest.mark.finding("D14")
@pytest.mark.parametrize(("every", "concurrency"), [(3, 1), (6, 4), (10, 8)])
def test_tokens_that_die_while_pages_are_in_flight(clock: FakeClock, every: int, concurrency: int) -> None:
    """A 401 whose token was replaced meanwhile is tried with the newest one; no page is lost."""
    lock, state = threading.Lock(), {"calls": 0, "token": 0}

    def token(*_: object) -> Iterator[bytes]:
        with lock:
            state["token"] += 1
            yield answer(b'{"access_token":"t-%d","expires_in":1200}' % state["token"])

    def page(_: str, path: str, head: bytes) -> Iterator[bytes]:
        with lock:
            state["calls"] += 1
            if state["calls"] % every == 0:
                state["token"] += 1  # nobody has been given this one
            valid = b"Bearer t-%d\r\n" % state["token"] in head
        number = int(dict(parse_qsl(urlsplit(path).query))["PageNumber"])
        if not valid:
            yield answer(b"", status="401 Unauthorized")
            return
        facts = json.dumps({"totalCount": 40, "totalPages": 40, "currentPage": number, "pageSize": 1})
        yield answer(b'[{"Id":%d}]' % number, f"X-Pagination: {facts}")

    with StreamServer(page, token) as server:
        keys = Credentials(application_key="aaaaaa", client_key="bbbbbb", subscription_key="cccccc")
        # By chance a page may meet a token's death at each of the usual six attempts.
        patient = RetryOptions(attempts=20, deadline=1e6)  # all threads sleep on one clock
        with Client(
            keys, host=f"{server.url}/v2", clock=clock, throttle=Unthrottled(), retry=patient
        ) as client:
            pages = client.pages("Customers", page_size=1, concurrency=concurrency)
            assert sorted(row["Id"] for one in pages for row in one.rows) == list(range(1, 41))
