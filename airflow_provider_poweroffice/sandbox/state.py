"""
What a running sandbox knows, and its control in Python: data, tokens, journal, faults, switches, time.

Rule: no HTTP here. The control endpoints and :class:`~.Sandbox` both act through this class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .books import Books
from .clock import Clock
from .faults import Fault, Faults, make_fault
from .gateway import Gateway
from .journal import Journal
from .keys import ENVIRONMENTS, Company
from .sizes import Sizes
from .switches import Switches
from .tokens import Tokens


class State:
    """
    The state of one sandbox.

    :param switches: how it behaves to begin with.
    :param sizes: how many rows each company has.
    :param seed: of the data.
    :param clock: its time.
    """

    def __init__(self, switches: Switches, sizes: Sizes, seed: int, clock: Clock) -> None:
        self.switches = switches
        self.clock = clock
        self.tokens = Tokens()
        self.gateway = Gateway()
        self.connections = 0
        self._sizes = sizes
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Put data, journal and faults back to the beginning; switches, tokens and time stay."""
        self.journal = Journal()
        self.faults = Faults()
        self._books: dict[str, Books] = {}

    def books(self, company: Company) -> Books:
        """
        Give a company's data.

        :param company: whose.
        """
        if company.client_id not in self._books:
            self._books[company.client_id] = Books(company, self._sizes, self._seed)
        return self._books[company.client_id]

    def set(self, changes: Mapping[str, Any]) -> Switches:
        """
        Change switches.

        :param changes: by name.
        :raises SwitchError: an unknown name or value.
        """
        self.switches = self.switches.changed(changes)
        return self.switches

    def add_fault(self, rule: Mapping[str, Any]) -> Fault:
        """
        Add a fault.

        :param rule: see :class:`.faults.Fault`.
        :raises FaultError: the rule cannot be used.
        """
        fault = make_fault(rule)
        self.faults.rules.append(fault)
        return fault

    def totals(self, company: Company) -> dict[str, int]:
        """
        Give the number of rows of each resource.

        :param company: whose.
        """
        return self.books(company).totals()

    def health(self) -> dict[str, Any]:
        """Give a sign of life."""
        return {
            "status": "ok",
            "time": self.clock.now(),
            "seed": self._seed,
            "connections": self.connections,
            "companies": sum(len(item.companies) for item in ENVIRONMENTS.values()),
        }
