"""
Sales orders with their lines: POST and GET ``Complete``.

Rule: an order is made only whole; ``POST /SalesOrders`` does not exist (OpenAPI).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from ...core.clock import stamp, ticks
from ...core.reply import Reply
from ...core.table import Row
from ..reply import problem, refuse
from ..resources import RESOURCES
from ..rest.bodies import check_unique, decoded, read_fields, resolve_references, taken, validation_error
from ..rest.call import Call, Route, Routes
from ..rest.lists import find_row, get_row, list_rows, row_reply
from ..rest.writes import delete_row, patch_row
from ..schema.dto import CHANGED, CREATED, BadValueError
from .bodies import now_of, read_nested
from .posting import cents

TABLE = "SalesOrderLines"
_LINE = RESOURCES["SalesOrderLines"].schema
_SALES_ACCOUNT = 3000


def make_lines(call: Call, values: Any, order: str) -> list[Row]:
    """
    Make the lines of an order.

    :param values: as decoded.
    :raises BadValueError: a line cannot be made of one of them.
    """
    if values is not None and not isinstance(values, list):
        raise BadValueError("SalesOrderLines must be a list.")
    return [_made(call, value, order) for value in values or ()]


def _made(call: Call, value: Any, order: str) -> Row:
    if not isinstance(value, dict):
        raise BadValueError("A line must be an object.")
    sent = read_nested(_LINE, read_fields(_LINE, value, "POST"))
    row: Row = {**dict.fromkeys(_LINE.names), "LineType": "Normal", "VatReturnSpecification": "None", **sent}
    resolve_references(call.books, RESOURCES[TABLE], row, sent)
    return priced(call, {**row, "Id": str(UUID(int=call.books.new_id())), "SalesOrderId": order})


def priced(call: Call, row: Row) -> Row:
    """
    Give a line its amounts and its VAT.

    :raises BadValueError: a number is too large.
    """
    product = call.books.find("Products", "Id", row["ProductId"]) if row["ProductId"] else {}
    if product and row["ProductUnitPrice"] is None:
        row = {**row, "ProductUnitPrice": product["UnitPrice"]}
    vat = _vat(call, product or {}, standard=row["UseStandardSalesAccount"] is not False)
    share = 1 - Decimal(row["Allowance"] or 0) / 100
    amount = Decimal(row["Quantity"] or 0) * Decimal(row["ProductUnitPrice"] or 0) * share
    try:
        net = cents(amount if row["LineType"] == "Normal" else 0)
        tax = cents(net * vat["Rate"] / 100)
    except InvalidOperation:
        raise BadValueError("The amount of a line is too large.") from None
    return {
        **row,
        "UnitOfMeasureCode": row["UnitOfMeasureCode"] or (product or {}).get("UnitOfMeasureCode") or "EA",
        "NetAmount": net,
        "VatAmount": tax,
        "TotalAmount": net + tax,
        "VatCode": vat["Code"],
        "VatId": vat["Id"],
        "VatRate": vat["Rate"],
    }


def account_of(call: Call, product: Row, *, standard: bool) -> Row:
    """Give the sales account of a product."""
    name = "StandardSalesAccount" if standard else "OptionalSalesAccount"
    number = product.get(name) or _SALES_ACCOUNT
    account = call.books.find("GeneralLedgerAccounts", "AccountNo", number)
    if account is None:
        raise refuse(400, "Sales order validation error(s)", f"Account {number} not found.")
    return account


def _vat(call: Call, product: Row, *, standard: bool) -> Row:
    code = account_of(call, product, standard=standard)["VatCode"] or "3"
    vat = call.books.find("VatCodes", "Code", code)
    if vat is None:
        raise BadValueError(f"VAT code '{code}' not found.")
    return vat


def lines_of(call: Call, order: str) -> list[Row]:
    """Give the lines of an order."""
    table = call.books.table(TABLE).seen(call.now, call.switches.read_lag)
    lines = [line for line in table.values() if line["SalesOrderId"] == order]
    return sorted(lines, key=lambda line: (line["SortOrder"] or 0, line["Id"]))


def sums(lines: list[Row]) -> Row:
    """Give what the head says of the lines."""
    zero = Decimal("0.00")
    return {
        "LineCount": len(lines),
        "NetAmount": sum((line["NetAmount"] for line in lines), zero),
        "TotalAmount": sum((line["TotalAmount"] for line in lines), zero),
    }


def _draft(call: Call) -> Row:
    order: Row | None = call.books.table("SalesOrders").rows.get(call.path_ids[0])
    if order is None:
        raise refuse(404, "Object(s) not found", f"Sales order with id = {call.path_ids[0]} not found.")
    if order["SalesOrderStatus"] != "Draft":
        raise refuse(
            400, "Sales order validation error(s)", f"Sales order with id = {order['Id']} is not a draft."
        )
    return order


def _follow(call: Call, order: Row) -> None:
    rows = [row for row in call.books.table(TABLE).rows.values() if row["SalesOrderId"] == order["Id"]]
    call.books.table("SalesOrders").put({**order, **sums(rows), CHANGED: now_of(call)}, call.now)


def _post_line(call: Call) -> Reply:
    order = _draft(call)
    try:
        line = _made(call, decoded(call), order["Id"])
    except BadValueError as error:
        raise validation_error(call.resource, str(error)) from None
    call.books.table(TABLE).put(line, call.now)
    _follow(call, order)
    return row_reply(call, 201, line)


def _patch_line(call: Call) -> Reply:
    order, table = _draft(call), call.books.table(TABLE)
    before = find_row(call)
    patch_row(call)
    try:
        line = priced(call, table.rows[before["Id"]])
    except BadValueError as error:
        table.put(before, call.now)
        raise validation_error(call.resource, str(error)) from None
    table.put(line, call.now)
    _follow(call, order)
    return row_reply(call, 200, line)


def _delete_line(call: Call) -> Reply:
    line, order = find_row(call), call.books.table("SalesOrders").rows[call.path_ids[0]]
    if order["SalesOrderStatus"] != "Draft":
        detail = f"Sales order with id = {order['Id']} is not a draft and cannot be changed."
        return problem(409, "Sales order conflict", detail)
    call.books.table(TABLE).remove(line["Id"], call.now)
    _follow(call, order)
    return Reply(200)


_ALL, _ONE = "/SalesOrders/{id}/Lines", "/SalesOrders/{id}/Lines/{lineId}"
_LINE_ROUTES: Routes = {
    ("GET", _ALL): Route(list_rows, TABLE, "SalesOrders"),
    ("POST", _ALL): Route(_post_line, TABLE, "SalesOrders"),
    ("GET", _ONE): Route(get_row, TABLE, "SalesOrders"),
    ("PATCH", _ONE): Route(_patch_line, TABLE, "SalesOrders"),
    ("DELETE", _ONE): Route(_delete_line, TABLE, "SalesOrders"),
}


def post_order(call: Call) -> Reply:
    """Make an order and its lines."""
    resource, books = call.resource, call.books
    body = decoded(call)
    if not isinstance(body, dict):
        raise validation_error(resource, "The body must be an object.")
    try:
        sent = read_fields(resource.schema, body, "POST")
        number = books.new_id()
        identifier = str(UUID(int=number))
        lines = make_lines(call, sent.pop("SalesOrderLines", None), identifier)
    except BadValueError as error:
        raise validation_error(resource, str(error)) from None
    now = stamp(ticks(call.now))
    row: Row = {
        **dict.fromkeys(resource.schema.names),
        **resource.defaults,
        "SalesOrderDate": now[:10],
        "CurrencyCode": "NOK",
        **sent,
        "Id": identifier,
        "SalesOrderNo": number,
        **sums(lines),
        CREATED: now,
        CHANGED: now,
    }
    resolve_references(books, resource, row, sent)
    if row["CustomerId"] is None:
        raise validation_error(resource, "CustomerId or CustomerNo is required.")
    check_unique(call, resource, row)
    _check_invoiced(call, row)
    books.table("SalesOrders").put(row, call.now, call.application)
    for line in lines:
        books.table("SalesOrderLines").put(line, call.now)
    return row_reply(call, 201, _complete(call, row))


def _check_invoiced(call: Call, row: Row) -> None:
    reference = row["ExternalImportReference"]
    if reference is None or call.switches.invoiced_reference == "free":
        return
    invoice = call.books.find("OutgoingInvoices", "ExternalImportReference", reference)
    if invoice is not None and not invoice["IsReversed"]:
        raise taken(call, call.resource.label, "ExternalImportReference", reference, f"Id = {invoice['Id']}")


def _complete(call: Call, row: Row) -> Row:
    return {**row, "SalesOrderLines": lines_of(call, row["Id"])}


def get_complete(call: Call) -> Reply:
    """Answer an order with its lines."""
    return row_reply(call, 200, _complete(call, find_row(call)))


def patch_order(call: Call) -> Reply:
    """Change the head of an order; only a draft can be changed."""
    if find_row(call)["SalesOrderStatus"] != "Draft":
        raise validation_error(call.resource, f"Sales order with id = {call.identifier} is not a draft.")
    return patch_row(call)


def delete_order(call: Call) -> Reply:
    """Delete an order and its lines; only a draft can be deleted."""
    row = find_row(call)
    if row["SalesOrderStatus"] != "Draft":
        detail = f"Sales order with id = {row['Id']} is not a draft and cannot be deleted."
        return problem(409, "Sales order conflict", detail)
    for line in lines_of(call, row["Id"]):
        call.books.table("SalesOrderLines").remove(line["Id"], call.now)
    return delete_row(call)


ROUTES: Routes = {
    **_LINE_ROUTES,
    ("POST", "/SalesOrders/Complete"): Route(post_order, "SalesOrders", "SalesOrders"),
    ("PATCH", "/SalesOrders/{id}"): Route(patch_order, "SalesOrders", "SalesOrders"),
    ("DELETE", "/SalesOrders/{id}"): Route(delete_order, "SalesOrders", "SalesOrders"),
    ("GET", "/SalesOrders/{id}/Complete"): Route(get_complete, "SalesOrders", "SalesOrders"),
}
