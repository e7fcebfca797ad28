"""
The sales orders and outgoing invoices a company begins with.

Rule: an invoice is the ledger voucher it was posted as (same id, number, date, customer and amounts), so
that the two lists agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from uuid import UUID

from ...core.clock import stamp
from ...core.origin import BASE, SPAN, START, money, voucher_uuid
from ...core.table import Row
from ..ledger.ledger import DAY, Ledger
from ..ledger.pattern import CYCLE, CYCLE_VOUCHERS
from ..resources.dto_accounting import SALES_ORDER, SALES_ORDER_LINE
from ..resources.schema import schema, schema_of
from ..sizes import Sizes
from ..subledger.subledger import balance_of

_INVOICES = tuple(i for i, (kind, _) in enumerate(CYCLE) if kind in {"OutgoingInvoice", "OutgoingCreditNote"})


def invoices(ledger: Ledger, count: int, company: int) -> Iterator[Row]:
    """
    Make the first invoices of the ledger.

    :param company: the company's position.
    """
    blank: Row = dict.fromkeys(schema_of("OutgoingInvoice").names)
    for index in range(count):
        cycle, place = divmod(index, len(_INVOICES))
        voucher = cycle * CYCLE_VOUCHERS + _INVOICES[place]
        if voucher >= ledger.base:
            return
        yield {**blank, **_invoice(ledger, voucher, index, company)}


def _invoice(ledger: Ledger, voucher: int, index: int, company: int) -> Row:
    first = ledger.first_row(voucher)
    total, net = ledger.line_at(first), ledger.line_at(first + 1)
    posted, created = ledger.posted(voucher), stamp(ledger.created(voucher))
    balance, last, match = balance_of(ledger, first)
    dimensions = ("DepartmentId", "DepartmentCode", "ProjectId", "ProjectCode")
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
        **{name: total.fields.get(name) for name in dimensions},
    }


def orders(seed: str, sizes: Sizes) -> tuple[list[Row], list[Row]]:
    """
    Make the sales orders, and their lines.

    :param seed: see :class:`random.Random`.
    :param sizes: how many, and what there is to refer to.
    """
    random = Random(f"{seed}/SalesOrders")
    blank: Row = dict.fromkeys(schema(SALES_ORDER).names)
    blank_line: Row = dict.fromkeys(schema(SALES_ORDER_LINE).names)
    heads, lines = [], []
    for index in range(sizes.sales_orders if sizes.customers and sizes.products else 0):
        identifier = str(UUID(int=random.getrandbits(128), version=4))
        made = [
            {**blank_line, **_line(random, sizes, identifier, number)}
            for number in range(1, random.randint(2, 4))
        ]
        customer = random.randrange(sizes.customers)
        created = START + random.randrange(SPAN)
        lines += made
        heads.append(
            {
                **blank,
                "Id": identifier,
                "SalesOrderNo": 30_001 + index,
                "SalesOrderStatus": "Draft" if index % 3 else "Confirmed",
                "SalesOrderDate": stamp(created)[:10],
                "CustomerId": BASE["Customers"] + customer,
                "CustomerNo": 10_000 + customer,
                "CurrencyCode": "NOK",
                "NetAmount": sum(line["NetAmount"] for line in made),
                "TotalAmount": sum(line["TotalAmount"] for line in made),
                "LineCount": len(made),
                "PaymentTerm": 14,
                "PaymentTermId": 31,
                "IsCreatedByCurrentIntegration": index % 2 == 0,
                "CreatedDateTimeOffset": stamp(created),
                "LastChangedDateTimeOffset": stamp(created + random.randrange(START + SPAN - created)),
            }
        )
    return heads, lines


def _line(random: Random, sizes: Sizes, order: str, number: int) -> Row:
    product, quantity, price = (
        random.randrange(sizes.products),
        random.randint(1, 9),
        random.randint(110, 99_990),
    )
    vat = (quantity * price * 25 + 50) // 100
    return {
        "Id": str(UUID(int=random.getrandbits(128), version=4)),
        "SalesOrderId": order,
        "LineType": "Normal",
        "ProductId": BASE["Products"] + product,
        "ProductCode": f"V-{product + 1:04}",
        "Description": f"Linje {number}",
        "Quantity": quantity,
        "Allowance": 0,
        "ProductUnitPrice": money(price),
        "NetAmount": money(quantity * price),
        "VatAmount": money(vat),
        "TotalAmount": money(quantity * price + vat),
        "VatId": 103,
        "VatCode": "3",
        "VatRate": money(2500),
        "VatReturnSpecification": "None",
        "SortOrder": number,
        "UnitOfMeasureCode": "EA",
        "UseStandardSalesAccount": True,
    }
