"""
Parts of rows that several resources share, and the small fixed registers.

Rule: functions of (random source, index) to fields; the order of the random draws is part of the data.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from ...core import names
from ...core.clock import stamp
from ...core.origin import BASE, SPAN, START, SUBLEDGER
from ...core.table import Row


def times(random: Random, created: str = "CreatedDateTimeOffset") -> Row:
    """Make the times of a row: created within the period, changed some time after."""
    first = START + random.randrange(SPAN)
    return {
        created: stamp(first),
        "LastChangedDateTimeOffset": stamp(first + random.randrange(START + SPAN - first)),
    }


def party(random: Random, index: int) -> tuple[Row, bool]:
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


def contact(random: Random, index: int, resource: str, created: str) -> Row:
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


def account(random: Random, index: int) -> Row:
    """Make an account of NS 4102."""
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
        "LastChangedDateTimeOffset": times(random)["LastChangedDateTimeOffset"],
    }


def group(random: Random, index: int) -> Row:
    """Make a contact group."""
    return {**times(random), "Name": names.CONTACT_GROUP_NAMES[index]}


def vat_code(_random: Random, index: int) -> Row:
    """Make a VAT code."""
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
