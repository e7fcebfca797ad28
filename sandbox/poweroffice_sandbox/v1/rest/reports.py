"""
The reports: rows computed from the vouchers.

Rule: reads what the replica has. A day counts by the posting's date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ...core.clock import stamp, ticks
from ...core.table import Row
from ..reply import ODATA, bad_parameters, refuse
from ..resources.tables import ENUMS
from . import debt_collection
from .call import V1Call
from .posting import VOUCHER_TYPES, entries, matched
from .query import day_of
from .times import day_before

_LONGEST = 31
_FOREVER = "9999-12-31"
_OF_VOUCHER = (
    "id", "voucherNo", "invoiceNo", "voucherDate", "dueDate", "cid", "currencyRate", "lastChanged",
    "externalImportReference", "importedOrderNo", "externalCaseNumber",
)  # fmt: skip
_INVOICE = ("OutgoingInvoiceVoucher", VOUCHER_TYPES["OutgoingInvoiceVoucher"])


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


def read_period(call: V1Call, *required: str) -> Period:
    """
    Read ``fromDate`` and ``toDate``.

    :param required: which must be given, if the switch ``report_dates`` says so.
    :raises RefusedError: one is missing or no date, or there are too many days.
    """
    missing = [name for name in required if name.lower() not in call.query]
    if missing and call.switches.report_dates == "required":
        errors = {name: f"The {name} field is required." for name in missing}
        raise bad_parameters(errors, call.switches)
    first, last = day_of(call.query, "fromDate", call.switches), day_of(call.query, "toDate", call.switches)
    if last and call.switches.to_date == "exclusive":
        last = day_before(last)
    days = date.fromisoformat(last) - date.fromisoformat(first) if first and last else None
    if days is not None and days.days >= _LONGEST and call.switches.long_period == "refused":
        raise refuse(f"The period is limited to {_LONGEST} days per call.", ODATA)
    return Period(first, last or _FOREVER)


def _entries(call: V1Call) -> list[Row]:
    return entries(call.seen)


def _transactions(call: V1Call) -> Iterator[Row]:
    period = read_period(call, "fromDate", "toDate")
    wanted = call.names.get("accountCode") or call.query.get("accountcode")
    if wanted and not wanted.isdecimal():
        raise bad_parameters({"accountCode": f"The value '{wanted}' is not valid."}, call.switches)
    for row in _entries(call):
        if period.has(row["date"]) and (not wanted or row["accountCode"] == int(wanted)):
            yield row


def _today(call: V1Call) -> str:
    return stamp(ticks(call.now))[:10]


def _trial_balance(call: V1Call) -> Iterator[Row]:
    day = day_of(call.query, "date", call.switches) or _today(call)
    codes = {
        field: call.query[field.lower()]
        for field in ("departmentCode", "productCode", "projectCode")
        if call.query.get(field.lower())
    }
    names = {row["code"]: row["name"] for row in call.seen("GeneralLedgerAccount").values()}
    budget = _budget(call, day)
    sums: dict[int, Decimal] = {}
    for row in _entries(call):
        if row["date"] <= day and all(row.get(name) == code for name, code in codes.items()):
            sums[row["accountCode"]] = sums.get(row["accountCode"], Decimal(0)) + row["amount"]
    for code, balance in sorted(sums.items()):
        line = {"accountCode": code, "accountName": names.get(code), "balance": balance}
        yield {**line, "budget": budget.get(code, Decimal(0))}


def _budget(call: V1Call, day: str) -> dict[int, Decimal]:
    """Add up what the budgets of the day's year have until its month."""
    sums: dict[int, Decimal] = {}
    for row in call.seen("Budget").values():
        for line in row.get("budgetLineItems") or ():
            if (line["year"], line["month"]) <= (int(day[:4]), int(day[5:7])) and line["year"] == int(
                day[:4]
            ):
                amount = line.get("amount") or Decimal(0)
                sums[line["accountCode"]] = sums.get(line["accountCode"], Decimal(0)) + amount
    return sums


def _ledger(party: str) -> Callable[[V1Call], Iterator[Row]]:
    """
    Make a sub-ledger.

    With both days it is a statement: open and matched entries of the period; else what is open on the last
    (reference 2.7). Below a match it is that match, whole.
    """
    number = f"{party.lower()}AccountNo"

    def rows(call: V1Call) -> Iterator[Row]:
        period = read_period(call)
        match = call.names.get("matchId", "")
        if match and not match.isdecimal():
            raise bad_parameters({"matchId": f"The value '{match}' is not valid."}, call.switches)
        found = [row for row in _entries(call) if number in row and row["date"] <= period.last]
        contacts = {row["code"]: row for row in call.seen(party).values()}
        for row in matched(found, number, call.seen(f"{party}Match").values()):
            if match:
                is_in = row.get("matchId") == int(match)
            elif period.first and period.last != _FOREVER:
                is_in = period.has(row["date"])
            else:
                is_in = row["date"] >= period.first and bool(row["balance"])
            if is_in:
                yield _ledger_row(call, row, party, contacts.get(row[number]))

    return rows


