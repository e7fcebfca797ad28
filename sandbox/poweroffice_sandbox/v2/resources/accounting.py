"""
Orders, invoices, ledger and trial balance as resources.

Rule: data only. Filters and privileges: OpenAPI file of March 2025.
"""

from __future__ import annotations

from ..rest.filters import Filter
from . import dto_accounting as accounting
from .entries import entry
from .resource import CHANGED_FILTER, DIMENSION_FILTERS, Resource
from .schema import schema

ACCOUNTING = (
    Resource(
        "SalesOrders",
        "Sales order",
        "SalesOrders",
        schema(accounting.SALES_ORDER),
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
    ),
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
    ),
    entry("VatCodes", "VAT code", filters={"includeExpired": Filter("ignored", "ValidTo")}),
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
)
