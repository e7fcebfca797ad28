"""
The pages of a draft and its EHF: ``/JournalEntryVouchers/{id}/VoucherPages`` and ``/ehf``.

Rule: a page is a PDF or an image; a posted draft takes none and gives none up (409). Only a draft that
arrived as EHF has an EHF file.
"""

from __future__ import annotations

from ...core.reply import Reply, refuse
from ...core.table import Row
from ..rest.call import Call
from ..rest.route import Route, Routes
from ..rest.schema import CREATED
from .bodies import now_of
from .draft_kinds import LIST
from .drafts import item_of, open_item, touch
from .files_made import ehf
from .uploads import FILES, Upload, file_reply, keep, kept, read_upload

PAGES = "VoucherPages"
IMAGES = {"png", "jpg", "jpeg", "gif", "tif", "tiff"}
_PRIVILEGE = "JournalEntryVoucher"


def _post(call: Call) -> Reply:
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


def _get(call: Call) -> Reply:
    return file_reply(kept(call, _page(call)["Id"]))


def _delete(call: Call) -> Reply:
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


_ALL, _ONE = f"/{LIST}/{{id}}/VoucherPages", f"/{LIST}/{{id}}/VoucherPages/{{pageId}}"
ROUTES: Routes = {
    ("POST", _ALL): Route(_post, LIST, _PRIVILEGE),
    ("GET", _ONE): Route(_get, LIST, _PRIVILEGE),
    ("DELETE", _ONE): Route(_delete, LIST, _PRIVILEGE),
    ("GET", f"/{LIST}/{{id}}/ehf"): Route(_ehf, LIST, _PRIVILEGE),
}
