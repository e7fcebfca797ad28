"""Servers that write exactly the bytes a test gives them, and count what they were sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self

TOKEN = b'{"access_token":"tok.en-of-the-raw-server","expires_in":1200}'
Writer = Callable[[str, str, bytes], Iterator[bytes]]
"""From method, path and headers of a request to the pieces of its answer; it may sleep in between."""


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = -1) -> bytes:
    """
    Write an answer of JSON, after which the connection ends.

    :param headers: further lines.
    :param length: announced; -1 is the body's own, None announces none.
    """
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close", *headers]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def http(
    body: bytes = b"", *, status: str = "200 OK", headers: bytes = b"", kind: bytes = b"application/json"
) -> bytes:
    """
    Write an answer whose headers are any bytes, and after which the connection ends.

    :param headers: further lines, each with its CR LF.
    :param kind: the content type; none leaves it out.
    """
    lines = [f"HTTP/1.1 {status}\r\n".encode(), headers]
    if kind:
        lines.append(b"Content-Type: " + kind + b"\r\n")
    if b"content-length" not in headers.lower():
        lines.append(f"Content-Length: {len(body)}\r\n".encode())
    return b"".join((*lines, b"Connection: close\r\n\r\n", body))


class StreamServer:
    """
    A server of the loopback; a context manager.

    :param write: what answers every request but those of a token.
    :param token: what answers those.
    """

    def __init__(self, write: Writer, token: Writer | None = None) -> None:
        self._write = write
        self._token = token or (lambda *_: iter((answer(TOKEN),)))
        self.calls: list[tuple[str, str]] = []
        """Method and path of each request, those of tokens aside."""
        self.ended = threading.Event()
        """Set when a client went away in the middle of an answer."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def count(self, method: str) -> int:
        """Count the requests of a method, those of tokens aside."""
        return sum(verb == method for verb, _ in self.calls)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._one, args=(self._listener.accept()[0],), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as file:
            request = file.readline().split()
            head, length = b"", 0
            while (line := file.readline()).strip():
                head += line
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            while length > 0 and (piece := file.read(min(length, 65_536))):
                length -= len(piece)
            if len(request) < 2:
                return
            method, path = request[0].decode(), request[1].decode()
            if "token" in path.lower():
                pieces = self._token(method, path, head)
            else:
                self.calls.append((method, path))
                pieces = self._write(method, path, head)
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except OSError:
                self.ended.set()
                return
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(5)
            connection.recv(1)


class RawServer(StreamServer):
    """
    A server whose answers are whole, and may be changed while it runs.

    :param answer: bytes for every request but those of a token, or a function of the request's method, path
        and number from 1; None closes the connection without an answer.
    """

    def __init__(self, answer: bytes | Callable[[str, str, int], bytes | None] = b"") -> None:
        super().__init__(self._answers, lambda *_: iter((self.token,)))
        self.answer = answer
        self.token = http(TOKEN)

    def _answers(self, method: str, path: str, _head: bytes) -> Iterator[bytes]:
        found = self.answer(method, path, len(self.calls)) if callable(self.answer) else self.answer
        if found is not None:
            yield found
