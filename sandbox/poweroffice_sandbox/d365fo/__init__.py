"""
The sandbox's part for Dynamics 365 Finance & Operations.

Rule: an oracle, like the rest of the sandbox: written from the vendor's description and public captures,
never from a client.
"""

from .sandbox import D365FOKeys, D365FOSandbox
from .switches import D365FOSwitches

__all__ = ["D365FOKeys", "D365FOSandbox", "D365FOSwitches"]
