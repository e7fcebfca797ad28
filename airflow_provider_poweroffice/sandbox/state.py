"""
What a running sandbox knows, and its control in Python: data, tokens, journal, faults, switches, time.

Rule: no HTTP here. The control endpoints and :class:`~.Sandbox` both act through this class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .access import Access
from .books import Books
from .clock import Clock
from .faults import Fault, Faults, make_fault
from .gateway import Gateway
from .journal import Journal
from .keys import ENVIRONMENTS, Company
from .sizes import SIZE_NAMES, Sizes, sizes
from .switches import Switches
from .tokens import Tokens


class State:
    """
    The state of one sandbox.

    :param switches: how it behaves to begin with.
    :param rows: how many rows each company has.
    :param seed: of the data.
    :param clock: its time.
    :param faults: those in force from the start.
    """

    def __init__(
        self,
        switches: Switches,
        rows: Sizes,
        seed: int,
        clock: Clock,
        faults: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self.switches = switches
        self.clock = clock
        self.tokens = Tokens()
        self.gateway = Gateway()
        self.connections = 0
        self._saved: dict[str, tuple[Access, dict[str, Books]]] = {}
        self._sizes = rows
        self._seed = seed
        self._first_faults = tuple(faults)
        self.reset()

    def reset(self) -> None:
        """Put data, journal and faults back to the beginning; switches, tokens and time stay."""
        self.journal = Journal()
        self.faults = Faults(self._seed)
        for rule in self._first_faults:
            self.add_fault(rule)
        self.access = Access()
        self._books: dict[str, Books] = {}

    def save(self, name: str = "saved") -> None:
        """
        Keep data, rights and client keys as they are now.

        :param name: to restore them by.
        """
        self._saved[name] = self.access.copy(), {key: books.copy() for key, books in self._books.items()}

    def restore(self, name: str = "saved") -> None:
        """
        Put data, rights and client keys back to where they were saved; otherwise like :meth:`reset`.

        :param name: as given to :meth:`save`.
        :raises ValueError: nothing was saved by this name.
        """
        if name not in self._saved:
            raise ValueError(f"name = {name!r}: nothing was saved by this name.")
        access, books = self._saved[name]
        self.reset()
        self.access, self._books = access.copy(), {key: item.copy() for key, item in books.items()}

    def books(self, company: Company) -> Books:
        """
        Give a company's data.

        :param company: whose.
        """
        if company.client_id not in self._books:
            # A client made at run time begins without rows.
            size = self._sizes if company.client_keys else sizes("small", **dict.fromkeys(SIZE_NAMES, 0))
            self._books[company.client_id] = Books(company, size, self._seed)
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
        return self.faults.add(make_fault(rule), self.clock.now())

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
