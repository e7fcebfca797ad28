"""A server that answers with exactly the bytes it is told to, and counts what it was sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

TOKEN = b'{"access_token":"tok.en-of-the-raw-server","expires_in":1200}'


def http(
    body: bytes = b"", *, status: str = "200 OK", headers: bytes = b"", kind: bytes = b"application/json"
) -> bytes:
    """
    Write an answer.

    :param headers: further lines, each with its CR LF.
    :param kind: the content type; none leaves it out.
    """
    lines = [f"HTTP/1.1 {status}\r\n".encode(), headers]
    if kind:
        lines.append(b"Content-Type: " + kind + b"\r\n")
    if b"content-length" not in headers.lower():
        lines.append(f"Content-Length: {len(body)}\r\n".encode())
    return b"".join((*lines, b"Connection: close\r\n\r\n", body))


class RawServer:
    """
    A server of the loopback; a context manager.

    :param answer: bytes for every request but those of a token, or a function of the request's method, path
        and number from 1; None closes the connection without an answer.
    :param token: bytes for a token request.
    """

    def __init__(
        self,
        answer: bytes | Callable[[str, str, int], bytes | None] = b"",
        token: bytes | None = None,
    ) -> None:
        self.answer = answer
        self.token = http(TOKEN) if token is None else token
        self.calls: list[tuple[str, str]] = []
        self.seen: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def count(self, method: str) -> int:
        """Count the requests of a method, those of tokens aside."""
        return sum(1 for verb, _ in self.calls if verb == method)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            request = self._read(connection)
            if not request:
                return
            method, path, *_ = request.split(b" ", 2)
            answer = self._answer_to(method.decode(), path.decode(), request)
            if answer is not None:
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65_536)

    def _answer_to(self, method: str, path: str, request: bytes) -> bytes | None:
        if "token" in path.lower():
            return self.token
        self.calls.append((method, path))
        self.seen.append(request)
        if callable(self.answer):
            return self.answer(method, path, len(self.calls))
        return self.answer

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65_536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        while len(body) < length:
            piece = connection.recv(65_536)
            if not piece:
                break
            body += piece
        return head + b"\r\n\r\n" + body
