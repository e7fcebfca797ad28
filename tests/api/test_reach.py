"""Where keys go: past no proxy in the clear, into no frame that raises, and behind no header of a user's."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from support import FakeClock, Unthrottled
from support.raw_server import TOKEN, StreamServer, answer
from support.tap import Tap

from airflow_provider_poweroffice.api import Client, Credentials, RetryOptions
from airflow_provider_poweroffice.api.call import build_call, check_endpoint
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.d365fo.entities import entity_path
from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
from airflow_provider_poweroffice.api.transport import Session
from airflow_provider_poweroffice.errors import APIConnectionError, PowerOfficeError
from poweroffice_sandbox import Sandbox

APPLICATION, CLIENT, SUBSCRIPTION = "app-1234-secret", "client-5678-secret", "5ub5cr1pt10n-secret"
SECRET = "client.secret~of/F&O"
ISSUED = "tok.en-of-the-raw-server"

PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tap]:
    """Set a proxy for everything, which must see nothing."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Tap() as tap:
        for name in PROXIES:
            monkeypatch.setenv(name, tap.url)
        yield tap


@pytest.mark.finding("S7")
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "here.localhost"])
def test_this_machine_is_reached_without_a_proxy(sandbox: Sandbox, proxy: Tap, name: str) -> None:
    """Calls, tokens and a borrowed session go to a server on this machine, and nowhere else."""
    keys = sandbox.keys()
    credentials = Credentials(
        application_key=keys.application_key,
        client_key=keys.client_key,
        subscription_key=keys.subscription_key,
    )
    port = sandbox.url.rpartition(":")[2]
    host = "127.0.0.1" if name == "here.localhost" else name
    with Client(credentials, host=f"http://{host}:{port}", throttle=Unthrottled()) as client:
        assert client.request("GET", "VatCodes").is_success
        assert client.session.get("VatCodes", timeout=10).ok
    assert proxy.seen == []


@pytest.mark.finding("S7")
@pytest.mark.parametrize("host", ["intern.example", "10.1.2.3", "127.0.0.1.example", "[fd00::1]"])
def test_no_proxy_sees_keys(proxy: Tap, host: str) -> None:
    """An unencrypted server elsewhere is not reached through a proxy: nothing is sent, and it is final."""
    with (
        Client(v2_keys(), host=f"http://{host}", throttle=Unthrottled()) as client,
        pytest.raises(APIConnectionError, match="NO_PROXY") as caught,
    ):
        client.request("POST", "Customers", body={})
    assert (caught.value.outcome_unknown, caught.value.permanent) == (False, True)
    assert proxy.seen == []


REFUSED = [
    *("Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade", "Expect", "Keep-Alive", "Max-Forwards"),
    *("Host", "Content-Length", "HTTP2-Settings", "transfer_encoding", "Content_Length", "Accept-Encoding"),
    *("Proxy-Authorization", "Proxy-Connection", "Proxy-Authenticate", "Cookie", "Cookie2", "Authorization"),
    *("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE"),
    *("X-Original-URL", "X-Rewrite-URL", "Forwarded", "X-Forwarded-Host", "Ocp-Apim-Subscription-Key"),
]


@pytest.mark.finding("S9")
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("api", DIALECTS)
def test_headers_that_make_another_message(name: str, api: str) -> None:
    """Framing, hops, identity and method of a message are not a user's to set."""
    with pytest.raises(ValueError, match=name):
        build_call(DIALECTS[api], "POST", "Customers", body={}, headers={name: "chunked"})


@pytest.mark.finding("S9")
@pytest.mark.parametrize(
    "name",
    [
        "If-Match",
        "Prefer",
        "Accept",
        "Accept-Language",
        "Content-Type",
        "X-Correlation-Id",
        "If-Modified-Since",
    ],
)
def test_headers_of_a_user(name: str) -> None:
    """What says something about the resource is sent."""
    assert name in build_call(DIALECTS["v2"], "GET", "Customers", headers={name: "a"}).headers


@pytest.mark.finding("S13")
@pytest.mark.parametrize(
    "endpoint",
    [
        "Customers\\'; DROP TABLE canary; --",
        "Customers'",
        'Customers"',
        "Customers;x",
        "Customers\\x",
        "Customers /1",
        "Customers/a b",
        "Customers`1`",
        "Customers(a='b';c)",
        "Customers(a='b c')",
        "Customers(a='b)",
        "Customers(a='b')'",
        "Customers/..;/x",
        "Customers<x>",
    ],
)
def test_characters_that_no_path_has(endpoint: str) -> None:
    """Quotes, semicolons, backslashes and spaces are refused with the way out."""
    with pytest.raises(ValueError, match="percent-encode"):
        check_endpoint(endpoint)


@pytest.mark.finding("S13")
@pytest.mark.parametrize(
    "endpoint",
    [
        "Customers/a%20b%27%3B",
        "CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')",
        entity_path("CustomersV3", {"dataAreaId": "usmf", "CustomerAccount": 'O\'Hara; (1) \\ "x"'}),
        "Customers/a(b)",
        "Customers/\u00e5",
    ],
)
def test_characters_of_a_path(endpoint: str) -> None:
    """What is percent-encoded, and the key of an entity, is sent as it is."""
    assert check_endpoint(endpoint) == endpoint


def v2_keys() -> Credentials:
    """Make keys of v2."""
    return Credentials(application_key=APPLICATION, client_key=CLIENT, subscription_key=SUBSCRIPTION)


