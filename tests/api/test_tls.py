"""Certificates and proxies: trusted as told, on a real TLS connection."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support import FakeClock, Unthrottled, credentials
from support.raw_server import RawServer, http

from airflow_provider_poweroffice.api import Client, Credentials
from airflow_provider_poweroffice.errors import APIConnectionError
from poweroffice_sandbox import Sandbox


def make_certificate(folder: Path) -> Path:
    """Write a self-signed certificate for 127.0.0.1 with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def relay(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes one way until one side ends."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Give a certificate nobody trusts by itself."""
    return make_certificate(tmp_path)


@pytest.fixture
def https(sandbox: Sandbox, certificate: Path) -> Iterator[str]:
    """Put a TLS door before the sandbox, and give its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    door = socket.create_server(("127.0.0.1", 0))
    behind = ("127.0.0.1", urlsplit(sandbox.url).port)

    def welcome() -> None:
        while True:
            try:
                plain, _ = door.accept()
                inside = context.wrap_socket(plain, server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            outside = socket.create_connection(behind)
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=relay, args=pair, daemon=True).start()

    threading.Thread(target=welcome, daemon=True).start()
    yield f"https://127.0.0.1:{door.getsockname()[1]}"
    door.close()


def client_of(sandbox: Sandbox, url: str, clock: FakeClock, *, verify: bool | str) -> Client:
    """Open a client through the TLS door."""
    return Client(credentials(sandbox), host=url, clock=clock, throttle=Unthrottled(), verify=verify)


def test_untrusted_certificate(sandbox: Sandbox, https: str, clock: FakeClock) -> None:
    """An unknown authority ends the call at once, for any method, with the way out; no key has left."""
    with client_of(sandbox, https, clock, verify=True) as client, pytest.raises(APIConnectionError) as caught:
        client.request("GET", "VatCodes")
    assert caught.value.permanent
    assert clock.naps == []
    assert sandbox.journal() == []


def test_own_authority(sandbox: Sandbox, https: str, clock: FakeClock, certificate: Path) -> None:
    """An authority of one's own is trusted when it is named."""
    with client_of(sandbox, https, clock, verify=str(certificate)) as client:
        assert client.request("GET", "VatCodes").is_success


def test_one_connection_for_each_page_in_flight(
    sandbox: Sandbox, https: str, clock: FakeClock, certificate: Path
) -> None:
    """Token, collections and single calls of a task share a TLS connection for each page in flight."""
    before = sandbox.connections
    with client_of(sandbox, https, clock, verify=str(certificate)) as client:
        for endpoint in ("Customers", "Suppliers", "Customers"):
            assert (
                sum(len(page) for page in client.pages(endpoint, page_size=5)) == sandbox.totals()[endpoint]
            )
        assert client.request("GET", "VatCodes").is_success
    assert sandbox.connections - before <= 4 + 1  # one for tokens
    assert sandbox.count("POST", "/OAuth/Token") == 1


def test_connections_are_cut_below_tls(
    sandbox: Sandbox, https: str, clock: FakeClock, certificate: Path
) -> None:
    """Closing a read ends the threads that wait on TLS connections; the client goes on with new ones."""
    sandbox.add_fault(action="delay", seconds=60, path="/Customers", times=0)
    sandbox.add_fault(action="delay", seconds=0, path="/Customers", times=1)
    with client_of(sandbox, https, clock, verify=str(certificate)) as client:
        with client.pages("Customers", page_size=10) as pages:
            next(pages)
            while sandbox.count("GET", "/Customers") < 5:
                time.sleep(0.002)
        assert "poweroffice-pages" not in {thread.name for thread in threading.enumerate()}
        assert client.request("GET", "VatCodes").is_success


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_no_verification(
    sandbox: Sandbox, https: str, clock: FakeClock, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """verify=False trusts anyone, whatever the environment says."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(certificate.with_name("other.pem")))
    with client_of(sandbox, https, clock, verify=False) as client:
        assert client.request("GET", "VatCodes").is_success


def test_authority_of_the_environment(
    sandbox: Sandbox, https: str, clock: FakeClock, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE is honoured, as users of requests expect."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with client_of(sandbox, https, clock, verify=True) as client:
        assert client.request("GET", "VatCodes").is_success


def test_missing_authority(sandbox: Sandbox, clock: FakeClock) -> None:
    """A file of authorities that is not there is named when the client is built."""
    with pytest.raises(ValueError, match=r"/no/such\.pem"):
        client_of(sandbox, sandbox.url, clock, verify="/no/such.pem")


def test_proxy_of_the_environment(
    sandbox: Sandbox, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that is not there means: not sent; any method is tried again."""
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with (
        client_of(sandbox, "https://sandbox.example", clock, verify=True) as client,
        pytest.raises(APIConnectionError, match="was not sent") as caught,
    ):
        client.request("POST", "Customers", body={})
    assert not caught.value.outcome_unknown
    assert len(clock.naps) == 5


def test_proxy_that_asks_who_we_are(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a proxy answered to CONNECT is told; nothing was sent."""
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    keys = Credentials(application_key="app", client_key="client-1", subscription_key="subscription-1")
    with RawServer(http(status="407 Proxy Authentication Required")) as proxy:
        for variable in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(variable, proxy.url)
        with (
            Client(keys, host="https://api.example", clock=clock, throttle=Unthrottled()) as client,
            pytest.raises(APIConnectionError, match="407 Proxy Authentication Required") as caught,
        ):
            client.request("POST", "Customers", body={})
    assert not caught.value.outcome_unknown


@pytest.mark.finding("S3")
@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("size", [0, 8192, 16_384, 70_000])
def test_a_second_answer_is_nobodys(clock: FakeClock, certificate: Path, size: int, tls: bool) -> None:
    """
    What a server sends behind an answer is never read as the answer to the next call.

    A record of TLS may hold both: the second one is decrypted then, and polling the socket does not show it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    door = socket.create_server(("127.0.0.1", 0))
    keys = Credentials(application_key="app", client_key="client-1", subscription_key="subscription-1")

    def one(plain: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(plain, server_side=True) if tls else plain as inside:
            while request := inside.recv(65_536):  # a client's request comes in one piece, or its body next
                if b"oken" in request:
                    inside.sendall(whole(b'{"access_token":"tok.en","expires_in":1200}'))
                elif request.startswith(b"GET"):
                    head = len(whole(b"")) + len(str(size))
                    right = b"[1" + b" " * max(0, size - head - 1) + b"]"
                    inside.sendall(whole(right) + whole(b'["not yours"]'))

    def welcome() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(door.accept()[0],), daemon=True).start()

    threading.Thread(target=welcome, daemon=True).start()
    url = f"http{'s' if tls else ''}://127.0.0.1:{door.getsockname()[1]}"
    with (
        door,
        Client(keys, host=url, clock=clock, throttle=Unthrottled(), verify=str(certificate)) as client,
    ):
        assert [client.request("GET", "VatCodes").body for _ in range(3)] == [[1]] * 3


def whole(body: bytes) -> bytes:
    """Write an answer after which the connection stays open."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )
