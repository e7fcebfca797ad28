"""Vouchers that are posted as they are saved, their files, and the drafts that a user posts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ...core.clock import stamp
from ...core.origin import START
from ...core.table import Row
from ..books import Source
from ..seeds import accounting, registers
from .entries import Asking, entry

KINDS = (
    "ManualJournalVoucher", "BankJournalVoucher", "OutgoingInvoiceVoucher", "IncomingInvoiceVoucher",
    "ExpenseVoucher", "CashJournalVoucher", "PayrollJournalVoucher", "YearEndJournalVoucher",
)  # fmt: skip
# Journals whose lines have two sides; those of invoices and expenses have their counterpart in the head.
JOURNALS = tuple(kind for kind in KINDS if kind.endswith("JournalVoucher"))
_MOST_BYTES = 50 * 2**20
_PDF = 1


def next_number(call: Asking) -> int:
    """Give the next number of the one series that all vouchers share."""
    tables = (*KINDS, "Reversal")
    rows = (row for table in tables for row in call.books.table(table).rows.values())
    return max((row["voucherNo"] for row in rows), default=0) + 1


def lock_date(call: Asking) -> str:
    """Give the day on or before which nothing is posted."""
    client = next(iter(call.books.table("Client").rows.values()))
    return str(client.get("lockDate") or "")


def _check(call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    lines = row["lines"]
    if row["voucherDate"] <= lock_date(call):
        yield f"The voucher date {row['voucherDate']} is not after the lock date {lock_date(call)}."
    for place, line in enumerate(lines, 1):
        if not line.get("accountCode"):
            yield f"Line {place}: accountCode is required."
        if line.get("amount") is None:
            yield f"Line {place}: amount is required."
    total = sum((line.get("amount") or Decimal(0) for line in lines), Decimal(0))
    is_adjusted = row.get("autoAdjustCurrencyExchangeDifference")
    strict = call.switches.unbalanced == "refused"
    if call.resource.entity in JOURNALS and total and strict and not is_adjusted:
        yield f"The lines do not sum to zero, but to {total}."


def _post(call: Asking, row: Row, _old: Row | None) -> None:
    row["voucherNo"] = next_number(call)
    row.setdefault("currencyCode", "NOK")
    # Kept for the ledger; a voucher itself does not tell.
    row["createdDate"] = row["lastChanged"] = stamp(round(call.now * 1_000_000) * 10)
    if call.resource.entity not in JOURNALS:
        row.setdefault("dueDate", row["voucherDate"])
    dated = call.resource.entity in JOURNALS and call.resource.entity != "YearEndJournalVoucher"
    row["lines"] = [{"date": row["voucherDate"], **line} if dated else line for line in row["lines"]]


def _check_file(call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    owners = {key: kind for kind in KINDS for key in call.books.table(kind).rows}
    kind = owners.get(row["voucherId"])
    if kind is None or not call.is_own(kind, row["voucherId"]):
        yield f"Voucher {row['voucherId']} was not made by this integration."
    if row["fileType"] != _PDF:
        yield "fileType must be Pdf."
    if len(row["base64EncodedData"]) * 3 // 4 > _MOST_BYTES:
        yield "The file is larger than 50 MB."


def _attach(call: Asking, row: Row, _old: Row | None) -> None:
    """Give a file the id of its voucher: a later one takes the place of an earlier one."""
    row["id"] = row["voucherId"]
    for kind in KINDS:
        table = call.books.table(kind)
        voucher = table.rows.get(row["voucherId"])
        if voucher is not None:
            table.put({**voucher, "hasImportedDocumentation": True}, call.now)


_INVOICES = (1, 2)


def _check_draft(_call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    kind = row["voucherType"]
    for name, kinds in (
        ("supplierCode", _INVOICES),
        ("invoiceNo", _INVOICES),
        ("creditNoteNo", (2,)),
        ("employeeCode", (3,)),
        ("totalAmount", (1, 2, 3)),
        ("bankAccountCode", (1, 2, 3)),
    ):
        if row.get(name) and kind not in kinds:
            yield f"{name} does not go with voucherType {kind}."
    for line in row.get("voucherLines") or ():
        if line.get("invoiceNo") and kind != 6:  # noqa: PLR2004 - BankJournal
            yield "invoiceNo of a line goes with bank journals."


def _drafts(source: Source) -> Iterator[Row]:
    for place in range(2 if source.sizes.suppliers else 0):
        line = {
            "id": 93_000_001 + place,
            "debitAccountCode": 6800,
            "debitVatCode": "1",
            "amount": Decimal(500),
        }
        yield {
            "id": source.guid(),
            "voucherType": 1,
            "supplierCode": registers.FIRST_SUPPLIER + place,
            "invoiceNo": f"K-{place}",
            "voucherDate": "2025-12-01",
            "dueDate": "2025-12-15",
            "totalAmount": Decimal(500),
            "currencyCode": "NOK",
            "payout": True,
            "lastChanged": stamp(START),
            "voucherLines": [{**line, "lastChanged": stamp(START)}],
        }


_SEEDS = dict(
    zip(KINDS, (accounting.manual, accounting.bank, accounting.outgoing, accounting.incoming), strict=False)
)
_PARTY = {
    "OutgoingInvoiceVoucher": ("customerCode",),
    "IncomingInvoiceVoucher": ("supplierCode",),
    "ExpenseVoucher": ("employeeCode",),
}
_PREMIUM = {"lines.discountPercent": (-1000, 100)}


def _voucher(kind: str) -> Any:
    more: dict[str, Any] = {"seed": _SEEDS[kind]} if kind in _SEEDS else {}
    if kind == "OutgoingInvoiceVoucher":
        more |= {"unique": ("invoiceNo",), "numbered": ("invoiceNo", 10_001), "limits": _PREMIUM}
    required = ("voucherDate", "lines", *_PARTY.get(kind, ()))
    return entry(kind, f"Voucher/{kind}", is_own=True, required=required, check=_check, prepare=_post, **more)


ENTRIES = (
    *(_voucher(kind) for kind in KINDS),
    # Not a resource of the API: what undoes a voucher, and matches that were asked for.
    entry("Reversal", "", text="id:g# voucherNo:i64 reversedId:g createdDate:dt"),
    entry("CustomerMatch", "", text="id:i64# matchId:i64 entryIds:[i64]"),
    entry("SupplierMatch", "", text="id:i64# matchId:i64 entryIds:[i64]"),
    entry(
        "VoucherDocumentation",
        "",
        required=("voucherId", "fileName", "fileType", "base64EncodedData"),
        check=_check_file,
        prepare=_attach,
    ),
    entry(
        "JournalEntryVoucher",
        required=("voucherType", "currencyCode", "file"),
        defaults={"payout": True},
        hidden=("file", "comment"),
        lengths={"comment": 250},
        check=_check_draft,
        seed=_drafts,
    ),
)