def _ledger_row(call: V1Call, row: Row, party: str, contact: Row | None) -> Row:
    names = {
        f"{name}Name": _name(call, table, row.get(f"{name}Code"))
        for name, table in (("project", "Project"), ("department", "Department"), ("location", "Location"))
    }
    few = {name: contact[name] for name in ("id", "code", "name") if name in contact} if contact else None
    owner = row["kind"] in VOUCHER_TYPES and call.is_own(row["kind"], row["voucherId"])
    return {
        **row,
        **names,
        "postingDate": row["date"],
        "dueDate": row.get("voucherDueDate"),
        "isCreatedByCurrentIntegration": owner,
        f"{party.lower()}Code": row[f"{party.lower()}AccountNo"],
        party.lower(): few,
    }


def _name(call: V1Call, table: str, code: str | None) -> str | None:
    if code is None:
        return None
    return next((row["name"] for row in call.seen(table).values() if row.get("code") == code), None)


def _invoice_journal(call: V1Call) -> Iterator[Row]:
    period = read_period(call, *(() if "fromInvoiceNo" in call.names else ("fromDate", "toDate")))
    first, last = _numbers(call)
    ledger = matched(
        [row for row in _entries(call) if "customerAccountNo" in row],
        "customerAccountNo",
        call.seen("CustomerMatch").values(),
    )
    heads = {row["voucherId"]: row for row in ledger if (row["kind"], row["voucherType"]) == _INVOICE}
    rates = {row["code"]: row["rate"] for row in call.seen("VatCode").values()}
    invoices = call.seen("OutgoingInvoice")
    for key, voucher in call.seen("OutgoingInvoiceVoucher").items():
        number = voucher.get("invoiceNo") or 0
        if period.has(voucher["voucherDate"]) and first <= number <= last and key in heads:
            yield _journal_row(voucher, heads[key], invoices.get(key), rates)


def _numbers(call: V1Call) -> tuple[int, int]:
    numbers = [call.names.get(name, "") for name in ("fromInvoiceNo", "toInvoiceNo")]
    wrong = [text for text in numbers if text and not text.isdecimal()]
    if wrong:
        raise bad_parameters({"invoiceNo": f"The value '{wrong[0]}' is not valid."}, call.switches)
    return int(numbers[0] or 0), int(numbers[1] or 10**18)


def _journal_row(voucher: Row, head: Row, invoice: Row | None, rates: Mapping[str, Decimal]) -> Row:
    lines, vat = [], Decimal(0)
    for line in voucher["lines"]:
        rate = rates.get(line.get("vatCode") or "0", Decimal(0))
        net = (line["amount"] * 100 / (100 + rate)).quantize(Decimal("0.01"))
        quantity = line.get("quantity") or Decimal(1)
        vat += line["amount"] - net
        sums = {"totalExclusive": net, "totalVat": line["amount"] - net, "totalInclusive": line["amount"]}
        price = (net / quantity).quantize(Decimal("0.01")) if quantity else net
        text = {"id": line["id"], "description": line.get("description"), "quantity": quantity}
        lines.append({**text, **sums, "unitPrice": price, "unit": line.get("unit")})
    shared = {name: voucher.get(name) for name in _OF_VOUCHER}
    return {
        **shared,
        "voucherType": _INVOICE[1],
        "currency": voucher.get("currencyCode"),
        "reference": (invoice or voucher).get("customerReference"),
        "totalAmount": head["amount"],
        "vatAmount": vat,
        "netAmount": head["amount"] - vat,
        "balance": head["balance"],
        "invoiceStatus": 0 if head["balance"] else 1,
        "expectedDueDate": voucher.get("dueDate"),
        "invoiceJournalSalesLines": lines,
    }


def _balance(party: str) -> Callable[[V1Call], Iterator[Row]]:
    """Make the balance of each customer or supplier."""
    name = party.lower()

    def rows(call: V1Call) -> Iterator[Row]:
        last = day_of(call.query, "toDate", call.switches) or _today(call)
        group = call.query.get("contactgroup", "").lower()
        only_open = call.query.get("includeonlyopenitems", "true").lower() != "false"
        sums: dict[int, Decimal] = {}
        for row in _entries(call):
            if f"{name}AccountNo" in row and row["date"] <= last:
                code = row[f"{name}AccountNo"]
                sums[code] = sums.get(code, Decimal(0)) + row["amount"]
        for row in call.seen(party).values():
            groups = {title.lower() for title in row.get("contactGroups") or ()}
            balance = sums.get(row["code"], Decimal(0))
            if (balance or not only_open) and not row.get("isArchived") and (not group or group in groups):
                line = {f"{name}Id": row["id"], f"{name}Name": row.get("name"), f"{name}Code": row["code"]}
                yield {**line, f"{name}ExternalCode": row.get("externalCode"), "balance": balance}

    return rows


