"""
What a running sandbox of PowerOffice Go v2 knows besides :mod:`..core.state`: data, rights, tokens.

Rule: no HTTP here. The control endpoints and :class:`~.Sandbox` both act through this class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core.clock import Clock
from ..core.companies import ENVIRONMENTS, Company
from ..core.state import BaseState
from .access import Access
from .books import Books
from .gateway import Gateway
from .sizes import NO_ROWS, Sizes
from .switches import Switches
from .tokens import Tokens


class State(BaseState[Switches]):
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
        self.tokens = Tokens()
        self.gateway = Gateway()
        self._sizes = rows
        super().__init__(switches, seed, clock, faults)

    def begin(self) -> None:
        """Put data, rights and client keys to the beginning."""
        self.access = Access(self._sizes.companies)
        self._books: dict[str, Books] = {}

    def kept(self) -> tuple[Access, dict[str, Books]]:
        """Give a copy of data, rights and client keys."""
        return self.access.copy(), {key: books.copy() for key, books in self._books.items()}

    def put(self, data: tuple[Access, dict[str, Books]]) -> None:
        """
        Put data, rights and client keys back.

        :param data: from :meth:`kept`.
        """
        access, books = data
        self.access, self._books = access.copy(), {key: item.copy() for key, item in books.items()}

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self.tokens.expire()

    def books(self, company: Company) -> Books:
        """
        Give a company's data.

        :param company: whose.
        """
        if company.client_id not in self._books:
            # A client made at run time begins without rows.
            size = self._sizes if company.client_keys else NO_ROWS
            self._books[company.client_id] = Books(company, size, self.seed)
        return self._books[company.client_id]

    def totals(self, company: Company) -> dict[str, int]:
        """
        Give the number of rows of each resource.

        :param company: whose.
        """
        return self.books(company).totals()

    def health(self) -> dict[str, Any]:
        """Give a sign of life, with the number of companies."""
        companies = sum(len(self.access.companies(name)) for name in ENVIRONMENTS)
        return {**super().health(), "companies": companies}
