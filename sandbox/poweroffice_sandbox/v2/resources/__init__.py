"""
The table of all resources by name.

Rule: a new resource is one entry in one of the modules here; its routes, table, filters and controls follow.
"""

from __future__ import annotations

from ..schema.resource import Resource, Seed
from .accounting import ACCOUNTING
from .assumed import ASSUMED
from .contacts import CONTACTS
from .orders import SALES_ORDERS
from .payroll import PAYROLL
from .registers import REGISTERS
from .settings import SETTINGS
from .vouchers import FURTHER_TABLES, VOUCHERS

_ALL = (*CONTACTS, *REGISTERS, *SALES_ORDERS, *ACCOUNTING, *SETTINGS, *PAYROLL, *VOUCHERS, *ASSUMED)

RESOURCES: dict[str, Resource] = {item.name: item for item in _ALL}


def table_of(name: str) -> tuple[Seed, Resource | None]:
    """
    Give how a table begins, and the resource whose rows it holds, if there is one.

    :raises KeyError: there is no such table.
    """
    if name in FURTHER_TABLES:
        return FURTHER_TABLES[name], None
    return RESOURCES[name].seed, RESOURCES[name]


def references() -> list[tuple[str, str, str, str]]:
    """Give the fields that hold ids: field, twin for people, the resource meant, the twin's name there."""
    return [(*names[:2], item.name, names[2]) for item in RESOURCES.values() for names in item.named_by]
