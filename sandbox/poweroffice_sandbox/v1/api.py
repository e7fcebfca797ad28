"""
PowerOffice Go v1 for :class:`..core.asgi.Shell`: path, throttle, token, privilege, module, handler.

Rule: the order is here; what a route does is decided in :mod:`.rest` and :mod:`.flows`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from ..core.asgi import Api, Incoming
from ..core.companies import DEMO, PRODUCTION, Environment
from ..core.control import Action, Controls, Query, object_of
from ..core.journal import Entry
from ..core.poweroffice import COMPANY, totals
from ..core.reply import RefusedError, Reply
from ..core.tokens import basic
from .flows import ACTIONS, do_due
from .reply import denied, no_such, not_served, throttled
from .resources import resource_of
from .resources.tables import Route
from .rest.call import V1Call
from .rest.lists import list_rows, one_row, plain_rows
from .rest.reports import REPORTS
from .rest.routing import places
from .rest.writes import delete, save
from .state import V1State
from .tokens import Grant, integration_of

_DEMO_PATH = re.compile(r"/demo(?=/)", re.IGNORECASE)
# Official hosts of the demo environment, new and old.
_DEMO_HOSTS = ("api-demo.", "godemo.")
_TOKEN = "OAuth/Token"  # noqa: S105 - a path

_HANDLERS: Mapping[str, Callable[[V1Call], Reply]] = {
    "list": list_rows,
    "plain": plain_rows,
    "one": one_row,
    "create": save,
    "upsert": save,
    "update": save,
    "delete": delete,
}


def handler_of(route: Route) -> Callable[[V1Call], Reply] | None:
    """Find what answers a route; ``None`` for one that the sandbox does not serve."""
    if route.name in ACTIONS:
        return ACTIONS[route.name]
    if route.path in REPORTS or resource_of(route) is not None:
        return _HANDLERS.get(route.kind)
    return None


class _Target(NamedTuple):
    """
    Where a request leads: to the token endpoint when there are no routes.

    :param routes: of the path, by method; of two paths that fit, the one that has the method.
    :param names: the values of the path's placeholders.
    """

    environment: Environment
    routes: Mapping[str, Route]
    names: dict[str, str]


def _subscriptions(state: V1State, query: Query, _body: Any) -> Any:
    return {"subscriptions": sorted(state.subscriptions(state.company_of(query)))}


def _subscriptions_change(state: V1State, _query: Query, body: Any) -> Any:
    given = object_of(body)
    names = given.get("subscriptions", ())
    return {"subscriptions": state.set_subscriptions(state.company_of(given), names)}


def _privileges(state: V1State, query: Query, _body: Any) -> Any:
    return {"privileges": sorted(state.privileges(state.company_of(query)))}


def _privileges_change(state: V1State, _query: Query, body: Any) -> Any:
    given = object_of(body)
    return {"privileges": state.set_privileges(state.company_of(given), given.get("privileges", ()))}


class V1Api(Api):
    """
    PowerOffice Go v1.

    :param state: what it knows.
    """

    controls: ClassVar[Controls] = {
        ("GET", "totals"): Action(totals, COMPANY),
        ("GET", "subscriptions"): Action(_subscriptions, COMPANY),
        ("POST", "subscriptions"): Action(_subscriptions_change, (*COMPANY, "subscriptions")),
        ("GET", "privileges"): Action(_privileges, COMPANY),
        ("POST", "privileges"): Action(_privileges_change, (*COMPANY, "privileges")),
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
        if not target.routes:
            return self._token(incoming, target.environment)
        return self._operation(incoming, target, entry)

    def _target(self, incoming: Incoming) -> _Target | None:
        """Find where a path leads; the casing counts if the switch says so."""
        path, environment = incoming.path, PRODUCTION
        prefix = _DEMO_PATH.match(path)
        if prefix is not None or incoming.headers.get("host", "").lower().startswith(_DEMO_HOSTS):
            environment, path = DEMO, path[prefix.end() if prefix else 0 :]
        exact = self._state.switches.path_case == "exact"
        words = path.strip("/")
        if words == _TOKEN or (not exact and words.lower() == _TOKEN.lower()):
            return _Target(environment, {}, {})
        found = places(path, exact=exact)
        if not found:
            return None
        place, names = next((item for item in found if incoming.method in item[0].routes), found[0])
        return _Target(environment, place.routes, names)

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

    def _operation(self, incoming: Incoming, target: _Target, entry: Entry) -> Reply:
        state = self._state
        now = state.clock.now()
        grant = state.tokens.grant(incoming.headers.get("authorization", ""), now)
        if grant is None or grant.company.environment != target.environment.name:
            return denied(401, "Authorization has been denied for this request.", state.switches)
        entry.company = grant.company.alias
        route = target.routes.get(incoming.method)
        if route is None:
            return no_such(405, incoming.method, incoming.path, state.switches)
        lacking = _lacking(route, grant)
        if lacking:
            return denied(403, lacking, state.switches)
        handler = handler_of(route)
        if handler is None:
            return not_served(route.name)
        call = self._call(incoming, target, route, grant)
        do_due(call)
        try:
            return handler(call)
        except RefusedError as refused:
            return refused.reply

    def _call(self, incoming: Incoming, target: _Target, route: Route, grant: Grant) -> V1Call:
        return V1Call(
            grant=grant,
            books=self._state.books(grant.company),
            switches=self._state.switches,
            route=route,
            own=resource_of(route),
            names=target.names,
            pairs=incoming.pairs,
            body=incoming.body,
            now=self._state.clock.now(),
        )


def _lacking(route: Route, grant: Grant) -> str:
    """Name the privilege or the module that a call needs and the token has not."""
    full = f"{route.privilege}_Full"
    wanted = {full} if route.method != "GET" else {full, route.privilege}
    if route.privilege and not wanted & grant.privileges:
        return f"The privilege {route.privilege if route.method == 'GET' else full} is missing."
    resource = resource_of(route)
    needed = resource.subscription if resource else "Accounting"
    if route.path.startswith("Reporting/TimeTransactions"):
        needed = "TimeTracking"
    return "" if needed in grant.subscriptions else f"The client does not have the module {needed}."
