"""
Orders, invoices, ledger and trial balance as resources.

Rule: data only. Filters and privileges: OpenAPI file of March 2025.
"""

from __future__ import annotations

from . import dto_accounting as accounting
from .filters import Filter
from .resource import CHANGED_FILTER, CREATED_FILTER, DIMENSION_FILTERS, Resource
from .schema import schema

_LEDGER = {
    "fromDate": Filter("from", "PostingDate"),
    "toDate": Filter("to", "PostingDate"),
    "voucherNos": Filter("numbers", "VoucherNo"),
    "accountNos": Filter("numbers", "AccountNo"),
    "agricultureDepartments": Filter("enums", "AgricultureDepartment", "AgricultureDepartment"),
    "productCodes": Filter("codes_or_none", "ProductCode"),
    "vatCodes": Filter("codes", "VatCode"),
    "voucherTypes": Filter("enums", "VoucherType", "VoucherType"),
    **DIMENSION_FILTERS,
    **CREATED_FILTER,
    **CHANGED_FILTER,
}

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
        unique=("ExternalImportReference",),
        defaults={"SalesOrderStatus": "Draft", "IsCreatedByCurrentIntegration": True},
    ),
    Resource(
        "OutgoingInvoices",
        "Outgoing invoice",
        "OutgoingInvoice",
        schema(accounting.OUTGOING_INVOICE),
        {
            "balanceLastChangedDateTimeOffsetGreaterThan": Filter(
                "after", "BalanceLastChangedDateTimeOffset"
            ),
            "customerNos": Filter("numbers", "CustomerNo"),
            "customMatchingReferences": Filter("codes", "CustomMatchingReference"),
            "fromDate": Filter("from", "VoucherDate"),
            "toDate": Filter("to", "VoucherDate"),
            "invoiceIds": Filter("codes", "Id"),
            "invoiceNos": Filter("numbers", "InvoiceNo"),
            "onlyCreatedByCurrentIntegration": Filter("only", "IsCreatedByCurrentIntegration"),
            "onlyUnpaidInvoices": Filter("only", "Balance"),
            "sentDateTimeOffsetGreaterThan": Filter("after", "SentDateTimeOffset"),
            "voucherNos": Filter("numbers", "VoucherNo"),
            **DIMENSION_FILTERS,
        },
        verbs=("list", "get"),
    ),
    Resource(
        "VatCodes",
        "VAT code",
        "CommonServices",
        schema(accounting.VAT_CODE),
        {"isActive": Filter("flag", "IsActive"), "includeExpired": Filter("ignored", "ValidTo")},
        verbs=("list",),
    ),
    Resource(
        "AccountTransactions",
        "Account transaction",
        "AccountTransaction",
        schema(accounting.ACCOUNT_TRANSACTION),
        _LEDGER,
        verbs=(),
    ),
    Resource(
        "TrialBalance",
        "Trial balance",
        "TrialBalance",
        schema(accounting.TRIAL_BALANCE_LINE),
        {
            "date": Filter("to", "PostingDate"),
            "accountNos": Filter("numbers", "AccountNo"),
            "agricultureDepartments": Filter("enums", "AgricultureDepartment", "AgricultureDepartment"),
            "departmentCodes": Filter("codes_or_none", "DepartmentCode"),
            "hideAccountsWithZeroBalance": Filter("only", "Balance"),
            "includeSubProject": Filter("ignored", ""),
            "productCode": Filter("codes", "ProductCode"),
            "projectCode": Filter("projects", "ProjectCode"),
        },
        verbs=(),
    ),
)
