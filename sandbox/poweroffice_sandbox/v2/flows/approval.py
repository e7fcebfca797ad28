"""
Approval of drafts: ``submitForApproval``, the list of what waits, and the decision that posts.

Rule: what cannot be submitted is 409 (OpenAPI); what cannot be posted is 400 when it is approved. Assumed: a
draft can be submitted when it has lines; the approver is the integration that submitted it, so that it
appears in VoucherApproval; in a supplier voucher the side of a line that names no account is the supplier.
"""

from __future__ import annotations

from decimal import Decimal

from ...core.reply import Reply
from ...core.table import Row
from ..reply import problem
from ..resources import RESOURCES
from ..resources.vouchers import LIST, Kind
from ..rest.call import Call, Route, Routes
from ..rest.lists import list_rows, row_reply
from ..schema.dto import filled
from .bodies import now_of, read_flow
from .drafts import item_of, kind_of, lines_of, not_found, open_item, touch
from .posting import LABEL, book, cents, dimension_fields, invalid, ledger_lines

TABLE = "VoucherApproval"
INCOMING = "IncomingInvoices"
_PRIVILEGE = "VoucherApproval"


def _rows(call: Call, kind: Kind, head: Row) -> list[Row]:
    """Give the ledger rows a draft would be posted as."""
    supplier = head.get("SupplierAccountId")
    entries: list[Row] = []
    lines = lines_of(call, kind, head["Id"])
    for line in lines:
        for side, sign in (("Debit", 1), ("Credit", -1)):
            account = line[f"{side}AccountId"] or supplier
            if account is not None:
                own = {
                    "AccountId": account,
                    "VatId": line[f"{side}VatId"],
                    "CurrencyAmount": sign * cents(line["CurrencyAmount"]),
                    "VatReturnSpecification": line[f"{side}VatReturnSpecification"],
                }
                entries.append({**line, "DepartmentId": line["DepartmentId"] or head["DepartmentId"], **own})
    total = sum((cents(line["CurrencyAmount"]) for line in lines), Decimal(0))
    if supplier is not None and total != cents(head["CurrencyAmount"]):
        raise invalid(f"CurrencyAmount is {head['CurrencyAmount']}, the sum of the lines is {total}.")
    return ledger_lines(call, entries, {**head, "VoucherDate": head["VoucherDate"] or now_of(call)[:10]})


def _head(call: Call, item: Row) -> Row:
    row: Row = call.books.table(kind_of(item).table).rows[item["Id"]]
    return row


def _decided(call: Call, item: Row, *, posted: bool, waits: bool, state: str) -> Reply:
    kind = kind_of(item)
    changed = {
        **_head(call, item),
        "ApprovalState": state,
        "VoucherState": "IsPosted" if posted else "IsDraft",
    }
    call.books.table(kind.table).put(changed, call.now)
    touch(call, item["Id"], InApprovalWorkflow=waits, IsPosted=posted)
    return row_reply(call, 200, {"InApprovalWorkflow": waits, "IsPosted": posted, "VoucherId": item["Id"]})


def _submit(call: Call) -> Reply:
    item = open_item(call)
    if call.body:
        read_flow(call, "SubmitForApproval", LABEL)
    detail = f"Voucher with id = {item['Id']} could not be submitted for approval"
    if item["InApprovalWorkflow"]:
        return problem(409, "Object conflict", f"{detail}: it is in an approval workflow already.")
    if not lines_of(call, kind_of(item), item["Id"]):
        return problem(409, "Object conflict", f"{detail}: it has no lines.")
    row = {
        "ApprovalVoucherType": kind_of(item).approval_type,
        "AvailableFromDateTimeOffset": now_of(call),
        "Id": item["Id"],
        "OriginatedFromEhf": item["OriginatedFromEhf"],
        "_Approver": call.application,
    }
    call.books.table(TABLE).put(row, call.now)
    touch(call, item["Id"], _Approver=call.application)
    return _decided(call, item, posted=False, waits=True, state="Submitted")


def _decide(call: Call) -> Reply:
    item, table = item_of(call), call.books.table(TABLE)
    waiting = table.rows.get(item["Id"])
    if waiting is None or waiting["_Approver"] != call.application:
        raise not_found(item["Id"])
    sent = read_flow(call, "VoucherApproval", "Voucher approval")
    if sent["VoucherApprovalStatus"] == "Approve":
        _post(call, item)
    table.remove(item["Id"], call.now)
    posted = sent["VoucherApprovalStatus"] == "Approve"
    return _decided(call, item, posted=posted, waits=False, state="Approved" if posted else "Rejected")


def _post(call: Call, item: Row) -> None:
    head = _head(call, item)
    rows = _rows(call, kind_of(item), head)
    date = head["VoucherDate"] or now_of(call)[:10]
    shared = {
        "VoucherId": item["Id"],
        "VoucherType": item["VoucherType"],
        "VoucherDate": date,
        "VoucherDescription": head["Description"],
        "CurrencyCode": head["CurrencyCode"],
    }
    booked = book(call, shared, rows)
    if head.get("SupplierContactId") is not None:
        _add_incoming(call, item, {**head, "VoucherDate": date}, booked)


def _add_incoming(call: Call, item: Row, head: Row, booked: Row) -> None:
    now, fields = now_of(call), RESOURCES[INCOMING].schema
    supplier = call.books.table("Suppliers").rows[head["SupplierContactId"]]
    total = cents(head["CurrencyAmount"])
    net = total - sum((abs(row["VatAmount"]) for row in _booked(call, booked)), Decimal(0))
    known = {
        **{name: value for name, value in head.items() if name in fields.names},
        **dimension_fields(call.books, head),
        "InvoiceNo": head.get("InvoiceNo") or head.get("CreditNoteNo"),
        "VoucherNo": booked["VoucherNo"],
        "VoucherType": item["VoucherType"],
        "SupplierId": supplier["Id"],
        "SupplierNo": supplier["Number"],
        "DueDate": head.get("DueDate") or head["VoucherDate"],
        "Balance": total,
        "TotalAmount": total,
        "TotalPostedAmount": total,
        "NetAmount": net,
        "NetPostedAmount": net,
        "CreatedDateTimeOffset": now,
        "LastChangedDateTimeOffset": now,
    }
    call.books.table(INCOMING).put(filled(fields, known, now), call.now)


def _booked(call: Call, first: Row) -> list[Row]:
    ledger = call.books.ledger
    return ledger.tail.lines(first["VoucherNo"] - ledger.base - 1)


ROUTES: Routes = {
    ("POST", f"/{LIST}/{{id}}/submitForApproval"): Route(_submit, LIST, "JournalEntryVoucher"),
    ("GET", f"/{TABLE}"): Route(list_rows, TABLE, f"{_PRIVILEGE}_Full"),
    ("POST", f"/{TABLE}/{{voucherId}}"): Route(_decide, TABLE, _PRIVILEGE),
}
