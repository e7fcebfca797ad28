"""
Files attached to a sales order: ``/SalesOrders/{id}/attachments``.

Rule: the list tells of files, a file is fetched by its id (OpenAPI). They stay when the order becomes an
invoice, for the invoice's documentation.
"""

from __future__ import annotations

from ...core.reply import Reply
from ...core.table import Row
from ..resources.orders import ORDER
from ..rest.call import Call
from ..rest.lists import find_row, list_rows, owner_id, row_reply
from ..rest.route import Route, Routes
from ..rest.schema import CHANGED, CREATED
from .bodies import now_of
from .uploads import FILES, file_reply, keep, kept, read_upload

TABLE = "SalesOrderAttachments"


def _post(call: Call) -> Reply:
    upload, now = read_upload(call), now_of(call)
    order = owner_id(call, ORDER)
    row: Row = {
        CREATED: now,
        "FileName": upload.name,
        "FileSize": len(upload.content),
        "Id": call.books.new_id(),
        CHANGED: now,
        "SalesOrderId": order,
    }
    keep(call, row["Id"], upload)
    call.books.table(TABLE).put(row, call.now)
    return row_reply(call, 201, row)


def _get(call: Call) -> Reply:
    return file_reply(kept(call, find_row(call)["Id"]))


def _delete(call: Call) -> Reply:
    identifier = find_row(call)["Id"]
    for name in (TABLE, FILES):
        call.books.table(name).remove(identifier, call.now)
    return Reply(200)


_ALL, _ONE = "/SalesOrders/{salesOrderId}/attachments", "/SalesOrders/{salesOrderId}/attachments/{id}"
ROUTES: Routes = {
    ("GET", _ALL): Route(list_rows, TABLE, "SalesOrderAttachment"),
    ("POST", _ALL): Route(_post, TABLE, "SalesOrderAttachment"),
    ("GET", _ONE): Route(_get, TABLE, "SalesOrderAttachment"),
    ("DELETE", _ONE): Route(_delete, TABLE, "SalesOrderAttachment"),
}
