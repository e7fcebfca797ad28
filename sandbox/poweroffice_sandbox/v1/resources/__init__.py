"""
The v1 resources, by the type of their rows.

Rule: what there is; how a route is answered is in :mod:`..rest` and :mod:`..flows`.
"""

from __future__ import annotations

from . import money, parties, registers, sales, vouchers, work
from .entries import Resource
from .tables import ROUTES, Route

RESOURCES: dict[str, Resource] = {
    item.entity: item
    for module in (parties, registers, sales, vouchers, work, money)
    for item in module.ENTRIES
}
"""Type of the rows → resource."""


def resource_of(route: Route) -> Resource | None:
    """Find the resource whose rows a route gives or takes; rows of a list may be a lighter type."""
    return RESOURCES.get(route.row.removesuffix("ListItem") or route.body)


def all_routes() -> tuple[Route, ...]:
    """Give the vendor's routes, and those of entries that bring their own."""
    return (*ROUTES, *(route for item in RESOURCES.values() for route in item.routes))
