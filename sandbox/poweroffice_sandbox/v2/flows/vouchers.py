"""
Vouchers posted straight to the ledger: ``/Vouchers/<kind>`` and ``/Vouchers/Reverse/{id}``.

Rule: POST and GET by id only; an integration sees and reverses only what it posted itself (OpenAPI). To undo
is to reverse; that frees the reference and the invoice number. Assumed: the shape of POST
OutgoingInvoiceJournals and of OutgoingCreditNoteJournals, newer than the OpenAPI file of March 2025, and
that a reversal has the dates of what it reverses. A credit note is sent as an invoice is, with positive
amounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ...core.clock import ticks
from ...core.reply import Reply
from ...core.table import Row, Table
from ..reply import problem, refuse
from ..rest.bodies import taken
from ..rest.call import Call, Route, Routes
from ..rest.lists import row_reply
from ..schema.dto import whole
from .bodies import now_of, read_flow
from .invoices import add_invoice, mark_reversed
from .posting import LABEL, book, cents, dimension_fields, invalid, ledger_lines, vat_of


@dataclass(frozen=True)
class Kind:
    """One kind of voucher: its path, its entity, and the type it has in the ledger."""

    path: str
    entity: str
    type: str
    lines: str = "VoucherLines"

    @property
    def table(self) -> str:
        """The name of its table."""
        return f"Vouchers/{self.path}"

    @property
    def line_entity(self) -> str:
        """The entity of its lines."""
        return f"{self.entity}Line"

    @property
    def privilege(self) -> str:
        """What posting and reading it needs."""
        return self.entity


INVOICE = Kind("OutgoingInvoiceJournals", "OutgoingInvoiceVoucher", "OutgoingInvoice", "OutgoingInvoiceLines")
CREDIT_NOTE = Kind(
    "OutgoingCreditNoteJournals", "OutgoingInvoiceVoucher", "OutgoingCreditNote", "OutgoingInvoiceLines"
)
_SALES = (INVOICE, CREDIT_NOTE)
KINDS = (
    Kind("BankJournals", "BankVoucher", "BankJournal"),
    Kind("CashJournals", "CashVoucher", "CashJournal"),
    Kind("ManualJournals", "ManualVoucher", "ManualJournal"),
    Kind("YearEndJournals", "YearEndVoucher", "YearEndJournal"),
    INVOICE,
    CREDIT_NOTE,
)
REVERSERS = "/".join(kind.privilege for kind in KINDS)


def _tables(call: Call) -> list[Table]:
    return [call.books.table(kind.table) for kind in KINDS]


def check_free(call: Call, field: str, value: object) -> None:
    """
    Refuse a reference or invoice number that a voucher has which is not reversed.

    :param field: e.g. ``ExternalImportReference``.
    :raises RefusedError: 400, with the id of the other voucher.
    """
    rows = (row for table in _tables(call) for row in table.rows.values())
    checked = call.switches.unique_check == "on"
    for row in rows if value is not None and checked else ():
        if row.get(field) == value and not row["IsReversed"]:
            raise taken(call, LABEL, field, value, f"voucher with Id = {row['Id']}")


def post(kind: Kind, call: Call) -> Reply:
    """Post a voucher."""
    sent = read_flow(call, kind.entity, LABEL)
    check_free(call, "ExternalImportReference", sent.get("ExternalImportReference"))
    sent = {**sent, "CurrencyCode": sent.get("CurrencyCode") or "NOK"}
    if kind in _SALES:
        check_free(call, "InvoiceNo", sent.get("InvoiceNo"))
    rows = ledger_lines(call, _entries(kind, sent), sent)
    booked = book(call, _head(kind.type, sent), rows)
    row = _stored(call, kind, sent, booked)
    call.books.table(kind.table).put(row, call.now, call.application)
    if kind in _SALES:
        add_invoice(call, booked, {**row, **dimension_fields(call.books, sent)}, vat_of(rows))
    return row_reply(call, 201, row)


def _head(kind: str, sent: Row) -> Row:
    names = ("VoucherDate", "CurrencyCode", "ExternalImportReference", "ImportedVoucherNo")
    return {
        "VoucherType": kind,
        "VoucherDescription": sent.get("Description"),
        **{name: sent.get(name) for name in names},
    }


def _entries(kind: Kind, sent: Row) -> list[Row]:
    """Give the lines to post; an invoice debits the customer and credits its lines."""
    lines: list[Row] = sent.get(kind.lines) or []
    if kind not in _SALES:
        return lines
    total = sum(cents(line.get("CurrencyAmount") or 0) for line in lines)
    if total != cents(sent.get("CurrencyAmount") or total):
        raise invalid(f"CurrencyAmount is {sent['CurrencyAmount']}, the sum of the lines is {total}.")
    sign = -1 if kind is CREDIT_NOTE else 1
    customer = {**sent, "AccountId": sent["CustomerAccountId"], "CurrencyAmount": sign * total}
    opposite = [{**line, "CurrencyAmount": -sign * cents(line.get("CurrencyAmount") or 0)} for line in lines]
    return [customer, *opposite] if lines else []


def _stored(call: Call, kind: Kind, sent: Row, booked: Row) -> Row:
    now = now_of(call)
    lines = [
        whole(
            kind.line_entity,
            {
                "CurrencyCode": sent["CurrencyCode"],
                "UnitOfMeasureType": "EA",
                **line,
                "Id": call.books.new_id(),
            },
            now,
        )
        for line in sent.get(kind.lines) or ()
    ]
    known = {
        kind.lines: lines,
        "Id": booked["VoucherId"],
        "VoucherNo": booked["VoucherNo"],
        "IsReversed": False,
    }
    if kind in _SALES:
        known["CurrencyAmount"] = booked["CurrencyAmount"]
        known["InvoiceNo"] = sent.get("InvoiceNo") or str(booked["VoucherNo"])
    return whole(kind.entity, {**sent, **known}, now)


def _own(call: Call, tables: list[Table]) -> tuple[Table, Row]:
    for table in tables:
        row = table.rows.get(call.identifier)
        if row is not None and table.owners.get(call.identifier) == call.application:
            return table, row
    raise refuse(404, "Object(s) not found", f"Voucher with id = {call.identifier} not found.")


def get(kind: Kind, call: Call) -> Reply:
    """Answer a voucher the integration has posted."""
    return row_reply(call, 200, _own(call, [call.books.table(kind.table)])[1])


def reverse(call: Call) -> Reply:
    """Book the opposite of a voucher."""
    table, row = _own(call, _tables(call))
    if row["IsReversed"]:
        return problem(409, "Object conflict", f"Voucher with id = {row['Id']} is already reversed.")
    ledger, number = call.books.ledger, row["VoucherNo"]
    lines = [_opposite(line) for line in ledger.tail.lines(number - ledger.base - 1)]
    head = {"VoucherType": "ReversalVoucher", "ReversedVoucherId": row["Id"], "ReversedVoucherNo": number}
    book(call, head, lines)
    ledger.tail.change(number, ticks(call.now), IsReversed=True)
    table.put({**row, "IsReversed": True}, call.now, call.application)
    mark_reversed(call, row["Id"])
    return Reply(int(call.switches.reverse))


_AMOUNTS = ("Amount", "CurrencyAmount", "VatAmount", "Quantity", "Quantity2")


def _opposite(line: Row) -> Row:
    amounts = {name: None if line[name] is None else -line[name] for name in _AMOUNTS}
    gone = dict.fromkeys(
        ("VoucherType", "VoucherId", "ExternalImportReference", "ReversedVoucherId", "ReversedVoucherNo")
    )
    kept = {name: value for name, value in line.items() if name not in gone}
    return {**kept, **amounts}


ROUTES: Routes = {
    **{("POST", f"/Vouchers/{kind.path}"): Route(partial(post, kind), "", kind.privilege) for kind in KINDS},
    **{
        ("GET", f"/Vouchers/{kind.path}/{{id}}"): Route(partial(get, kind), "", f"{kind.privilege}_Full")
        for kind in KINDS
    },
    ("POST", "/Vouchers/Reverse/{id}"): Route(reverse, "", REVERSERS),
}
