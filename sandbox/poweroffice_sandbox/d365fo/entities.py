"""
The OData entities there are: a small choice, with a few fields each.

Rule: a table. Set names and keys are those of the real service; which fields they have here is a choice, and
the rows are invented (:mod:`.seeds`).
"""

from __future__ import annotations

from functools import cache

from .model import COMPANY, ENUMS, Entity, Field, label_id

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
    Entity(
        "ReleasedProductsV2",
        "ReleasedProductV2",
        "InventTable",
        (
            _COMPANY,
            Field("ItemNumber", key=True, label="Item number", mandatory=True),
            Field("ProductNumber", label="Product number", mandatory=True),
            Field("SearchName", label="Search name"),
            Field("InventoryUnitSymbol", label="Inventory unit"),
            Field("SalesPrice", "decimal", label="Price"),
        ),
    ),
    Entity(
        "MainAccounts",
        "MainAccount",
        "MainAccount",
        (
            Field("MainAccountId", key=True, label="Main account", mandatory=True),
            Field("ChartOfAccounts", key=True, label="Chart of accounts", mandatory=True),
            Field("Name", label="Name"),
            Field("MainAccountType", "MainAccountType", label="Main account type"),
        ),
    ),
    Entity(
        "LegalEntities",
        "LegalEntity",
        "CompanyInfo",
        (
            Field("LegalEntityId", key=True, label="Legal entity", mandatory=True),
            Field("Name", label="Name"),
            Field("CompanyType", label="Company type"),
        ),
        read_only=True,
    ),
    Entity(
        "Companies",
        "Company",
        "DataArea",
        (
            Field("DataArea", key=True, label="Company", mandatory=True),
            Field("Name", label="Name"),
        ),
        category="Reference",
        read_only=True,
    ),
    Entity(
        "DataManagementEntities",
        "DataManagementEntity",
        "DMFEntity",
        (
            Field("EntityName", key=True, label="Entity"),
            Field("TargetName", label="Target entity"),
        ),
        category="Parameters",
        read_only=True,
    ),
    Entity(
        "DataManagementDefinitionGroups",
        "DataManagementDefinitionGroup",
        "DMFDefinitionGroup",
        (
            Field("Name", key=True, label="Group name", mandatory=True),
            Field("OperationType", "DMFOperationType", key=True, label="Project operation type"),
            Field("Description", label="Description"),
            Field("ProjectCategory", "DMFProjectCategory", label="Project category"),
            Field("GenerateDataPackage", "NoYes", label="Generate data package"),
        ),
        category="Parameters",
    ),
    Entity(
        "DataManagementDefinitionGroupDetails",
        "DataManagementDefinitionGroupDetail",
        "DMFDefinitionGroupEntity",
        (
            Field("DefinitionGroupId", key=True, label="Group name", mandatory=True),
            Field("EntityName", key=True, label="Entity", mandatory=True, refers="DataManagementEntities"),
            Field("SourceFormat", label="Source data format"),
            Field("ExecutionUnit", "int", label="Execution unit"),
            Field("LevelInExecutionUnit", "int", label="Level in execution unit"),
            Field("SequenceInLevel", "int", label="Sequence"),
            Field("DefaultRefreshType", "DMFRefreshType", label="Default refresh type"),
        ),
        category="Parameters",
    ),
    Entity(
        "SystemNotifications",
        "SystemNotification",
        "SystemNotificationsManager",
        (
            Field("NotificationId", key=True, label="Notification"),
            Field("Message", label="Message"),
        ),
        category="Transaction",
        read_only=True,
    ),
)
ENTITIES = {item.set_name: item for item in _ALL}
"""By set name; casing counts."""


@cache
def labels() -> dict[str, str]:
    """Give the text of each label by its id in lower case."""
    texts = [item.title for item in _ALL] + [item.label for entity in _ALL for item in entity.fields]
    texts += [text for name, members in ENUMS.items() for text in (name, *members)]
    return {label_id(text).lower(): text for text in texts}
