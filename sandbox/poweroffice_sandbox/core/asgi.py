"""
The ASGI application around any API: the path of one request.

Rule: the order is here and nowhere else. Control calls leave first; then journal, the API's refusal, faults,
the API's answer; at last the socket. Nothing here knows what is served.

What a further API brings (see :mod:`..v2.api` and :mod:`..d365fo`):

- a table of switches: a frozen dataclass of :mod:`.switches`;
- a table of sizes: a frozen dataclass of :mod:`.sizes`;
- a state: a :class:`.state.BaseState` with ``data``, ``prepare`` and ``begin``;
- an API: an :class:`Api` with ``answer`` and ``throttled``, maybe ``refusal``, ``finished`` and ``controls``;
- a face: a :class:`.sandbox.BaseSandbox` that names the four, with ``totals`` and what tests ask for;
- one line in :data:`..cli.SERVED`, with which the command serves, announces and configures it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, ClassVar

from starlette.requests import ClientDisconnect, Request

from .control import PREFIX, AnyState, Controls, control
from .faults import Fault
from .guard import refusal
from .journal import Entry
from .reply import Reply, as_json
from .sockets import Connections, Socket

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LONGEST_BODY = 32 * 1024 * 1024
"""The most bytes of a request's body; the sandbox holds them in memory."""

# A client that is answered before it has sent everything may not see the answer.
_LONGEST_DROPPED = 16 * LONGEST_BODY

TOO_LARGE = as_json(413, {"error": f"The body has more than {LONGEST_BODY} bytes."}, Connection="close")


@dataclass(frozen=True)
class Incoming:
    """A request as received, with its body."""

    request: Request
    body: bytes

    @property
    def method(self) -> str:
        """The verb in capitals."""
        return self.request.method

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return str(self.request.scope["path"])

    @property
    def raw_path(self) -> str:
        """The path as it was on the wire."""
        raw: bytes = self.request.scope["raw_path"]
        return raw.decode("latin-1")

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers by lower-case name; of repeated ones the last."""
        return dict(self.request.headers)

    @property
    def origin(self) -> str:
        """Scheme and host as the client wrote them."""
        return f"{self.request.url.scheme}://{self.request.headers.get('host', '')}"

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The query in order, names as received."""
        return self.request.query_params.multi_items()

    @cached_property
    def query(self) -> dict[str, str]:
        """The query by lower-case name."""
        return {name.lower(): value for name, value in self.pairs}


class Api(ABC):
    """What one API brings to :class:`Shell`."""

    controls: ClassVar[Controls] = {}
    """Its own control calls."""

    pages: ClassVar[frozenset[str]] = frozenset()
    """Paths of control calls that people open in a browser."""

    @abstractmethod
    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """
        Answer a request.

        :param entry: of the journal; ``company`` may be filled in.
        """

    @abstractmethod
    def throttled(self, seconds: int) -> Reply:
        """Give the API's 429, for the fault ``throttle``."""

    def refusal(self, incoming: Incoming) -> Reply | None:  # noqa: ARG002 - most parts refuse nothing
        """Refuse a request in front of the API, e.g. for a used-up quota; it then uses no fault up."""
        return None

    def finished(self, incoming: Incoming, reply: Reply) -> None:  # noqa: B027 - a part may not care
        """Note that the answer to a request that was not refused is ready to be sent."""


