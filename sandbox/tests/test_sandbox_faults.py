"""Faults happen on the real socket, to the requests named, as often as named."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests

from poweroffice_sandbox import FaultError

if TYPE_CHECKING:
    from sandbox_client import Api


def test_status_with_headers_and_html(api: Api) -> None:
    """A status fault answers what the rule says, once, and the work is not done."""
    api.sandbox.add_fault(action="status", status=503, headers={"Retry-After": "7"}, body="<html>nede</html>")
    answer = api.post("Customers", {"Name": "A"})
    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (503, "7", "<html>nede</html>")
    assert answer.headers["Content-Type"] == "text/html"
    assert api.sandbox.totals()["Customers"] == 120
    assert api.get("Customers").status_code == 200


def test_times_and_every(api: Api) -> None:
    """Times limits the hits; every hits each n-th request, without end."""
    api.sandbox.add_fault(action="status", status=500, times=2)
    assert [api.get("VatCodes").status_code for _ in range(3)] == [500, 500, 200]
    api.sandbox.clear_faults()
    api.sandbox.add_fault(action="status", status=502, every=3)
    assert [api.get("VatCodes").status_code for _ in range(6)] == [200, 200, 502, 200, 200, 502]
    api.sandbox.clear_faults()
    api.sandbox.add_fault(action="status", status=500, after=2, every=2)
    assert [api.get("VatCodes").status_code for _ in range(6)] == [200, 200, 200, 500, 200, 500]


@pytest.mark.parametrize("path", ["/Customers*", "/v2/customers*", "*/CUSTOMERS/*"])
def test_only_the_requests_named(api: Api, path: str) -> None:
    """A rule names method and path by a glob, in any case."""
    api.sandbox.add_fault(action="status", status=500, method="patch", path=path)
    assert api.get("Customers/7300001").status_code == 200
    assert api.patch("Customers/7300001", []).status_code == 500
    assert api.patch("Customers/7300001", []).status_code == 200


def test_token_endpoint(api: Api) -> None:
    """The token endpoint can be made to fail too."""
    api.sandbox.add_fault(action="status", status=500, path="/OAuth/Token")
    assert api.get("VatCodes").status_code == 200
    assert api.ask_token().status_code == 500


def test_reset_before(api: Api) -> None:
    """reset_before closes the connection before any work is done."""
    api.sandbox.add_fault(action="reset_before", method="POST")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        api.post("Customers", {"Name": "A"})
    assert api.sandbox.totals()["Customers"] == 120
    assert api.sandbox.count("POST", "/Customers") == 1


def test_reset_after(api: Api) -> None:
    """reset_after does the work, then closes the connection without a reply."""
    api.sandbox.add_fault(action="reset_after", method="POST")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        api.post("Customers", {"Name": "A", "ExternalImportReference": "af-1"})
    assert len(api.get("Customers", externalImportReference="af-1").json()) == 1


def test_reset_is_a_rst(api: Api) -> None:
    """A raw socket gets a RST and not an orderly end."""
    api.sandbox.add_fault(action="reset_before")
    host, port = api.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as plug:
        request = (
            f"GET /v2/Customers HTTP/1.1\r\nHost: x\r\nOcp-Apim-Subscription-Key: {api.keys.subscription_key}"
        )
        plug.sendall(f"{request}\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            plug.recv(1)


def test_half_a_request_is_none(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    """A client that dies while it sends asks for nothing, and is no error of the sandbox."""
    host, port = api.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as plug:
        plug.sendall(b"POST /v2/Customers HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        plug.shutdown(socket.SHUT_WR)
        assert plug.recv(1) == b""
    assert "/v2/Customers" not in {entry.path for entry in api.sandbox.journal()}
    assert "ClientDisconnect" not in capfd.readouterr().err


def test_truncate(api: Api) -> None:
    """Truncate announces the whole body and sends half of it."""
    api.sandbox.add_fault(action="truncate", path="/Customers")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        api.get("Customers")
    assert api.get("Customers").status_code == 200


def test_garbage(api: Api) -> None:
    """Garbage is a 200 with cut JSON and a Content-Length that fits it."""
    api.sandbox.add_fault(action="garbage")
    answer = api.get("Customers")
    assert (answer.status_code, int(answer.headers["Content-Length"])) == (200, len(answer.content))
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_delay(api: Api) -> None:
    """Delay holds one request back and no other."""
    api.sandbox.add_fault(action="delay", seconds=0.2)
    before = time.perf_counter()
    api.get("VatCodes")
    middle = time.perf_counter()
    api.get("VatCodes")
    assert middle - before >= 0.2 > time.perf_counter() - middle


def test_expire_tokens(api: Api) -> None:
    """expire_tokens makes the very request that meets it a 401; a new token works."""
    api.sandbox.add_fault(action="expire_tokens", path="/Customers")
    assert api.get("VatCodes").status_code == 200
    assert api.get("Customers").status_code == 401
    assert api.get("VatCodes").status_code == 401
    assert api.login().get("Customers").status_code == 200


def test_echo_credentials(api: Api) -> None:
    """echo_credentials gives back the secrets, to see whether a client hides them."""
    api.sandbox.add_fault(action="echo_credentials")
    answer = api.get("Customers")
    assert answer.status_code == 400
    assert api.session.headers["Authorization"] in answer.json()["detail"]
    assert api.keys.subscription_key in answer.json()["detail"]


def test_control_calls_and_refusals_use_nothing_up(start: Callable[..., Api]) -> None:
    """Neither a control call nor a 429 uses a fault up."""
    api = start(rate_limit=1, clock=lambda: 1_800_000_000.0)
    api.sandbox.add_fault(action="status", status=500)
    assert api.control("GET", "health").status_code == 200
    assert api.get("VatCodes").status_code == 429
    api.sandbox.set(rate_limit=0)
    assert api.get("VatCodes").status_code == 500


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "action is missing: choose one of status,"),
        ({"action": "explode"}, "action = 'explode': choose one of status,"),
        ({"action": "status", "colour": 1}, "colour: no such setting of a fault; there are action,"),
        ({"action": "status", "every": 0}, "every = 0"),
        ({"action": "status", "after": -1}, "after = -1"),
        ({"action": "truncate", "keep": 2}, "keep = 2"),
    ],
)
def test_refused_rules(api: Api, rule: dict[str, Any], words: str) -> None:
    """A wrong rule says what is wrong and what there is, in Python and over HTTP."""
    with pytest.raises(FaultError) as caught:
        api.sandbox.add_fault(**rule)
    assert words in str(caught.value)
    answer = api.control("POST", "faults", rule)
    assert (answer.status_code, words in answer.json()["error"]) == (400, True)
