"""
Files of a sales order (``…/{id}/attachments``), and pages and EHF of a draft (``…/{id}/VoucherPages``).

Rule: the list tells of files, a file is fetched by its id (OpenAPI). Those of an order stay when it becomes
an invoice, for its documentation. A page is a PDF or an image; a posted draft takes none and gives none up
(409). Only a draft that arrived as EHF has an EHF file.
"""

from __future__ import annotations

from ...core.reply import Reply
from ...core.table import Row
from ..reply import refuse
from ..resources.orders import ORDER
from ..resources.vouchers import LIST
from ..rest.call import Call, Route, Routes
from ..rest.lists import find_row, list_rows, owner_id, row_reply
from ..schema.dto import CHANGED, CREATED
from .bodies import now_of
from .drafts import item_of, open_item, touch
from .uploads import FILES, Upload, ehf, file_reply, keep, kept, read_upload

PAGES = "VoucherPages"
IMAGES = {"png", "jpg", "jpeg", "gif", "tif", "tiff"}
_PRIVILEGE = "JournalEntryVoucher"


def _post_page(call: Call) -> Reply:
    voucher, upload = open_item(call), read_upload(call)
    if upload.suffix not in {"pdf", *IMAGES}:
        raise refuse(
            400, "Voucher page validation error(s)", f"The file '{upload.name}' is no PDF and no image."
        )
    page = {CREATED: now_of(call), "Id": call.books.new_id(), "VoucherId": voucher["Id"]}
    keep(call, page["Id"], upload)
    call.books.table(PAGES).put(page, call.now)
    touch(call, voucher["Id"])
    return Reply(201)


def _page(call: Call) -> Row:
    voucher, text = item_of(call), call.identifier
    row = call.books.table(PAGES).rows.get(int(text) if text.isdecimal() else text)
    if row is None or row["VoucherId"] != voucher["Id"]:
        raise refuse(404, "Object(s) not found", f"Voucher page with id = {text} not found.")
    return row


def _get_page(call: Call) -> Reply:
    return file_reply(kept(call, _page(call)["Id"]))


def _delete_page(call: Call) -> Reply:
    page = _page(call)
    touch(call, open_item(call)["Id"])
    for name in (PAGES, FILES):
        call.books.table(name).remove(page["Id"], call.now)
    return Reply(200)


def _ehf(call: Call) -> Reply:
    row = item_of(call)
    if not row["OriginatedFromEhf"]:
        raise refuse(404, "Object(s) not found", f"EHF of voucher with id = {row['Id']} not found.")
    return file_reply(Upload(f"{row['Id']}.xml", ehf(row["Id"])))


_PAGES_OF, _ONE_PAGE = f"/{LIST}/{{id}}/VoucherPages", f"/{LIST}/{{id}}/VoucherPages/{{pageId}}"
_PAGE_ROUTES: Routes = {
    ("POST", _PAGES_OF): Route(_post_page, LIST, _PRIVILEGE),
    ("GET", _ONE_PAGE): Route(_get_page, LIST, _PRIVILEGE),
    ("DELETE", _ONE_PAGE): Route(_delete_page, LIST, _PRIVILEGE),
    ("GET", f"/{LIST}/{{id}}/ehf"): Route(_ehf, LIST, _PRIVILEGE),
}


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
    **_PAGE_ROUTES,
    ("GET", _ALL): Route(list_rows, TABLE, "SalesOrderAttachment"),
    ("POST", _ALL): Route(_post, TABLE, "SalesOrderAttachment"),
    ("GET", _ONE): Route(_get, TABLE, "SalesOrderAttachment"),
    ("DELETE", _ONE): Route(_delete, TABLE, "SalesOrderAttachment"),
}
