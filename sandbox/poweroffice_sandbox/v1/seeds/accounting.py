"""
The rows a company begins with in the accounts: accounts, VAT codes, vouchers, invoices.

Rule: vouchers come in cycles of four, in one series of numbers in the order of their dates. Customers and
suppliers in the last third of their list have no vouchers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ...core import names
from ...core.clock import TICKS, stamp
from ...core.origin import FIRST_DAY, SPAN, START, voucher_uuid
from ...core.table import Row
from ..books import OWN, Source
from . import registers as seeds

_DAY = 86_400 * TICKS


def used(number: int) -> int:
    """Give how many of a list have vouchers."""
    return -(-2 * number // 3)


def accounts(source: Source) -> Iterator[Row]:
    """Make general ledger accounts: NS 4102."""
    for place, (code, name, _kind, vat) in enumerate(names.ACCOUNTS):
        row = {"id": 40_001 + place, "code": code, "name": name, "vatCode": vat, "isActive": True}
        row["isVatCodeLockedAfterPosting"] = False
        yield {**row, "lastChanged": seeds.times(source.random)["lastChanged"]}


def vat_codes(_source: Source) -> Iterator[Row]:
    """Make VAT codes."""
    for key, code, name, rate, until in names.VAT_CODES:
        row = {"id": key, "code": code, "name": name, "rate": Decimal(rate), "isActive": until is None}
        yield {**row, "validFrom": FIRST_DAY, "validto": until}


# Of so many vouchers of a kind, how many the first application has made.
_OWN_OF = {0: 5, 1: 3, 2: 2, 3: 2}


def _head(source: Source, cycle: int, place: int) -> dict[str, Any]:
    """Give what all four vouchers of a cycle have; ``place`` is 0 to 3."""
    day = START + SPAN * cycle // source.sizes.voucher_cycles // _DAY * _DAY
    return {
        "id": voucher_uuid(4 * cycle + place + 1, source.company.index),
        OWN: cycle % _OWN_OF[place] == _OWN_OF[place] - 1,
        "voucherNo": 4 * cycle + place + 1,
        "voucherDate": stamp(day)[:10],
        "createdDate": stamp(day + (9 + place) * 3_600 * TICKS + 1_234_567),
        "dueDate": stamp(day + 14 * _DAY)[:10],
        "currencyCode": "NOK",
        "isReversed": False,
    }


def _line(voucher: Mapping[str, Any], place: int, account: int, amount: Decimal, vat: str = "0") -> Row:
    text = f"Bilag {voucher['voucherNo']}, linje {place + 1}"
    line = {"id": 10 * voucher["voucherNo"] + place, "accountCode": account, "amount": amount}
    return {**line, "vatCode": vat, "description": text}


def _amount(source: Source) -> Decimal:
    return Decimal(source.random.randrange(10_000, 2_000_000)) / 100


def _cycles(source: Source) -> range:
    return range(source.sizes.voucher_cycles)


def outgoing(source: Source) -> Iterator[Row]:
    """Make vouchers of invoices to customers."""
    payers = used(source.sizes.customers)
    for cycle in _cycles(source) if payers else ():
        head = _head(source, cycle, 0)
        line = _line(head, 0, 3000, _amount(source), "3")
        yield {
            **head,
            "invoiceNo": 10_001 + cycle,
            "cid": f"{10_001 + cycle:012d}",
            "customerCode": seeds.FIRST_CUSTOMER + cycle % payers,
            "currencyRate": Decimal(1),
            "deliveryDate": head["voucherDate"],
            "lines": [line],
        }


def incoming(source: Source) -> Iterator[Row]:
    """Make vouchers of invoices from suppliers."""
    sellers = used(source.sizes.suppliers)
    for cycle in _cycles(source) if sellers else ():
        head = _head(source, cycle, 1)
        yield {
            **head,
            "invoiceNo": f"F-{cycle}",
            "supplierCode": seeds.FIRST_SUPPLIER + cycle % sellers,
            "currencyRate": Decimal(1),
            "lines": [_line(head, 0, 4300, _amount(source), "1")],
        }


def _journal(head: Mapping[str, Any], debit: int, credit: int, amount: Decimal) -> Row:
    """Make a journal voucher of two lines; it has no due date."""
    more = {"currencyCode": "NOK", "currencyRate": Decimal(1), "date": head["voucherDate"]}
    sides = ((debit, amount), (credit, -amount))
    lines = [{**_line(head, place, *side), **more} for place, side in enumerate(sides)]
    return {**{name: value for name, value in head.items() if name != "dueDate"}, "lines": lines}


def manual(source: Source) -> Iterator[Row]:
    """Make manual journals: rent, which is less than what customers pay."""
    for cycle in _cycles(source):
        rent = (_amount(source) / 4).quantize(Decimal("0.01"))
        yield {**_journal(_head(source, cycle, 2), 6300, 1920, rent), "description": "Leie"}


def bank(source: Source) -> Iterator[Row]:
    """Make bank journals: most pay the invoice of two cycles before, some half of it, some are fees."""
    invoices = list(source.table("OutgoingInvoiceVoucher").rows.values())
    for cycle in _cycles(source):
        head = _head(source, cycle, 3)
        if not invoices or cycle < 2 or cycle % 5 == 0:  # noqa: PLR2004
            yield {**_journal(head, 7770, 1920, Decimal("35.50")), "description": "Bankgebyr"}
            continue
        paid = invoices[cycle - 2]
        whole = paid["lines"][0]["amount"]
        amount = (whole / 2).quantize(Decimal("0.01")) if cycle % 7 == 0 else whole
        voucher = _journal(head, 1920, paid["customerCode"], amount)
        voucher["lines"][1]["invoiceNo"] = str(paid["invoiceNo"])
        yield {**voucher, "description": "Innbetaling fra kunde"}


def invoices(source: Source) -> Iterator[Row]:
    """Make the invoices behind the vouchers to customers that no integration made; they share ids."""
    goods = used(source.sizes.products)
    table = source.table("OutgoingInvoiceVoucher")
    for place, voucher in enumerate(table.rows.values()):
        if voucher["id"] in table.owners:
            continue
        gross = voucher["lines"][0]["amount"]
        net = (gross / Decimal("1.25")).quantize(Decimal("0.01"))
        product = {"productCode": str(1_000 + place % goods)} if goods else {}
        line = {"id": 91_000_001 + place, **product, "description": "Vare", "quantity": Decimal(1)}
        sums = {"netAmount": net, "totalAmount": gross}
        rates = {"vatCode": "3", "vatRate": Decimal(25), "salesAccount": 3000}
        yield {
            "id": voucher["id"],
            "invoiceNo": voucher["invoiceNo"],
            "documentNo": str(voucher["invoiceNo"]),
            "cid": voucher["cid"],
            "voucherNo": voucher["voucherNo"],
            "orderNo": 20_001 + place,
            "customerCode": voucher["customerCode"],
            "customerReference": f"Bestilling {place}",
            "orderDate": voucher["voucherDate"],
            "voucherDate": voucher["voucherDate"],
            "deliveryDate": voucher["deliveryDate"],
            "invoiceDeliveryDate": voucher["deliveryDate"],
            "dueDate": voucher["dueDate"],
            "expectedDueDate": voucher["dueDate"],
            "sentDate": voucher["createdDate"],
            "invoiceDeliveryType": 1,
            "status": 2,
            "currencyCode": "NOK",
            "paymentTerms": 14,
            **sums,
            "createdDate": voucher["createdDate"],
            "lastChanged": voucher["createdDate"],
            "outgoingInvoiceLines": [{**line, **sums, **rates, "unitPrice": net, "sortOrder": 0}],
        }
