"""
The OData entities there are: a small choice, with a few fields each.

Rule: a table. Set names of customers, vendors, journals and units are those of the real service; which fields
they have here is a choice, and the rows are invented (:mod:`.seeds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Row = dict[str, Any]
NAMESPACE = "Microsoft.Dynamics.DataEntities"
EMPTY_DATE = "1900-01-01T12:00:00Z"
"""A date that is not set."""
COMPANY = "dataAreaId"
EDM = {
    "text": "Edm.String",
    "int": "Edm.Int32",
    "long": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "date": "Edm.DateTimeOffset",
}
ENUMS: Mapping[str, tuple[str, ...]] = {
    "NoYes": ("No", "Yes"),
    "CustVendorBlocked": ("No", "Invoice", "All", "Payment", "Requisition", "Never"),
    "LedgerPostingType": ("None", "LedgerJournal", "CustBalance", "VendBalance", "Tax"),
}


@dataclass(frozen=True)
class Field:
    """
    One field.

    :param kind: one of :data:`EDM`, or the name of an enum.
    :param label: as in the messages of the service.
    :param mandatory: whether a new row needs it.
    :param refers: the set whose key the value must be, if there is one.
    """

    name: str
    kind: str = "text"
    key: bool = False
    label: str = ""
    mandatory: bool = False
    refers: str = ""

    @property
    def edm(self) -> str:
        """The type as in the metadata."""
        return EDM.get(self.kind, f"{NAMESPACE}.{self.kind}")

    @property
    def is_enum(self) -> bool:
        """Whether its values are the members of an enum."""
        return self.kind in ENUMS


@dataclass(frozen=True)
class Entity:
    """
    One entity.

    :param set_name: as in the URL.
    :param name: as in messages and metadata.
    :param table: of X++, as in messages.
    :param sequence: the prefix of the number sequence that fills the last key, if there is one.
    :param links: navigation properties: the other set, and its key fields by ours.
    """

    set_name: str
    name: str
    table: str
    fields: tuple[Field, ...]
    sequence: str = ""
    links: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def keys(self) -> tuple[Field, ...]:
        """The key fields, in order."""
        return tuple(item for item in self.fields if item.key)

    @property
    def has_company(self) -> bool:
        """Whether its rows belong to companies."""
        return COMPANY in self.by_name

    def key_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the key of a row; the company in lower case."""
        return tuple(row[item.name].lower() if item.name == COMPANY else row[item.name] for item in self.keys)


def key_text(entity: Entity, row: Mapping[str, Any]) -> str:
    """Write a row's key as in a URL, not percent-encoded."""
    return ",".join(f"{item.name}={_literal(item, row[item.name])}" for item in entity.keys)


def _literal(item: Field, value: Any) -> str:
    if item.is_enum:
        return f"{item.edm}'{value}'"
    return "'" + value.replace("'", "''") + "'" if item.kind == "text" else str(value)


_COMPANY = Field(COMPANY, key=True, label="Company")

