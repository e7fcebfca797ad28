"""How many rows the sandbox of Finance & Operations holds. Rule: numbers only."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..v2.sizes import SizeError

MOST_ROWS = 500_000
"""Rows are held in memory, about 2 KB each."""


@dataclass(frozen=True)
class D365FORows:
    """Rows of each company; of ``ledger_entries`` the number over all companies together."""

    customers: int = 120
    vendors: int = 60
    journals: int = 10
    ledger_entries: int = 2_000

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_ROWS:
                raise SizeError(f"{item.name} = {value!r}: give a whole number from 0 to {MOST_ROWS}.")


ROW_NAMES = tuple(item.name for item in fields(D365FORows))
