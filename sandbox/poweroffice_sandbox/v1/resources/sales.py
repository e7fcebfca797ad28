"""Invoices to customers: drafts, recurring ones, quotes, and what hangs on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ...core.clock import stamp
from ...core.origin import START
from ...core.table import Row
from ..books import Source
from ..seeds import accounting, registers
from .entries import Asking, entry

_CENT = Decimal("0.01")
_MOST_LINES = 10_000
_LINES = "outgoingInvoiceLines"
_NORMAL, _SENT, _PAID = 0, 2, 3
_SENDABLE_LINES = (0, 1, 2)
_NO_VAT = "0"


def _check(_call: Asking, row: Row, old: Row | None) -> Iterator[str]:
    if old is not None and old["status"] >= _SENT:
        yield f"The invoice {old['id']} is sent and cannot be changed."
    if row.get("customerCode") and row.get("contactGroupId"):
        yield "customerCode and contactGroupId exclude each other."
    lines = row.get(_LINES) or []
    if len(lines) > _MOST_LINES:
        yield f"An invoice may have {_MOST_LINES} lines, not {len(lines)}."
    references = [
        line["externalImportLineReference"] for line in lines if line.get("externalImportLineReference")
    ]
    if len(references) != len(set(references)):
        yield "externalImportLineReference must be unique within the invoice."
    for place, line in enumerate(lines, 1):
        kind = line.get("lineType", _NORMAL)
        if kind not in _SENDABLE_LINES:
            yield f"Line {place}: lineType cannot be {kind}."
        elif kind == _NORMAL and not line.get("productCode"):
            yield f"Line {place}: productCode is required."


def _total(call: Asking, row: Row, old: Row | None) -> None:
    """Price the lines, and add them up without and with VAT."""
    products = {item["code"]: item for item in call.books.table("Product").rows.values()}
    rates = {item["code"]: item["rate"] for item in call.books.table("VatCode").rows.values()}
    net = total = Decimal(0)
    lines = []
    for line in row.get(_LINES) or ():
        priced = _priced(line, products, rates) if line.get("lineType", _NORMAL) == _NORMAL else line
        net += priced.get("netAmount", Decimal(0))
        total += priced.get("totalAmount", Decimal(0))
        lines.append(priced)
    row.update({_LINES: lines, "netAmount": net, "totalAmount": total})
    if old is None:
        row["orderNo"] = 1 + max(
            (item.get("orderNo") or 0 for item in call.table.rows.values()), default=20_000
        )
        row.setdefault("orderDate", stamp(int(call.now) * 10_000_000)[:10])
    # Kept for the list, where it has another name.
    row["invoiceDeliveryDate"] = row.get("deliveryDate")
    groups = call.books.table("ContactGroup").rows
    row["contactGroup"] = groups[row["contactGroupId"]]["title"] if row.get("contactGroupId") else None


def _priced(line: Row, products: Mapping[str, Row], rates: Mapping[str, Decimal]) -> Row:
    product = products[line["productCode"]]
    price = line["unitPrice"] if line.get("unitPrice") is not None else product.get("salesPrice", Decimal(0))
    cost = line["unitCost"] if line.get("unitCost") is not None else product.get("costPrice", Decimal(0))
    quantity = line["quantity"] if line.get("quantity") is not None else Decimal(1)
    code = _NO_VAT if line.get("exemptVat") else product.get("vatCode", _NO_VAT)
    rate = rates.get(code, Decimal(0))
    net = (quantity * price * (1 - (line.get("discountPercent") or Decimal(0)))).quantize(_CENT)
    return {
        **line,
        "unitPrice": price,
        "unitCost": cost,
        "quantity": quantity,
        "description": line.get("description") or product.get("name"),
        "vatCode": code,
        "vatRate": rate,
        "salesAccount": product.get("salesAccount"),
        "vatExemptSalesAccount": product.get("vatExemptSalesAccount"),
        "netAmount": net,
        "totalAmount": (net * (100 + rate) / 100).quantize(_CENT),
    }


def _is_sent(_call: Asking, row: Row) -> bool:
    return bool(row["status"])


def _recurring(source: Source) -> Iterator[Row]:
    if not (source.sizes.customers and source.sizes.products):
        return
    for place in range(3):
        line = {
            "id": 92_000_001 + place,
            "productCode": "1000",
            "description": "Abonnement",
            "quantity": Decimal(1),
        }
        sums = {"netAmount": Decimal("100.00"), "totalAmount": Decimal("125.00")}
        yield {
            "id": source.guid(),
            "orderNo": 30_001 + place,
            "customerCode": registers.FIRST_CUSTOMER,
            "orderDate": "2025-01-01",
            "currencyCode": "NOK",
            "status": 0,
            "isActive": True,
            "sendFrequency": 1,
            "sendFrequencyUnit": 1,
            "nextInvoiceDate": "2026-01-01",
            **sums,
            "createdDate": stamp(START),
            "lastChanged": stamp(START),
            _LINES: [{**line, **sums, "unitPrice": Decimal(100), "vatCode": "3", "vatRate": Decimal(25)}],
        }


def _check_attachment(call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    if row["invoiceId"] not in call.books.table("OutgoingInvoice").rows:
        yield f"OutgoingInvoice with id {row['invoiceId']} does not exist."


def _with_size(_call: Asking, row: Row, _old: Row | None) -> None:
    text = row["base64EncodedData"]
    row["fileSizeInBytes"] = len(text) * 3 // 4 - text[-2:].count("=")


_SALES: dict[str, Any] = {
    "defaults": {"status": 0, "currencyCode": "NOK"},
    "limits": {f"{_LINES}.discountPercent": (-10, 1)},
    "refused": {"status": (_SENT, _PAID, 4)},
    "check": _check,
    "prepare": _total,
    "final": _is_sent,
}

ENTRIES = (
    entry("OutgoingInvoice", "OutgoingInvoice/List", seed=accounting.invoices, **_SALES),
    entry("RecurringInvoice", "RecurringInvoice/List", seed=_recurring, **_SALES),
    entry("Quote", "Quote/List", **_SALES),
    entry("DebtCollectionCase", "DebtCollection", unique=()),
    entry("VoucherNote", "", required=("voucherId", "text")),
    entry(
        "InvoiceAttachment",
        required=("invoiceId", "fileName", "base64EncodedData"),
        light=("base64EncodedData",),
        check=_check_attachment,
        prepare=_with_size,
    ),
)
