"""How many rows a v1 company holds. Rule: numbers only; what the rows say is in the seed modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..core.sizes import SizeTable, rows


@dataclass(frozen=True)
class V1Sizes(SizeTable):
    """
    Rows of each resource for one company.

    :param voucher_cycles: outgoing invoices; each brings an incoming one, a bank and a manual journal, and
        all four together ten account transactions.
    """

    customers: int = rows(120)
    suppliers: int = rows(60)
    employees: int = rows(25)
    products: int = rows(80)
    projects: int = rows(40)
    departments: int = rows(8)
    time_entries: int = rows(200)
    voucher_cycles: int = rows(150, 20_000)

    @classmethod
    def choices(cls) -> dict[str, Self]:
        """Give the tables that ``size`` chooses from, by name."""
        return {
            "small": cls(),
            "medium": cls(5_000, 1_500, 200, 2_000, 500, 20, 5_000, 2_500),
            "large": cls(20_000, 5_000, 500, 5_000, 2_000, 40, 20_000, 10_000),
        }
