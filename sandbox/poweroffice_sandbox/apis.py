"""
The APIs there is a sandbox of, as the command needs them.

Rule: one line for each API; options, ports and texts of the command follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .core.sandbox import BaseSandbox
from .core.switches import SwitchTable
from .d365fo import D365FOSandbox, D365FOSwitches
from .d365fo.sizes import D365FORows
from .v1.sandbox import V1Sandbox
from .v1.sizes import V1Sizes
from .v1.switches import V1Switches
from .v2.sandbox import Sandbox
from .v2.sizes import SIZES, Sizes
from .v2.switches import Switches


@dataclass(frozen=True)
class Api:
    """
    One API.

    :param name: as in ``--api``.
    :param title: for people.
    :param make: its sandbox; takes host, port, seed, faults, and the options below by name.
    :param switches: its table of switches.
    :param rows: a dataclass of numbers of rows, or ``None``.
    :param sizes: the values of ``rows`` that ``--size`` chooses from, by name; empty without that option.
    """

    name: str
    title: str
    make: Callable[..., BaseSandbox[Any]]
    switches: type[SwitchTable]
    rows: type[Any] | None = None
    sizes: tuple[tuple[str, Any], ...] = ()

    @property
    def prefix(self) -> str:
        """What its options begin with: nothing for v2, the first API there was."""
        return "" if self.name == "v2" else f"{self.name}-"


APIS: tuple[Api, ...] = (
    Api("v2", "PowerOffice Go v2", Sandbox, Switches, Sizes, tuple(SIZES.items())),
    Api("v1", "PowerOffice Go v1", V1Sandbox, V1Switches, V1Sizes),
    Api("d365fo", "Dynamics 365 Finance & Operations", D365FOSandbox, D365FOSwitches, D365FORows),
)
"""In the order in which they are started; the ports follow each other."""
