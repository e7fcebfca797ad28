"""How many rows the sandbox of Finance & Operations holds. Rule: numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..core.sizes import SizeTable, rows

MOST_ROWS = 500_000


@dataclass(frozen=True)
class D365FOSizes(SizeTable):
    """Rows of each company; of ``ledger_entries`` the number over all companies together."""

    customers: int = rows(120, MOST_ROWS)
    vendors: int = rows(60, MOST_ROWS)
    journals: int = rows(10, MOST_ROWS)
    ledger_entries: int = rows(2_000, MOST_ROWS)

    @classmethod
    def choices(cls) -> dict[str, Self]:
        """Give the tables that ``size`` chooses from, by name."""
        return {
            "small": cls(),
            "medium": cls(2_500, 750, 100, 50_000),
            "large": cls(10_000, 2_500, 500, 200_000),
        }
