"""
What a running v1 sandbox knows besides the common part: data, modules, tokens.

Rule: no HTTP here. The control endpoints and :class:`.sandbox.V1Sandbox` both act through this class.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ..core.companies import ENVIRONMENTS, Company
from ..core.poweroffice import PowerOfficeState
from ..core.throttle import SlidingSecond
from .books import V1Books
from .resources import RESOURCES
from .rest.reports import entries
from .seeds.accounting import SEEDS
from .sizes import V1Sizes
from .switches import V1Switches
from .tokens import V1Tokens

MODULES = ("Accounting", "Invoicing", "Projects", "TimeTracking")
"""The Go modules the resources belong to; their names are assumed."""


class V1State(PowerOfficeState[V1Switches, V1Sizes]):
    """The state of one v1 sandbox."""

    data: ClassVar[tuple[str, ...]] = ("_modules", "_books")

    def prepare(self) -> None:
        """Make tokens and throttle."""
        self.tokens: V1Tokens = V1Tokens(self.modules)
        self.throttle = SlidingSecond()

    def begin(self) -> None:
        """Put data and modules to the beginning; a company of reduced privileges has Accounting only."""
        self._books: dict[str, V1Books] = {}
        self._modules = {
            company.client_id: frozenset(MODULES[:1] if company.invalid_privileges else MODULES)
            for environment in ENVIRONMENTS.values()
            for company in environment.companies
        }

    def books(self, company: Company) -> V1Books:
        """Give a company's data."""
        if company.client_id not in self._books:
            self._books[company.client_id] = V1Books(company, self.sizes, self.seed, SEEDS)
        return self._books[company.client_id]

    def modules(self, company: Company) -> frozenset[str]:
        """Give the modules a company has."""
        return self._modules[company.client_id]

    def set_modules(self, company: Company, modules: Iterable[str]) -> tuple[str, ...]:
        """
        Change the modules of a company; tokens issued before keep the old ones.

        :param modules: those it has from now on, of :data:`MODULES`.
        :return: the same, in order.
        :raises ValueError: there is no such module.
        """
        wanted = list(modules)
        for name in wanted:
            if name not in MODULES:
                raise ValueError(f"modules = {name!r}: choose of {', '.join(MODULES)}.")
        self._modules[company.client_id] = frozenset(wanted)
        return tuple(name for name in MODULES if name in wanted)

    def totals(self, company: Company) -> dict[str, int]:
        """Give the number of rows of each resource, and of all account transactions."""
        books = self.books(company)
        stored = [(path, item.table) for path, item in RESOURCES.items() if not item.is_report]
        totals = {path: len(books.table(table)) for path, table in stored}
        transactions = len(entries(lambda name: books.table(name).rows, company.index))
        return {**totals, "Reporting/AccountTransactions": transactions}
