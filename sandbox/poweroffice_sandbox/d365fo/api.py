"""
Finance & Operations for :class:`..core.asgi.Shell`: identity, throttle, token, services, entities.

Rule: the order is here. Identity provider and environment are one host, told apart by their paths.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from ..core.asgi import Api, Incoming
from ..core.control import Action, Controls, Query
from ..core.journal import Entry
from ..core.near import choose
from ..core.reply import RefusedError, Reply, as_json
from . import services
from .call import Call
from .identity import is_token_path, token_answer
from .keys import APPS, COMPANIES, HR_AUDIENCE, TENANT
from .odata import metadata, packages
from .odata import service as odata
from .odata.batch import batch
from .reply import unauthorized
from .state import D365FOState
from .throttle import busy
from .tokens import Grant

_PREFIX = re.compile(r"/namespaces/([^/]+)(?=/|$)", re.IGNORECASE)
_ON_PREMISES = "axsf"
_SERVER, _RUNNING = "d365fo.server", "d365fo.running"
_COOKIE = "ApplicationAffinity"
_COOKIE_VALUE = re.compile(rf"{_COOKIE}=server-(\d+)")
_LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign In</title></head><body>Sign in</body></html>"
_SERVICES = {("api", "services"): services.answer, ("data",): odata.answer, ("metadata",): metadata.answer}


def _totals(state: D365FOState, query: Query, _body: Any) -> Any:
    company = query.get("company")
    if company is not None and company.lower() not in COMPANIES:
        raise ValueError(f"company = {company!r}: {choose(company, COMPANIES)}.")
    return {"company": company, "rows": state.totals(company), "connections": state.connections}


def _executed(state: D365FOState, _query: Query, _body: Any) -> Any:
    return dict(state.executed)


CONTROLS: Controls = {
    ("GET", "totals"): Action(_totals, ("company",)),
    ("GET", "executed"): Action(_executed),
}


class D365FOApi(Api):
    """
    Finance & Operations.

    :param state: what it knows.
    """

    controls = CONTROLS

    def __init__(self, state: D365FOState) -> None:
        self._state = state
        self._servers = 0

    def refusal(self, incoming: Incoming) -> Reply | None:
        """Throttle a request that has a good token; on-premises environments have no throttle."""
        space, _ = _split(incoming)
        grant = self._grant(incoming, space)
        if grant is None or space == _ON_PREMISES:
            return None
        reply = self._state.throttle.refusal(
            grant.app, self._server(incoming), self._state.switches, self._state.clock.now()
        )
        return None if reply is None else self._finished(incoming, reply)

    def throttled(self, seconds: int) -> Reply:
        """Give the resource-based 429."""
        return busy(seconds, self._state.switches, self._state.clock.now())

    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """
        Answer a request.

        :param entry: of the journal; the user's default company is filled in.
        """
        try:
            reply = self._answer(incoming, entry)
        except RefusedError as refused:
            reply = refused.reply
        return self._finished(incoming, reply)

    def finished(self, incoming: Incoming, reply: Reply) -> None:
        """Count the time a request took."""
        app = incoming.request.scope.pop(_RUNNING, None)
        if app is not None:
            used = reply.seconds + self._state.switches.request_seconds
            self._state.throttle.ended(app, self._server(incoming), self._state.clock.now(), used)

    def _answer(self, incoming: Incoming, entry: Entry) -> Reply:
        space, parts = _split(incoming)
        if not space and is_token_path(incoming.path):
            return token_answer(incoming, self._state)
        if [part.lower() for part in parts[:2]] == ["adfs", "ls"]:
            return Reply(200, _LOGIN_PAGE, {"Content-Type": "text/html; charset=utf-8"})
        if len(parts) == 2 and parts[0] == packages.FOLDER:  # noqa: PLR2004 - folder and file
            return packages.file_answer(incoming, self._state, parts[1])
        low = tuple(part.lower() for part in parts)
        serve, depth = next(
            ((serve, len(start)) for start, serve in _SERVICES.items() if low[: len(start)] == start),
            (None, 0),
        )
        grant = self._grant(incoming, space)
        if grant is None:
            return self._unknown_caller(space, is_path=serve is not None)
        self._state.throttle.began(grant.app, self._server(incoming))
        incoming.request.scope[_RUNNING] = grant.app
        entry.company = grant.app.company
        if serve is None:
            return as_json(404, {"Message": "No HTTP resource was found that matches the request URI."})
        prefix = _PREFIX.match(incoming.raw_path)
        call = Call(
            incoming, self._state, grant, incoming.origin + (prefix[0] if prefix else ""), parts[depth:]
        )
        return batch(call) if low == ("data", "$batch") else serve(call)

    def _unknown_caller(self, space: str, *, is_path: bool) -> Reply:
        if space == _ON_PREMISES:
            # Seen on-premises: an unauthenticated call is sent to the login page.
            return Reply(302, b"", {"Location": "/adfs/ls/?wa=wsignin1.0&wtrealm=spn:axsf"})
        return unauthorized(self._state) if is_path else Reply(404)

    def _grant(self, incoming: Incoming, space: str) -> Grant | None:
        """Give what the token says, if it is one for this environment and of an app registered in it."""
        state = self._state
        authorization = incoming.headers.get("authorization", "")
        grant = state.tokens.grant(authorization, state.clock.now())
        if grant is None and state.switches.sign_in == "skipped" and authorization:
            return Grant(APPS[0], "", TENANT, 0.0)
        if grant is None or not grant.app.registered:
            return None
        tenants = {TENANT, ""} if space == _ON_PREMISES else {TENANT}
        origins = {incoming.origin.lower(), *state.origins}
        audiences = {HR_AUDIENCE} if space not in {"", _ON_PREMISES} else origins
        return grant if grant.tenant in tenants and grant.audience in audiences else None

    def _server(self, incoming: Incoming) -> int:
        """Give the web server: that of the cookie, or the next in turn; one for the whole request."""
        known = incoming.request.scope.get(_SERVER)
        if known is None:
            count = max(1, self._state.switches.web_servers)
            match = _COOKIE_VALUE.search(incoming.headers.get("cookie", ""))
            if match is None:
                self._servers += 1
            number = int(match[1]) if match else self._servers
            known = incoming.request.scope[_SERVER] = number % count
        return int(known)

    def _finished(self, incoming: Incoming, reply: Reply) -> Reply:
        own = {"ms-dyn-aid": self._state.new_id(), "server-timing": f"dur={reply.seconds * 1000:.1f}"}
        sent = incoming.headers.get("x-ms-client-request-id")
        if sent is not None:
            own["x-ms-client-request-id"] = sent
        if not is_token_path(incoming.path) and _COOKIE not in incoming.headers.get("cookie", ""):
            own["Set-Cookie"] = f"{_COOKIE}=server-{self._server(incoming)}; path=/; HttpOnly"
        return Reply(reply.status, reply.body, {**own, **reply.headers}, reply.seconds)


def _split(incoming: Incoming) -> tuple[str, tuple[str, ...]]:
    """Give the namespace in lower case (empty for none) and the path's segments, each decoded on its own."""
    path = incoming.raw_path
    prefix = _PREFIX.match(path)
    if prefix:
        path = path[prefix.end() :]
    parts = tuple(unquote(part) for part in path.split("/")[1:])
    return prefix[1].lower() if prefix else "", parts[:-1] if parts and not parts[-1] else parts