_ALL = (
    Entity(
        "CustomerGroups",
        "CustomerGroup",
        "CustGroup",
        (
            _COMPANY,
            Field("CustomerGroupId", key=True, label="Customer group", mandatory=True),
            Field("Description", label="Description"),
            Field("PaymentTermId", label="Terms of payment"),
            Field("IsSalesTaxIncludedInPrice", "NoYes", label="Prices include sales tax"),
        ),
    ),
    Entity(
        "CustomersV3",
        "CustomerV3",
        "CustTable",
        (
            _COMPANY,
            Field("CustomerAccount", key=True, label="Customer account"),
            Field("OrganizationName", label="Name", mandatory=True),
            Field("CustomerGroupId", label="Customer group", mandatory=True, refers="CustomerGroups"),
            Field("SalesCurrencyCode", label="Currency"),
            Field("CreditLimit", "decimal", label="Credit limit"),
            Field("OnHoldStatus", "CustVendorBlocked", label="Invoicing and delivery on hold"),
            Field("IsOneTimeCustomer", "NoYes", label="One-time customer"),
            Field("CredManCreditLimitDate", "date", label="Credit limit date"),
            Field("PrimaryContactEmail", label="Email"),
        ),
        sequence="US-",
        links={"CustomerGroup": ("CustomerGroups", {COMPANY: COMPANY, "CustomerGroupId": "CustomerGroupId"})},
    ),
    Entity(
        "VendorsV2",
        "VendorV2",
        "VendTable",
        (
            _COMPANY,
            Field("VendorAccountNumber", key=True, label="Vendor account"),
            Field("VendorOrganizationName", label="Name", mandatory=True),
            Field("VendorGroupId", label="Group", mandatory=True),
            Field("CurrencyCode", label="Currency"),
            Field("OnHoldStatus", "CustVendorBlocked", label="Vendor hold"),
            Field("OnHoldReleaseDate", "date", label="Hold release date"),
        ),
        sequence="V-",
    ),
    Entity(
        "LedgerJournalHeaders",
        "LedgerJournalHeader",
        "LedgerJournalTable",
        (
            _COMPANY,
            Field("JournalBatchNumber", key=True, label="Journal batch number"),
            Field("JournalName", label="Name", mandatory=True),
            Field("Description", label="Description"),
            Field("IsPosted", "NoYes", label="Posted"),
        ),
        sequence="JB-",
    ),
    Entity(
        "LedgerJournalLines",
        "LedgerJournalLine",
        "LedgerJournalTrans",
        (
            _COMPANY,
            Field(
                "JournalBatchNumber",
                key=True,
                label="Journal batch number",
                mandatory=True,
                refers="LedgerJournalHeaders",
            ),
            Field("LineNumber", "int", key=True, label="Line number", mandatory=True),
            Field("AccountDisplayValue", label="Account", mandatory=True),
            Field("CurrencyCode", label="Currency"),
            Field("DebitAmount", "decimal", label="Debit"),
            Field("CreditAmount", "decimal", label="Credit"),
            Field("TransDate", "date", label="Date"),
            Field("Text", label="Description"),
        ),
        links={
            "LedgerJournalHeader": (
                "LedgerJournalHeaders",
                {COMPANY: COMPANY, "JournalBatchNumber": "JournalBatchNumber"},
            )
        },
    ),
    Entity(
        "GeneralJournalAccountEntries",
        "GeneralJournalAccountEntry",
        "GeneralJournalAccountEntry",
        (
            _COMPANY,
            Field("SourceKey", "long", key=True, label="Record-ID"),
            Field("Voucher", label="Voucher"),
            Field("AccountingDate", "date", label="Date"),
            Field("MainAccount", label="Main account"),
            Field("PostingType", "LedgerPostingType", label="Posting type"),
            Field("TransactionCurrencyCode", label="Currency"),
            Field("AccountingCurrencyAmount", "decimal", label="Amount"),
            Field("Text", label="Description"),
        ),
    ),
    Entity(
        "PurchaseOrderHeadersV2",
        "PurchaseOrderHeaderV2",
        "PurchTable",
        (
            _COMPANY,
            Field("PurchaseOrderNumber", key=True, label="Purchase order"),
            Field("OrderVendorAccountNumber", label="Vendor account", mandatory=True, refers="VendorsV2"),
            Field("PurchaseOrderName", label="Name"),
        ),
        sequence="PO-",
    ),
    Entity(
        "UnitsOfMeasure",
        "UnitOfMeasure",
        "UnitOfMeasure",
        (
            Field("UnitSymbol", key=True, label="Unit", mandatory=True),
            Field("UnitDescription", label="Description"),
            Field("DecimalPrecision", "int", label="Decimal precision"),
            Field("IsSystemUnit", "NoYes", label="System unit"),
        ),
    ),
    Entity(
        "ExchangeRates",
        "ExchangeRate",
        "ExchangeRate",
        (
            Field("RateTypeName", key=True, label="Exchange rate type", mandatory=True),
            Field("FromCurrency", key=True, label="From currency", mandatory=True),
            Field("ToCurrency", key=True, label="To currency", mandatory=True),
            Field("StartDate", "date", key=True, label="Start date", mandatory=True),
            Field("Rate", "decimal", label="Exchange rate"),
        ),
    ),
)
ENTITIES = {item.set_name: item for item in _ALL}
"""By set name; casing counts."""