def opened(api: str, server: StreamServer) -> Client:
    """Open a client of an API that tries twice."""
    options: dict[str, Any] = {
        "retry": RetryOptions(attempts=2),
        "clock": FakeClock(),
        "throttle": Unthrottled(),
        "api_version": api,
    }
    if api == "d365fo":
        keys: Any = D365FOCredentials(
            url=server.url,
            client_id="id",
            client_secret=SECRET,
            token_url=f"{server.url}/tenant/oauth2/v2.0/token",
        )
        return Client(keys, **options)
    if api == "v1":
        keys = Credentials(application_key=APPLICATION, client_key=CLIENT)
        return Client(keys, host=server.url, **options)
    return Client(v2_keys(), host=f"{server.url}/v2", **options)


GOOD_TOKEN = answer(TOKEN)
TROUBLE: dict[str, tuple[bytes, bytes]] = {
    "token 400": (answer(b'{"error":"invalid_client"}', status="400 Bad Request"), b""),
    "token 401": (answer(b"", status="401 Unauthorized"), b""),
    "token 403": (answer(b"no", status="403 Forbidden"), b""),
    "token 500": (answer(b"<html>", status="500 Oh"), b""),
    "token 429": (answer(b"", "Retry-After: 60", status="429 Slow"), b""),
    "token lost": (b"", b""),
    "token cut": (answer(TOKEN, length=900), b""),
    "token head cut": (GOOD_TOKEN[:30], b""),
    "token is no JSON": (answer(b"[" * 9000), b""),
    "token is odd": (answer(b'{"access_token":"tok.en-of-the-raw-server\\u20ac"}'), b""),
    "token is in an odd encoding": (answer(TOKEN, "Content-Encoding: br"), b""),
    "token is too large": (answer(TOKEN + b" " * 100_000), b""),
    "400": (GOOD_TOKEN, answer(b'{"detail":"no"}', status="400 Bad Request")),
    "401": (GOOD_TOKEN, answer(b"", status="401 Unauthorized")),
    "403": (GOOD_TOKEN, answer(b"", status="403 Forbidden")),
    "429": (GOOD_TOKEN, answer(b"", status="429 Slow")),
    "500": (GOOD_TOKEN, answer(b"<html>", status="500 Oh")),
    "302": (GOOD_TOKEN, answer(b"", "Location: https://thief.example", status="302 Found")),
    "lost": (GOOD_TOKEN, b""),
    "cut": (GOOD_TOKEN, answer(b"[1", length=900)),
    "head cut": (GOOD_TOKEN, answer(b"[]")[:30]),
    "no JSON": (GOOD_TOKEN, answer(b'[{"a":')),
    "HTML": (GOOD_TOKEN, answer(b"<html>").replace(b"application/json", b"text/html")),
    "refused in a 200": (GOOD_TOKEN, answer(b'{"success":false,"summary":"no"}')),
}
CALLS: dict[str, Callable[[Client], object]] = {
    "request": lambda client: client.request("POST", "Customer", body={"name": "x"}),
    "pages": lambda client: list(client.pages("Customer")),
    "token": lambda client: client.auth.token(),
    "session": lambda client: client.session.get("Customer", timeout=5).raise_for_status(),
}


@pytest.mark.finding("S12")
@pytest.mark.sample(58)
@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("way", CALLS)
@pytest.mark.parametrize("api", DIALECTS)
def test_no_frame_that_raises_holds_keys(api: str, way: str, trouble: str) -> None:
    """An error tracker that shows the locals of every frame, of causes and contexts too, shows no key."""
    token, reply = TROUBLE[trouble]
    with (
        StreamServer(lambda *_: iter((reply,)), lambda *_: iter((token,))) as server,
        opened(api, server) as client,
    ):
        error = _error_of(CALLS[way], client)
    assert way == "session" or error is None or isinstance(error, PowerOfficeError)
    shown = _shown(error) if isinstance(error, PowerOfficeError) else ""
    for secret in (APPLICATION, CLIENT, SUBSCRIPTION, SECRET, ISSUED, v2_keys().basic, "client.secret%7E"):
        assert secret not in shown


def _error_of(call: Callable[[Client], object], client: Client) -> Exception | None:
    try:
        call(client)
    except Exception as error:  # noqa: BLE001 - looked at by the test
        return error
    return None


def _shown(error: BaseException | None) -> str:
    """Write all frames with their locals, of every error that led to one."""
    texts = []
    while error is not None:
        texts.extend(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        texts.append(repr(vars(error)))
        error = error.__cause__ or error.__context__
    return "".join(texts)


@pytest.mark.finding("S12")
@pytest.mark.parametrize("api", DIALECTS)
def test_http_client_prints_no_headers(
    api: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A debug level that is set for all of http.client prints no key of this package's connections."""
    monkeypatch.setattr(HTTPConnection, "debuglevel", 1)
    with (
        StreamServer(lambda *_: iter((answer(b'{"success":true}'),))) as server,
        opened(api, server) as client,
    ):
        client.request("POST", "Customers", body={})
    assert capsys.readouterr().out == ""


def test_a_session_has_a_plain_repr() -> None:
    """Objects that stand in frames tell nothing of what they hold."""
    with Client(v2_keys(), host="http://127.0.0.1:9", throttle=Unthrottled()) as client:
        assert isinstance(client.session, Session)
        for thing in (client, client.auth, client.session, client.session.headers):
            assert "secret" not in repr(thing)
