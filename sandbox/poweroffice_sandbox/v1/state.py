"""
What a running v1 sandbox knows besides the common part: data, modules, tokens.

Rule: no HTTP here. The control endpoints and :class:`.sandbox.V1Sandbox` both act through this class.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ..core.companies import ENVIRONMENTS, Company
from ..core.near import near
from ..core.poweroffice import PowerOfficeState
from ..core.throttle import SlidingSecond
from .books import V1Books
from .resources import RESOURCES
from .resources.tables import ROUTES
from .rest.posting import entries
from .sizes import V1Sizes
from .switches import V1Switches
from .tokens import V1Tokens


def _both(name: str) -> tuple[str, str]:
    return name, f"{name}_Full"


SUBSCRIPTIONS = (
    "Accounting", "TimeTracking", "Payroll", "TravelExpense", "AccountingMicro", "Quality", "HolidayAndLeave",
    "CustomerCheck", "AccountingNano", "YearEndSoleProprietorship",
)  # fmt: skip
"""The Go modules a company may have, as the vendor names them."""

PRIVILEGES = tuple(sorted({name for route in ROUTES if route.privilege for name in _both(route.privilege)}))
"""
The privileges an integration may have: reading needs the name or the name with ``_Full``, writing the
latter.
"""

_FIRST = SUBSCRIPTIONS[:3]
_REDUCED = frozenset({"Customer", "Supplier", "CommonServices_Full", "Reporting_AccountTransaction"})


class V1State(PowerOfficeState[V1Switches, V1Sizes]):
    """The state of one v1 sandbox."""

    data: ClassVar[tuple[str, ...]] = ("_subscriptions", "_privileges", "_books")

    def prepare(self) -> None:
        """Make tokens and throttle."""
        self.tokens: V1Tokens = V1Tokens(self.subscriptions, self.privileges, PRIVILEGES)
        self.throttle = SlidingSecond()

    def begin(self) -> None:
        """Put data and rights to the beginning; a company of reduced rights has few."""
        self._books: dict[str, V1Books] = {}
        companies = [item for environment in ENVIRONMENTS.values() for item in environment.companies]
        self._subscriptions = {
            item.client_id: frozenset(_FIRST[:1] if item.invalid_privileges else _FIRST) for item in companies
        }
        self._privileges = {
            item.client_id: _REDUCED if item.invalid_privileges else frozenset(PRIVILEGES)
            for item in companies
        }

    def books(self, company: Company) -> V1Books:
        """Give a company's data."""
        if company.client_id not in self._books:
            seeds = {name: item.seed for name, item in RESOURCES.items()}
            self._books[company.client_id] = V1Books(company, self.sizes, self.seed, seeds, self.calendar)
        return self._books[company.client_id]

    def subscriptions(self, company: Company) -> frozenset[str]:
        """Give the modules a company has."""
        return self._subscriptions[company.client_id]

    def privileges(self, company: Company) -> frozenset[str]:
        """Give the privileges that integrations have in a company."""
        return self._privileges[company.client_id]

    def set_subscriptions(self, company: Company, names: Iterable[str]) -> tuple[str, ...]:
        """
        Change the modules of a company; tokens issued before keep the old ones.

        :param names: those it has from now on, of :data:`SUBSCRIPTIONS`.
        :return: the same, in order.
        :raises ValueError: there is no such module.
        """
        self._subscriptions[company.client_id] = chosen("subscriptions", names, SUBSCRIPTIONS)
        return tuple(name for name in SUBSCRIPTIONS if name in self.subscriptions(company))

    def set_privileges(self, company: Company, names: Iterable[str]) -> tuple[str, ...]:
        """
        Change the privileges of integrations in a company; tokens issued before keep the old ones.

        :param names: those they have from now on, of :data:`PRIVILEGES`.
        :return: the same, in order.
        :raises ValueError: there is no such privilege.
        """
        self._privileges[company.client_id] = chosen("privileges", names, PRIVILEGES)
        return tuple(sorted(self.privileges(company)))

    def totals(self, company: Company) -> dict[str, int]:
        """Give the number of rows of each resource, and of all account transactions."""
        books = self.books(company)
        totals = {item.path: len(books.table(name)) for name, item in RESOURCES.items() if item.path}
        transactions = len(entries(lambda name: books.table(name).rows))
        return {**totals, "Reporting/AccountTransactions": transactions}


def chosen(what: str, names: Iterable[str], known: tuple[str, ...]) -> frozenset[str]:
    """
    Check names against those there are.

    :raises ValueError: one is unknown; the message has the near ones.
    """
    wanted = frozenset(names)
    for name in wanted:
        if name not in known:
            raise ValueError(f"{what} = {name!r}: choose of {', '.join(near(name, known) or known[:10])}.")
    return wanted
