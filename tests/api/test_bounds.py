"""Whatever a server sends: memory and time of a call are bounded, and half an answer is none."""

from __future__ import annotations

import gzip
import logging
import resource
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import requests
from support import Unthrottled
from support.raw_server import TOKEN, StreamServer, Writer, answer

from airflow_provider_poweroffice.api import Client, Credentials, RetryOptions
from airflow_provider_poweroffice.api.auth import Token
from airflow_provider_poweroffice.api.body import ERROR_BYTES, TOKEN_BYTES, read_error, read_whole
from airflow_provider_poweroffice.api.connection_options import Timeouts
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.options import DEADLINE
from airflow_provider_poweroffice.api.pages.page_size import MOST_PAGE_BYTES
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    InvalidResponseError,
    PageTooLargeError,
    PowerOfficeError,
    ResponseTooLargeError,
)

pytestmark = pytest.mark.wide

MB = 1024 * 1024
KEYS = Credentials(application_key="a" * 36, client_key="c" * 36, subscription_key="5" * 32)


@contextmanager
def client_of(server: StreamServer, **options: Any) -> Iterator[Client]:
    """Open a client with real time that tries once."""
    given: dict[str, Any] = {"retry": RetryOptions(attempts=1), "throttle": Unthrottled()} | options
    with Client(KEYS, host=f"{server.url}/v2", **given) as client:
        yield client


