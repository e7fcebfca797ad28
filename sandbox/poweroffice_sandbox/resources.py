"""
The table of all resources by name.

Rule: a new resource is one entry in one of the ``resources_`` modules, and its first rows one in a ``seeds_``
module; its routes follow.
"""

from __future__ import annotations

from .resource import Resource
from .resources_accounting import ACCOUNTING
from .resources_assumed import ASSUMED
from .resources_flows import FLOW_RESOURCES
from .resources_payroll import PAYROLL
from .resources_registers import REGISTERS
from .resources_settings import SETTINGS
from .resources_subledger import SUBLEDGERS

_ALL = (*REGISTERS, *ACCOUNTING, *SETTINGS, *PAYROLL, *SUBLEDGERS, *FLOW_RESOURCES, *ASSUMED)

RESOURCES: dict[str, Resource] = {item.name: item for item in _ALL}
