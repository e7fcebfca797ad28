"""
The ASGI application: the path of one request.

Rule: the order is here and nowhere else. Control calls leave first; then journal, route, gateway, faults,
token, privilege, handler; at last the socket.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from starlette.requests import Request

from . import onboarding
from .call import Call
from .control import PREFIX, control
from .faults import Fault
from .gateway import throttled
from .journal import Entry
from .keys import DEMO, PRODUCTION, Environment
from .order_sending import settle
from .replies import NOT_FOUND, RefusedError, Reply, problem
from .routes import find_route
from .state import State
from .switches import Switches
from .tokens import Grant
from .wire import Connections, Socket

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_API = re.compile(r"(/demo)?(?:/(oauth/token)|/v2(/.*)?)/?$", re.IGNORECASE)

_LONGEST_URL = 2_000


@dataclass(frozen=True)
class _Incoming:
    """A request as read, and where its path leads."""

    request: Request
    body: bytes
    environment: Environment
    is_token: bool
    path: str

    @property
    def origin(self) -> str:
        """Scheme and host as the client wrote them."""
        return f"{self.request.url.scheme}://{self.request.headers.get('host', '')}"

    @property
    def query(self) -> dict[str, str]:
        """The query by lower-case name."""
        return {name.lower(): value for name, value in self.request.query_params.multi_items()}


class App:
    """
    The sandbox as an ASGI application.

    :param state: what it knows.
    :param connections: from :func:`.wire.protocol_class`.
    """

    def __init__(self, state: State, connections: Connections) -> None:
        self._state = state
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        request = Request(scope, receive)
        client = Socket(scope, receive, send, self._connections, self._state.clock.now)
        body = await request.body()
        path, state = scope["path"], self._state
        if path.lower().startswith(PREFIX):
            query = dict(request.query_params)
            await client.send(control(state, request.method, path.lower(), query, body))
            return
        entry = state.journal.open(
            now=state.clock.now(), method=request.method, path=path, query=request.url.query, size=len(body)
        )
        incoming = _read(request, body, path)
        if incoming is None or self._too_long(request):
            await self._send(NOT_FOUND, entry, client)
            return
        refusal = state.gateway.refusal(
            incoming.environment, dict(request.headers), incoming.query, state.switches, state.clock.now()
        )
        if refusal is not None:
            await self._send(refusal, entry, client)
            return
        await self._serve(incoming, entry, client)

    def _too_long(self, request: Request) -> bool:
        # Seen by an integrator: long comma lists end in a misleading 404.
        length = len(request.url.path) + len(request.url.query)
        return length > _LONGEST_URL and self._state.switches.long_urls == "404"

    async def _serve(self, incoming: _Incoming, entry: Entry, client: Socket) -> None:
        now = self._state.clock.now()
        struck = {rule.action: rule for rule in self._state.faults.struck(entry.method, entry.path, now)}
        entry.fault = ", ".join(struck) or None
        if "expire_tokens" in struck:
            self._state.tokens.expire()
        if "delay" in struck:
            await asyncio.sleep(struck["delay"].seconds)
        if "reset_before" in struck:
            await client.reset()
            return
        reply = self._stormed(struck, now) or _instead(struck, incoming) or self._answer(incoming, entry)
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

    def _stormed(self, struck: dict[str, Fault], now: float) -> Reply | None:
        rule = struck.get("throttle")
        return None if rule is None else throttled(ceil(rule.left(now)), self._state.switches, now)

    async def _send(self, reply: Reply, entry: Entry, client: Socket) -> None:
        entry.status, entry.bytes_out = reply.status, len(reply.body)
        await client.send(reply)

    def _answer(self, incoming: _Incoming, entry: Entry) -> Reply:
        state, request = self._state, incoming.request
        authorization = request.headers.get("authorization", "")
        if not incoming.is_token:
            opened = self._without_token(incoming)
            return opened or self._operation(incoming, entry, authorization)
        if request.method != "POST":
            return NOT_FOUND
        now = state.clock.now()
        return state.tokens.answer(
            authorization,
            incoming.body,
            environment=incoming.environment,
            access=state.access,
            switches=state.switches,
            now=now,
        )

    def _without_token(self, incoming: _Incoming) -> Reply | None:
        state, operation = self._state, f"{incoming.request.method} {incoming.path.lower().rstrip('/')}"
        try:
            return onboarding.answer(
                operation,
                environment=incoming.environment,
                access=state.access,
                body=incoming.body,
                origin=incoming.origin,
                now=state.clock.now(),
            )
        except RefusedError as refused:
            return refused.reply

    def _operation(self, incoming: _Incoming, entry: Entry, authorization: str) -> Reply:
        state = self._state
        found = find_route(incoming.request.method, incoming.path)
        if found is None:
            return NOT_FOUND
        route, path_ids = found
        scheme, _, token = authorization.partition(" ")
        grant = state.tokens.grant(token.strip(), state.clock.now()) if scheme.lower() == "bearer" else None
        if grant is None or not self._is_valid(grant, incoming.environment):
            return _bare(401, "Unauthorized", state.switches)
        entry.company = grant.company.alias
        if not grant.allows(route.privilege, write=incoming.request.method != "GET"):
            return _bare(403, "Forbidden", state.switches)
        call = self._call(incoming, grant, route.resource, path_ids)
        try:
            settle(call)
            return route.handler(call)
        except RefusedError as refused:
            return refused.reply

    def _is_valid(self, grant: Grant, environment: Environment) -> bool:
        known = self._state.access.integration(grant.integration.client_key)
        return known is not None and known.company.environment == environment.name

    def _call(self, incoming: _Incoming, grant: Grant, resource: str, path_ids: tuple[str, ...]) -> Call:
        request = incoming.request
        return Call(
            grant=grant,
            access=self._state.access,
            books=self._state.books(grant.company),
            switches=self._state.switches,
            origin=incoming.origin,
            path=request.scope["path"],
            pairs=request.query_params.multi_items(),
            headers=dict(request.headers),
            body=incoming.body,
            now=self._state.clock.now(),
            resource_name=resource,
            path_ids=path_ids,
        )


def _read(request: Request, body: bytes, path: str) -> _Incoming | None:
    match = _API.match(path)
    if match is None:
        return None
    environment = DEMO if match.group(1) else PRODUCTION
    return _Incoming(request, body, environment, match.group(2) is not None, match.group(3) or "/")


def _bare(status: int, title: str, switches: Switches) -> Reply:
    # Seen by integrators: the API's own 401 and 403 often have no body.
    return Reply(status) if switches.auth_body == "empty" else problem(status, title, f"{title}.")


def _instead(struck: dict[str, Fault], incoming: _Incoming) -> Reply | None:
    """Give the reply a fault puts in place of the real one; the work is not done then."""
    if "status" in struck:
        rule = struck["status"]
        kind = "text/html" if rule.body.startswith("<") else "application/json; charset=utf-8"
        return Reply(rule.status, rule.body.encode(), {"Content-Type": kind, **rule.headers})
    if "echo_credentials" in struck:
        headers = incoming.request.headers
        seen = f"{headers.get('authorization')} / {headers.get('ocp-apim-subscription-key')}"
        return problem(400, "Bad request", f"Could not read the request sent with {seen}.")
    return None


def _garbled(rule: Fault | None, reply: Reply) -> Reply:
    if rule is None:
        return reply
    whole = reply.body or b'[{"Id":1}]'
    return Reply(
        200, whole[: max(1, int(len(whole) * rule.keep))], {"Content-Type": "application/json; charset=utf-8"}
    )
