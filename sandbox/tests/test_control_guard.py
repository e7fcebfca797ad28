"""Who may call the control endpoints, how long a body may be, and the warning for an open address."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox
from poweroffice_sandbox.core.asgi import LONGEST_BODY
from poweroffice_sandbox.core.guard import is_loopback

pytestmark = pytest.mark.finding("S23")
ROOT = Path(__file__).parents[2]
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module", params=[Sandbox, V1Sandbox, D365FOSandbox])
def port(request: pytest.FixtureRequest) -> Any:
    """Give the port of a running sandbox of each API."""
    with request.param() as sandbox:
        yield int(sandbox.url.rpartition(":")[2])


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """Send a request with exactly these headers, and a loopback Host unless one is given."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    named = {"Host": f"127.0.0.1:{port}", **{name.replace("_", "-"): text for name, text in headers.items()}}
    if body is not None:
        named["Content-Length"] = str(len(body))
    for name, value in named.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


CONTROLS = [
    ("POST", "reset"),
    ("POST", "switches"),
    ("DELETE", "faults"),
    ("GET", "journal"),
    ("GET", "health"),
]


@pytest.mark.parametrize(("method", "name"), CONTROLS)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8099", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.7",
     "127.0.0.1@evil.example", "[::ffff:10.0.0.7]", "0.0.0.1", "", "localhost/evil"],
)  # fmt: skip
def test_names_that_are_not_loopback(port: int, method: str, name: str, host: str) -> None:
    """A control call by any other name of this machine (DNS rebinding) is refused, whatever its method."""
    body = b"{}" if method == "POST" else None
    status, text = ask(port, method, f"/_sandbox/{name}", body, Host=host, Content_Type="application/json")
    assert status in {400, 403}
    assert b"journal" not in text


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:80", "sand.localhost"]
)
def test_loopback_names(port: int, host: str) -> None:
    """Every loopback name and address may control."""
    assert ask(port, "GET", "/_sandbox/health", Host=host)[0] == 200
    assert ask(port, "POST", "/_sandbox/reset", b"{}", Host=host, Content_Type="application/json")[0] == 200


@pytest.mark.parametrize(("method", "name"), CONTROLS)
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1@evil.example",
     "file://", "http://10.0.0.7", "chrome-extension://abc", ""],
)  # fmt: skip
def test_pages_of_other_sites(port: int, method: str, name: str, origin: str) -> None:
    """A web page may not call a control, whatever it sends."""
    body = b"{}" if method == "POST" else None
    headers = {"Origin": origin, "Content_Type": "application/json"}
    assert ask(port, method, f"/_sandbox/{name}", body, **headers)[0] == 403


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None,
     "application/jsonp", "text/plain; application/json", "application/json, text/plain"],
)  # fmt: skip
@pytest.mark.parametrize("body", [b"", b'{"nulls": "omitted"}'])
def test_bodies_that_a_form_can_send(port: int, kind: str | None, body: bytes) -> None:
    """What a form can send without asking first is refused, an empty body too."""
    headers = {} if kind is None else {"Content_Type": kind}
    for name in ("reset", "switches", "faults", "advance", "save"):
        assert ask(port, "POST", f"/_sandbox/{name}", body, **headers)[0] == 415


def test_pictures_of_other_sites(port: int) -> None:
    """A GET without an Origin that a browser marks as another site's is refused."""
    assert (
        ask(port, "GET", "/_sandbox/journal", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")[0] == 403
    )


def test_own_pages_and_programs(port: int) -> None:
    """A page of this machine may control, and so may a program that sends no Origin."""
    assert ask(port, "POST", "/_sandbox/reset", b"{}", Origin="http://localhost:3000", **JSON)[0] == 200
    assert ask(port, "POST", "/_sandbox/reset", b"", Content_Type="application/json; charset=utf-8")[0] == 200
    assert ask(port, "DELETE", "/_sandbox/faults")[0] == 200


def test_onboarding_is_a_page() -> None:
    """The page that a user opens by a link of another site may be opened, but not embedded."""
    with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        page = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
        assert ask(port, "GET", "/_sandbox/onboarding?code=x", **page)[0] == 400  # no such code
        page["Sec_Fetch_Mode"] = "no-cors"
        assert ask(port, "GET", "/_sandbox/onboarding?code=x", **page)[0] == 403


def test_the_bound_address_may_control() -> None:
    """A sandbox that listens on a name of its own is controlled by that name, and by no other."""
    with Sandbox(host="localhost") as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        assert ask(port, "GET", "/_sandbox/health", Host=f"localhost:{port}")[0] == 200
    with Sandbox(host="0.0.0.0") as sandbox:  # noqa: S104 - what is tested
        port = int(sandbox.url.rpartition(":")[2])
        assert ask(port, "GET", "/_sandbox/health", Host=f"sandbox.test:{port}")[0] == 403
        assert ask(port, "GET", "/_sandbox/health")[0] == 200


def _chunked(port: int, path: str, size: int) -> int:
    """Send a body without a length, and give the status."""
    piece = b"x" * 1_000_000
    with socket.create_connection(("127.0.0.1", port), timeout=30) as plug:
        plug.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(0, size, len(piece)):
            plug.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        plug.sendall(b"0\r\n\r\n")
        return int(plug.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("path", ["/_sandbox/reset", "/v2/Customers", "/OAuth/Token"])
def test_long_bodies(port: int, path: str) -> None:
    """A body that is too long is 413, with or without a length, and is never held."""
    body = bytes(LONGEST_BODY + 1)
    assert ask(port, "POST", path, body, Content_Type="application/json")[0] == 413
    before = psutil.Process().memory_info().rss
    assert _chunked(port, path, 4 * LONGEST_BODY) == 413
    assert psutil.Process().memory_info().rss - before < 2 * LONGEST_BODY
    assert ask(port, "GET", "/_sandbox/health")[0] == 200


def test_longest_body(port: int) -> None:
    """A body of exactly the bound is read."""
    body = json.dumps({"name": ""}).encode().ljust(LONGEST_BODY)
    assert ask(port, "POST", "/_sandbox/save", body, Content_Type="application/json")[0] == 200


@pytest.mark.parametrize(
    ("host", "warned"),
    [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)],  # noqa: S104
)
def test_open_address_is_warned_of(host: str, warned: bool) -> None:
    """One line of warning when the command opens the sandbox to the network; none else."""
    command = [sys.executable, "-m", "poweroffice_sandbox", "--api", "v2", "--port", "0", "--host", host]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "sandbox")}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        while not re.match(r"PowerOffice Go sandbox on", process.stdout.readline()):
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        said = process.stderr.read().splitlines()
    assert len(said) == warned
    assert all("warning" in line and "--host 0.0.0.0" in line for line in said)


@pytest.mark.parametrize(
    ("host", "found"),
    [("::1", True), ("[::1]", True), ("127.0.0.53", True), ("::", False), ("a.localhost.", True)],
)
def test_loopback(host: str, found: bool) -> None:
    """What counts as this machine."""
    assert is_loopback(host) == found
