"""
Sending a sales order: ``createAndSendInvoice``, and ``sentState`` until it is an invoice.

Rule: the request is only queued (202); the invoice exists when it has been polled ``send_polls`` times and
``send_seconds`` have passed on the sandbox's clock. Then the order is gone, its voucher is in the ledger and
its invoice among OutgoingInvoices, with the id of the order (OpenAPI: OutgoingInvoiceDto.Id). The right to
send is separate from SalesOrders_Full (the portal). Assumed: an order that failed is still there and can be
sent again; one being sent cannot.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..reply import problem, refuse
from ..rest.call import Call, Route, Routes
from ..rest.lists import find_row, row_reply
from ..schema.dto import whole
from .bodies import now_of, query_id, read_flow
from .invoices import add_invoice, add_invoice_lines, due_date, next_invoice_number
from .orders import account_of, lines_of
from .posting import book, ledger_lines, vat_of

STATES = "InvoiceSentStates"
_LABEL = "Sales order"
_FAILED = "The invoice could not be delivered: the receiver refused the e-mail."
_FALLBACK = "The receiver no longer supports EHF; the invoice was sent by e-mail."
_DELIVERY = {"PdfByEmail": "PdfByEmail", "PdfPrintForDownload": "Print"}


def _send(call: Call) -> Reply:
    if not call.grant.rights.allow_send_invoice:
        return problem(
            400, "Missing privilege", "The integration does not have the privilege to send invoices."
        )
    order = find_row(call)
    state = call.books.table(STATES).rows.get(order["Id"])
    if state is not None and state["IsInvoiceBeingProcessed"]:
        raise _invalid(f"Sales order with id = {order['Id']} is already being processed.")
    request = {"DeliveryType": "Auto", **(read_flow(call, "SendInvoiceRequest", _LABEL) if call.body else {})}
    date = request.get("VoucherDate") or now_of(call)[:10]
    locked = call.books.calendar.lock_date
    if date <= locked:
        raise _invalid(f"VoucherDate {date} is on or before the lock date {locked}.")
    due = request.get("OverrideDueDate") or due_date(date, order["PaymentTerm"])
    row = whole("InvoiceSentState", {"Id": order["Id"], "IsInvoiceBeingProcessed": True, "DueDate": due}, "")
    row["InvoiceDeliveryType"] = _DELIVERY.get(request["DeliveryType"], "PdfByEmail")
    asked = {"Date": date, "Asked": call.now, "Polls": 0, "Application": call.application}
    call.books.table(STATES).put({**row, "_Request": asked}, call.now, call.application)
    reply = row_reply(call, 202, whole("SendInvoiceRequest", {**request, "Id": order["Id"]}, ""))
    base = call.path.lower().partition("/salesorders")[0]
    address = f"{call.origin}{call.path[: len(base)]}/SalesOrders/sentState?id={order['Id']}"
    return Reply(202, reply.body, {**reply.headers, "Location": address})


def _invalid(detail: str) -> RefusedError:
    return refuse(400, f"{_LABEL} validation error(s)", detail)


def _state(call: Call) -> Reply:
    wanted, table = query_id(call, required=False), call.books.table(STATES)
    seen = table.seen(call.now, call.switches.send_lag)
    rows = [row for key, row in seen.items() if (not wanted or key == wanted) and _is_own(call, row)]
    shown = [{name: value for name, value in row.items() if name != "_Request"} for row in rows]
    for row in rows:
        latest = table.rows[row["Id"]]
        asked = latest["_Request"]
        table.put({**latest, "_Request": {**asked, "Polls": asked["Polls"] + 1}}, call.now)
    return row_reply(call, 200, shown) if shown else _unsent(call, wanted)


def _unsent(call: Call, identifier: str) -> Reply:
    """Answer for what nobody asked to send."""
    form = call.switches.unsent_state
    if form == "404":
        return problem(404, "Object(s) not found", f"{_LABEL} with id = {identifier} not found.")
    if form == "row" and identifier in call.books.table("SalesOrders").rows:
        state = {"Id": identifier, "IsInvoiceBeingProcessed": False}
        return row_reply(call, 200, [whole("InvoiceSentState", state, "")])
    return Reply(204)


def _is_own(call: Call, row: Row) -> bool:
    return bool(row["_Request"]["Application"] == call.application)


def settle(call: Call) -> None:
    """Carry out what has been asked for long enough; called before every operation."""
    table, switches = call.books.table(STATES), call.switches
    for state in [row for row in table.rows.values() if row["IsInvoiceBeingProcessed"]]:
        asked = state["_Request"]
        if asked["Polls"] >= switches.send_polls and call.now - asked["Asked"] >= switches.send_seconds:
            table.put({**state, "IsInvoiceBeingProcessed": False, **_result(call, state)}, call.now)


def _result(call: Call, state: Row) -> Row:
    order = call.books.table("SalesOrders").rows.get(state["Id"])
    if order is None:
        return {"LastErrorMessage": "The sales order has been deleted."}
    if call.switches.send_result == "failed":
        return {"LastErrorMessage": _FAILED}
    try:
        invoice = _invoiced(call, order, state)
    except RefusedError as error:
        return {"LastErrorMessage": msgspec.json.decode(error.reply.body)["detail"]}
    message = {"fallback": _FALLBACK, "undelivered": _FAILED}.get(call.switches.send_result)
    return {
        "InvoiceNo": invoice["InvoiceNo"],
        "SentDateTimeOffset": invoice["SentDateTimeOffset"],
        "LastErrorMessage": message,
    }


def _invoiced(call: Call, order: Row, state: Row) -> Row:
    """Turn an order into a voucher and an invoice."""
    books, request = call.books, state["_Request"]
    lines = [{**line, "AccountId": _account(call, line)} for line in lines_of(call, order["Id"])]
    head = {**order, "VoucherDate": request["Date"]}
    rows = ledger_lines(call, _entries(call, head, lines), head)
    total = rows[0]["Amount"]
    shared = {
        "VoucherId": order["Id"],
        "VoucherType": "OutgoingCreditNote" if total < 0 else "OutgoingInvoice",
        "VoucherDate": request["Date"],
        "VoucherDescription": f"Ordre {order['SalesOrderNo']}",
        "ExternalImportReference": order["ExternalImportReference"],
    }
    known = {
        **order,
        "OrderNo": order["SalesOrderNo"],
        "OrderDate": order["SalesOrderDate"],
        "InvoiceNo": next_invoice_number(call),
        "DueDate": state["DueDate"],
        "InvoiceDeliveryType": state["InvoiceDeliveryType"],
        "SentDateTimeOffset": None if call.switches.send_result == "undelivered" else now_of(call),
    }
    invoice = add_invoice(call, book(call, shared, rows), known, vat_of(rows))
    add_invoice_lines(call, invoice, lines)
    books.table("OutgoingInvoices").owners[invoice["Id"]] = request["Application"]
    books.table("InvoicedOrders").put({"Id": invoice["Id"], "SalesOrderId": order["Id"]}, call.now)
    books.table("SalesOrders").remove(order["Id"], call.now)
    for line in lines:
        books.table("SalesOrderLines").remove(line["Id"], call.now)
    return invoice


def _account(call: Call, line: Row) -> int | None:
    """Give the account a line is posted to, if it has an amount."""
    if line["LineType"] != "Normal":
        return None
    product = call.books.find("Products", "Id", line["ProductId"]) if line["ProductId"] else None
    standard = line["UseStandardSalesAccount"] is not False
    return int(account_of(call, product or {}, standard=standard)["Id"])


def _entries(call: Call, head: Row, lines: list[Row]) -> list[Row]:
    """Give the lines to post: the customer's, then those with an amount."""
    customer = call.books.table("Customers").rows[head["CustomerId"]]
    shared = {"CurrencyCode": head["CurrencyCode"], "CurrencyExchangeRate": head["CurrencyExchangeRate"]}
    total = sum((line["TotalAmount"] for line in lines), Decimal("0.00"))
    entries: list[Row] = [{**head, "AccountId": customer["SubledgerAccountId"], "CurrencyAmount": total}]
    for line in lines:
        if line["AccountId"] is not None:
            dimensions = {name: line[name] or head[name] for name in ("DepartmentId", "ProjectId")}
            entries.append({**line, **shared, **dimensions, "CurrencyAmount": -line["TotalAmount"]})
    return entries if len(entries) > 1 else []


ROUTES: Routes = {
    ("POST", "/SalesOrders/{id}/createAndSendInvoice"): Route(_send, "SalesOrders", "SalesOrders"),
    ("GET", "/SalesOrders/sentState"): Route(_state, "SalesOrders", "SalesOrders_Full"),
}
