"""
Sales orders with their lines: POST and GET ``Complete``.

Rule: an order is made only whole; ``POST /SalesOrders`` does not exist (OpenAPI).
"""

from __future__ import annotations

from uuid import UUID

from ...core.clock import stamp, ticks
from ...core.reply import Reply, problem
from ...core.table import Row
from ..resources.resource import CHANGED, CREATED
from ..resources.schema import BadValueError
from ..rest.bodies import check_unique, decoded, read_fields, resolve_references, validation_error
from ..rest.call import Call
from ..rest.lists import find_row, row_reply
from ..rest.route import Route, Routes
from ..rest.writes import delete_row, patch_row
from .order_lines import lines_of, make_lines, sums


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
    check_unique(books, resource, row)
    books.table("SalesOrders").put(row, call.now, call.application)
    for line in lines:
        books.table("SalesOrderLines").put(line, call.now)
    return row_reply(call, 201, _complete(call, row))


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
    ("POST", "/SalesOrders/Complete"): Route(post_order, "SalesOrders", "SalesOrders"),
    ("PATCH", "/SalesOrders/{id}"): Route(patch_order, "SalesOrders", "SalesOrders"),
    ("DELETE", "/SalesOrders/{id}"): Route(delete_order, "SalesOrders", "SalesOrders"),
    ("GET", "/SalesOrders/{id}/Complete"): Route(get_complete, "SalesOrders", "SalesOrders"),
}
