"""
Invoices, the ledger, the trial balance and the ledgers of customers and suppliers.

Rule: an invoice is the ledger voucher it was posted as (same id, number, date, contact and amounts), so that
the lists agree. What has no table is answered from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.clock import stamp
from ...core.origin import (
    FIRST_ENTRY,
    money,
    voucher_uuid,
)
from ...core.table import Row
from ..ledger.ledger import DAY, Ledger
from ..ledger.pattern import CYCLE, CYCLE_VOUCHERS
from ..ledger.subledger import balance_of
from ..schema.dto import schema_of
from ..schema.filters import Filter
from ..schema.resource import Parent, Resource, Seed
from ..seeds import Source
from .entries import entry

_OUTGOING = tuple(i for i, (kind, _) in enumerate(CYCLE) if kind in {"OutgoingInvoice", "OutgoingCreditNote"})


_INCOMING = tuple(i for i, (kind, _) in enumerate(CYCLE) if kind == "IncomingInvoice")


_DIMENSIONS = ("DepartmentId", "DepartmentCode", "ProjectId", "ProjectCode")


def _outgoing(source: Source) -> Iterator[Row]:
    """Make the first invoices of the ledger."""
    ledger, company = source.ledger(), source.company.index
    blank: Row = dict.fromkeys(schema_of("OutgoingInvoice").names)
    for index in range(source.sizes.outgoing_invoices):
        cycle, place = divmod(index, len(_OUTGOING))
        voucher = cycle * CYCLE_VOUCHERS + _OUTGOING[place]
        if voucher >= ledger.base:
            return
        yield {**blank, **_outgoing_invoice(ledger, voucher, index, company)}


def _outgoing_invoice(ledger: Ledger, voucher: int, index: int, company: int) -> Row:
    first = ledger.first_row(voucher)
    total, net = ledger.line_at(first), ledger.line_at(first + 1)
    posted, created = ledger.posted(voucher), stamp(ledger.created(voucher))
    balance, last, match = balance_of(ledger, first)
    return {
        "Id": voucher_uuid(voucher + 1, company),
        "InvoiceNo": 20_001 + index,
        "VoucherNo": voucher + 1,
        "VoucherType": total.fields["VoucherType"],
        "VoucherDate": stamp(posted)[:10],
        "DueDate": stamp(posted + 14 * DAY)[:10],
        "CustomerId": total.fields.get("ContactId"),
        "CustomerNo": total.fields.get("CustomerAccountNo"),
        "CurrencyCode": "NOK",
        "NetAmount": money(-net.ore),
        "TotalAmount": money(total.ore),
        "NetPostedAmount": money(-net.ore),
        "TotalPostedAmount": money(total.ore),
        "Balance": money(balance),
        "BalanceLastChangedDateTimeOffset": stamp(ledger.created(last)),
        "MatchId": match,
        "Cid": f"{20_001 + index:010}17",
        "InvoiceDeliveryType": "PdfByEmail",
        "IsReversed": False,
        "IsCreatedByCurrentIntegration": index % 2 == 0,
        "SentDateTimeOffset": created if index % 3 else None,
        "CreatedDateTimeOffset": created,
        "LastChangedDateTimeOffset": created,
        **{name: total.fields.get(name) for name in _DIMENSIONS},
    }


def _incoming(source: Source) -> Iterator[Row]:
    ledger = source.ledger()
    for index in range(source.sizes.outgoing_invoices if source.sizes.suppliers else 0):
        cycle, place = divmod(index, len(_INCOMING))
        voucher = cycle * CYCLE_VOUCHERS + _INCOMING[place]
        if voucher >= ledger.base:
            return
        yield _incoming_invoice(source, ledger, voucher, index)


def _incoming_invoice(source: Source, ledger: Ledger, voucher: int, index: int) -> Row:
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


def _outgoing_lines(source: Source) -> Iterator[Row]:
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


_LISTS = ("Balances", "OpenItems", "Statement", "EntriesByMatchId")


def _ledger(prefix: str, name: str) -> Resource:
    return entry(
        f"{prefix}ledger/{name}",
        f"{prefix} ledger entry",
        filters={
            "customMatchingReferences": Filter("codes", "CustomMatchingReference"),
            f"{prefix.lower()}Nos": Filter("numbers", f"{prefix}AccountNo"),
            "date": Filter("to", "PostingDate"),
            "externalNos": Filter("numbers", f"{prefix}ExternalNo"),
            "fromDate": Filter("from", "PostingDate"),
            "includeOnlyOpenItems": Filter("only", "Balance"),
            "invoiceNos": Filter("codes", "InvoiceNo"),
            "matchId": Filter("number", "MatchId"),
            "onlyBalancesGreaterThanAmount": Filter("matched", ""),
            "onlyBalancesLessThanAmount": Filter("matched", ""),
            "onlyCreatedByCurrentIntegration": Filter("only", "IsCreatedByCurrentIntegration"),
            "subLedgerNumberSeriesIds": Filter("codes", "SubLedgerNumberSeriesId"),
            "toDate": Filter("to", "PostingDate"),
            "voucherTypes": Filter("enums", "VoucherType", "VoucherType"),
        },
        stored=False,
    )


ACCOUNTING = (
    entry(
        "OutgoingInvoices",
        "Outgoing invoice",
        filters={
            "balanceLastChangedDateTimeOffsetGreaterThan": Filter(
                "after", "BalanceLastChangedDateTimeOffset"
            ),
            "customMatchingReferences": Filter("codes", "CustomMatchingReference"),
            "fromDate": Filter("from", "VoucherDate"),
            "toDate": Filter("to", "VoucherDate"),
            "invoiceIds": Filter("codes", "Id"),
            "invoiceNos": Filter("numbers", "InvoiceNo"),
            "onlyCreatedByCurrentIntegration": Filter("only", "IsCreatedByCurrentIntegration"),
            "sentDateTimeOffsetGreaterThan": Filter("after", "SentDateTimeOffset"),
        },
        newer={"orderNos": Filter("numbers", "OrderNo")},  # facts 3.3; its form is assumed
        seed=Seed(_outgoing, is_complete=True, is_owned=True),
    ),
    entry(
        "OutgoingInvoices/Lines",
        "Outgoing invoice line",
        parent=Parent(("OutgoingInvoices",), "InvoiceId", "Outgoing invoice"),
        seed=Seed(_outgoing_lines),
    ),
    entry(
        "IncomingInvoices",
        "Incoming invoice",
        filters={
            "fromDate": Filter("from", "VoucherDate"),
            "toDate": Filter("to", "VoucherDate"),
            "balanceLastChangedDateTimeOffsetGreaterThan": Filter(
                "after", "BalanceLastChangedDateTimeOffset"
            ),
            "supplierNos": Filter("numbers", "SupplierNo"),
            "voucherTypes": Filter("enums", "VoucherType", "VoucherType"),
        },
        seed=Seed(_incoming),
    ),
    entry(
        "AccountTransactions",
        "Account transaction",
        filters={
            "fromDate": Filter("from", "PostingDate"),
            "toDate": Filter("to", "PostingDate"),
            "productCodes": Filter("codes_or_none", "ProductCode"),
            "vatCodes": Filter("codes", "VatCode"),
            "voucherTypes": Filter("enums", "VoucherType", "VoucherType"),
        },
        stored=False,
    ),
    entry(
        "TrialBalance",
        "Trial balance",
        filters={
            "date": Filter("to", "PostingDate"),
            "hideAccountsWithZeroBalance": Filter("only", "Balance"),
            "productCode": Filter("codes", "ProductCode"),
            "projectCode": Filter("projects", "ProjectCode"),
        },
        stored=False,
    ),
    *(
        _ledger(prefix, f"{prefix}Balances" if name == "Balances" else name)
        for prefix in ("Customer", "Supplier")
        for name in _LISTS
    ),
)
