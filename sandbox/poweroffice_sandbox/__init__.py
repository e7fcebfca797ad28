"""
Local servers that behave like PowerOffice Go v2 and v1 and Dynamics 365 Finance & Operations.

For tests, notebooks and third-party clients. Rule: an oracle. It is written from the vendors' descriptions
only, and imports nothing else of this package.
"""

from .core.companies import Keys
from .core.faults import Fault, FaultError
from .core.journal import Entry
from .core.sandbox import SeedError
from .core.server import PortError
from .core.sizes import SizeError
from .core.switches import SwitchError
from .core.today import TodayError
from .d365fo import D365FOKeys, D365FOSandbox, D365FOSwitches
from .v1.sandbox import V1Sandbox
from .v1.sizes import V1Sizes
from .v1.switches import V1Switches
from .v2.sandbox import Sandbox
from .v2.sizes import Sizes
from .v2.switches import Switches

__all__ = [
    "D365FOKeys",
    "D365FOSandbox",
    "D365FOSwitches",
    "Entry",
    "Fault",
    "FaultError",
    "Keys",
    "PortError",
    "Sandbox",
    "SeedError",
    "SizeError",
    "Sizes",
    "SwitchError",
    "Switches",
    "TodayError",
    "V1Sandbox",
    "V1Sizes",
    "V1Switches",
]
