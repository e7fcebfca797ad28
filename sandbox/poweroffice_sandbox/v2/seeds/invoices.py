"""
The incoming invoices, and the lines of the outgoing ones.

Rule: each is made of the ledger voucher it was posted as, so that the lists agree.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.clock import stamp
from ...core.origin import FIRST_ENTRY, money, voucher_uuid
from ...core.table import Row
from ..ledger.ledger import DAY, Ledger
from ..ledger.pattern import CYCLE, CYCLE_VOUCHERS
from ..subledger.subledger import balance_of
from .seed import Seed, Source

_INCOMING = tuple(i for i, (kind, _) in enumerate(CYCLE) if kind == "IncomingInvoice")
_DIMENSIONS = ("DepartmentId", "DepartmentCode", "ProjectId", "ProjectCode")


def _incoming(source: Source) -> Iterator[Row]:
    ledger = source.ledger()
    for index in range(source.sizes.outgoing_invoices if source.sizes.suppliers else 0):
        cycle, place = divmod(index, len(_INCOMING))
        voucher = cycle * CYCLE_VOUCHERS + _INCOMING[place]
        if voucher >= ledger.base:
            return
        yield _invoice(source, ledger, voucher, index)


def _invoice(source: Source, ledger: Ledger, voucher: int, index: int) -> Row:
    first = ledger.first_row(voucher)
    cost, total = ledger.line_at(first), ledger.line_at(first + 2)
    posted, created = ledger.posted(voucher), stamp(ledger.created(voucher))
    balance, last, match = balance_of(ledger, first + 2)
    return {
        "Id": voucher_uuid(voucher + 1, source.company.index),
        "InvoiceNo": f"L-{70_001 + index}",
        "VoucherNo": voucher + 1,
        "VoucherType": "IncomingInvoice",
        "VoucherDate": stamp(posted)[:10],
        "DueDate": stamp(posted + 14 * DAY)[:10],
        "SupplierId": total.fields["ContactId"],
        "SupplierNo": total.fields["SupplierAccountNo"],
        "CurrencyCode": "NOK",
        "NetAmount": money(cost.ore),
        "TotalAmount": money(-total.ore),
        "NetPostedAmount": money(cost.ore),
        "TotalPostedAmount": money(-total.ore),
        "Balance": money(-balance),
        "BalanceLastChangedDateTimeOffset": stamp(ledger.created(last)),
        "MatchId": match,
        "IsReversed": False,
        "CreatedDateTimeOffset": created,
        "LastChangedDateTimeOffset": created,
        **{name: cost.fields.get(name) for name in _DIMENSIONS},
    }


def _lines(source: Source) -> Iterator[Row]:
    ledger = source.ledger()
    for invoice in source.table("OutgoingInvoices").rows.values():
        position = ledger.first_row(invoice["VoucherNo"] - 1) + 1
        net = ledger.line_at(position)
        vat = -net.fields["VatAmount"]
        yield {
            **{name: net.fields.get(name) for name in (*_DIMENSIONS, "ProductId", "ProductCode", "Quantity")},
            "Id": FIRST_ENTRY + 3 * position,
            "InvoiceId": invoice["Id"],
            "AccountId": net.fields["AccountId"],
            "AccountNo": net.account,
            "Description": net.fields["Description"],
            "LineType": "Normal",
            "SortOrder": 1,
            "NetAmount": money(-net.ore),
            "NetPostedAmount": money(-net.ore),
            "TotalAmount": money(-net.ore) + vat,
            "TotalPostedAmount": money(-net.ore) + vat,
            "ProductUnitPrice": money(-net.ore) / (net.fields.get("Quantity") or 1),
            "UnitOfMeasureCode": "EA",
            "VatAmount": vat,
            "VatCode": net.fields["VatCode"],
            "VatId": net.fields["VatId"],
            "VatRate": net.fields["VatRate"],
        }


INVOICE_SEEDS = {
    "IncomingInvoices": Seed("IncomingInvoiceListItem", _incoming),
    "OutgoingInvoices/Lines": Seed("OutgoingInvoiceLine", _lines),
}
