"""
The customers' and suppliers' ledgers: which ledger rows are entries, and which entries are matched.

Rule: pure, and derived from the ledger, so that balances, open items and invoices agree. Matching is part of
the pattern: a payment or credit note is matched with the contact's oldest unmatched entry of the other sign,
for the smaller of the two amounts. Of what is booked while the sandbox runs, a reversal is matched with what
it reverses; the rest stays unmatched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from ...core.origin import FIRST_ENTRY, ore
from .ledger import Ledger
from .pattern import CYCLE, CYCLE_ROWS, CYCLE_VOUCHERS, PERIOD_ROWS

_T = TypeVar("_T")


class Side(NamedTuple):
    """One of the two sub-ledgers."""

    prefix: str
    table: str
    account: int
    series: str
    invoices: tuple[str, ...]
    first_invoice: int
    invoice_mark: str


CUSTOMERS = Side(
    "Customer", "Customers", 1500, "Customer", ("OutgoingInvoice", "OutgoingCreditNote"), 20_001, ""
)
SUPPLIERS = Side("Supplier", "Suppliers", 2400, "Supplier", ("IncomingInvoice",), 70_001, "L-")


class Match(NamedTuple):
    """The other entry's place in the pattern, and how much is matched, in øre."""

    place: int
    amount: int


def _kept(make: Callable[[Ledger, int], _T]) -> Callable[[Ledger, int], _T]:
    """Make once for each ledger and account; forgotten with the ledger."""
    known: WeakKeyDictionary[Ledger, dict[int, _T]] = WeakKeyDictionary()

    @wraps(make)
    def kept(ledger: Ledger, account: int) -> _T:
        made = known.setdefault(ledger, {})
        if account not in made:
            made[account] = make(ledger, account)
        return made[account]

    return kept


@_kept
def entry_places(ledger: Ledger, account: int) -> tuple[int, ...]:
    """Give the places of a sub-ledger's entries in the pattern."""
    pairs = enumerate(ledger.lines)
    return tuple(place for place, line in pairs if line.account == account and "ContactId" in line.fields)


@_kept
def matches(ledger: Ledger, account: int) -> dict[int, Match]:
    """Give the matched entries of the pattern."""
    found: dict[int, Match] = {}
    waiting: dict[tuple[int, bool], list[int]] = {}
    for place in entry_places(ledger, account):
        line = ledger.lines[place]
        contact, positive = line.fields["ContactId"], line.ore > 0
        others = waiting.get((contact, not positive))
        if not others:
            waiting.setdefault((contact, positive), []).append(place)
            continue
        other = others.pop(0)
        amount = min(abs(line.ore), abs(ledger.lines[other].ore))
        found |= {place: Match(other, amount), other: Match(place, amount)}
    return found


def partner(ledger: Ledger, position: int, account: int, limit: int) -> tuple[int, int] | None:
    """
    Find the entry an entry is matched with, and for how much.

    :param limit: the first position not yet booked at the time asked for.
    """
    if position >= ledger.base_rows:
        return _reversal(ledger, position)
    period, place = divmod(position, PERIOD_ROWS)
    match = matches(ledger, account).get(place)
    if match is None:
        return None
    other = period * PERIOD_ROWS + match.place
    return (other, match.amount) if other < limit else None


def _reversal(ledger: Ledger, position: int) -> tuple[int, int] | None:
    """Find the entry a booked entry was reversed by, or reverses; both have the same dates."""
    line, rows = ledger.line_at(position), ledger.tail.rows
    number, contact = line.fields["VoucherNo"], line.fields["ContactId"]
    for other, row in enumerate(rows, ledger.base_rows):
        related = row["ReversedVoucherNo"] == number or row["VoucherNo"] == line.fields["ReversedVoucherNo"]
        if related and row["ContactId"] == contact and ore(row["Amount"]) == -line.ore:
            return other, abs(line.ore)
    return None


def balance_of(ledger: Ledger, position: int) -> tuple[int, int, int | None]:
    """Give an entry's balance today in øre, the voucher that last changed it, and its match id."""
    line, voucher = ledger.line_at(position), ledger.voucher_at(position)
    found = partner(ledger, position, line.account, ledger.base_rows)
    if found is None:
        return line.ore, voucher, None
    other, amount = found
    rest = line.ore - amount if line.ore > 0 else line.ore + amount
    return rest, max(voucher, ledger.voucher_at(other)), FIRST_ENTRY + 3 * min(position, other)


def invoice_index(position: int, side: Side) -> int | None:
    """Say which invoice an entry is, counted from 0; ``None`` when it is no invoice."""
    cycle, row = divmod(position, CYCLE_ROWS)
    place = next(index for index in range(CYCLE_VOUCHERS - 1, -1, -1) if _STARTS[index] <= row)
    if CYCLE[place][0] not in side.invoices:
        return None
    places = [index for index, (kind, _) in enumerate(CYCLE) if kind in side.invoices]
    return cycle * len(places) + places.index(place)


_STARTS = [sum(lines for _, lines in CYCLE[:index]) for index in range(CYCLE_VOUCHERS)]
