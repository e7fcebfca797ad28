"""
Sending a reply, or failing to: the faults that happen on the socket.

Rule: everything that touches a transport is here. A reset is a real RST: the socket is closed without
lingering.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .reply import Reply

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_NO_BODY = {204, 304}
_PIECES = 10
Connections = dict[tuple[Any, ...], asyncio.Transport]
"""Transports by client address."""


def protocol_class(connections: Connections, opened: Callable[[], None]) -> type[asyncio.Protocol]:
    """Make uvicorn's protocol tell which transport serves which client address."""

    class Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        """uvicorn's own, with its transport registered."""

        def connection_made(self, transport: asyncio.Transport) -> None:
            opened()
            connections[transport.get_extra_info("peername")[:2]] = transport
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self.transport.get_extra_info("peername")[:2], None)
            super().connection_lost(exc)

    return Protocol


def _headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
    if reply.status not in _NO_BODY:
        pairs.append((b"content-length", str(len(reply.body)).encode()))
    return pairs


class Socket:
    """
    The client's end of one request.

    :param scope: of the ASGI call.
    :param receive: of the ASGI call.
    :param send: of the ASGI call.
    :param connections: from :func:`protocol_class`.
    :param now: the sandbox's time, for the ``Date`` of each answer (RFC 9110 §6.6.1).
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        connections: Connections,
        now: Callable[[], float],
    ) -> None:
        self._client = tuple(scope["client"])
        self._receive = receive
        self._send = send
        self._connections = connections
        self._now = now

    async def send(self, reply: Reply) -> None:
        """Send a reply whole."""
        await self._start(reply)
        await self._send({"type": "http.response.body", "body": reply.body})

    async def send_part(self, reply: Reply, size: int) -> None:
        """
        Announce the whole body, send a part of it and close the connection.

        :param size: bytes of the body.
        """
        await self._start(reply)
        await self._send({"type": "http.response.body", "body": reply.body[:size], "more_body": True})
        self._connections[self._client].close()
        await self._gone()

    async def send_slowly(self, reply: Reply, seconds: float) -> None:
        """
        Send a reply in ten pieces.

        :param seconds: from the first piece to the last.
        """
        await self._start(reply)
        size = max(1, -(-len(reply.body) // _PIECES))
        pieces = [reply.body[start : start + size] for start in range(0, len(reply.body), size)]
        for piece in pieces:
            await asyncio.sleep(seconds / len(pieces))
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def reset(self) -> None:
        """Close the connection with a RST, and no reply."""
        transport = self._connections[self._client]
        plug: Any = transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await self._gone()

    async def _start(self, reply: Reply) -> None:
        headers = [*_headers(reply), (b"date", formatdate(self._now(), usegmt=True).encode())]
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})

    async def _gone(self) -> None:
        """Wait until uvicorn has seen the end of the connection; before that it would complete the reply."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
