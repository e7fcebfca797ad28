"""
Outgoing invoices that arise while the sandbox runs: from a sent order, or from a posted invoice voucher.

Rule: an invoice is the voucher it was booked as, with the same id, number, date and amounts. Assumed: due
after 14 days when nobody says otherwise; the CID is the invoice number with ``17`` behind it.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from ...core.table import Row
from ..resources import RESOURCES
from ..rest.call import Call
from ..schema.dto import filled
from .bodies import now_of

TABLE, LINES = "OutgoingInvoices", "OutgoingInvoices/Lines"
_DAYS = 14


def next_invoice_number(call: Call) -> int:
    """Give the next number of the invoices."""
    rows = call.books.table(TABLE).rows.values()
    return max((row["InvoiceNo"] or 0 for row in rows), default=20_000) + 1


def due_date(voucher_date: str, days: int | None) -> str:
    """Give the day an invoice is due."""
    return (date.fromisoformat(voucher_date) + timedelta(days=_DAYS if days is None else days)).isoformat()


def add_invoice(call: Call, booked: Row, known: Row, vat: Decimal) -> Row:
    """
    Add the invoice of a booked voucher.

    :param known: what is known of it, by the invoice's names.
    """
    now, total = now_of(call), booked["Amount"]
    fields = RESOURCES[TABLE].schema
    number = str(known.get("InvoiceNo") or "")
    row = {
        **filled(fields, {}, now),
        **{name: value for name, value in known.items() if name in fields.names and value is not None},
        "Id": booked["VoucherId"],
        "VoucherNo": booked["VoucherNo"],
        "VoucherType": "OutgoingCreditNote" if total < 0 else "OutgoingInvoice",
        "VoucherDate": booked["VoucherDate"],
        "InvoiceNo": int(number) if number.isdecimal() else booked["VoucherNo"],
        "DueDate": known.get("DueDate") or due_date(booked["VoucherDate"], None),
        "CustomerId": booked["ContactId"],
        "CustomerNo": booked["CustomerAccountNo"],
        "NetAmount": total - vat,
        "TotalAmount": total,
        "NetPostedAmount": total - vat,
        "TotalPostedAmount": total,
        "Balance": total,
        "BalanceLastChangedDateTimeOffset": now,
        "InvoiceDeliveryType": known.get("InvoiceDeliveryType") or "PdfByEmail",
        "IsReversed": False,
        "IsCreatedByCurrentIntegration": True,
        "CreatedDateTimeOffset": now,
        "LastChangedDateTimeOffset": now,
    }
    row["Cid"] = row["Cid"] or f"{row['InvoiceNo']:010}17"
    call.books.table(TABLE).put(row, call.now, call.application)
    return row


def add_invoice_lines(call: Call, invoice: Row, lines: list[Row]) -> None:
    """
    Add the lines of an invoice.

    :param invoice: from :func:`add_invoice`.
    :param lines: what is known of them, by the names of the invoice's lines.
    """
    fields, now = RESOURCES[LINES].schema, now_of(call)
    for place, line in enumerate(lines, start=1):
        known = {name: value for name, value in line.items() if name in fields.names and value is not None}
        amounts = {"NetPostedAmount": line["NetAmount"], "TotalPostedAmount": line["TotalAmount"]}
        identity = {"Id": call.books.new_id(), "InvoiceId": invoice["Id"], "SortOrder": place}
        call.books.table(LINES).put({**filled(fields, {**known, **amounts}, now), **identity}, call.now)


def mark_reversed(call: Call, identifier: str) -> None:
    """Settle the invoice of a reversed voucher, if it is one."""
    row, now = call.books.table(TABLE).rows.get(identifier), now_of(call)
    if row is not None:
        settled = {"IsReversed": True, "Balance": Decimal("0.00"), "BalanceLastChangedDateTimeOffset": now}
        changed = {**row, **settled, "LastChangedDateTimeOffset": now}
        call.books.table(TABLE).put(changed, call.now, call.application)
