"""
What a running sandbox of PowerOffice Go v2 knows besides :mod:`..core.state`: data, rights, tokens.

Rule: no HTTP here. The control endpoints and :class:`.sandbox.Sandbox` both act through this class.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.companies import ENVIRONMENTS, Company, environment_named
from ..core.poweroffice import PowerOfficeState
from .access import Access
from .books import Books
from .gateway import Gateway
from .sizes import NO_ROWS, Sizes
from .switches import Switches
from .tokens import Tokens


class State(PowerOfficeState[Switches, Sizes]):
    """The state of one sandbox."""

    data: ClassVar[tuple[str, ...]] = ("access", "_books")

    def prepare(self) -> None:
        """Make tokens and throttle."""
        self.tokens: Tokens = Tokens()
        self.gateway = Gateway()

    def begin(self) -> None:
        """Put data, rights and client keys to the beginning."""
        self.access = Access(self.sizes.companies)
        self._books: dict[str, Books] = {}

    def companies(self, environment: str) -> list[Company]:
        """
        Give the companies of an environment, those made at run time among them.

        :param environment: ``production`` or ``demo``.
        """
        return self.access.companies(environment_named(environment).name)

    def books(self, company: Company) -> Books:
        """Give a company's data."""
        if company.client_id not in self._books:
            # A client made at run time begins without rows.
            size = self.sizes if company.client_keys else NO_ROWS
            self._books[company.client_id] = Books(company, size, self.seed, self.calendar)
        return self._books[company.client_id]

    def totals(self, company: Company) -> dict[str, int]:
        """Give the number of rows of each resource."""
        return self.books(company).totals()

    def health(self) -> dict[str, Any]:
        """Give a sign of life, with the number of companies."""
        companies = sum(len(self.companies(name)) for name in ENVIRONMENTS)
        return {**super().health(), "companies": companies}
