"""
Products, projects, departments, dimensions and accounts.

Rule: an entry says what a resource is, the function before it which rows it begins with. Which code twins
cannot be patched: PatchDto models of June 2025.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ...core import names
from ...core.origin import (
    BASE,
    account_id,
    money,
)
from ...core.table import Row
from ..schema.filters import Filter
from ..schema.resource import Seed
from ..seeds import Source, times
from .entries import department_of, entry, register

_CODE_TWINS = dict.fromkeys(
    ("OptionalSalesAccountAgricultureDepartment", "StandardSalesAccountAgricultureDepartment"), "+"
)


_GROUPS = ("Tjenester", "Varer", "Deler", "Forbruk")


_LOCATIONS = ("Bergen", "Voss", "Odda", "Lærdal", "Sogndal", "Flåm")


_DIMENSIONS = ((1, "Kampanje"), (1, "Messe"), (2, "Båt 1"), (2, "Båt 2"), (3, "Region vest"))


def _product(source: Source, index: int) -> Row:
    random = source.random
    stock = index % 3 == 0
    made = times(random)
    return {
        "Code": f"V-{index + 1:04}",
        "Name": random.choice(names.GOODS),
        "ProductGroupId": BASE["ProductGroups"] + index % 3,
        "ProductGroupCode": str(100 * (index % 3 + 1)),
        "ProductType": "Product" if stock else "Service",
        "StandardSalesAccount": 3000,
        "StandardSalesAccountId": account_id(3000),
        "StandardSalesAccountAgricultureDepartment": "None",
        "OptionalSalesAccount": 3100,
        "OptionalSalesAccountId": account_id(3100),
        "OptionalSalesAccountAgricultureDepartment": "None",
        "UnitOfMeasureCode": "EA" if stock else "HUR",
        "UnitPrice": money(random.randint(100, 250_000)),
        "UnitCost": money(random.randint(50, 90_000)),
        "IsArchived": not (index + 1) % 11,
        "IsStockItem": stock,
        "StockOnHand": money(100 * random.randint(0, 400)) if stock else None,
        "StockAvailable": money(100 * random.randint(0, 400)) if stock else None,
        "StockOnHandLastChangedDatetimeOffset": made["LastChangedDateTimeOffset"] if stock else None,
        **made,
    }


def _product_groups(_source: Source) -> Iterator[Row]:
    for index, name in enumerate(_GROUPS):
        yield {
            "Id": BASE["ProductGroups"] + index,
            "Code": str(100 * (index + 1)),
            "Name": name,
            "ProductType": "Service" if not index else "Product",
            "StandardSalesAccount": 3000,
            "StandardSalesAccountId": account_id(3000),
            "UnitOfMeasureCode": "EA",
            "UnitPrice": money(10_000 + index),
            "IsArchived": index == len(_GROUPS) - 1,
        }


def _project(source: Source, index: int) -> Row:
    random = source.random
    row = {
        **times(random),
        **department_of(source, index + 1),
        "Code": f"P-{index + 101}",
        "Name": f"{random.choice(names.PROJECT_NAMES)} {index % 9 + 1}",
        "ProjectStatus": random.choice(("Active", "Active", "Complete", "Archived", "NotStarted")),
        "ProjectBillingMethod": random.choice(("FixedPrice", "Time", "TimeAndExpenses")),
        "BillableRateSpecification": "Employee",
        "StartDate": "2023-01-15",
        "IsActive": True,
        "IsBillable": True,
        "IsInternal": False,
        "Progress": random.randint(0, 100),
    }
    if source.sizes.customers:
        position = index % source.sizes.customers
        row |= {"CustomerId": BASE["Customers"] + position, "CustomerNo": 10_000 + position}
    if source.sizes.employees:
        row |= {"ProjectManagerEmployeeId": BASE["Employees"], "ProjectManagerEmployeeNo": 1}
    if not (index + 1) % 5:
        row |= {"ParentProjectId": BASE["Projects"] + index - 4, "ParentProjectCode": f"P-{index + 97}"}
    return row


def _department(source: Source, index: int) -> Row:
    random = source.random
    manager = {"ManagerEmployeeId": BASE["Employees"], "ManagerEmployeeNo": 1}
    return {
        **times(random),
        **(manager if source.sizes.employees else {}),
        "Code": str(10 * (index + 1)),
        "Name": names.DEPARTMENT_NAMES[index % len(names.DEPARTMENT_NAMES)],
        "IsActive": bool((index + 1) % 7),
    }


def _locations(_source: Source) -> Iterator[Row]:
    for index, name in enumerate(_LOCATIONS):
        yield {"Id": 701 + index, "Code": str(index + 1), "Name": name, "IsActive": index != 4}  # noqa: PLR2004 - any


def _dimensions(_source: Source) -> Iterator[Row]:
    for index, (ordinal, name) in enumerate(_DIMENSIONS):
        known = {"IsActive": True, "ExternalImportReference": f"dim-{index}" if index % 2 else None}
        yield {"Id": 901 + index, "Ordinal": ordinal, "Code": f"D{index + 1}", "Name": name, **known}


def _dimension_settings(_source: Source) -> Iterator[Row]:
    for ordinal, name in enumerate(("Aktivitet", "Fartøy", "Region"), 1):
        yield {"Id": ordinal, "Ordinal": ordinal, "Name": name, "IsActive": True}


def _account(source: Source, index: int) -> Row:
    number, name, kind, vat_code = names.ACCOUNTS[index]
    return {
        "AccountNo": number,
        "Name": name,
        "GeneralLedgerAccountType": kind,
        "AgricultureDepartment": "None",
        "VatCode": vat_code,
        "VatCodeId": next(row[0] for row in names.VAT_CODES if row[1] == vat_code),
        "VatReturnSpecification": "None",
        "Unit1": "EA",
        "Unit2": "EA",
        "IsActive": True,
        "IsVatCodeLocked": False,
        "IsDepartmentRequired": False,
        "IsProjectRequired": False,
        "LastChangedDateTimeOffset": times(source.random)["LastChangedDateTimeOffset"],
    }


def _vat_code(_source: Source, index: int) -> Row:
    identifier, code, name, rate, valid_to = names.VAT_CODES[index]
    return {
        "Id": identifier,
        "Code": code,
        "Name": name,
        "Rate": Decimal(rate),
        "IsActive": code != "6",
        "IsCustom": False,
        "ValidFrom": "2005-01-01",
        "ValidTo": valid_to,
        "VatBasisRatios": [],
    }


REGISTERS = (
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
        named_by=(("ProductId", "ProductCode", "Code"),),
        ledger_field="ProductId",
        seed=register("Products", "Product", _product, "products"),
    ),
    entry(
        "ProductGroups",
        "Product group",
        marks=_CODE_TWINS,
        unique=("Code",),
        defaults={"ProductType": "Product", "UnitOfMeasureCode": "EA", "IsArchived": False},
        named_by=(("ProductGroupId", "ProductGroupCode", "Code"),),
        seed=Seed(_product_groups),
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
        named_by=(("ProjectId", "ProjectCode", "Code"), ("ParentProjectId", "ParentProjectCode", "Code")),
        ledger_field="ProjectId",
        seed=register("Projects", "Project", _project, "projects"),
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
        named_by=(("DepartmentId", "DepartmentCode", "Code"),),
        ledger_field="DepartmentId",
        seed=register("Departments", "Department", _department, "departments"),
    ),
    # OpenAPI: Name required; IsActive defaults to false.
    entry(
        "Locations",
        "Location",
        unique=("Code",),
        defaults={"IsActive": False},
        named_by=(("LocationId", "LocationCode", "Code"),),
        seed=Seed(_locations),
    ),
    entry(
        "GeneralLedgerAccounts",
        "General ledger account",
        marks={"AccountNo": "+", "AgricultureDepartment": "+"},
        unique=("AccountNo",),
        defaults={"GeneralLedgerAccountType": "Expense", "Unit1": "EA", "Unit2": "EA"},
        named_by=(
            ("StandardSalesAccountId", "StandardSalesAccount", "AccountNo"),
            ("OptionalSalesAccountId", "OptionalSalesAccount", "AccountNo"),
            ("AccountId", "", "AccountNo"),
            ("GeneralLedgerAccountId", "GeneralLedgerAccountNo", "AccountNo"),
            ("OppositeAccountId", "", "AccountNo"),
        ),
        ledger_field="AccountId",
        seed=register("GeneralLedgerAccounts", "GeneralLedgerAccount", _account, len(names.ACCOUNTS)),
    ),
    entry(
        "CustomDimensions",
        "Custom Dimension",
        unique=("ExternalImportReference",),
        defaults={"IsActive": True},
        named_by=(
            ("Dim1Id", "Dim1Code", "Code"),
            ("Dim2Id", "Dim2Code", "Code"),
            ("Dim3Id", "Dim3Code", "Code"),
        ),
        seed=Seed(_dimensions),
    ),
    entry("CustomDimensionSettings", "Custom Dimension setting", seed=Seed(_dimension_settings)),
    entry(
        "VatCodes",
        "VAT code",
        filters={"includeExpired": Filter("ignored", "ValidTo")},
        named_by=(("VatCodeId", "VatCode", "Code"),),
        seed=register("VatCodes", "VatCode", _vat_code, len(names.VAT_CODES)),
    ),
)
