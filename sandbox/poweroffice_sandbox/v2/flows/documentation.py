"""
The documents of posted vouchers: ``/VoucherDocumentation``.

Rule: a document is put on a voucher the same application has posted, PDF only, 30 MB at most; the last one
stays (OpenAPI). A download is one zip, also of a single file. Assumed: which generated vouchers have a PDF,
an EHF or images; that a voucher that is not there gives 204, as only 200, 204 and 400 are declared for
Download.
"""

from __future__ import annotations

from ...core.origin import voucher_uuid
from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..reply import refuse
from ..resources.vouchers import VOUCHER_KINDS
from ..rest.call import Call, Route, Routes
from ..rest.lists import given_filters, ordered, rows_body
from ..rest.paging import page_reply, read_page
from ..schema.tables import ENUMS
from .attachments import IMAGES, PAGES
from .bodies import query_id
from .uploads import JPEG, Upload, ehf, kept, pdf, read_upload, zipped

TABLE = "VoucherDocumentation"
LARGEST = 30 * 1024 * 1024
_TYPES = "VoucherDocumentationType"


def _number_of(call: Call, identifier: str) -> int | None:
    """Find the number of a voucher by its id."""
    ledger = call.books.ledger
    for row in ledger.tail.rows:
        if row["VoucherId"] == identifier:
            return int(row["VoucherNo"])
    number = int(identifier.replace("-", "")[20:], 16)
    known = 0 < number <= ledger.base and voucher_uuid(number, call.company.index) == identifier
    return number if known else None


def _about(call: Call, number: int) -> tuple[str, str]:
    """Give a voucher's id and type."""
    ledger = call.books.ledger
    fields = ledger.line_at(ledger.first_row(number - 1)).fields
    return fields.get("VoucherId") or voucher_uuid(number, call.company.index), fields["VoucherType"]


def _files(call: Call, number: int) -> dict[str, dict[str, bytes]]:
    """Give the files of a voucher by type of documentation, then by name."""
    identifier, kind = _about(call, number)
    put = call.books.table(TABLE).rows.get(identifier)
    order = call.books.table("InvoicedOrders").rows.get(identifier)
    pages = [page for page in call.books.table(PAGES).rows.values() if page["VoucherId"] == identifier]
    item = call.books.table("JournalEntryVouchers").rows.get(identifier)
    generated = number <= call.books.ledger.base
    found: dict[str, dict[str, bytes]] = {"Pdf": {}, "Ehf": {}, "Images": {}, "Attachments": {}}
    if put is not None:
        found["Pdf"][f"{number}.pdf"] = put["File"].content
    elif order is not None or (
        generated and kind in {"OutgoingInvoice", "OutgoingCreditNote", "IncomingInvoice"}
    ):
        found["Pdf"][f"{number}.pdf"] = pdf(f"{kind} {number}")
    if (generated and kind == "IncomingInvoice" and number % 3 == 0) or (item or {}).get("OriginatedFromEhf"):
        found["Ehf"][f"{number}.xml"] = ehf(str(number))
    images = [kept(call, page["Id"]) for page in pages]
    if generated and kind == "IncomingInvoice" and number % 4 == 0:
        images = [Upload("1.jpg", JPEG), Upload("2.jpg", JPEG)]
    for place, image in enumerate(images, start=1):
        group = "Images" if image.suffix in IMAGES else "Pdf"
        found[group][f"{number}-{place}.{image.suffix}"] = image.content
    rows = call.books.table("SalesOrderAttachments").rows.values() if order is not None else ()
    for row in rows:
        if order is not None and row["SalesOrderId"] == order["SalesOrderId"]:
            found["Attachments"][row["FileName"]] = kept(call, row["Id"]).content
    return found


def _row(call: Call, number: int) -> Row:
    identifier, kind = _about(call, number)
    files = _files(call, number)
    return {
        "HasEhf": bool(files["Ehf"]),
        "HasImages": bool(files["Images"]),
        "HasPdf": bool(files["Pdf"]),
        "HasSalesOrderAttachments": bool(files["Attachments"]),
        "IsImported": _posted_by(call, identifier) is not None,
        "VoucherId": identifier,
        "VoucherNo": number,
        "VoucherType": kind,
    }


def _posted_by(call: Call, identifier: str) -> str | None:
    owners = (call.books.table(f"Vouchers/{kind}").owners.get(identifier) for kind in VOUCHER_KINDS)
    return next((owner for owner in owners if owner is not None), None)


def _list(call: Call) -> Reply:
    page, given = read_page(call), given_filters(call)
    identifier, numbers = query_id(call, required=False), list(range(1, call.books.ledger.vouchers + 1))
    if identifier:
        number = _number_of(call, identifier)
        numbers = [] if number is None else [number]
    if "voucherNo" in given:
        wanted = given["voucherNo"].value.strip()
        numbers = [number for number in numbers if str(number) == wanted]
    start, stop = page.bounds(len(numbers))
    if page.order:
        rows = ordered([_row(call, number) for number in numbers], page, call)[start:stop]
    else:
        rows = [_row(call, number) for number in numbers[start:stop]]
    return page_reply(call, page, len(numbers), rows_body(rows, page))


def _download(call: Call) -> Reply:
    wanted = call.query.get("documentationtype", "").strip().lower() or "all"
    if wanted not in {name.lower() for name in ENUMS[_TYPES]}:
        raise refuse(
            400, "Voucher documentation validation error(s)", f"'{wanted}' is not a type of documentation."
        )
    number = _number_of(call, query_id(call, required=True))
    groups = {} if number is None else _files(call, number)
    files = {
        name: content
        for group, members in groups.items()
        if wanted in {"all", group.lower()}
        for name, content in members.items()
    }
    if not files:
        return Reply(204)
    named = f'attachment; filename="documentation-{number}.zip"'
    return Reply(200, zipped(files), {"Content-Type": "application/zip", "Content-Disposition": named})


def _put(call: Call) -> Reply:
    identifier = query_id(call, required=True)
    if _number_of(call, identifier) is None:
        raise refuse(404, "Object(s) not found", f"Voucher with id = {identifier} not found.")
    if _posted_by(call, identifier) != call.application:
        raise _invalid(f"Voucher with id = {identifier} was not imported by this integration.")
    upload = read_upload(call)
    if not upload.content.startswith(b"%PDF-"):
        raise _invalid("Only PDF files can be imported.")
    if len(upload.content) > LARGEST:
        raise _invalid("The file is larger than 30 MB.")
    call.books.table(TABLE).put({"Id": identifier, "File": upload}, call.now)
    return Reply(int(call.switches.documentation_put))


def _invalid(detail: str) -> RefusedError:
    return refuse(400, "Voucher documentation validation error(s)", detail)


ROUTES: Routes = {
    ("GET", f"/{TABLE}"): Route(_list, TABLE, TABLE),
    ("PUT", f"/{TABLE}"): Route(_put, TABLE, TABLE),
    ("GET", f"/{TABLE}/Download"): Route(_download, TABLE, TABLE),
}
