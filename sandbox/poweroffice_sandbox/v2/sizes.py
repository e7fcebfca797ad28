"""How many companies, and rows in each. Rule: numbers only; what rows say is decided in the seed modules."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

MOST_LEDGER_ROWS = 10_000_000
MOST_COMPANIES = 1_000
NAMED_COMPANIES = 4
MOST_STORED_ROWS = 200_000
"""Registers are held in memory, about 3 KB a row; the ledger is not."""


_RANGES = {"ledger_rows": (0, MOST_LEDGER_ROWS), "companies": (NAMED_COMPANIES, MOST_COMPANIES)}


class SizeError(ValueError):
    """A size has an unknown name or a value out of range."""


@dataclass(frozen=True)
class Sizes:
    """
    Rows of each resource for one company; ``ledger_rows`` is rounded down to whole vouchers.

    ``companies`` counts those of each environment, the four named ones included.
    """

    customers: int = 120
    suppliers: int = 60
    employees: int = 25
    products: int = 80
    projects: int = 40
    departments: int = 8
    outgoing_invoices: int = 150
    sales_orders: int = 60
    ledger_rows: int = 2_000
    companies: int = NAMED_COMPANIES

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            least, most = _RANGES.get(item.name, (0, MOST_STORED_ROWS))
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise SizeError(f"{item.name} = {value!r}: give a whole number from {least} to {most}.")


SIZES = {
    "small": Sizes(),
    "medium": Sizes(5_000, 1_500, 200, 2_000, 500, 20, 5_000, 1_000, 100_000),
    "large": Sizes(20_000, 5_000, 500, 5_000, 2_000, 40, 20_000, 5_000, 1_000_000),
}
SIZE_NAMES = tuple(item.name for item in fields(Sizes))
NO_ROWS = Sizes(0, 0, 0, 0, 0, 0, 0, 0, 0)


def sizes(size: str = "small", **changes: int | None) -> Sizes:
    """
    Choose a size, then change single numbers.

    :param size: ``small``, ``medium`` or ``large``.
    :param changes: numbers of rows by name; ``None`` leaves one as it is.
    :raises SizeError: an unknown name or a number out of range.
    """
    if size not in SIZES:
        raise SizeError(f"size = {size!r}: choose one of {', '.join(SIZES)}.")
    for name in changes:
        if name not in SIZE_NAMES:
            raise SizeError(f"{name}: no such size; there are {', '.join(SIZE_NAMES)}.")
    return replace(SIZES[size], **{name: value for name, value in changes.items() if value is not None})
