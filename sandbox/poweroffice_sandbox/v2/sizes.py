"""How many companies, and rows in each. Rule: numbers only; what rows say is decided in the seed modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..core.sizes import SizeTable, rows

MOST_LEDGER_ROWS = 10_000_000
"""Ledger rows are made when they are asked for."""


@dataclass(frozen=True)
class Sizes(SizeTable):
    """
    Rows of each resource for one company; ``ledger_rows`` is rounded down to whole vouchers.

    ``companies`` counts those of each environment, the four named ones included.
    """

    customers: int = rows(120)
    suppliers: int = rows(60)
    employees: int = rows(25)
    products: int = rows(80)
    projects: int = rows(40)
    departments: int = rows(8)
    outgoing_invoices: int = rows(150)
    sales_orders: int = rows(60)
    ledger_rows: int = rows(2_000, MOST_LEDGER_ROWS)
    companies: int = rows(4, 1_000, least=4)

    @classmethod
    def choices(cls) -> dict[str, Self]:
        """Give the tables that ``size`` chooses from, by name."""
        return {
            "small": cls(),
            "medium": cls(5_000, 1_500, 200, 2_000, 500, 20, 5_000, 1_000, 100_000),
            "large": cls(20_000, 5_000, 500, 5_000, 2_000, 40, 20_000, 5_000, 1_000_000),
        }


NO_ROWS = Sizes(0, 0, 0, 0, 0, 0, 0, 0, 0)
