"""
A local server that behaves like PowerOffice Go v2, for tests, notebooks and third-party clients.

Rule: an oracle. It is written from the vendor's description only, and imports nothing else of this package.
"""

from .faults import Fault, FaultError
from .journal import Entry
from .keys import Keys
from .sandbox import Sandbox
from .server import PortError
from .sizes import SizeError, Sizes
from .switches import SwitchError, Switches

__all__ = [
    "Entry",
    "Fault",
    "FaultError",
    "Keys",
    "PortError",
    "Sandbox",
    "SizeError",
    "Sizes",
    "SwitchError",
    "Switches",
]
