"""A server between client and sandbox that keeps what went over the wire, headers and bodies included."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Seen:
    """One request as it was sent; header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Tap:
    """
    A server of the loopback; a context manager.

    :param target: URL of the server that requests are handed to, unchanged; None answers each with ``[]``.
    """

    def __init__(self, target: str | None = None) -> None:
        self.seen: list[Seen] = []
        tap = self

        class Handler(BaseHTTPRequestHandler):
            """One connection of the client."""

            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                headers = {name.lower(): text for name, text in self.headers.items()}
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                tap.seen.append(Seen(self.command, parts.path, query, headers, body))
                status, fields, content = 200, [("Content-Type", "application/json")], b"[]"
                if target:
                    behind = HTTPConnection(urlsplit(target).netloc, timeout=30)
                    behind.request(self.command, self.path, body or None, headers)
                    answer = behind.getresponse()
                    status, fields, content = answer.status, answer.getheaders(), answer.read()
                    behind.close()
                self.send_response_only(status)
                for name, text in fields:
                    if name.lower() not in {"content-length", "connection"}:
                        self.send_header(name, text)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def calls(self) -> list[Seen]:
        """Give the requests but for those of tokens."""
        return [one for one in self.seen if "token" not in one.path.lower()]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
