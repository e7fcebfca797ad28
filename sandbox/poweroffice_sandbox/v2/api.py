"""
PowerOffice Go v2 for :class:`..core.asgi.Shell`: gateway, route, token, privilege, handler, controls.

Rule: the order is here; what an operation does is decided in the handlers.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from ..core.asgi import Api, Incoming
from ..core.companies import DEMO, PRODUCTION, Environment
from ..core.control import Action, Controls, Query, object_of
from ..core.journal import Entry
from ..core.poweroffice import COMPANY, totals
from ..core.reply import RefusedError, Reply
from . import onboarding
from .flows.order_sending import settle
from .gateway import throttled
from .reply import NOT_FOUND, dressed, problem
from .rest.call import Call
from .routes import find_route
from .state import State
from .switches import Switches
from .tokens import Grant

_API = re.compile(r"(/demo)?(?:/(oauth/token)|/v2(/.*)?)/?$", re.IGNORECASE)

_LONGEST_URL = 2_000


@dataclass(frozen=True)
class _Target:
    """Where the path of a request leads."""

    environment: Environment
    is_token: bool
    path: str


def _rights(state: State, query: Query, _body: Any) -> Any:
    return asdict(state.access.rights(state.company_of(query)))


def _rights_change(state: State, _query: Query, body: Any) -> Any:
    given = object_of(body)
    changes = {name: value for name, value in given.items() if name not in {"company", "environment"}}
    return asdict(state.access.change_rights(state.company_of(given), **changes))


def _onboarding(state: State, query: Query, _body: Any) -> Reply:
    return onboarding.consent(state.access, query, state.clock.now())


CONTROLS: Controls = {
    ("GET", "totals"): Action(totals, COMPANY),
    ("GET", "privileges"): Action(_rights, COMPANY),
    ("POST", "privileges"): Action(
        _rights_change, (*COMPANY, "privileges", "add", "remove", "allow_send_invoice")
    ),
    ("GET", "onboarding"): Action(_onboarding, ("code", "company", "answer")),
}


class V2Api(Api):
    """
    PowerOffice Go v2.

    :param state: what it knows.
    """

    controls = CONTROLS
    pages = frozenset({onboarding.PAGE})

    def __init__(self, state: State) -> None:
        self._state = state

    def refusal(self, incoming: Incoming) -> Reply | None:
        """Refuse what is no path of the API, and what its gateway does not let through."""
        target, state = _target(incoming.path), self._state
        if target is None or self._too_long(incoming):
            return NOT_FOUND
        refused = state.gateway.refusal(
            target.environment, incoming.headers, incoming.query, state.switches, state.clock.now()
        )
        return refused and dressed(refused, state.switches)

    def throttled(self, seconds: int) -> Reply:
        """Give the gateway's 429."""
        return throttled(seconds, self._state.switches, self._state.clock.now())

    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """
        Answer a request the gateway let through.

        :param entry: of the journal; the company is filled in.
        """
        target = _target(incoming.path)
        if target is None:
            return NOT_FOUND
        state, authorization = self._state, incoming.headers.get("authorization", "")
        if not target.is_token:
            opened = self._without_token(incoming, target)
            reply = opened or self._operation(incoming, target, entry, authorization)
            return dressed(reply, state.switches)
        if incoming.method != "POST":
            return NOT_FOUND
        return state.tokens.answer(
            authorization,
            incoming.body,
            environment=target.environment,
            access=state.access,
            switches=state.switches,
            now=state.clock.now(),
        )

    def _too_long(self, incoming: Incoming) -> bool:
        # Seen by an integrator: long comma lists end in a misleading 404.
        url = incoming.request.url
        return len(url.path) + len(url.query) > _LONGEST_URL and self._state.switches.long_urls == "404"

    def _without_token(self, incoming: Incoming, target: _Target) -> Reply | None:
        state, operation = self._state, f"{incoming.method} {target.path.lower().rstrip('/')}"
        try:
            return onboarding.answer(
                operation,
                environment=target.environment,
                access=state.access,
                body=incoming.body,
                origin=incoming.origin,
                now=state.clock.now(),
            )
        except RefusedError as refused:
            return refused.reply

    def _operation(self, incoming: Incoming, target: _Target, entry: Entry, authorization: str) -> Reply:
        state = self._state
        found = find_route(incoming.method, target.path)
        if found is None:
            return NOT_FOUND
        route, path_ids = found
        grant = state.tokens.grant(authorization, state.clock.now())
        if grant is None or not self._is_valid(grant, target.environment):
            return _bare(401, "Unauthorized", state.switches)
        entry.company = grant.company.alias
        if not grant.allows(route.privilege, write=incoming.method != "GET"):
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

    def _call(self, incoming: Incoming, grant: Grant, resource: str, path_ids: tuple[str, ...]) -> Call:
        return Call(
            grant=grant,
            access=self._state.access,
            books=self._state.books(grant.company),
            switches=self._state.switches,
            origin=incoming.origin,
            path=incoming.path,
            pairs=incoming.pairs,
            headers=incoming.headers,
            body=incoming.body,
            now=self._state.clock.now(),
            resource_name=resource,
            path_ids=path_ids,
            method=incoming.method,
        )


def _target(path: str) -> _Target | None:
    match = _API.match(path)
    if match is None:
        return None
    environment = DEMO if match.group(1) else PRODUCTION
    return _Target(environment, match.group(2) is not None, match.group(3) or "/")


def _bare(status: int, title: str, switches: Switches) -> Reply:
    # Seen by integrators: the API's own 401 and 403 often have no body.
    return Reply(status) if switches.auth_body == "empty" else problem(status, title, f"{title}.")
