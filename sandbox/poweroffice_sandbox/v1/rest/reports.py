"""
The reports: rows computed from the vouchers.

Rule: reads what the replica has. A day counts by ``postingDate``, an invoice by its own date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ...core.table import Id, Row
from ..reply import ODATA, bad_parameters, refuse
from ..seeds.posting import CUSTOMERS, SUPPLIERS, VOUCHER_TYPES, postings
from .call import V1Call
from .times import day_before, moment

_LONGEST = 31


class Period(NamedTuple):
    """Days as texts, both included; an open one begins with an empty text."""

    first: str
    last: str

    def has(self, day: str) -> bool:
        """
        Say whether a day is in it.

        :param day: ``YYYY-MM-DD``.
        """
        return self.first <= day <= self.last


def read_period(call: V1Call) -> Period:
    """
    Read ``fromDate`` and ``toDate``.

    :raises RefusedError: one is missing or no date, or there are too many days.
    """
    missing = [name for name in call.resource.dates if name.lower() not in call.query]
    if missing:
        errors = {name: f"The {name} field is required." for name in missing}
        raise bad_parameters(errors, call.switches)
    first, last = _day(call, "fromDate"), _day(call, "toDate")
    if call.switches.to_date == "exclusive":
        last = day_before(last)
    days = date.fromisoformat(last) - date.fromisoformat(first) if first else None
    if days is not None and days.days >= _LONGEST and call.switches.long_period == "refused":
        raise refuse(f"The period is limited to {_LONGEST} days per call.", ODATA)
    return Period(first, last)


def _day(call: V1Call, name: str) -> str:
    text = call.query.get(name.lower(), "")
    try:
        return moment(text)[:10] if text else ""
    except ValueError:
        raise bad_parameters({name: f"The value '{text}' is not valid for {name}."}, call.switches) from None


def entries(seen: Callable[[str], Mapping[Id, Row]], company: int) -> list[Row]:
    """
    Give all postings, in the order of their vouchers.

    :param company: the company's position.
    """
    rates = {row["code"]: row["rate"] for row in seen("VatCode").values()}
    found = [row for kind in VOUCHER_TYPES for row in postings(kind, seen(kind).values(), rates, company)]
    return sorted(found, key=lambda row: (row["voucherNo"], row["id"]))


def _entries(call: V1Call) -> list[Row]:
    return entries(call.seen, call.grant.company.index)


def _transactions(call: V1Call, period: Period) -> Iterator[Row]:
    names = {row["code"]: row["name"] for row in call.seen("GeneralLedgerAccount").values()}
    for row in _entries(call):
        if period.has(row["postingDate"]):
            yield {**row, "accountName": names.get(row["accountCode"])}


def _trial_balance(call: V1Call, period: Period) -> Iterator[Row]:
    names = {row["code"]: row["name"] for row in call.seen("GeneralLedgerAccount").values()}
    sums: dict[int, list[Decimal]] = {}
    for row in _entries(call):
        if row["postingDate"] <= period.last:
            both = sums.setdefault(row["accountCode"], [Decimal(0), Decimal(0)])
            both[period.has(row["postingDate"])] += row["amount"]
    for code, (opening, change) in sorted(sums.items()):
        line = {"accountCode": code, "accountName": names.get(code), "openingBalance": opening}
        yield {**line, "change": change, "closingBalance": opening + change}


def _invoice_journal(call: V1Call, period: Period) -> Iterator[Row]:
    wanted = {row["voucherNo"]: row for row in call.seen("OutgoingInvoiceVoucher").values()}
    lines: dict[int, list[Row]] = {}
    for row in _entries(call):
        if row["voucherNo"] in wanted and period.has(row["postingDate"]):
            lines.setdefault(row["voucherNo"], []).append(row)
    for number, (head, *rest) in lines.items():
        voucher, total = wanted[number], head["amount"]
        vat = -sum((row["amount"] for row in rest if row["accountCode"] == 2700), Decimal(0))  # noqa: PLR2004
        shared = {
            name: voucher.get(name) for name in ("invoiceNo", "customerCode", "dueDate", "currencyCode")
        }
        amounts = {"netAmount": total - vat, "vatAmount": vat, "totalAmount": total}
        yield {**shared, "voucherNo": number, "invoiceDate": voucher["voucherDate"], **amounts}


def _ledger(table: str, account: int) -> Callable[[V1Call, Period], Iterator[Row]]:
    """Make a sub-ledger: the postings on the control account, with what is open of each."""
    name = table.lower()

    def rows(call: V1Call, period: Period) -> Iterator[Row]:
        contacts = {row["code"]: row for row in call.seen(table).values()}
        found = [row for row in _entries(call) if row["accountCode"] == account]
        for row in matched([item for item in found if item["postingDate"] <= period.last], f"{name}Code"):
            if period.has(row["postingDate"]):
                yield {**row, name: contacts.get(row.get(f"{name}Code"))}

    return rows


def matched(rows: Iterable[Row], contact: str) -> list[Row]:
    """
    Match payments with invoices by contact and invoice number, and give what is open of each.

    :param rows: postings on a control account, oldest first.
    """
    result: list[Row] = []
    invoices: dict[tuple[int, str], Row] = {}
    for row in rows:
        entry = {**row, "balance": row["amount"]}
        result.append(entry)
        key = (row[contact], row["invoiceNo"])
        owner = invoices.get(key)
        if owner is None:
            if row["invoiceNo"]:
                invoices[key] = entry
            continue
        owner["balance"] += row["amount"]
        entry.update(balance=Decimal(0), matchId=owner["id"])
        owner.update(matchId=owner["id"], lastChanged=max(owner["lastChanged"], row["lastChanged"]))
    return result


REPORTS: dict[str, Callable[[V1Call, Period], Iterator[Row]]] = {
    "Reporting/AccountTransactions": _transactions,
    "Reporting/CustomerLedger": _ledger("Customer", CUSTOMERS),
    "Reporting/SupplierLedger": _ledger("Supplier", SUPPLIERS),
    "Reporting/InvoiceJournal": _invoice_journal,
    "Reporting/TrialBalance": _trial_balance,
}
