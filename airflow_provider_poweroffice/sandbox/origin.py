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
}
SUBLEDGER = 1_000_000
"""Distance from a contact's id to its account in the sub-ledger."""


def account_id(number: int) -> int:
    """
    Give the id of an account the company begins with.

    :param number: its number in NS 4102.
    """
    return BASE["GeneralLedgerAccounts"] + next(i for i, row in enumerate(names.ACCOUNTS) if row[0] == number)


def money(ore: int) -> Decimal:
    """
    Write øre as kroner with exactly two decimals.

    :param ore: whole øre.
    """
    return Decimal(ore).scaleb(-2)
