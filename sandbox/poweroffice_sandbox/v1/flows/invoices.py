"""Sending an invoice: it is queued, and posted some time later."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...core.clock import parse_ticks, stamp, ticks
from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..books import Due
from ..reply import VALIDATION, not_found, refuse, success
from ..resources.vouchers import lock_date, next_number
from ..rest.bodies import parsed, read_body
from ..rest.call import V1Call

_SENT, _TERMS, _NORMAL = 2, 14, 0
_ENTITY, _VOUCHER = "OutgoingInvoice", "OutgoingInvoiceVoucher"


def send(call: V1Call) -> Reply:
    """
    Queue an invoice; that this succeeds does not mean that it is sent.

    :raises RefusedError: there is no such draft.
    """
    given = read_body(parsed(call.body, call.switches), call.route.body, call.switches)
    table, key = call.books.table(_ENTITY), given.get("invoiceId")
    invoice = table.rows.get(key or "")
    if invoice is None:
        raise RefusedError(not_found(_ENTITY, str(key), call.switches))
    if invoice["status"] >= _SENT or invoice.get("isInvoiceBeingProcessed"):
        raise refuse(f"The invoice {key} is sent already.", VALIDATION)
    waiting = {"isInvoiceBeingProcessed": True, "lastErrorMessage": None, "_send": given}
    table.put({**invoice, **waiting}, call.now)
    call.books.queue.append(Due(call.now + call.switches.queue_seconds, "send", invoice["id"]))
    return success()


def sent(call: V1Call, key: str) -> None:
    """Send and post an invoice, or note why it cannot be."""
    table = call.books.table(_ENTITY)
    invoice = table.rows.get(key)
    if invoice is None:
        return
    asked = invoice["_send"]
    done: Row = {name: value for name, value in invoice.items() if name != "_send"}
    done |= {"isInvoiceBeingProcessed": False, "lastChanged": stamp(ticks(call.now))}
    day = asked.get("invoiceDate") or stamp(ticks(call.now))[:10]
    if day <= lock_date(call):
        done["lastErrorMessage"] = f"The invoice date {day} is not after the lock date."
    elif not invoice.get("customerCode"):
        done["lastErrorMessage"] = "The invoice has no customer."
    else:
        voucher = _voucher(call, invoice, day)
        call.books.table(_VOUCHER).put(voucher, call.now)
        done |= {
            "status": _SENT,
            "invoiceDeliveryType": asked.get("deliveryType") or 1,
            "sentDate": voucher["createdDate"],
            **{name: voucher[name] for name in ("invoiceNo", "voucherNo", "voucherDate", "dueDate", "cid")},
            "documentNo": str(voucher["invoiceNo"]),
            "expectedDueDate": voucher["dueDate"],
        }
    table.put(done, call.now)


def _voucher(call: V1Call, invoice: Row, day: str) -> Row:
    """Make the voucher of an invoice; it has the invoice's id."""
    vouchers = call.books.table(_VOUCHER).rows.values()
    number = max((row.get("invoiceNo") or 0 for row in vouchers), default=10_000) + 1
    terms = invoice.get("paymentTerms")
    due = stamp(parse_ticks(day) + (_TERMS if terms is None else terms) * 86_400 * 10_000_000)[:10]
    now = stamp(ticks(call.now))
    shared: dict[str, Any] = {
        name: invoice.get(name)
        for name in ("customerCode", "customerReference", "projectCode", "departmentCode", "currencyCode",
                     "externalImportReference", "importedOrderNo", "deliveryDate", "ourReferenceEmployeeCode")
    }  # fmt: skip
    lines = [
        {
            "id": call.books.next_line(),
            "accountCode": line.get("salesAccount") or 3000,
            "amount": line["totalAmount"],
            "vatCode": line.get("vatCode"),
            "description": line.get("description"),
            "productCode": line.get("productCode"),
            "quantity": line.get("quantity"),
        }
        for line in invoice.get("outgoingInvoiceLines") or ()
        if line.get("lineType", _NORMAL) == _NORMAL
    ]
    return {
        **shared,
        "id": invoice["id"],
        "voucherNo": next_number(call),
        "voucherDate": day,
        "dueDate": due,
        "invoiceNo": number,
        "cid": f"{number:012d}",
        "currencyRate": invoice.get("currencyExchangeRate") or Decimal(1),
        "createdDate": now,
        "lastChanged": now,
        "isReversed": False,
        "lines": lines,
    }


def set_case_number(call: V1Call) -> Reply:
    """
    Note the case number of an invoice; its body is not stated, so a text or an object is taken.

    :raises RefusedError: there is no such invoice, or no number.
    """
    text = call.names["id"].lower()
    table = call.books.table(_VOUCHER)
    voucher = table.rows.get(text)
    if voucher is None:
        raise RefusedError(not_found("InvoiceJournalLine", text, call.switches))
    given = parsed(call.body, call.switches)
    number = given.get("externalCaseNumber") if isinstance(given, dict) else given
    if not isinstance(number, str):
        raise refuse("externalCaseNumber is required.", VALIDATION)
    table.put({**voucher, "externalCaseNumber": number}, call.now)
    return success()