def _time(call: V1Call) -> Iterator[Row]:
    period = read_period(call, "fromDate", "toDate")
    employees = {row["code"]: row for row in call.seen("Employee").values()}
    activities = {row["code"]: row for row in call.seen("Activity").values()}
    projects = {row["code"]: row for row in call.seen("Project").values()}
    customers = {row["code"]: row for row in call.seen("Customer").values()}
    for row in call.seen("TimeTrackingEntry").values():
        if not period.has(row["date"]):
            continue
        person = employees.get(row.get("employeeCode"), {})
        project = projects.get(row.get("projectCode"), {})
        customer = row.get("customerCode") or project.get("customerCode")
        yield {
            **row,
            "customerCode": customer,
            "customerName": customers.get(customer, {}).get("name"),
            "projectName": project.get("name"),
            "activityName": activities.get(row.get("activityCode"), {}).get("name"),
            "employeeName": f"{person.get('firstName', '')} {person.get('lastName', '')}".strip() or None,
            "timeSpecificationName": row.get("hourType"),
            "time": f"{row['minutes'] // 60:02}:{row['minutes'] % 60:02}",
            "approvalStatus": 2 if row.get("isLocked") else 0,
            "statusFlags": 2 if row.get("isLocked") else 0,
            "costRate": row.get("hourlyCost"),
        }


def _usage(call: V1Call) -> Iterator[Row]:
    period = read_period(call, "fromDate", "toDate")
    counts: dict[int, int] = {}
    for kind, number in VOUCHER_TYPES.items():
        for row in call.seen(kind).values():
            if period.has(row["voucherDate"]):
                counts[number] = counts.get(number, 0) + 1
    for number, count in sorted(counts.items()):
        yield {"voucherType": number, "count": Decimal(count)}


def _allowed_vat(call: V1Call) -> Iterable[Row]:
    code = call.names["accountCode"]
    accounts = call.seen("GeneralLedgerAccount").values()
    account = next((row for row in accounts if str(row["code"]) == code), None)
    if account is None:
        raise refuse(f"GeneralLedgerAccount with code '{code}' does not exist.")
    kept = account.get("vatCode") if account.get("isVatCodeLockedAfterPosting") else None
    return [row for row in call.seen("VatCode").values() if row["isActive"] and kept in (None, row["code"])]


def _notes(call: V1Call) -> Iterable[Row]:
    key = call.names["voucherId"].lower()
    return [row for row in call.seen("VoucherNote").values() if row["voucherId"] == key]


def _documentation(call: V1Call) -> Iterator[Row]:
    """Give the files of a voucher, by its number."""
    mime = {name: number for number, name in ENUMS["DocumentMimeType"].items()}["ApplicationPdf"]
    numbers = {row["id"]: row["voucherNo"] for kind in VOUCHER_TYPES for row in call.seen(kind).values()}
    for row in call.seen("VoucherDocumentation").values():
        number = numbers.get(row["voucherId"])
        if str(number) == call.names["voucherNo"]:
            yield {**row, "voucherNo": number, "fileType": mime}


REPORTS: Mapping[str, Callable[[V1Call], Iterable[Row]]] = {
    "Reporting/AccountTransactions": _transactions,
    "Reporting/AccountTransactions/{accountCode}": _transactions,
    "Reporting/CustomerLedger": _ledger("Customer"),
    "Reporting/CustomerLedger/{matchId}": _ledger("Customer"),
    "Reporting/SupplierLedger": _ledger("Supplier"),
    "Reporting/SupplierLedger/{matchId}": _ledger("Supplier"),
    "Reporting/CustomerBalance": _balance("Customer"),
    "Reporting/SupplierBalance": _balance("Supplier"),
    "Reporting/InvoiceJournal": _invoice_journal,
    "Reporting/InvoiceJournal/{fromInvoiceNo}/{toInvoiceNo}": _invoice_journal,
    "Reporting/TimeTransactions": _time,
    "Reporting/TrialBalance": _trial_balance,
    "Reporting/TrialBalance/{includeSubProject}/{showOnlyTransactionsWithoutDepartment}": _trial_balance,
    "Reporting/Usage": _usage,
    "DebtCollection": debt_collection.cases,
    "DebtCollection/GetAllMatchedItems": debt_collection.all_matched_items,
    "DebtCollection/Invoices/AvailableInvoices": debt_collection.available,
    "DebtCollection/MatchedItems/{debtCollectionInvoiceId}": debt_collection.matched_items,
    "VatCode/chartofaccount/{accountCode}": _allowed_vat,
    "OutgoingInvoice/GetNotes/{voucherId}": _notes,
    "RecurringInvoice/GetNotes/{voucherId}": _notes,
    "Blob/GetVoucherDocumentationList/{voucherNo}": _documentation,
    "Blob/GetVoucherDocumentation/{voucherNo}": _documentation,
}
"""Path of a list → its rows, where they are no table's."""
