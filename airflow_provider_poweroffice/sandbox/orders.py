"""
Sales orders with their lines: POST and GET ``Complete``.

Rule: an order is made only whole; ``POST /SalesOrders`` does not exist (OpenAPI).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from .bodies import check_unique, decoded, read_fields, resolve_references, validation_error
from .call import Call
from .clock import stamp, ticks
from .dto_accounting import SALES_ORDER_LINE
from .lists import find_row, row_reply
from .replies import Reply, problem
from .resource import CHANGED, CREATED
from .schema import BadValueError, schema
from .table import Row
from .writes import delete_row, patch_row

_LINE = schema(SALES_ORDER_LINE)
_CENT = Decimal("0.01")
_VAT = Decimal(25)


def post_order(call: Call) -> Reply:
    """
    Make an order and its lines.

    :param call: the request.
    """
    resource, books = call.resource, call.books
    body = decoded(call)
    if not isinstance(body, dict):
        raise validation_error(resource, "The body must be an object.")
    try:
        sent = read_fields(resource.schema, body, "POST")
        number = books.new_id()
        lines = _lines(call, sent.pop("SalesOrderLines", None), UUID(int=number))
    except BadValueError as error:
        raise validation_error(resource, str(error)) from None
    now = stamp(ticks(call.now))
    row: Row = {
        **dict.fromkeys(resource.schema.names),
        **resource.defaults,
        "SalesOrderDate": now[:10],
        "CurrencyCode": "NOK",
        **sent,
        "Id": str(UUID(int=number)),
        "SalesOrderNo": number,
        "LineCount": len(lines),
        "NetAmount": sum(line["NetAmount"] for line in lines),
        "TotalAmount": sum(line["TotalAmount"] for line in lines),
        CREATED: now,
        CHANGED: now,
    }
    resolve_references(books, resource, row, sent)
    if row["CustomerId"] is None:
        raise validation_error(resource, "CustomerId or CustomerNo is required.")
    check_unique(books, resource, row)
    books.table("SalesOrders").put(row, call.now)
    for line in lines:
        books.table("SalesOrderLines").put(line, call.now)
    return row_reply(call, 201, _complete(call, row))


def _lines(call: Call, values: Any, order: UUID) -> list[Row]:
    if values is not None and not isinstance(values, list):
        raise BadValueError("SalesOrderLines must be a list.")
    try:
        return [_line(call, value, order) for value in values or ()]
    except InvalidOperation:
        raise BadValueError("The amount of a line is too large.") from None


def _line(call: Call, value: Any, order: UUID) -> Row:
    if not isinstance(value, dict):
        raise BadValueError("A line must be an object.")
    sent = read_fields(_LINE, value, "POST")
    row: Row = {**dict.fromkeys(_LINE.names), "LineType": "Normal", "VatReturnSpecification": "None", **sent}
    resolve_references(call.books, call.resource, row, sent)
    product = call.books.find("Products", "Id", row["ProductId"]) if row["ProductId"] else None
    if product is not None:
        row["ProductUnitPrice"] = (
            product["UnitPrice"] if row["ProductUnitPrice"] is None else row["ProductUnitPrice"]
        )
        row["UnitOfMeasureCode"] = row["UnitOfMeasureCode"] or product["UnitOfMeasureCode"]
    share = 1 - Decimal(row["Allowance"] or 0) / 100
    net = (Decimal(row["Quantity"] or 0) * Decimal(row["ProductUnitPrice"] or 0) * share).quantize(_CENT)
    vat = (net * _VAT / 100).quantize(_CENT)
    return {
        **row,
        "Id": str(UUID(int=call.books.new_id())),
        "SalesOrderId": str(order),
        "UnitOfMeasureCode": row["UnitOfMeasureCode"] or "EA",
        "NetAmount": net,
        "VatAmount": vat,
        "TotalAmount": net + vat,
        "VatCode": "3",
        "VatId": 103,
        "VatRate": _VAT,
    }


def _lines_of(call: Call, row: Row) -> list[Row]:
    table = call.books.table("SalesOrderLines").seen(call.now, call.switches.read_lag)
    lines = [line for line in table.values() if line["SalesOrderId"] == row["Id"]]
    return sorted(lines, key=lambda line: (line["SortOrder"] or 0, line["Id"]))


def _complete(call: Call, row: Row) -> Row:
    return {**row, "SalesOrderLines": _lines_of(call, row)}


def get_complete(call: Call) -> Reply:
    """
    Answer an order with its lines.

    :param call: the request.
    """
    return row_reply(call, 200, _complete(call, find_row(call)))


def patch_order(call: Call) -> Reply:
    """
    Change the head of an order; only a draft can be changed.

    :param call: the request.
    """
    if find_row(call)["SalesOrderStatus"] != "Draft":
        raise validation_error(call.resource, f"Sales order with id = {call.identifier} is not a draft.")
    return patch_row(call)


def delete_order(call: Call) -> Reply:
    """
    Delete an order and its lines; only a draft can be deleted.

    :param call: the request.
    """
    row = find_row(call)
    if row["SalesOrderStatus"] != "Draft":
        detail = f"Sales order with id = {row['Id']} is not a draft and cannot be deleted."
        return problem(409, "Sales order conflict", detail)
    for line in _lines_of(call, row):
        call.books.table("SalesOrderLines").remove(line["Id"], call.now)
    return delete_row(call)
