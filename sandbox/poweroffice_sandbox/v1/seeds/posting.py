"""
From vouchers to postings: the lines of the ledger each voucher makes.

Rule: the postings of a voucher sum to zero. An invoice's lines are gross amounts, positive; its counterpart
is the control account. A journal's lines are signed, and a customer or supplier number stands for the
control account. All of this is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from ...core.origin import voucher_uuid
from ...core.table import Row
from .registers import FIRST_CUSTOMER, FIRST_SUPPLIER

CUSTOMERS, SUPPLIERS = 1500, 2400
_OUTPUT_VAT, _INPUT_VAT = 2700, 2710
_CUSTOMER_NUMBERS = range(FIRST_CUSTOMER, FIRST_SUPPLIER)

VOUCHER_TYPES = {
    "ManualJournalVoucher": 1,
    "BankJournalVoucher": 2,
    "OutgoingInvoiceVoucher": 3,
    "IncomingInvoiceVoucher": 4,
}
"""The ``voucherType`` of a posting; the numbers are assumed."""

Rates = Mapping[str, Decimal]


def control_account(code: int) -> int:
    """
    Give the account a line is posted on: its own, or the control account of a contact.

    :param code: ``accountCode`` of a line.
    """
    if code < FIRST_CUSTOMER:
        return code
    return CUSTOMERS if code in _CUSTOMER_NUMBERS else SUPPLIERS


def _contact(code: int) -> dict[str, int]:
    if code < FIRST_CUSTOMER:
        return {}
    return {"customerCode" if code in _CUSTOMER_NUMBERS else "supplierCode": code}


def _invoice(voucher: Row, rates: Rates, sign: int, vat_account: int, contact: int) -> Iterator[Row]:
    """Post an invoice: the contact, then each line net and its VAT; ``sign`` is 1 for a customer's."""
    total = sum((line["amount"] for line in voucher["lines"]), Decimal(0))
    yield {"accountCode": control_account(contact), "amount": sign * total, **_contact(contact)}
    for line in voucher["lines"]:
        rate = rates.get(line.get("vatCode", ""), Decimal(0))
        net = (line["amount"] * 100 / (100 + rate)).quantize(Decimal("0.01"))
        shared = {name: line[name] for name in ("description", "vatCode") if name in line}
        yield {**shared, "accountCode": line["accountCode"], "amount": -sign * net}
        if rate:
            yield {**shared, "accountCode": vat_account, "amount": -sign * (line["amount"] - net)}


def _journal(voucher: Row) -> Iterator[Row]:
    for line in voucher["lines"]:
        code = line["accountCode"]
        shared = {name: line[name] for name in ("description", "vatCode", "invoiceNo") if name in line}
        yield {**shared, "accountCode": control_account(code), "amount": line["amount"], **_contact(code)}


def _lines(kind: str, voucher: Row, rates: Rates) -> Iterator[Row]:
    if kind == "OutgoingInvoiceVoucher":
        return _invoice(voucher, rates, 1, _OUTPUT_VAT, voucher["customerCode"])
    if kind == "IncomingInvoiceVoucher":
        return _invoice(voucher, rates, -1, _INPUT_VAT, voucher["supplierCode"])
    return _journal(voucher)


def postings(kind: str, vouchers: Iterable[Row], rates: Rates, company: int) -> Iterator[Row]:
    """
    Post vouchers.

    :param company: the company's position.
    """
    for voucher in vouchers:
        shared: dict[str, Any] = {
            "voucherNo": voucher["voucherNo"],
            "voucherType": VOUCHER_TYPES[kind],
            "voucherId": voucher_uuid(voucher["voucherNo"], company),
            "voucherDate": voucher["voucherDate"],
            "postingDate": voucher["voucherDate"],
            "dueDate": voucher.get("dueDate"),
            "invoiceNo": str(voucher.get("invoiceNo", "")),
            "currencyCode": voucher.get("currencyCode", "NOK"),
            "createdDate": voucher["createdDate"],
            "lastChanged": voucher.get("lastChanged", voucher["createdDate"]),
        }
        for place, line in enumerate(_lines(kind, voucher, rates)):
            amount = line["amount"]
            yield {**shared, **line, "id": voucher["id"] * 100 + place, "currencyAmount": amount}