class Shell:
    """
    A sandbox as an ASGI application.

    :param state: what it knows.
    :param api: what it serves.
    :param connections: from :func:`.sockets.protocol_class`.
    :param bound: the address it listens on.
    """

    def __init__(self, state: AnyState, api: Api, connections: Connections, bound: str) -> None:
        self._bound = bound
        self._state = state
        self._api = api
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        request = Request(scope, receive)
        client = Socket(scope, receive, send, self._connections, self._state.clock.now)
        try:
            body = await _bounded(request)
        except ClientDisconnect:  # it died while it sent: nobody waits for an answer
            return
        path, state = scope["path"], self._state
        if path.lower().startswith(PREFIX):
            await client.send(self._control(request, body))
            return
        entry = state.journal.open(
            now=state.clock.now(),
            method=request.method,
            path=path,
            query=request.url.query,
            size=len(body or b""),
        )
        if body is None:
            await self._send(TOO_LARGE, entry, client)
            return
        incoming = Incoming(request, body)
        refusal = self._api.refusal(incoming)
        if refusal is not None:
            await self._send(refusal, entry, client)
            return
        await self._serve(incoming, entry, client)

    def _control(self, request: Request, body: bytes | None) -> Reply:
        if body is None:
            return TOO_LARGE
        path = request.scope["path"].lower()
        refused = refusal(
            request.method,
            request.headers.items(),
            bound=self._bound,
            body=body,
            is_page=path in self._api.pages,
        )
        return refused or control(
            self._state,
            self._api.controls,
            method=request.method,
            path=path,
            query=dict(request.query_params),
            body=body,
        )

    async def _serve(self, incoming: Incoming, entry: Entry, client: Socket) -> None:
        now = self._state.clock.now()
        struck = {rule.action: rule for rule in self._state.faults.struck(entry.method, entry.path, now)}
        entry.fault = ", ".join(struck) or None
        if "expire_tokens" in struck:
            self._state.expire_tokens()
        if "delay" in struck:
            await asyncio.sleep(struck["delay"].seconds)
        if "reset_before" in struck:
            await client.reset()
            return
        reply = self._stormed(struck, now) or _instead(struck, incoming)
        reply = reply or await self._answer(incoming, entry)
        if "status_after" in struck:
            reply = _told(struck["status_after"])
        if "reset_after" in struck:
            await client.reset()
        elif "truncate" in struck:
            entry.status, entry.bytes_out = reply.status, int(len(reply.body) * struck["truncate"].keep)
            await client.send_part(reply, entry.bytes_out)
        elif "drip" in struck:
            entry.status, entry.bytes_out = reply.status, len(reply.body)
            await client.send_slowly(reply, struck["drip"].seconds)
        else:
            await self._send(_garbled(struck.get("garbage"), reply), entry, client)

    async def _answer(self, incoming: Incoming, entry: Entry) -> Reply:
        reply = self._api.answer(incoming, entry)
        if reply.seconds:
            await asyncio.sleep(reply.seconds)
        self._api.finished(incoming, reply)
        return reply

    def _stormed(self, struck: dict[str, Fault], now: float) -> Reply | None:
        rule = struck.get("throttle")
        return None if rule is None else self._api.throttled(ceil(rule.left(now)))

    async def _send(self, reply: Reply, entry: Entry, client: Socket) -> None:
        entry.status, entry.bytes_out = reply.status, len(reply.body)
        await client.send(reply)


async def _bounded(request: Request) -> bytes | None:
    """Read the body; ``None`` when it is longer than the sandbox takes, the rest of it read and dropped."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size <= LONGEST_BODY:
            pieces.append(piece)
        elif size > _LONGEST_DROPPED:
            break
        else:
            pieces = []
    return None if size > LONGEST_BODY else b"".join(pieces)


def _instead(struck: dict[str, Fault], incoming: Incoming) -> Reply | None:
    """Give the reply a fault puts in place of the real one; the work is not done then."""
    if "status" in struck:
        return _told(struck["status"])
    if "echo_credentials" in struck:
        headers = incoming.headers
        seen = f"{headers.get('authorization')} / {headers.get('ocp-apim-subscription-key')}"
        detail = f"Could not read the request sent with {seen}."
        return as_json(400, {"title": "Bad request", "detail": detail})
    return None


def _told(rule: Fault) -> Reply:
    kind = "text/html" if rule.body.startswith("<") else "application/json; charset=utf-8"
    return Reply(rule.status, rule.body.encode(), {"Content-Type": kind, **rule.headers})


def _garbled(rule: Fault | None, reply: Reply) -> Reply:
    if rule is None:
        return reply
    whole = reply.body or b'[{"Id":1}]'
    return Reply(
        200, whole[: max(1, int(len(whole) * rule.keep))], {"Content-Type": "application/json; charset=utf-8"}
    )