def blanks(total: int) -> Iterator[bytes]:
    """Write a JSON array that is mostly blanks."""
    yield b"["
    for _ in range(total // MB):
        yield b" " * MB
    yield b"]"


@cache
def bomb(total: int, times: int = 1) -> bytes:
    """Compress blanks, so many times over."""
    machine = zlib.compressobj(9, wbits=31)
    packed = b"".join((*(machine.compress(piece) for piece in blanks(total)), machine.flush()))
    for _ in range(times - 1):
        packed = gzip.compress(packed)
    return packed


def drip(content: bytes, pause: float = 0.05) -> Iterator[bytes]:
    """Write a byte now and then."""
    for position in range(len(content)):
        yield content[position : position + 1]
        time.sleep(pause)


@contextmanager
def peak_below(limit: int) -> Iterator[None]:
    """Check how much memory Python takes at most."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


BOMBS = {
    "plain": lambda: answer(b"", length=None) + b"".join(blanks(80 * MB)),
    "gzip": lambda: answer(bomb(128 * MB), "Content-Encoding: gzip"),
    "gzip twice": lambda: answer(bomb(128 * MB, 2), "Content-Encoding: gzip, gzip"),
    "gzip in deflate": lambda: answer(zlib.compress(bomb(128 * MB)), "Content-Encoding: gzip, deflate"),
}


@pytest.mark.finding("S5")
@pytest.mark.parametrize("kind", BOMBS)
def test_large_answers(kind: str) -> None:
    """What is larger than the limit once it is decompressed is given up, for the call and for a page."""
    content = BOMBS[kind]()
    with StreamServer(lambda *_: iter((content,))) as server, client_of(server) as client:
        with peak_below(90 * MB), pytest.raises(ResponseTooLargeError, match="max_bytes=67108864") as caught:
            client.request("POST", "Customers", body={})
        assert caught.value.outcome_unknown
        with pytest.raises(ResponseTooLargeError, match="max_bytes=1000000"):
            client.request("GET", "Customers", max_bytes=1_000_000)
        with peak_below(40 * MB), pytest.raises(PageTooLargeError, match="page_bytes=1000000"):
            list(client.pages("Customers", page_size=1, page_bytes=1_000_000))


@pytest.mark.finding("S5")
@pytest.mark.parametrize("api", ["v2", "d365fo"])
def test_page_that_cannot_be_smaller(api: str) -> None:
    """A page of one row, and one that hangs on a link, have a limit too."""
    packed = bomb(260 * MB)
    write: Writer = lambda *_: iter((answer(packed, "Content-Encoding: gzip"),))  # noqa: E731
    with StreamServer(write) as server:
        keys: Any = KEYS
        where: dict[str, Any] = {"host": f"{server.url}/v2"}
        if api == "d365fo":
            keys = D365FOCredentials(url=server.url, token="handed-in")
            where = {"api_version": "d365fo"}
        with Client(keys, **where, retry=RetryOptions(attempts=1), throttle=Unthrottled()) as client:
            size = {} if api == "d365fo" else {"page_size": 1}
            with pytest.raises(PageTooLargeError, match=str(MOST_PAGE_BYTES)):
                list(client.pages("CustomersV3", concurrency=1, **size))


@pytest.mark.finding("S5")
@pytest.mark.parametrize("packed", [False, True])
def test_large_errors_are_cut(packed: bool) -> None:
    """Of an error, the status and the beginning of its body are read."""
    text = b'{"detail":"' + b"x" * 16 * MB
    content = (
        answer(gzip.compress(text), "Content-Encoding: gzip", status="400 Bad Request")
        if packed
        else answer(text, status="400 Bad Request")
    )
    with StreamServer(lambda *_: iter((content,))) as server, client_of(server) as client:
        started = time.process_time()
        with peak_below(10 * MB), pytest.raises(APIStatusError) as caught:
            client.request("GET", "Customers")
        assert time.process_time() - started < 5
        assert caught.value.status == 400
        assert len(caught.value.response.content) <= ERROR_BYTES


@pytest.mark.finding("S5")
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (answer(b'{"access_token":"a","x":"' + b"x" * 16 * MB + b'"}'), InvalidResponseError),
        (answer(bomb(128 * MB), "Content-Encoding: gzip"), InvalidResponseError),
        (answer(b"x" * 16 * MB, status="400 Bad Request"), AuthenticationError),
        (answer(TOKEN[:-1] + b',"expires_in":' + b"9" * 400 + b"}"), None),
        (answer(TOKEN[:-1] + b',"expires_in":' + b"9" * 5000 + b"}"), InvalidResponseError),
        (answer(b'{"access_token":' * 100_000), InvalidResponseError),
        (answer(b"[" * 60_000), InvalidResponseError),
        (answer(b'"access_token"'), InvalidResponseError),
        (answer(b"\xff\xfe\x00"), InvalidResponseError),
    ],
)
def test_tokens_are_small(content: bytes, kind: type[PowerOfficeError] | None) -> None:
    """A token's answer is some kilobytes of JSON, or an error of the package."""
    with (
        StreamServer(lambda *_: iter((answer(b"[]"),)), lambda *_: iter((content,))) as server,
        client_of(server) as client,
        peak_below(10 * MB),
    ):
        if kind is None:
            assert client.request("POST", "Customers", body={}).is_success
            return
        with pytest.raises(kind) as caught:
            client.request("POST", "Customers", body={})
        assert caught.value.outcome_unknown is False
        assert len(str(caught.value)) < 3 * TOKEN_BYTES
        assert server.calls == []


@pytest.mark.finding("S5")
@pytest.mark.parametrize("length", [10 * 1024 * MB, 10**17])
def test_an_announced_length_is_not_allocated(length: int) -> None:
    """Two bytes that were announced as ten gigabytes are a lost reply, or too much; they take no memory."""
    write: Writer = lambda *_: iter((answer(b"[]", length=length),))  # noqa: E731
    with StreamServer(write) as server, client_of(server) as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for method in ("GET", "POST"):
            with pytest.raises((ResponseTooLargeError, APIConnectionError)) as caught:
                client.request(method, "Customers", max_bytes=10**18)
            assert caught.value.outcome_unknown
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.finding("D10", "S3")
@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: " + "9" * 5000,
        "Content-Length: -1",
        "Content-Length: 0x10",
        "Content-Length: 1_0",
        "Content-Length: 2, 3",
        "Transfer-Encoding: gzip, chunked",
        "Content-Encoding: br",
        "Content-Encoding: " + ", ".join(["gzip"] * 50),
        "no header at all",
        "X-Pagination {}\r\nX-Other: a",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_odd_heads(head: str, method: str) -> None:
    """A head that cannot be read is a lost reply, as what stands behind it is lost too."""
    write: Writer = lambda *_: iter((answer(b"[]", head, length=None),))  # noqa: E731
    with (
        StreamServer(write) as server,
        client_of(server) as client,
        pytest.raises((APIConnectionError, InvalidResponseError)) as caught,
    ):
        client.request(method, "Customers")
    assert caught.value.outcome_unknown
    assert "9999" not in str(caught.value)


@pytest.mark.finding("D10", "S3")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("interim", [[100], [102], [103], [102, 102, 103, 100], [100, 103], [199]])
def test_interim_answers(method: str, interim: list[int]) -> None:
    """What comes before the answer is passed over, on any verb (RFC 9110 §15.2)."""
    before = b"".join(f"HTTP/1.1 {status} X\r\nLink: </x>\r\n\r\n".encode() for status in interim)
    body = [{"op": "replace", "path": "/Name", "value": "x"}] if method == "PATCH" else None
    with StreamServer(lambda *_: iter((before, answer(b'{"Id":1}')))) as server, client_of(server) as client:
        assert client.request(method, "Customers/1", body=body).body == {"Id": 1}
        assert len(server.calls) == 1


@pytest.mark.finding("D10", "S3")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [100, 101, 103])
def test_interim_answer_alone(method: str, status: int) -> None:
    """Behind it nothing comes, or another protocol: a lost reply."""
    head = f"HTTP/1.1 {status} X\r\nUpgrade: h2c\r\n\r\n".encode()
    with StreamServer(lambda *_: iter((head,))) as server, client_of(server) as client:
        with pytest.raises((APIConnectionError, APIStatusError)) as caught:
            client.request(method, "Customers")
        assert caught.value.outcome_unknown
        assert len(server.calls) == 1


