"""
Customers, suppliers and employees, and what belongs to them.

Rule: an entry says what a resource is, the function before it which rows it begins with; ids of the parts
follow from the contact's position.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from ...core import names
from ...core.origin import (
    BASE,
    SUBLEDGER,
)
from ...core.table import Row
from ..schema.dto import schema_of
from ..schema.filters import Filter
from ..schema.resource import Parent, Resource, Seed, Tables
from ..seeds import Source, times
from .entries import Make, department_of, entry, invented, register

_ADDRESS = {"AddressLine1": "Sjøgata 1", "City": "Bergen", "CountryCode": "NO", "ZipCode": "5014"}


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


def _party(random: Random, index: int) -> tuple[Row, bool]:
    """
    Make a company, or now and then a person.

    :return: the name fields, and whether it is a person.
    """
    if not (index + 1) % 6:
        first, last = random.choice(names.FIRST_NAMES), random.choice(names.LAST_NAMES)
        person: Row = {"FirstName": first, "LastName": last, "IsPerson": True, "Name": f"{first} {last}"}
        return person, True
    start, end = random.choice(names.COMPANY_STARTS), random.choice(names.COMPANY_ENDS)
    name = f"{start}{end} {random.choice(names.COMPANY_KINDS)}"
    number = str(999_000_000 + random.randrange(1_000_000))
    return {"Name": name, "LegalName": name, "IsPerson": False, "OrganizationNumber": number}, False


def _shared(random: Random, index: int, resource: str, created: str) -> Row:
    """
    Make what customers, suppliers and employees share.

    :param resource: e.g. ``Customers``.
    """
    made = times(random, created)
    zip_code, city = random.choice(names.PLACES)
    identifier = BASE[resource] + index
    row = {
        **made,
        "ContactCreatedDateTimeOffset": made[created],
        "ContactGroupIds": [BASE["ContactGroups"] + index % 5] if index % 2 else [],
        "EmailAddress": f"post{index}@kunde.example",
        "PhoneNumber": f"+4700{index:06}",
        "IsArchived": not (index + 1) % 13,
        "SubledgerAccountId": identifier + SUBLEDGER,
        "ExternalNumber": 30_000 + index if index % 4 == 0 else None,
        "MailAddress": {
            "AddressLine1": f"{random.choice(names.STREETS)} {random.randint(1, 90)}",
            "AddressLine2": None,
            "City": city,
            "CountryCode": "NO",
            "ExternalCode": None,
            "Id": identifier + 2 * SUBLEDGER,
            "LastChangedDateTimeOffset": made["LastChangedDateTimeOffset"],
            "ZipCode": zip_code,
        },
    }
    return row if resource == "Employees" else {**row, "IsActive": not row["IsArchived"]}


def _customer(source: Source, index: int) -> Row:
    random = source.random
    name, person = _party(random, index)
    return {
        **name,
        **_shared(random, index, "Customers", "CustomerCreatedDateTimeOffset"),
        **department_of(source, index),
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


def _supplier(source: Source, index: int) -> Row:
    random = source.random
    return {
        **_party(random, index)[0],
        **_shared(random, index, "Suppliers", "SupplierCreatedDateTimeOffset"),
        "Number": 20_000 + index,
        "CurrencyCode": "NOK",
        "Payout": True,
        "ExternalImportReference": f"lev-{index}" if index % 3 == 0 else None,
    }


def _employee(source: Source, index: int) -> Row:
    random = source.random
    manager = {"ManagerEmployeeId": BASE["Employees"], "ManagerEmployeeNo": 1} if index else {}
    return {
        **_shared(random, index, "Employees", "EmployeeCreatedDateTimeOffset"),
        **department_of(source, index),
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


def _group(source: Source, index: int) -> Row:
    return {**times(source.random), "Name": names.CONTACT_GROUP_NAMES[index]}


def _contact(
    name: str,
    label: str,
    make: Make,
    count: str,
    *,
    named_by: tuple[tuple[str, str, str], ...],
    **defaults: Any,
) -> Resource:
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
        named_by=named_by,
        ledger_field="ContactId",
        seed=register(name, label, make, count),
        newer=_NEWER_EMPLOYEE if label == "Employee" else _NEWER,
    )


def _persons(source: Source) -> Iterator[Row]:
    contacts = [*source.ids("Customers")[::2], *source.ids("Suppliers")[::3]]
    for index, contact in enumerate(contacts):
        first, last = source.random.choice(names.FIRST_NAMES), source.random.choice(names.LAST_NAMES)
        yield {
            "Id": 3_100_001 + index,
            "ContactId": contact,
            "FirstName": first,
            "LastName": last,
            "Title": "Innkjøper",
            "EmailAddress": f"person{index}@kunde.example",
            "PhoneNumber": f"+4701{index:06}",
            "ExternalCode": f"kp-{index}" if index % 3 == 0 else None,
            "IsActive": True,
            "IsDefault": True,
            "MailAddress": {**_ADDRESS, "AddressLine2": None},
        }


def _bank_accounts(source: Source) -> Iterator[Row]:
    for index, contact in enumerate((*source.ids("Suppliers"), *source.ids("Employees"))):
        yield {
            "Id": 3_400_001 + index,
            "ContactId": contact,
            "BankAccountNumber": f"9998{index:07}",
            "CountryCode": "NO",
            "IsActive": True,
        }


def _addresses(source: Source) -> Iterator[Row]:
    for index, contact in enumerate(source.ids("Customers")[::3]):
        yield {
            **_ADDRESS,
            "Id": 3_700_001 + index,
            "ContactId": contact,
            "AddressLine1": f"{source.random.choice(names.STREETS)} {index + 1}",
            "ExternalCode": f"la-{index}" if index % 2 else None,
            "IsPrimary": True,
        }


_ASSIGNMENT_NEEDS = (
    "CustomerContactPersonId",
    "CustomerSubledgerAccountId",
    "ManagerSubledgerAccountId",
    "NoticePeriod",
    "StartDate",
)


def _assignments(source: Source) -> Iterator[Row]:
    managers, customers = source.ids("Employees"), source.ids("Customers")
    for index, customer in enumerate(customers[:8] if managers else ()):
        yield {
            "Id": 951 + index,
            "CustomerSubledgerAccountId": customer + SUBLEDGER,
            "ManagerSubledgerAccountId": managers[index % len(managers)] + SUBLEDGER,
            "Description": f"Regnskapsoppdrag {index + 1}",
            "StartDate": "2022-01-01",
            "NoticePeriod": 3,
            "Status": ("Active", "Draft", "Archived")[index % 3],
        }


def _of_contact(name: str, label: str, tables: tuple[str, ...], **rules: Any) -> Resource:
    return entry(
        name,
        label,
        filters={"contactIds": Filter("ids", "ContactId")},
        parent=Parent(tables, "ContactId", "Contact"),
        **rules,
    )


def _light(_tables: Tables, row: Row) -> Row:
    """Give an assignment as the list does: the OpenAPI file has its dates as times there."""
    dates = {name: value for name, value in row.items() if name.endswith("Date")}
    return {**row, **{name: value and f"{value}T00:00:00.0000000Z" for name, value in dates.items()}}


CONTACTS = (
    _contact(
        "Customers",
        "Customer",
        _customer,
        "customers",
        IsPerson=False,
        IsActive=True,
        CurrencyCode="NOK",
        InvoiceDeliveryType="Print",  # seen live: a new customer gets Print unless told otherwise
        NoticeOfDebtCollectionDeliveryType="PdfByEmail",
        ReminderDeliveryType="PdfByEmail",
        named_by=(("CustomerId", "CustomerNo", "Number"),),
    ),
    _contact(
        "Suppliers",
        "Supplier",
        _supplier,
        "suppliers",
        IsPerson=False,
        IsActive=True,
        CurrencyCode="NOK",
        named_by=(),
    ),
    _contact(
        "Employees",
        "Employee",
        _employee,
        "employees",
        Gender="Hidden",
        InternationalIdType="NationalIdentityNumber",
        named_by=(
            ("ManagerEmployeeId", "ManagerEmployeeNo", "Number"),
            ("ProjectManagerEmployeeId", "ProjectManagerEmployeeNo", "Number"),
            ("SalesPersonEmployeeId", "SalesPersonEmployeeNumber", "Number"),
            ("EmployeeId", "", "Number"),
        ),
    ),
    entry(
        "ContactGroups",
        "Contact group",
        unique=("Name",),
        seed=register("ContactGroups", "ContactGroup", _group, len(names.CONTACT_GROUP_NAMES)),
    ),
    _of_contact(
        "ContactBankAccounts",
        "Contact bank account",
        ("Customers", "Suppliers", "Employees"),
        created_fields=("CreateDateTimeOffset",),
        defaults={"IsActive": True, "CountryCode": "NO"},
        named_by=(
            ("ExpenseBankAccountId", "", "BankAccountNumber"),
            ("SalaryBankAccountId", "", "BankAccountNumber"),
            ("TravelExpenseBankAccountId", "", "BankAccountNumber"),
        ),
        seed=Seed(_bank_accounts),
    ),
    _of_contact(
        "ContactDeliveryAddresses",
        "Contact delivery address",
        ("Customers", "Suppliers", "Employees"),
        unique=("ExternalCode",),
        defaults={"IsPrimary": False, "CountryCode": "NO"},  # OpenAPI: NO when none is given
        seed=Seed(_addresses),
    ),
    _of_contact(
        "ContactPersons",
        "Contact person",
        ("Customers", "Suppliers"),
        unique=("ExternalCode",),
        defaults={"IsActive": True, "IsDefault": False},
        seed=Seed(_persons),
    ),
    entry(
        "Assignments",
        "Assignment",
        entity="AssignmentGeneral",
        operations=invented("Assignments", "QualityAssignmentGeneral", "post patch delete"),
        only=("/Assignments/{id}", "POST /Assignments"),
        model="AssignmentGeneral",
        # The writes are newer than the OpenAPI file; a client generated in June 2025 has their fields.
        # Assumed: the RevisedDate of bodies is the RevisionDate of answers.
        marks={
            **{field.name: "" for field in schema_of("AssignmentGeneral").fields if field.name != "Id"},
            **dict.fromkeys(_ASSIGNMENT_NEEDS, "!"),
            "RevisedDate": "=RevisionDate",
        },
        seed=Seed(_assignments),
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
)
