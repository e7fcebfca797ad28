"""
Contacts, products, projects, departments and accounts as resources.

Rule: data only; see :mod:`.entries`. Which code twins cannot be patched: PatchDto models of June 2025.
"""

from __future__ import annotations

from typing import Any

from ..rest.filters import Filter
from .entries import entry
from .resource import Resource

_CODE_TWINS = dict.fromkeys(
    ("OptionalSalesAccountAgricultureDepartment", "StandardSalesAccountAgricultureDepartment"), "+"
)


# Known to exist in 2026 (facts 3.3); that they compare like the other lists is assumed.
_NEWER = {
    "organizationNumbers": Filter("codes", "OrganizationNumber"),
    "phoneNumbers": Filter("codes", "PhoneNumber"),
    "emailAddresses": Filter("codes", "EmailAddress"),
}
_NEWER_EMPLOYEE = {
    "employeeEmails": Filter("codes", "EmailAddress"),
    "employeePhoneNumbers": Filter("codes", "PhoneNumber"),
    "employeeNationalIdNumber": Filter("text", "NationalIdNumber"),
    "contactIds": Filter("ids", "Id"),
    "subLedgerAccountIds": Filter("ids", "SubledgerAccountId"),
}


def _contact(name: str, label: str, **defaults: Any) -> Resource:
    kind = label.lower()
    created = f"{label}CreatedDateTimeOffset"
    return entry(
        name,
        label,
        filters={
            f"{kind}CreatedDateTimeOffsetGreaterThan": Filter("after", created),
            f"{kind}Nos": Filter("numbers", "Number"),
        },
        created_fields=("ContactCreatedDateTimeOffset", created),
        unique=("ExternalImportReference", "ExternalNumber", "Number"),
        defaults={"IsArchived": False, "ContactGroupIds": [], **defaults},
        contact=True,
        newer=_NEWER_EMPLOYEE if label == "Employee" else _NEWER,
    )


REGISTERS = (
    _contact(
        "Customers",
        "Customer",
        IsPerson=False,
        IsActive=True,
        CurrencyCode="NOK",
        InvoiceDeliveryType="Print",  # seen live: a new customer gets Print unless told otherwise
        NoticeOfDebtCollectionDeliveryType="PdfByEmail",
        ReminderDeliveryType="PdfByEmail",
    ),
    _contact("Suppliers", "Supplier", IsPerson=False, IsActive=True, CurrencyCode="NOK"),
    _contact("Employees", "Employee", Gender="Hidden", InternationalIdType="NationalIdentityNumber"),
    entry(
        "Products",
        "Product",
        marks=_CODE_TWINS,
        filters={
            "stockOnHandLastChangedDatetimeOffsetGreaterThan": Filter(
                "after", "StockOnHandLastChangedDatetimeOffset"
            )
        },
        unique=("Code",),
        defaults={
            "ProductType": "Product",
            "UnitOfMeasureCode": "EA",
            "IsArchived": False,
            "IsStockItem": False,
        },
    ),
    entry(
        "ProductGroups",
        "Product group",
        marks=_CODE_TWINS,
        unique=("Code",),
        defaults={"ProductType": "Product", "UnitOfMeasureCode": "EA", "IsArchived": False},
    ),
    entry(
        "Projects",
        "Project",
        filters={
            "excludeArchivedProject": Filter("not_archived", "ProjectStatus"),
            "includeSubProjects": Filter("ignored", ""),
            "name": Filter("contains", "Name"),
            "projectBillingMethod": Filter("enums", "ProjectBillingMethod", "ProjectBillingMethod"),
            "projectCodes": Filter("projects", "Code"),
            "projectManagerEmployeeNos": Filter("numbers", "ProjectManagerEmployeeNo"),
            "status": Filter("enums", "ProjectStatus", "ProjectStatusType"),
        },
        unique=("Code",),
        defaults={
            "ProjectStatus": "Active",
            "ProjectBillingMethod": "TimeAndExpenses",
            "BillableRateSpecification": "Employee",
            "IsActive": True,
        },
    ),
    entry(
        "Departments",
        "Department",
        filters={
            "managerEmployeeNo": Filter("number", "ManagerEmployeeNo"),
            "name": Filter("text", "Name"),
        },
        marks={"ManagerEmployeeId": ""},
        unique=("Code",),
        defaults={"IsActive": True},
    ),
    # OpenAPI: Name required; IsActive defaults to false.
    entry("Locations", "Location", unique=("Code",), defaults={"IsActive": False}),
    entry(
        "GeneralLedgerAccounts",
        "General ledger account",
        marks={"AccountNo": "+", "AgricultureDepartment": "+"},
        unique=("AccountNo",),
        defaults={"GeneralLedgerAccountType": "Expense", "Unit1": "EA", "Unit2": "EA"},
    ),
    entry("ContactGroups", "Contact group", unique=("Name",)),
    entry(
        "CustomDimensions",
        "Custom Dimension",
        unique=("ExternalImportReference",),
        defaults={"IsActive": True},
    ),
)
