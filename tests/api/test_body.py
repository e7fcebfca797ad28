"""Bodies: whole or an error, never beyond the limit, and out of memory while they wait."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from airflow_provider_poweroffice.api.body import IN_MEMORY, read_spooled, read_whole
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.errors import PageTooLargeError

ROWS = b"[" + b",".join(b'{"Id": %d}' % number for number in range(60_000)) + b"]"
READERS = {
    "now": lambda answer, limit=None: read_whole(answer, limit).content,
    "later": lambda answer, limit=None: read_spooled(answer, limit).whole().content,
}


@pytest.mark.parametrize("charset", ["idna", "undefined", "punycode", "hex", "nonsense"])
def test_odd_charset(charset: str) -> None:
    """A charset that is none does not hide what the answer says."""
    answer = Response(400, {"Content-Type": f"text/plain; charset={charset}"}, b"no \xe5", "GET", "/")
    assert answer.text == "no \ufffd"


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252"])
def test_json_in_its_declared_charset(charset: str) -> None:
    """JSON is UTF-8 by its standard; a service may say otherwise, and mean it."""
    kind = {"Content-Type": f"application/json;charset={charset}"}
    assert Response(200, kind, '{"a":"blå"}'.encode(charset), "GET", "/").body == {"a": "blå"}
    assert Response(200, kind, '\ufeff{"a":"blå"}'.encode(), "GET", "/").body == {"a": "blå"}


class Rows(BaseHTTPRequestHandler):
    """Sends the same rows, by the path in one way or another."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send them."""
        body = gzip.compress(ROWS) if "gzip" in self.path else ROWS
        self.send_response(200)
        if "gzip" in self.path:
            self.send_header("Content-Encoding", "gzip")
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(
                b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:70_000], body[70_000:], b"")
            )
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if "cut" in self.path:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Run the server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Rows) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.mark.parametrize("path", ["plain", "chunked", "gzip", "gzip-chunked"])
@pytest.mark.parametrize("reader", READERS)
def test_whole(server: str, path: str, reader: str) -> None:
    """The body is the same however it is sent, and whenever it is taken."""
    answer = requests.get(f"{server}/{path}", stream=True, timeout=10)
    assert READERS[reader](answer) == ROWS


@pytest.mark.parametrize("path", ["plain-cut", "chunked-cut", "gzip-cut"])
@pytest.mark.parametrize("reader", READERS)
def test_cut(server: str, path: str, reader: str) -> None:
    """A body that does not come whole is an error, not a short one."""
    answer = requests.get(f"{server}/{path}", stream=True, timeout=10)
    with pytest.raises(requests.RequestException):
        READERS[reader](answer)


@pytest.mark.parametrize(("path", "size"), [("plain", len(ROWS)), ("chunked", None), ("gzip", None)])
@pytest.mark.parametrize("reader", READERS)
def test_limit(server: str, path: str, size: int | None, reader: str) -> None:
    """What is too large is given up: at once where the length is announced, else on the way."""
    answer = requests.get(f"{server}/{path}", stream=True, timeout=10)
    with pytest.raises(PageTooLargeError) as caught:
        READERS[reader](answer, limit=len(ROWS) - 1)
    assert caught.value.size == size
    again = requests.get(f"{server}/{path}", stream=True, timeout=10)
    assert READERS[reader](again, limit=len(ROWS)) == ROWS


def test_a_large_body_waits_in_a_file(server: str) -> None:
    """What waits is in memory only while it is small, and gone when it is dropped."""
    assert len(ROWS) > IN_MEMORY
    spooled = read_spooled(requests.get(f"{server}/plain", stream=True, timeout=10))
    assert spooled.head.content == b""
    assert spooled.body.fileno() > 0
    spooled.drop()
    assert spooled.body.closed
