"""
PowerOffice Go v1 for :class:`..core.asgi.Shell`: path, throttle, token, module, handler.

Rule: the order is here; what a verb does is decided in :mod:`.rest.lists` and :mod:`.rest.writes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from ..core.asgi import Api, Incoming
from ..core.companies import DEMO, PRODUCTION, Environment
from ..core.control import Controls, Query, object_of
from ..core.journal import Entry
from ..core.poweroffice import totals
from ..core.reply import RefusedError, Reply
from ..core.tokens import basic
from .reply import denied, no_such, throttled
from .resources import RESOURCES, Resource
from .rest.call import V1Call
from .rest.lists import list_rows, one_row
from .rest.writes import delete, save
from .state import V1State
from .switches import V1Switches
from .tokens import Grant, integration_of

_DEMO_PATH = re.compile(r"/demo(?=/)", re.IGNORECASE)
# Official hosts of the demo environment, new and old.
_DEMO_HOSTS = ("api-demo.", "godemo.")
_TOKEN = "OAuth/Token"  # noqa: S105 - a path

_HANDLERS: Mapping[str, Callable[[V1Call], Reply]] = {
    "GET": list_rows,
    "GET one": one_row,
    "POST": save,
    "PUT": save,
    "DELETE": delete,
}


class _Target(NamedTuple):
    """Where a request leads: to the token endpoint when there is no resource."""

    environment: Environment
    resource: Resource | None
    identifier: str | None


def _modules(state: V1State, query: Query, _body: Any) -> Any:
    return {"modules": sorted(state.modules(state.company_of(query)))}


def _modules_change(state: V1State, _query: Query, body: Any) -> Any:
    given = object_of(body)
    return {"modules": state.set_modules(state.company_of(given), given.get("modules", ()))}


class V1Api(Api):
    """
    PowerOffice Go v1.

    :param state: what it knows.
    """

    controls: ClassVar[Controls] = {
        ("GET", "totals"): totals,
        ("GET", "modules"): _modules,
        ("POST", "modules"): _modules_change,
    }

    def __init__(self, state: V1State) -> None:
        self._state = state

    def refusal(self, incoming: Incoming) -> Reply | None:
        """Refuse what is no path of the API, and what is too fast."""
        target, state = self._target(incoming), self._state
        if target is None:
            return no_such(404, incoming.method, incoming.path, state.switches)
        now, switches = state.clock.now(), state.switches
        key = self._integration_key(incoming, target.environment, now)
        if key is None or state.throttle.lets_through(key, switches.rate_limit, now):
            return None
        return throttled(1, switches, now)

    def throttled(self, seconds: int) -> Reply:
        """Give the 429."""
        return throttled(seconds, self._state.switches, self._state.clock.now())

    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """
        Answer a request that was not refused.

        :param entry: of the journal; the company is filled in.
        """
        target = self._target(incoming)
        if target is None:
            return no_such(404, incoming.method, incoming.path, self._state.switches)
        if target.resource is None:
            return self._token(incoming, target.environment)
        return self._operation(incoming, target, target.resource, entry)

    def _target(self, incoming: Incoming) -> _Target | None:
        """Find where a path leads; the casing counts if the switch says so."""
        path, environment = incoming.path, PRODUCTION
        prefix = _DEMO_PATH.match(path)
        if prefix is not None or incoming.headers.get("host", "").lower().startswith(_DEMO_HOSTS):
            environment, path = DEMO, path[prefix.end() if prefix else 0 :]
        exact = self._state.switches.path_case == "exact"
        words = path.strip("/")
        for known in (_TOKEN, *RESOURCES):
            start = words if exact else words.lower()
            wanted = known if exact else known.lower()
            if start != wanted and not start.startswith(f"{wanted}/"):
                continue
            rest = words[len(known) + 1 :]
            if known == _TOKEN:
                return None if rest else _Target(environment, None, None)
            if "/" not in rest:
                return _Target(environment, RESOURCES[known], rest or None)
        return None

    def _integration_key(self, incoming: Incoming, environment: Environment, now: float) -> str | None:
        authorization = incoming.headers.get("authorization", "")
        grant = self._state.tokens.grant(authorization, now)
        found = grant.integration if grant else integration_of(basic(authorization), environment)
        if found is None:
            return None
        by_client = self._state.switches.rate_limit_key == "client"
        return found.client_key if by_client else environment.applications[found.application].key

    def _token(self, incoming: Incoming, environment: Environment) -> Reply:
        state, headers = self._state, incoming.headers
        if incoming.method != "POST":
            return no_such(405, incoming.method, incoming.path, state.switches)
        return state.tokens.answer(
            headers.get("authorization", ""),
            headers.get("content-type", ""),
            incoming.body,
            environment=environment,
            switches=state.switches,
            now=state.clock.now(),
        )

    def _operation(self, incoming: Incoming, target: _Target, resource: Resource, entry: Entry) -> Reply:
        state = self._state
        verb = f"{incoming.method} one" if incoming.method == "GET" and target.identifier else incoming.method
        now = state.clock.now()
        grant = state.tokens.grant(incoming.headers.get("authorization", ""), now)
        if grant is None or grant.company.environment != target.environment.name:
            return denied(401, "Authorization has been denied for this request.", state.switches)
        entry.company = grant.company.alias
        if resource.module not in grant.modules:
            text = f"The client does not have the module {resource.module}."
            return denied(403, text, state.switches)
        if not _is_served(verb, resource, target.identifier, state.switches):
            return no_such(405, incoming.method, incoming.path, state.switches)
        try:
            return _HANDLERS[verb](self._call(incoming, target, resource, grant))
        except RefusedError as refused:
            return refused.reply

    def _call(self, incoming: Incoming, target: _Target, resource: Resource, grant: Grant) -> V1Call:
        return V1Call(
            grant=grant,
            books=self._state.books(grant.company),
            switches=self._state.switches,
            resource=resource,
            identifier=target.identifier,
            is_update=incoming.method == "PUT",
            pairs=incoming.pairs,
            body=incoming.body,
            now=self._state.clock.now(),
        )


def _is_served(verb: str, resource: Resource, identifier: str | None, switches: V1Switches) -> bool:
    """Say whether a verb is there: POST without an id, DELETE with one, PUT with or without."""
    is_voucher = resource.path.startswith("Voucher/")
    if verb not in resource.verbs:
        return verb == "DELETE" and is_voucher and switches.voucher_delete == "served" and bool(identifier)
    if verb == "PUT" and switches.put == "405":
        return False
    return identifier is None if verb == "POST" else verb != "DELETE" or identifier is not None
