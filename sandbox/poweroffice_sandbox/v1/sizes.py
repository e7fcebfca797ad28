"""How many rows a v1 company holds. Rule: numbers only; what the rows say is in the seed modules."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..v2.sizes import MOST_STORED_ROWS, SizeError

MOST_CYCLES = 20_000


@dataclass(frozen=True)
class V1Sizes:
    """
    Rows of each resource for one company.

    :param voucher_cycles: outgoing invoices; each brings an incoming one, a bank and a manual journal, and
        all four together ten account transactions.
    """

    customers: int = 120
    suppliers: int = 60
    employees: int = 25
    products: int = 80
    projects: int = 40
    departments: int = 8
    time_entries: int = 200
    voucher_cycles: int = 150

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            most = MOST_CYCLES if item.name == "voucher_cycles" else MOST_STORED_ROWS
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
                raise SizeError(f"{item.name} = {value!r}: give a whole number from 0 to {most}.")


V1_SIZE_NAMES = tuple(item.name for item in fields(V1Sizes))
