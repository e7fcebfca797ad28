"""
Sales orders, their lines and attachments.

Notation of the fields: see :mod:`..schema.tables`. They are written here and not made by the tool, because
``+`` marks of theirs come from the PatchDto models of June 2025. A type that is neither enum nor entity is an
object the sandbox passes on as it is.
"""

from __future__ import annotations

from random import Random
from uuid import UUID

from ...core.clock import stamp
from ...core.origin import (
    BASE,
    SPAN,
    START,
    money,
)
from ...core.table import Row
from ..schema.dto import schema, schema_of
from ..schema.filters import Filter
from ..schema.resource import CHANGED_FILTER, DIMENSION_FILTERS, Parent, Resource, Seed
from ..seeds import Source
from ..sizes import Sizes

_ORDER_FIELDS = """
+BrandingThemeCode:string? BrandingThemeId:int? ContactDeliveryAddressId:int? ContractNo:string?
-CreatedDateTimeOffset:timestamp CurrencyCode:string? CurrencyExchangeRate:number?
CustomMatchingReference:string? CustomerId:int? +CustomerNo:int? CustomerReference:string?
CustomerReferenceContactPersonId:int? DeliveryDate:date? +DeliveryTerm:string? DeliveryTermId:int?
+DepartmentCode:string? DepartmentId:int? +Dim1Code:string? Dim1Id:int? +Dim2Code:string? Dim2Id:int?
+Dim3Code:string? Dim3Id:int? ExternalImportReference:string? -Id:uuid ImportedOrderNo:int?
-IsCreatedByCurrentIntegration:bool? -LastChangedDateTimeOffset:timestamp -LineCount:int
+LocationCode:string? LocationId:int? -NetAmount:number +PaymentTerm:int? PaymentTermId:int?
+ProjectCode:string? ProjectId:int? PurchaseOrderReference:string? RelatedInvoiceNo:int?
SalesOrderDate:date? >SalesOrderLines:SalesOrderLinePostDto[]? -SalesOrderNo:int?
SalesOrderStatus:OrderStatus SalesPersonEmployeeId:int? +SalesPersonEmployeeNumber:int?
-TotalAmount:number
"""


_LINE_FIELDS = """
Accrual:Accrual Allowance:number? +DepartmentCode:string? DepartmentId:int? Description:string?
+Dim1Code:string? Dim1Id:int? +Dim2Code:string? Dim2Id:int? +Dim3Code:string? Dim3Id:int?
ExternalImportReference:string? -Id:uuid LineType:VoucherLineType +LocationCode:string? LocationId:int?
-NetAmount:number +ProductCode:string? ProductId:int? ProductUnitCost:number? ProductUnitPrice:number?
+ProjectCode:string? ProjectId:int? Quantity:number? -SalesOrderId:uuid? SellersReferenceEmployeeId:int?
+SellersReferenceEmployeeNo:int? SortOrder:int? -TotalAmount:number UnitOfMeasureCode:UnitOfMeasureType
UseStandardSalesAccount:bool? -VatAmount:number -VatCode:string? -VatId:int? -VatRate:number?
VatReturnSpecification:VatReturnSpecification
"""


ORDER = Parent(("SalesOrders",), "SalesOrderId", "Sales order")


def _made(source: Source) -> tuple[list[Row], list[Row]]:
    """Make the orders, and their lines."""
    random, sizes = source.random_of("SalesOrders"), source.sizes
    blank: Row = dict.fromkeys(schema(_ORDER_FIELDS).names)
    blank_line: Row = dict.fromkeys(schema(_LINE_FIELDS).names)
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


SALES_ORDERS = (
    Resource(
        "SalesOrders",
        "Sales order",
        "SalesOrders",
        schema(_ORDER_FIELDS),
        {
            "customerNos": Filter("numbers", "CustomerNo"),
            "onlyCreatedByCurrentIntegration": Filter("only", "IsCreatedByCurrentIntegration"),
            "orderStatus": Filter("enums", "SalesOrderStatus", "OrderStatus"),
            "showInherited": Filter("ignored", ""),
            **DIMENSION_FILTERS,
            **CHANGED_FILTER,
        },
        verbs=("list", "get", "patch", "delete"),
        newer={"salesOrderNos": Filter("numbers", "SalesOrderNo")},  # facts 3.3; its form is assumed
        unique=("ExternalImportReference",),
        defaults={"SalesOrderStatus": "Draft", "IsCreatedByCurrentIntegration": True},
        seed=Seed(lambda source: _made(source)[0], is_complete=True, is_owned=True),
    ),
    Resource(
        "SalesOrderLines",
        "Sales order line",
        "SalesOrders",
        schema(_LINE_FIELDS),
        {},
        (),
        parent=ORDER,
        seed=Seed(lambda source: _made(source)[1], is_complete=True),
    ),
    Resource(
        "SalesOrderAttachments",
        "Sales order attachment",
        "SalesOrderAttachment",
        schema_of("SalesOrderAttachment"),
        {},
        (),
        parent=ORDER,
    ),
)
