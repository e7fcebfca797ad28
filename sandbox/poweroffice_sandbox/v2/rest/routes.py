"""
The table of routes: method and path to handler, resource and privilege.

Rule: data, and the look-up. Paths are insensitive to case (seen live). An operation that is not here is
answered by the gateway, so a known path with another method is 404 too.
"""

from __future__ import annotations

from ..flows.routes import FLOWS
from ..ledger import api as ledger_api
from ..resources import RESOURCES
from ..resources.tables import Operation, operations
from ..subledger import api as subledger_api
from . import lists, per_employee, prospects, settings, single, writes
from .call import Handler
from .route import Route, Routes

_LEDGERS: dict[str, Handler] = {
    "AccountTransactions": ledger_api.transactions,
    "TrialBalance": ledger_api.trial_balance,
    **subledger_api.HANDLERS,
}
_PER_EMPLOYEE = {"Employees/PayrollSettings", "Employees/PensionSettings"}
_VERBS: dict[str, tuple[str, str, Handler]] = {
    "list": ("GET", "", lists.list_rows),
    "get": ("GET", "/{id}", lists.get_row),
    "post": ("POST", "", writes.post_row),
    "patch": ("PATCH", "/{id}", writes.patch_row),
    "delete": ("DELETE", "/{id}", writes.delete_row),
}


def _handler(name: str, operation: Operation) -> Handler:
    """Give what serves an operation of the official table."""
    if name in _LEDGERS:
        return _LEDGERS[name]
    own = per_employee.HANDLERS if name in _PER_EMPLOYEE else {}
    return own.get(operation.verb) or _VERBS[operation.verb][2]


def _routes() -> Routes:
    table: Routes = {
        (method, f"/{name}{tail}"): Route(handler, name, resource.privilege)
        for name, resource in RESOURCES.items()
        for verb, (method, tail, handler) in _VERBS.items()
        if verb in resource.verbs and not resource.operations
    }
    table |= {
        (item.method, item.path): Route(_handler(name, item), name, item.privilege)
        for name, resource in RESOURCES.items()
        for item in resource.operations
    }
    table |= {
        (item.method, item.path): Route(settings.HANDLERS[item.path], "", item.privilege)
        for item in operations()
        if item.path in settings.HANDLERS
    }
    table |= {
        ("GET", "/ClientIntegrationInformation"): Route(single.integration, "", None),
        ("GET", "/LockDateSettings"): Route(single.lock_date, "", "CommonServices"),
        ("GET", "/FinancialSettings"): Route(single.financial, "", "CommonServices"),
    }
    table |= FLOWS | prospects.ROUTES
    return {(method, path.lower()): route for (method, path), route in table.items()}


ROUTES = _routes()


def _by_length() -> dict[tuple[str, int], list[tuple[list[str], Route]]]:
    """Sort the templates by method and number of segments, those with the fewest placeholders first."""
    found: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
    for (method, path), route in sorted(ROUTES.items(), key=lambda item: item[0][1].count("{")):
        parts = path.split("/")
        found.setdefault((method, len(parts)), []).append((parts, route))
    return found


_BY_LENGTH = _by_length()


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """
    Find what serves an operation, and the ids in its path.

    :param path: below ``/v2``, in any casing.
    """
    parts = path.lower().rstrip("/").split("/")
    for template, route in _BY_LENGTH.get((method, len(parts)), ()):
        ids = _ids(template, parts)
        if ids is not None:
            return route, ids
    return None


def _ids(template: list[str], parts: list[str]) -> tuple[str, ...] | None:
    pairs = list(zip(template, parts, strict=True))
    if any(part != name if not name.startswith("{") else not part for name, part in pairs):
        return None
    return tuple(part for name, part in pairs if name.startswith("{"))