@pytest.mark.finding("D5")
@pytest.mark.parametrize("cut", [40, 55, 70, 71, 90])
def test_head_that_breaks_off(cut: int, caplog: pytest.LogCaptureFixture) -> None:
    """Headers that break off, at a line's end too, are a lost reply; no value of the query is logged."""
    whole = answer(b"[]", 'X-Pagination: {"totalCount":5}')
    with StreamServer(lambda *_: iter((whole[:cut],))) as server, client_of(server) as client:
        with caplog.at_level(logging.DEBUG), pytest.raises(APIConnectionError) as caught:
            client.request("GET", "Customers", query={"externalImportReference": "PERSONALDATA"})
        assert caught.value.outcome_unknown
        assert len(server.calls) == 1
    assert "PERSONALDATA" not in caplog.text


@pytest.mark.finding("D5")
def test_urllib3_logs_no_values(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, urllib3 tells each request of ours without its query, and those of others as ever."""
    with (
        StreamServer(lambda *_: iter((answer(b"[]"),))) as server,
        client_of(server) as client,
        caplog.at_level(logging.DEBUG, "urllib3"),
    ):
        client.request("GET", "Customers", query={"externalImportReference": "PERSONALDATA"})
        assert "/v2/Customers" in caplog.text
        assert "PERSONALDATA" not in caplog.text
        requests.get(f"{server.url}/v2/Customers?a=OTHERS", timeout=5)
        assert "OTHERS" in caplog.text


CUTS = {
    "gzip": (lambda data: answer(gzip.compress(data), "Content-Encoding: gzip", length=None)),
    "deflate": (lambda data: answer(zlib.compress(data), "Content-Encoding: deflate", length=None)),
    "raw deflate": (lambda data: answer(zlib.compress(data)[2:-4], "Content-Encoding: deflate", length=None)),
    "gzip twice": (
        lambda data: answer(gzip.compress(gzip.compress(data)), "Content-Encoding: gzip,gzip", length=None)
    ),
    "members": (
        lambda data: answer(
            gzip.compress(data[:9000]) + gzip.compress(data[9000:]), "Content-Encoding: gzip", length=None
        )
    ),
    "chunked": (
        lambda data: (
            answer(b"", "Transfer-Encoding: chunked", length=None)
            + b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
        )
    ),
    "announced": answer,
}


@pytest.mark.finding("R11")
@pytest.mark.parametrize("kind", CUTS)
def test_half_a_file_is_a_lost_reply(kind: str) -> None:
    """A body that breaks off is an error wherever its form says so, for files too, which have no syntax."""
    data = bytes(range(256)) * 100
    whole = CUTS[kind](data).replace(b"application/json", b"application/pdf")
    head = whole.index(b"\r\n\r\n") + 4
    with StreamServer(lambda *_: iter((content,))) as server, client_of(server) as client:
        content = whole
        assert client.request("GET", "Files/1").content == data
        end = len(whole) - (7 if kind == "chunked" else 1)  # without the last line, a chunked body is whole
        for cut in {head, head + 1, head + 20, (head + len(whole)) // 2, end}:
            content = whole[:cut]
            with pytest.raises(APIConnectionError) as caught:
                client.request("GET", "Files/1")
            assert caught.value.outcome_unknown


@pytest.mark.finding("S5")
@pytest.mark.parametrize("size", ["-1", "-5", "0x3", "", "fffffffffffffffffffffff", "1" * 70_000])
def test_odd_chunks(size: str) -> None:
    """A size of a chunk that is none is a lost reply, and takes no memory."""

    def write(*_: object) -> Iterator[bytes]:
        yield answer(b"", "Transfer-Encoding: chunked", length=None)
        yield f"{size}\r\n".encode()
        for _ in range(400):
            yield b" " * MB

    with (
        StreamServer(write) as server,
        client_of(server) as client,
        peak_below(300 * MB),
        pytest.raises((APIConnectionError, ResponseTooLargeError)) as caught,
    ):
        client.request("GET", "Customers")
    assert caught.value.outcome_unknown


def test_an_error_whose_body_breaks_off_keeps_its_status() -> None:
    """The status tells what happened; what came of the body is shown."""
    content = answer(b'{"title":"No such', status="404 Not Found", length=500)
    with StreamServer(lambda *_: iter((content,))) as server, client_of(server) as client:
        with pytest.raises(APIStatusError) as caught:
            client.request("GET", "Customers")
        assert (caught.value.status, caught.value.outcome_unknown) == (404, False)
        assert "No such" in str(caught.value.error_content)


WHOLE = answer(b"[" + b" " * 400 + b"]", "X-A: b")
DRIPS: dict[str, Callable[[], Iterator[bytes]]] = {
    "status line": lambda: drip(WHOLE),
    "headers": lambda: _after(WHOLE[:17], drip(WHOLE[17:])),
    "interim answers": lambda: (b"HTTP/1.1 100 Continue\r\n\r\n" for _ in _slowly(200)),
    "body": lambda: _after(WHOLE[:-401], drip(b" " * 400)),
    "gzip": lambda: _after(
        answer(b"", "Content-Encoding: gzip", length=None), drip(gzip.compress(bytes(range(256))))
    ),
    "chunks": lambda: _after(
        answer(b"", "Transfer-Encoding: chunked", length=None), (b"1\r\n \r\n" for _ in _slowly(200))
    ),
    "trailers": lambda: _after(
        answer(b"", "Transfer-Encoding: chunked", length=None) + b"0\r\n", (b"A: b\r\n" for _ in _slowly(200))
    ),
    "an error's body": lambda: _after(answer(b"", status="500 Oh", length=500), (b" " for _ in _slowly(200))),
}


def _slowly(times: int) -> Iterator[int]:
    for one in range(times):
        time.sleep(0.05)
        yield one


def _after(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


@pytest.mark.finding("S6")
@pytest.mark.parametrize("part", DRIPS)
@pytest.mark.parametrize("where", ["call", "token", "page"])
def test_a_drip_ends_at_the_deadline(part: str, where: str) -> None:
    """A server that sends a byte now and then holds a call until its deadline, and no longer."""
    ask: dict[str, Callable[[Client], object]] = {
        "call": lambda client: client.request("POST", "Customers", body={}),
        "token": lambda client: client.request("POST", "Customers", body={}),
        "page": lambda client: list(client.pages("Customers", page_size=50)),
    }
    slow: Writer = lambda *_: DRIPS[part]()  # noqa: E731
    fast: Writer = lambda *_: iter((answer(b"[]"),))  # noqa: E731
    with (
        StreamServer(fast if where == "token" else slow, slow if where == "token" else None) as server,
        client_of(server, retry=RetryOptions(deadline=1.0), timeouts=Timeouts(read=4)) as client,
    ):
        started = time.monotonic()
        with pytest.raises(PowerOfficeError) as caught:
            ask[where](client)
        assert time.monotonic() - started < 4
        assert isinstance(caught.value, APITimeoutError) or part == "an error's body"
        assert server.ended.wait(5), "the connection was not closed"
        if where == "token":
            assert caught.value.outcome_unknown is False


@pytest.mark.finding("S6")
def test_a_request_that_is_not_taken_ends_at_the_deadline() -> None:
    """A server that does not read holds a call until its deadline too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v2"
        with Client(
            KEYS, host=url, retry=RetryOptions(attempts=1, deadline=0.5), throttle=Unthrottled()
        ) as client:
            client.auth._token, client.auth._renew_at = Token("token"), float("inf")
            started = time.monotonic()
            with pytest.raises(APITimeoutError) as caught:
                client.request("POST", "Customers", body=b" " * 64 * MB)
            assert time.monotonic() - started < 3
            assert caught.value.outcome_unknown


@pytest.mark.finding("S6")
def test_whoever_waits_for_a_token_of_another_keeps_the_deadline() -> None:
    """A thread that fetches a token holds others no longer than their own deadline."""
    gate = threading.Event()

    def token(*_: object) -> Iterator[bytes]:
        gate.wait(10)
        yield answer(TOKEN)

    with (
        StreamServer(lambda *_: iter((answer(b"[]"),)), token) as server,
        client_of(server, retry=RetryOptions(deadline=0.5, attempts=1)) as client,
    ):
        first = threading.Thread(target=client.auth.token)
        first.start()
        while not client.auth._lock.locked():
            time.sleep(0.01)
        started = time.monotonic()
        with pytest.raises(APITimeoutError) as caught:
            client.request("POST", "Customers", body={})
        assert time.monotonic() - started < 3
        assert caught.value.outcome_unknown is False
        gate.set()
        first.join()


@pytest.mark.parametrize(
    ("retry", "timeouts", "seconds"),
    [
        ({}, {}, DEADLINE),
        ({"deadline": 3}, {}, 3),
        ({"deadline": 3}, {"read": 1}, 3),
        ({}, {"read": 1800}, 1800),
        ({"deadline": 3}, {"read": 1800}, 3),
        ({"deadline": 3}, {"read": None}, float("inf")),
        ({}, {"read": None, "total": 7}, 7),
        ({"rate_limit_deadline": float("inf")}, {}, DEADLINE),
    ],
)
def test_seconds_for_one_try(retry: dict[str, Any], timeouts: dict[str, Any], seconds: float) -> None:
    """A try ends at the deadline, unless a longer silence was allowed than the default deadline."""
    assert Timeouts(**timeouts).one_try(RetryOptions(**retry).deadline) == seconds


def test_errors_of_plain_requests() -> None:
    """What reads bodies works on any answer of requests."""
    with StreamServer(lambda *_: iter((answer(b"[1]"),))) as server:
        assert read_whole(requests.get(server.url, stream=True, timeout=5)).body == [1]
        assert read_error(requests.get(server.url, stream=True, timeout=5), 2).content == b"[1"
