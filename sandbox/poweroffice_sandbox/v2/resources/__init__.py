"""
The table of all resources by name.

Rule: a new resource is one entry in one of the ``resources_`` modules, and its first rows one in a ``seeds_``
module; its routes follow.
"""

from __future__ import annotations

from .accounting import ACCOUNTING
from .assumed import ASSUMED
from .flows import FLOW_RESOURCES
from .payroll import PAYROLL
from .registers import REGISTERS
from .resource import Resource
from .settings import SETTINGS
from .subledger import SUBLEDGERS

_ALL = (*REGISTERS, *ACCOUNTING, *SETTINGS, *PAYROLL, *SUBLEDGERS, *FLOW_RESOURCES, *ASSUMED)

RESOURCES: dict[str, Resource] = {item.name: item for item in _ALL}
