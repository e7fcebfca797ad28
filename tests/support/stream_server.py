"""A server that writes what a test's own function writes, byte by byte if it wants to; no HTTP of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self

TOKEN = b'{"access_token":"tok.en-of-the-stream-server","expires_in":1200}'
Writer = Callable[[str, str, bytes], Iterator[bytes]]
"""From method, path and headers of a request to the pieces of its answer; it may sleep in between."""


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = -1) -> bytes:
    """
    Write an answer.

    :param headers: further lines.
    :param length: announced; -1 is the body's own, None announces none.
    """
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


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
        self.heads: list[bytes] = []
        self.ended = threading.Event()
        """Set when a client went away in the middle of an answer."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

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
            file.read(length)
            if len(request) < 2:
                return
            method, path = request[0].decode(), request[1].decode()
            if "token" in path.lower():
                pieces = self._token(method, path, head)
            else:
                self.calls.append((method, path))
                self.heads.append(head)
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
