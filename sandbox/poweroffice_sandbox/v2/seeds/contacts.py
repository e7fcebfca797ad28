"""
What a company begins with in contact persons, bank accounts, delivery addresses and assignments.

Rule: belongs to the contacts of :mod:`.registers`; ids follow from the contact's position.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core import names
from ...core.origin import SUBLEDGER
from ...core.table import Row
from .seed import Seed, Source

_ADDRESS = {"AddressLine1": "Sjøgata 1", "City": "Bergen", "CountryCode": "NO", "ZipCode": "5014"}


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


def _assignments(source: Source) -> Iterator[Row]:
    managers, customers = source.ids("Employees"), source.ids("Customers")
    for index, customer in enumerate(customers[:8] if managers else ()):
        yield {
            "Id": 951 + index,
            "CustomerSubledgerAccountId": customer + SUBLEDGER,
            "ManagerSubledgerAccountId": managers[index % len(managers)] + SUBLEDGER,
            "Description": f"Regnskapsoppdrag {index + 1}",
            "StartDate": "2022-01-01",
            "Status": ("Active", "Draft", "Archived")[index % 3],
        }


CONTACT_SEEDS = {
    "ContactPersons": Seed("ContactPerson", _persons),
    "ContactBankAccounts": Seed("ContactBankAccount", _bank_accounts),
    "ContactDeliveryAddresses": Seed("ContactDeliveryAddress", _addresses),
    "Assignments": Seed("AssignmentGeneral", _assignments),
}
