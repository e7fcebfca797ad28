"""
Terms, themes, currencies, dimensions' settings, bank accounts, contacts' parts, assignments as resources.

Rule: data only; see :mod:`.entries`.
"""

from __future__ import annotations

from typing import Any

from ...core.table import Row
from ..rest.filters import Filter
from .entries import entry
from .resource import Parent, Resource, Tables
from .schema import schema_of


def _of_contact(name: str, label: str, tables: tuple[str, ...], **rules: Any) -> Resource:
    return entry(
        name, label, filters={"contactIds": Filter("ids", "ContactId")},
        parent=Parent(tables, "ContactId", "Contact"), **rules,
    )  # fmt: skip


def _light(_tables: Tables, row: Row) -> Row:
    """Give an assignment as the list does: the OpenAPI file has its dates as times there."""
    dates = {name: value for name, value in row.items() if name.endswith("Date")}
    return {**row, **{name: value and f"{value}T00:00:00.0000000Z" for name, value in dates.items()}}


SETTINGS = (
    entry("BrandingThemes", "Branding theme"),
    entry("ClientContacts", "Client contact"),
    entry(
        "ClientBankAccounts",
        "Client bank account",
        unique=("BankAccountNumber",),
        defaults={"IsActive": True, "IsPrimaryAccount": False},
    ),
    entry(
        "ClientBankAccounts/BankApprovers",
        "Bank approver",
        # OpenAPI, example of a PATCH: these are patched although the DTO has them as read-only.
        marks={"FromDate": "", "ToDate": "", "IsActiveApprover": ""},
        defaults={"IsActiveApprover": True},
    ),
    entry("Currencies", "Currency", filters={"currencyCode": Filter("codes", "Code")}),
    entry("CustomDimensionSettings", "Custom Dimension setting"),
    entry("DeliveryTerms", "Delivery Term", unique=("Name",), defaults={"IsDefault": False}),
    entry(
        "PaymentTerms",
        "Payment Term",
        unique=("Name",),
        defaults={"IsActive": True, "IsDefault": False},  # OpenAPI: IsActive defaults to true
    ),
    entry(
        "SubLedgerNumberSeries",
        "Sub-ledger number series",
        entity="SubLedgerNumberSeries",
        # OpenAPI: this filter is sensitive to case.
        filters={"subLedgerNumberSeriesType": Filter("exact", "SubLedgerNumberSeriesType")},
    ),
    _of_contact(
        "ContactBankAccounts",
        "Contact bank account",
        ("Customers", "Suppliers", "Employees"),
        created_fields=("CreateDateTimeOffset",),
        defaults={"IsActive": True, "CountryCode": "NO"},
    ),
    _of_contact(
        "ContactDeliveryAddresses",
        "Contact delivery address",
        ("Customers", "Suppliers", "Employees"),
        unique=("ExternalCode",),
        defaults={"IsPrimary": False, "CountryCode": "NO"},  # OpenAPI: NO when none is given
    ),
    _of_contact(
        "ContactPersons",
        "Contact person",
        ("Customers", "Suppliers"),
        unique=("ExternalCode",),
        defaults={"IsActive": True, "IsDefault": False},
    ),
    entry(
        "Assignments",
        "Assignment",
        entity="AssignmentGeneral",
        only=("/Assignments/{id}", "POST /Assignments"),
        # Assumed: the writes are newer than the OpenAPI file; they take what the answer has.
        marks={field.name: "" for field in schema_of("AssignmentGeneral").fields if field.name != "Id"},
    ),
    entry(
        "Assignments",
        "Assignment",
        name="AssignmentsList",
        entity="AssignmentLightWeight",
        only=("GET /Assignments",),
        filters={
            "status": Filter("enums", "Status", "AssignmentAgreementStatus"),
            "customerSubLedgerAccountIds": Filter("ids", "CustomerSubledgerAccountId"),
            "managerSubLedgerAccountIds": Filter("ids", "ManagerSubledgerAccountId"),
        },
        rows="Assignments",
        view=_light,
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
    ),
    entry(
        "OutgoingInvoices/Lines",
        "Outgoing invoice line",
        parent=Parent(("OutgoingInvoices",), "InvoiceId", "Outgoing invoice"),
    ),
)
