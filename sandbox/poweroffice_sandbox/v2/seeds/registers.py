"""
The rows a company begins with, except the ledger and what follows from it.

Rule: everything is a function of (seed, company, sizes), so every start gives the same rows. Ids ascend;
times of change do not ascend with them, on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from ...core import names
from ...core.origin import BASE, account_id, money
from ...core.table import Row
from ..resources.schema import schema_of
from ..sizes import Sizes
from . import parts


class Maker:
    """
    Makes the registers of one company.

    :param seed: see :class:`random.Random`.
    :param sizes: how many rows.
    """

    def __init__(self, seed: str, sizes: Sizes) -> None:
        self._seed = seed
        self._sizes = sizes

    def rows(self, resource: str) -> Iterator[Row]:
        """
        Make the rows of one resource, ids ascending.

        :param resource: e.g. ``Customers``.
        """
        random = Random(f"{self._seed}/{resource}")
        make, entity, count = self._table()[resource]
        blank: Row = dict.fromkeys(schema_of(entity).names)
        for index in range(count):
            row = {**blank, **make(random, index)}
            if resource in BASE:
                row["Id"] = BASE[resource] + index
            yield row

    def _table(self) -> dict[str, tuple[Any, str, int]]:
        size = self._sizes
        return {
            "Customers": (self._customer, "Customer", size.customers),
            "Suppliers": (self._supplier, "Supplier", size.suppliers),
            "Employees": (self._employee, "Employee", size.employees),
            "Products": (self._product, "Product", size.products),
            "Projects": (self._project, "Project", size.projects),
            "Departments": (self._department, "Department", size.departments),
            "GeneralLedgerAccounts": (parts.account, "GeneralLedgerAccount", len(names.ACCOUNTS)),
            "ContactGroups": (parts.group, "ContactGroup", len(names.CONTACT_GROUP_NAMES)),
            "VatCodes": (parts.vat_code, "VatCode", len(names.VAT_CODES)),
        }

    def _department_of(self, index: int) -> Row:
        if not self._sizes.departments or index % 4 == 0:
            return {}
        position = index % self._sizes.departments
        return {"DepartmentId": BASE["Departments"] + position, "DepartmentCode": str(10 * (position + 1))}

    def _customer(self, random: Random, index: int) -> Row:
        name, person = parts.party(random, index)
        return {
            **name,
            **parts.contact(random, index, "Customers", "CustomerCreatedDateTimeOffset"),
            **self._department_of(index),
            "Number": 10_000 + index,
            "CurrencyCode": "NOK",
            "InvoiceDeliveryType": random.choice(("PdfByEmail", "EHF", "Print")),
            "InvoiceEmailAddress": f"faktura{index}@kunde.example",
            "NoticeOfDebtCollectionDeliveryType": "PdfByEmail",
            "ReminderDeliveryType": "PdfByEmail",
            "PaymentTerm": 14,
            "PaymentTermId": 31,
            "SendPaymentReminders": True,
            "TransferToDebtCollectionAgency": False,
            "UseInvoiceFee": False,
            "IsVatFree": False,
            "NationalIdNumber": "hidden" if person else None,
            "ExternalImportReference": f"crm-{index}" if index % 3 == 0 else None,
        }

    def _supplier(self, random: Random, index: int) -> Row:
        return {
            **parts.party(random, index)[0],
            **parts.contact(random, index, "Suppliers", "SupplierCreatedDateTimeOffset"),
            "Number": 20_000 + index,
            "CurrencyCode": "NOK",
            "Payout": True,
            "ExternalImportReference": f"lev-{index}" if index % 3 == 0 else None,
        }

    def _employee(self, random: Random, index: int) -> Row:
        manager = {"ManagerEmployeeId": BASE["Employees"], "ManagerEmployeeNo": 1} if index else {}
        return {
            **parts.contact(random, index, "Employees", "EmployeeCreatedDateTimeOffset"),
            **self._department_of(index),
            **manager,
            "Number": 1 + index,
            "FirstName": random.choice(names.FIRST_NAMES),
            "LastName": random.choice(names.LAST_NAMES),
            "DateOfBirth": f"{random.randint(1960, 1999)}-{random.randint(1, 12):02}-15",
            "Gender": random.choice(("Female", "Male")),
            "HiredDate": "2022-08-01",
            "StartDate": "2022-08-01",
            "InternationalIdReportToAltinn": False,
            "InternationalIdType": "NationalIdentityNumber",
            "JobTitle": random.choice(names.JOB_TITLES),
            "ExternalImportReference": f"hr-{index}" if index % 3 == 0 else None,
            "NationalIdNumber": "hidden",
        }

    def _product(self, random: Random, index: int) -> Row:
        stock = index % 3 == 0
        times = parts.times(random)
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
            "StockOnHandLastChangedDatetimeOffset": times["LastChangedDateTimeOffset"] if stock else None,
            **times,
        }

    def _project(self, random: Random, index: int) -> Row:
        row = {
            **parts.times(random),
            **self._department_of(index + 1),
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
        if self._sizes.customers:
            position = index % self._sizes.customers
            row |= {"CustomerId": BASE["Customers"] + position, "CustomerNo": 10_000 + position}
        if self._sizes.employees:
            row |= {"ProjectManagerEmployeeId": BASE["Employees"], "ProjectManagerEmployeeNo": 1}
        if not (index + 1) % 5:
            row |= {"ParentProjectId": BASE["Projects"] + index - 4, "ParentProjectCode": f"P-{index + 97}"}
        return row

    def _department(self, random: Random, index: int) -> Row:
        manager = {"ManagerEmployeeId": BASE["Employees"], "ManagerEmployeeNo": 1}
        return {
            **parts.times(random),
            **(manager if self._sizes.employees else {}),
            "Code": str(10 * (index + 1)),
            "Name": names.DEPARTMENT_NAMES[index % len(names.DEPARTMENT_NAMES)],
            "IsActive": bool((index + 1) % 7),
        }
