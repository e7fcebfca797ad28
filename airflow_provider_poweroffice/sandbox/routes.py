"""
The table of routes: method and path to handler, resource and privilege.

Rule: data, and the look-up. Paths are insensitive to case (seen live). An operation that is not here is
answered by the gateway, so a known path with another method is 404 too.
"""

from __future__ import annotations

from typing import NamedTuple

from . import ledger_api, lists, orders, single, writes
from .call import Handler
from .resources import RESOURCES

_VERBS: dict[str, tuple[str, str, Handler]] = {
    "list": ("GET", "", lists.list_rows),
    "get": ("GET", "/{id}", lists.get_row),
    "post": ("POST", "", writes.post_row),
    "patch": ("PATCH", "/{id}", writes.patch_row),
    "delete": ("DELETE", "/{id}", writes.delete_row),
}


class Route(NamedTuple):
    """What serves an operation; ``privilege`` is ``None`` when none is needed."""

    handler: Handler
    resource: str
    privilege: str | None


def _routes() -> dict[tuple[str, str], Route]:
    table = {
        (method, f"/{name}{tail}"): Route(handler, name, resource.privilege)
        for name, resource in RESOURCES.items()
        for verb, (method, tail, handler) in _VERBS.items()
        if verb in resource.verbs
    }
    table |= {
        ("GET", "/AccountTransactions"): Route(
            ledger_api.transactions, "AccountTransactions", "AccountTransaction"
        ),
        ("GET", "/TrialBalance"): Route(ledger_api.trial_balance, "TrialBalance", "TrialBalance"),
        ("POST", "/SalesOrders/Complete"): Route(orders.post_order, "SalesOrders", "SalesOrders"),
        ("PATCH", "/SalesOrders/{id}"): Route(orders.patch_order, "SalesOrders", "SalesOrders"),
        ("DELETE", "/SalesOrders/{id}"): Route(orders.delete_order, "SalesOrders", "SalesOrders"),
        ("GET", "/SalesOrders/{id}/Complete"): Route(orders.get_complete, "SalesOrders", "SalesOrders"),
        ("GET", "/ClientIntegrationInformation"): Route(single.integration, "", None),
        ("GET", "/LockDateSettings"): Route(single.lock_date, "", "CommonServices"),
        ("GET", "/FinancialSettings"): Route(single.financial, "", "CommonServices"),
    }
    return {(method, path.lower()): route for (method, path), route in table.items()}


ROUTES = _routes()


def find_route(method: str, path: str) -> tuple[Route, str] | None:
    """
    Find what serves an operation, and the id in its path.

    :param method: of the request.
    :param path: below ``/v2``, in any casing.
    """
    lower = path.lower().rstrip("/")
    route = ROUTES.get((method, lower))
    if route is not None:
        return route, ""
    parts = lower.split("/")
    for index in range(2, len(parts)):
        generic = "/".join([*parts[:index], "{id}", *parts[index + 1 :]])
        route = ROUTES.get((method, generic))
        if route is not None and parts[index]:
            return route, parts[index]
    return None
