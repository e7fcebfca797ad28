"""
The table of all resources by name.

Rule: a new resource is one entry in :mod:`.resources_registers` or :mod:`.resources_accounting` and its rows
in :mod:`.registers`; its routes follow from ``verbs``.
"""

from __future__ import annotations

from .resource import Resource
from .resources_accounting import ACCOUNTING
from .resources_registers import REGISTERS

RESOURCES: dict[str, Resource] = {item.name: item for item in (*REGISTERS, *ACCOUNTING)}
