"""
Does a table of the ledger agree with the books? Vouchers sum to zero, accounts to their trial balance.

Rule: exact decimals from end to end. What is compared is the table, not the read: rows of earlier
loads count, rows marked as deleted do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_poweroffice.api.call import encode_query
from airflow_provider_poweroffice.errors import VerificationError
from airflow_provider_poweroffice.hooks.database import database
from airflow_provider_poweroffice.storage.sql.ledger_sums import LedgerSums, ledger_sums

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.dialects.base import Dialect
    from airflow_provider_poweroffice.storage.sql.plan import Plan

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


def check_verify(operator: Any) -> None:
    """
    Refuse, while the DAG file is read, what can not be verified.

    :raises ValueError: names the argument.
    """
    if operator.verify is None:
        return
    if operator.verify != CHECK:
        raise ValueError(f"unknown verify {operator.verify!r}; use {CHECK!r}, or leave it out")
    for name in ("first_page", "max_pages"):
        if getattr(operator, name) is not None:
            raise ValueError(f"verify={CHECK!r} needs the whole ledger: leave out {name}")
    _check_query(operator)
    if "{{" not in operator.endpoint and "{%" not in operator.endpoint:
        _check_endpoint(operator)


def check_ledger(operator: Any, dialect: Dialect[Any]) -> None:
    """
    Refuse the same once templates are rendered, and other APIs.

    :raises ValueError: names the argument.
    """
    if operator.verify is None:
        return
    _check_endpoint(operator)
    _check_query(operator)
    _days(operator)
    if dialect.catalogue_name != "poweroffice_v2":
        raise ValueError(
            f"verify={CHECK!r} is for PowerOffice Go v2; this connection's API is {dialect.name}"
        )


def _check_endpoint(operator: Any) -> None:
    if operator.endpoint.strip("/").lower() != LEDGER:
        raise ValueError(f"verify={CHECK!r} needs endpoint='AccountTransactions', not {operator.endpoint!r}")


def _check_query(operator: Any) -> None:
    names = operator.query if isinstance(operator.query, Mapping) else ()
    further = [name for name in names if str(name).lower() not in _DATES]
    if further or operator.filters is not None:
        raise ValueError(
            f"verify={CHECK!r} needs the whole ledger: leave {further[0] if further else 'filters'} out, "
            "only fromDate and toDate may be given"
        )
    if operator.mode == "append":
        raise ValueError(
            f"verify={CHECK!r}: mode='append' holds rows of many runs; use 'upsert' or 'replace'"
        )


def _days(operator: Any) -> tuple[date, date]:
    given = {name.lower(): value for name, value in encode_query(operator.query).items()}
    try:
        first, last = (date.fromisoformat(given.get(name, "")) for name in _DATES)
    except ValueError:
        raise ValueError(
            f"verify={CHECK!r} needs fromDate and toDate in query, such as 2020-01-01, not {operator.query!r}"
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

    def raise_differences(self) -> None:
        """
        Fail where table and books differ.

        :raises VerificationError: names the first accounts and vouchers, with their amounts.
        """
        accounts, vouchers = self.differences, self.table.unbalanced
        if not accounts and not vouchers:
            return
        found = [
            *_told(
                [f"account {n}: {mine} in the table, {theirs} in the books" for n, mine, theirs in accounts]
            ),
            *_told([f"voucher {n} sums to {total}" for n, total in vouchers]),
        ]
        raise VerificationError(
            f"{self.label}, {self.first} to {self.last}: the rows are stored, but do not agree with "
            f"the books: {'; '.join(found)}. What was posted in between is read by the next try; "
            "else full_refresh reads everything anew",
            accounts=accounts,
            vouchers=vouchers,
        )


def _told(items: list[str]) -> Iterator[str]:
    yield from items[:_SHOWN]
    if len(items) > _SHOWN:
        yield f"and {len(items) - _SHOWN} more"


def verify(operator: Any, client: Client, target: Any, plan: Plan) -> Verification | None:
    """
    Compare a table of the ledger with the trial balance, after the load.

    :param operator: a transfer, rendered.
    :param target: the hook of the database.
    :return: what both say; None: it was not asked for.
    """
    if operator.verify is None:
        return None
    first, last = _days(operator)
    closing = _balances(client, operator, last)
    opening = _balances(client, operator, first - timedelta(days=1))
    with database(target) as session:
        table = ledger_sums(session, plan, first.isoformat(), last.isoformat())
    books = {n: closing.get(n, _ZERO) - opening.get(n, _ZERO) for n in closing.keys() | opening.keys()}
    return Verification(f"{plan.table} of {plan.identity.company}", first, last, table, books)


def _balances(client: Client, operator: Any, day: date) -> dict[int, Decimal]:
    """Read the balance of each account at the end of a day."""
    balances: dict[int, Decimal] = {}
    query = {"date": day.isoformat()}
    with client.pages("TrialBalance", query=query, headers=operator.headers, page_size=5000) as pages:
        for page in pages:
            for line in _lines(page.content):
                # An account with sub-departments of agriculture has a line for each.
                amount = Decimal(bytes(line.balance).decode())
                balances[line.number] = balances.get(line.number, _ZERO) + amount
    return balances
