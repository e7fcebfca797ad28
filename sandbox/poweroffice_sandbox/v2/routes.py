"""
The table of routes: method and path to handler, resource and privilege.

Rule: data, and the look-up; a resource's routes follow from its entry, those of the flows are listed beside
them. Paths are insensitive to case (seen live). An operation that is not here is answered by the gateway, so
a known path with another method is 404 too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from . import partner
from .flows import approval, attachments, documentation, drafts, order_sending, orders, prospects, vouchers
from .resources import RESOURCES
from .rest import ledger, lists, objects, subledger, writes
from .rest.call import Handler, Route, Routes
from .schema.resource import Resource
from .schema.tables import operations

_VERBS: dict[str, tuple[str, str, Handler]] = {
    "list": ("GET", "", lists.list_rows),
    "get": ("GET", "/{id}", lists.get_row),
    "post": ("POST", "", writes.post_row),
    "patch": ("PATCH", "/{id}", writes.patch_row),
    "delete": ("DELETE", "/{id}", writes.delete_row),
}
# By resource: what serves a verb, where the plain handlers do not.
_OWN: dict[str, dict[str, Handler]] = {
    "AccountTransactions": {"list": ledger.transactions},
    "TrialBalance": {"list": ledger.trial_balance},
    "Employees/PayrollSettings": objects.OF_EMPLOYEE,
    "Employees/PensionSettings": objects.OF_EMPLOYEE,
    **{name: {"list": handler} for name, handler in subledger.HANDLERS.items()},
}
_FLOWS: Routes = {
    **orders.ROUTES,
    **attachments.ROUTES,
    **order_sending.ROUTES,
    **vouchers.ROUTES,
    **drafts.ROUTES,
    **approval.ROUTES,
    **documentation.ROUTES,
    **prospects.ROUTES,
    **partner.ROUTES,
}


def _of_resource(name: str, resource: Resource) -> Iterator[tuple[str, str, Route]]:
    for item in resource.operations:
        handler = _OWN.get(name, {}).get(item.verb) or _VERBS[item.verb][2]
        yield item.method, item.path, Route(handler, name, item.privilege)
    for verb in () if resource.operations else resource.verbs:
        method, tail, handler = _VERBS[verb]
        yield method, f"/{name}{tail}", Route(handler, name, resource.privilege)


def served() -> Routes:
    """Give what is served, by method and path."""
    table: Routes = {
        (method, path): route
        for name, resource in RESOURCES.items()
        for method, path, route in _of_resource(name, resource)
    }
    table |= {
        (item.method, item.path): Route(objects.HANDLERS[item.path], "", item.privilege)
        for item in operations()
        if item.path in objects.HANDLERS
    }
    return table | _FLOWS


@cache
def routes() -> dict[tuple[str, int], list[tuple[list[str], Route]]]:
    """Give the templates by method and number of segments, those with the fewest placeholders first."""
    found: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
    for (method, path), route in sorted(served().items(), key=lambda item: item[0][1].count("{")):
        parts = path.lower().split("/")
        found.setdefault((method, len(parts)), []).append((parts, route))
    return found


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """
    Find what serves an operation, and the ids in its path.

    :param path: below ``/v2``, in any casing.
    """
    parts = path.lower().rstrip("/").split("/")
    for template, route in routes().get((method, len(parts)), ()):
        ids = _ids(template, parts)
        if ids is not None:
            return route, ids
    return None


def _ids(template: list[str], parts: list[str]) -> tuple[str, ...] | None:
    pairs = list(zip(template, parts, strict=True))
    if any(part != name if not name.startswith("{") else not part for name, part in pairs):
        return None
    return tuple(part for name, part in pairs if name.startswith("{"))
