"""A server before the store that holds an upload back, so that its worker can be killed in the middle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit


class Handler(BaseHTTPRequestHandler):
    """One connection of the worker."""

    gate: Gate
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_held = self.command == "PUT" and self.gate.hold(urlsplit(self.path).path)
        behind = HTTPConnection(urlsplit(self.gate.target).netloc, timeout=30)
        behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, text in self.headers.items():
            if name.lower() != "expect":
                behind.putheader(name, text)
        behind.endheaders()
        behind.send(body[: len(body) // 2] if is_held and not self.gate.whole else body)
        answer = None if is_held and not self.gate.whole else behind.getresponse()
        content = answer.read() if answer else b""
        if is_held:
            self.gate.wait()
        behind.close()
        if is_held or answer is None:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        self._answer(answer, content)

    def _answer(self, answer: HTTPResponse, content: bytes) -> None:
        is_head = self.command == "HEAD"
        for name, text in answer.getheaders():
            if is_head or name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, text)
        if not is_head:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass  # noqa: N815 - the base class's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Gate:
    """
    A server of the loopback; a context manager.

    :param target: URL of the store that requests are handed to.
    :param hold: tells by the path of the object whether its upload is held back.
    :param whole: the store gets all of the upload, and the worker no answer; else the store gets a half.
    """

    def __init__(self, target: str, hold: Callable[[str], bool], *, whole: bool = False) -> None:
        self.target = target
        self.hold = hold
        self.whole = whole
        self.held = threading.Event()
        self._dead = threading.Event()
        handler = type("ForGate", (Handler,), {"gate": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def wait(self) -> None:
        """Hold a request until the worker is dead."""
        self.held.set()
        self._dead.wait(60)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._dead.set()
        self._server.shutdown()
        self._server.server_close()
