"""
Where the data begins: the period, the first id of each resource, money.

Rule: constants and one-line conversions that every module of the data needs.
"""

from __future__ import annotations

from decimal import Decimal

from . import names
from .clock import parse_ticks

FIRST_DAY = "2022-01-01"
"""Where the books begin: FinancialSettings.ConversionDate, and the first voucher."""

LAST_DAY = "2025-12-31"
"""No row was changed after this until a client changes it."""

LOCK_DATE = "2022-12-31"
"""Nothing can be posted on this day or before."""

START = parse_ticks(FIRST_DAY)
SPAN = parse_ticks(LAST_DAY) - START
BASE = {
    "Customers": 7_300_001,
    "Suppliers": 7_600_001,
    "Employees": 7_900_001,
    "Products": 52_001,
    "Projects": 61_001,
    "Departments": 601,
    "GeneralLedgerAccounts": 40_001,
    "ContactGroups": 5,
    "ProductGroups": 651,
}
SUBLEDGER = 1_000_000
"""Distance from a contact's id to its account in the sub-ledger."""

FIRST_ENTRY = 990_000_001
"""Id of the first ledger row; the next is three higher."""

_ODD = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def voucher_uuid(number: int, company: int) -> str:
    """
    Give the id of a voucher.

    :param company: the company's position.
    """
    mixed = number * _ODD & _MASK
    return f"{mixed >> 32:08x}-{mixed >> 16 & 0xFFFF:04x}-4{mixed & 0xFFF:03x}-a{company:03x}-{number:012x}"


def account_id(number: int) -> int:
    """
    Give the id of an account the company begins with.

    :param number: its number in NS 4102.
    """
    return BASE["GeneralLedgerAccounts"] + next(i for i, row in enumerate(names.ACCOUNTS) if row[0] == number)


def money(cents: int) -> Decimal:
    """
    Write øre as kroner with exactly two decimals.

    :param cents: whole øre.
    """
    return Decimal(cents).scaleb(-2)


def ore(amount: Decimal) -> int:
    """
    Give whole øre.

    :param amount: kroner.
    """
    return int(amount.scaleb(2))
