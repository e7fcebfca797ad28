"""
The registers as resources: fields, privilege, filters and what a POST must keep to.

Rule: data only. Filters and privileges: OpenAPI file of March 2025.
"""

from __future__ import annotations

from typing import Any

from . import dto_registers as registers
from .filters import Filter
from .resource import CHANGED_FILTER, CREATED_FILTER, Resource
from .schema import schema


def _contact_filters(kind: str) -> dict[str, Filter]:
    return {
        "contactGroupIds": Filter("groups", "ContactGroupIds"),
        f"{kind}CreatedDateTimeOffsetGreaterThan": Filter("after", f"{kind.title()}CreatedDateTimeOffset"),
        f"{kind}Nos": Filter("numbers", "Number"),
        "externalImportReference": Filter("text", "ExternalImportReference"),
        "externalNos": Filter("numbers", "ExternalNumber"),
        **CHANGED_FILTER,
    }


def _contact(name: str, label: str, fields: str, **defaults: Any) -> Resource:
    return Resource(
        name,
        label,
        label,
        schema(fields),
        _contact_filters(label.lower()),
        created_fields=("ContactCreatedDateTimeOffset", f"{label}CreatedDateTimeOffset"),
        unique=("ExternalImportReference", "ExternalNumber", "Number"),
        defaults={"IsArchived": False, "ContactGroupIds": [], **defaults},
        contact=True,
    )


REGISTERS = (
    _contact(
        "Customers",
        "Customer",
        registers.CUSTOMER,
        IsPerson=False,
        IsActive=True,
        CurrencyCode="NOK",
        InvoiceDeliveryType="Print",  # seen live: a new customer gets Print unless told otherwise
        NoticeOfDebtCollectionDeliveryType="PdfByEmail",
        ReminderDeliveryType="PdfByEmail",
    ),
    _contact("Suppliers", "Supplier", registers.SUPPLIER, IsPerson=False, IsActive=True, CurrencyCode="NOK"),
    _contact(
        "Employees",
        "Employee",
        registers.EMPLOYEE,
        Gender="Hidden",
        InternationalIdType="NationalIdentityNumber",
    ),
    Resource(
        "Products",
        "Product",
        "Product",
        schema(registers.PRODUCT),
        {
            "codes": Filter("codes", "Code"),
            "isArchived": Filter("flag", "IsArchived"),
            "names": Filter("codes", "Name"),
            "productGroupCodes": Filter("codes", "ProductGroupCode"),
            "stockOnHandLastChangedDatetimeOffsetGreaterThan": Filter(
                "after", "StockOnHandLastChangedDatetimeOffset"
            ),
            "type": Filter("enums", "ProductType", "ProductType"),
            **CREATED_FILTER,
            **CHANGED_FILTER,
        },
        post_status=200,  # OpenAPI: unlike the others
        unique=("Code",),
        defaults={
            "ProductType": "Product",
            "UnitOfMeasureCode": "EA",
            "IsArchived": False,
            "IsStockItem": False,
            "StandardSalesAccountAgricultureDepartment": "None",
            "OptionalSalesAccountAgricultureDepartment": "None",
        },
    ),
    Resource(
        "Projects",
        "Project",
        "Project",
        schema(registers.PROJECT),
        {
            "customerNos": Filter("numbers", "CustomerNo"),
            "departmentCodes": Filter("codes_or_none", "DepartmentCode"),
            "excludeArchivedProject": Filter("not_archived", "ProjectStatus"),
            "includeSubProjects": Filter("ignored", ""),
            "name": Filter("contains", "Name"),
            "projectBillingMethod": Filter("enums", "ProjectBillingMethod", "ProjectBillingMethod"),
            "projectCodes": Filter("projects", "Code"),
            "projectManagerEmployeeNos": Filter("numbers", "ProjectManagerEmployeeNo"),
            "status": Filter("enums", "ProjectStatus", "ProjectStatusType"),
            **CREATED_FILTER,
            **CHANGED_FILTER,
        },
        unique=("Code",),
        defaults={
            "ProjectStatus": "Active",
            "ProjectBillingMethod": "TimeAndExpenses",
            "BillableRateSpecification": "Employee",
            "IsActive": True,
        },
    ),
    Resource(
        "Departments",
        "Department",
        "Department",
        schema(registers.DEPARTMENT),
        {
            "codes": Filter("codes", "Code"),
            "createdFromImportJournalId": Filter("text", "CreatedFromImportJournalId"),
            "isActive": Filter("flag", "IsActive"),
            "managerEmployeeNo": Filter("number", "ManagerEmployeeNo"),
            "name": Filter("text", "Name"),
            **CREATED_FILTER,
            **CHANGED_FILTER,
        },
        unique=("Code",),
        defaults={"IsActive": True},
    ),
    Resource(
        "GeneralLedgerAccounts",
        "General ledger account",
        "GeneralLedgerAccount",
        schema(registers.GENERAL_LEDGER_ACCOUNT),
        {
            "accountNos": Filter("numbers", "AccountNo"),
            "agricultureDepartments": Filter("enums", "AgricultureDepartment", "AgricultureDepartment"),
            **CHANGED_FILTER,
        },
        created_fields=(),
        unique=("AccountNo",),
        defaults={
            "AgricultureDepartment": "None",
            "VatReturnSpecification": "None",
            "GeneralLedgerAccountType": "Expense",
            "Unit1": "EA",
            "Unit2": "EA",
        },
    ),
    Resource(
        "ContactGroups",
        "Contact group",
        "ContactGroup",
        schema(registers.CONTACT_GROUP),
        {"names": Filter("codes", "Name"), **CREATED_FILTER, **CHANGED_FILTER},
        unique=("Name",),
    ),
)
