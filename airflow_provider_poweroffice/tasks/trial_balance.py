"""
Does a table of the ledger agree with the books? Vouchers sum to zero, accounts to their trial balance.

Rule: exact decimals from end to end. What is compared is the table, not the read: rows of earlier
loads count, rows marked as deleted do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_poweroffice.api.texts import listed
from airflow_provider_poweroffice.errors import VerificationError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.read_options import ReadOptions
    from airflow_provider_poweroffice.hooks.database import Target
    from airflow_provider_poweroffice.storage.sql.ledger_sums import LedgerSums
    from airflow_provider_poweroffice.storage.sql.plan import LoadPlan

CHECK = "trial-balance"
LEDGER = "accounttransactions"
_DATES = ("fromdate", "todate")
_SHOWN = 3
_ZERO = Decimal(0)


class _Line(msgspec.Struct):
    """A line of the trial balance; the amount keeps its digits."""

    number: int = msgspec.field(name="AccountNo")
    balance: msgspec.Raw = msgspec.field(name="Balance")


_lines = msgspec.json.Decoder(list[_Line]).decode


def check_verify(verify: str, read: ReadOptions, mode: str, *, is_known: Callable[[Any], bool]) -> None:
    """
    Refuse what cannot be verified.

    :param read: which rows are read into the table.
    :param mode: of the load.
    :param is_known: tells arguments that are what they will be from templates.
    :raises ValueError: names the argument.
    """
    if verify != CHECK:
        raise ValueError(f"unknown verify {verify!r}; use {CHECK!r}, or leave it out")
    for name in ("first_page", "max_pages"):
        if getattr(read, name) is not None:
            raise ValueError(f"verify={CHECK!r} needs the whole ledger: leave out {name}")
    _check_rows(read, mode)
    if is_known(read.endpoint) and read.endpoint.strip("/").lower() != LEDGER:
        raise ValueError(f"verify={CHECK!r} needs endpoint='AccountTransactions', not {read.endpoint!r}")
    if isinstance(read.query, Mapping) and all(map(is_known, read.query.values())):
        _days(read.query)


def _check_rows(read: ReadOptions, mode: str) -> None:
    names = read.query if isinstance(read.query, Mapping) else ()
    further = [name for name in names if str(name).lower() not in _DATES]
    if further or read.filters is not None:
        raise ValueError(
            f"verify={CHECK!r} needs the whole ledger: leave {further[0] if further else 'filters'} out, "
            "only fromDate and toDate may be given"
        )
    if mode == "append":
        raise ValueError(
            f"verify={CHECK!r}: mode='append' holds rows of many runs; use 'upsert' or 'replace'"
        )


def _days(query: Mapping[str, Any]) -> tuple[date, date]:
    from airflow_provider_poweroffice.api.call import encode_query

    given = {name.lower(): value for name, value in encode_query(query).items()}
    try:
        first, last = (date.fromisoformat(given.get(name, "")) for name in _DATES)
    except ValueError:
        raise ValueError(
            f"verify={CHECK!r} needs fromDate and toDate in query, such as 2020-01-01, not {query!r}"
        ) from None
    return first, last


@dataclass(frozen=True)
class Verification:
    """
    What the table and the books say.

    :param table: the sums of the table.
    :param books: account number to its change over the days, by TrialBalance.
    """

    label: str
    first: date
    last: date
    table: LedgerSums
    books: dict[int, Decimal]

    @property
    def receipt(self) -> dict[str, Any]:
        """Say as JSON what was compared."""
        return {
            "check": CHECK,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "accounts": len(self.books.keys() | self.table.accounts.keys()),
            "vouchers": self.table.vouchers,
        }

    @property
    def differences(self) -> list[tuple[int, Decimal, Decimal]]:
        """List the accounts that differ: number, sum in the table, sum in the books."""
        numbers = sorted(self.books.keys() | self.table.accounts.keys())
        both = [(n, self.table.accounts.get(n, _ZERO), self.books.get(n, _ZERO)) for n in numbers]
        return [item for item in both if item[1] != item[2]]

    @property
    def checks(self) -> dict[str, bool]:
        """Name what was checked, and say whether it holds."""
        return {
            "each voucher sums to zero": not self.table.unbalanced,
            "accounts agree with TrialBalance": not self.differences,
        }

    def raise_differences(self) -> None:
        """
        Fail where table and books differ.

        :raises VerificationError: names the first accounts and vouchers, with their amounts.
        """
        accounts, vouchers = self.differences, self.table.unbalanced
        if not accounts and not vouchers:
            return
        differ = (f"account {n}: {mine} in the table, {theirs} in the books" for n, mine, theirs in accounts)
        unbalanced = (f"voucher {n} sums to {total}" for n, total in vouchers)
        found = filter(None, (listed(differ, _SHOWN, "; "), listed(unbalanced, _SHOWN, "; ")))
        raise VerificationError(
            f"{self.label}, {self.first} to {self.last}: the rows are stored, but do not agree with "
            f"the books: {'; '.join(found)}. What was posted in between is read by the next try; "
            "otherwise full_refresh=True reads everything again",
            accounts=accounts,
            vouchers=vouchers,
        )


def verify_ledger(read: ReadOptions, client: Client, target: Target, plan: LoadPlan) -> Verification:
    """
    Compare a table of the ledger with the trial balance, after the load.

    :param read: which rows were read into the table.
    :param target: the database.
    :return: what both say.
    """
    first, last = _days(read.query or {})
    closing = _balances(client, read.headers, last)
    opening = _balances(client, read.headers, first - timedelta(days=1))
    with target.session() as session:
        from airflow_provider_poweroffice.storage.sql.ledger_sums import ledger_sums

        table = ledger_sums(session, plan, first.isoformat(), last.isoformat())
    books = {n: closing.get(n, _ZERO) - opening.get(n, _ZERO) for n in closing.keys() | opening.keys()}
    return Verification(f"{plan.table} of {plan.owner.company}", first, last, table, books)


def _balances(client: Client, headers: Mapping[str, str] | None, day: date) -> dict[int, Decimal]:
    """Read the balance of each account at the end of a day."""
    balances: dict[int, Decimal] = {}
    query = {"date": day.isoformat()}
    with client.pages("TrialBalance", query=query, headers=headers, page_size=5000) as pages:
        for page in pages:
            for line in _lines(page.content):
                # An account with sub-departments of agriculture has a line for each.
                amount = Decimal(bytes(line.balance).decode())
                balances[line.number] = balances.get(line.number, _ZERO) + amount
    return balances
