"""
The rows a company begins with in the registers.

Rule: fields without a value are left out. Names have Norwegian letters, and some have quotes.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from ...core import names
from ...core.clock import stamp
from ...core.origin import SPAN, START
from ...core.table import Row
from ..books import Source

FIRST_CUSTOMER = 10_000
FIRST_SUPPLIER = 20_000
FIRST_EMPLOYEE = 1
ACTIVITIES = (("100", "Fakturerbar tid", 100), ("200", "Internt arbeid", 250))
HOUR_TYPES = ("Ordinær timelønn", "Overtid 50 %", "Overtid 100 %")
_QUOTED = ("O'Hara & Sønner AS", 'Kafé "Ærlig Øl" AS', "Ås' Verksted & d'Or ANS")


def times(random: Random) -> dict[str, str]:
    """Draw when a row was made and last changed."""
    made = random.randrange(SPAN)
    return {
        "createdDate": stamp(START + made),
        "lastChanged": stamp(START + made + random.randrange(SPAN - made)),
    }


def _changed(random: Random) -> str:
    return times(random)["lastChanged"]


def _address(random: Random, identifier: int) -> Row:
    code, city = random.choice(names.PLACES)
    return {
        "id": identifier,
        "address1": f"{random.choice(names.STREETS)} {random.randrange(1, 120)}",
        "zipCode": code,
        "city": city,
        "countryCode": "NO",
        "isPrimary": True,
        "lastChanged": _changed(random),
    }


def _contact(random: Random, place: int) -> Row:
    start, end, kind = (
        random.choice(part) for part in (names.COMPANY_STARTS, names.COMPANY_ENDS, names.COMPANY_KINDS)
    )
    name = _QUOTED[place // 10 % 3] if place % 10 == 3 else f"{start}{end} {kind}"  # noqa: PLR2004
    row = {
        "name": f"{name} {place}",
        "vatNumber": str(911_000_000 + place),
        "since": stamp(START + random.randrange(SPAN))[:10],
        "isPerson": False,
        "currencyCode": "NOK",
        "emailAddress": f"post{place}@example.no",
        "mailAddress": _address(random, 3_000_000 + place),
        "isArchived": place % 12 == 5,  # noqa: PLR2004
        "lastChanged": _changed(random),
        "createdDate": stamp(START),
        "contactGroups": [names.CONTACT_GROUP_NAMES[place % 4]] if place % 7 == 0 else [],
        "isActive": True,
    }
    if place % 3 == 0:
        row["phoneNumber"] = f"+47 {40_000_000 + random.randrange(9_999_999)}"
        row["streetAddresses"] = [_address(random, 3_700_000 + place)]
    return row


def customers(source: Source) -> Iterator[Row]:
    """Make customers."""
    for place in range(source.sizes.customers):
        yield {
            "id": 1_000_001 + 3 * place,
            "code": FIRST_CUSTOMER + place,
            "externalCode": 70_000 + place if place % 2 else None,
            **_contact(source.random, place),
            "invoiceDeliveryType": source.random.randrange(1, 4),
            "paymentTerms": source.random.choice((14, 30)),
            "isVatFree": False,
            "sendReminders": True,
            "customerCreatedDate": stamp(START),
        }


def suppliers(source: Source) -> Iterator[Row]:
    """Make suppliers."""
    for place in range(source.sizes.suppliers):
        yield {
            "id": 2_000_001 + 3 * place,
            "code": FIRST_SUPPLIER + place,
            **_contact(source.random, place),
            "supplierCreatedDate": stamp(START),
        }


def contact_groups(_source: Source) -> Iterator[Row]:
    """Make contact groups; the last is nobody's."""
    for place, title in enumerate(names.CONTACT_GROUP_NAMES):
        yield {"id": 5 + place, "title": title, "sendInvoicesToGroup": place == 1}


def departments(source: Source) -> Iterator[Row]:
    """Make departments."""
    for place in range(source.sizes.departments):
        name = names.DEPARTMENT_NAMES[place % len(names.DEPARTMENT_NAMES)]
        row = {"id": 601 + place, "code": str(10 + place), "name": name}
        yield {**row, "isActive": True, "lastChanged": _changed(source.random)}


def _department(source: Source, place: int) -> dict[str, Any]:
    """Name a department; the last is nobody's."""
    most = source.sizes.departments - 1
    return {"departmentCode": str(10 + place % most)} if most > 0 else {}


def employees(source: Source) -> Iterator[Row]:
    """Make employees."""
    for place in range(source.sizes.employees):
        yield {
            "id": 4_000_001 + place,
            "code": 1 + place,
            "firstName": source.random.choice(names.FIRST_NAMES),
            "lastName": source.random.choice(names.LAST_NAMES),
            "jobTitle": source.random.choice(names.JOB_TITLES),
            "emailAddress": f"ansatt{place}@example.no",
            "startDate": stamp(START + source.random.randrange(SPAN))[:10],
            "socialSecurityNumber": f"{1_017_000_000 + place:011d}" if place % 2 else None,
            "gender": 1 + place % 2,
            "createdDate": stamp(START),
            "employeeCreatedDate": stamp(START),
            **_department(source, place),
            "isArchived": place % 12 == 7,  # noqa: PLR2004
            "lastChanged": _changed(source.random),
        }


def products(source: Source) -> Iterator[Row]:
    """Make products."""
    for place in range(source.sizes.products):
        price = Decimal(source.random.randrange(1_000, 500_000)) / 100
        yield {
            "id": 5_000_001 + place,
            "code": str(1_000 + place),
            "name": f"{names.GOODS[place % len(names.GOODS)]} {place}",
            "type": 1 + place % 2,
            "unitOfMeasureCode": 5,
            "productGroupId": 651 + place % 3,
            "salesAccount": 3000,
            "vatExemptSalesAccount": 3100,
            "salesPrice": price,
            "costPrice": (price / 2).quantize(Decimal("0.01")),
            "vatCode": "3",
            "isActive": place % 12 != 2,  # noqa: PLR2004
            "lastChanged": _changed(source.random),
        }


def projects(source: Source) -> Iterator[Row]:
    """Make projects."""
    for place in range(source.sizes.projects):
        customer = (
            {"customerCode": FIRST_CUSTOMER + place % 20} if source.sizes.customers > place % 20 else {}
        )
        yield {
            "id": 6_000_001 + place,
            "code": f"P{100 + place}",
            "name": f"{names.PROJECT_NAMES[place % len(names.PROJECT_NAMES)]} {place}",
            **customer,
            **_department(source, place),
            "startDate": stamp(START + source.random.randrange(SPAN))[:10],
            "status": 3 if place % 12 == 9 else 1 + place % 2,  # noqa: PLR2004
            "isBillable": bool(customer),
            "isInternal": not customer,
            "billingMethod": 1,
            "createdDate": stamp(START),
            "lastChanged": _changed(source.random),
        }


def time_entries(source: Source) -> Iterator[Row]:
    """Make hours, on the first two thirds of employees and projects; the first tenth is locked."""
    sizes = source.sizes
    if not sizes.employees or not sizes.projects:
        return
    for place in range(sizes.time_entries):
        minutes = 15 * source.random.randrange(2, 32)
        billable = Decimal(minutes) / 60 if place % 4 else Decimal(0)
        yield {
            "id": 8_000_001 + place,
            "employeeCode": 1 + place % -(-2 * sizes.employees // 3),
            "projectCode": f"P{100 + place % -(-2 * sizes.projects // 3)}",
            "activityCode": ACTIVITIES[place % 4 == 0][0],
            "hourType": HOUR_TYPES[place % 9 == 0],
            "date": stamp(START + source.random.randrange(SPAN))[:10],
            "minutes": minutes,
            "hours": (Decimal(minutes) / 60).quantize(Decimal("0.0001")),
            "billableHours": billable.quantize(Decimal("0.0001")),
            "hourlyRate": Decimal(1_250),
            "billableAmount": (billable * 1_250).quantize(Decimal("0.01")),
            "comment": f"Møte om «{names.GOODS[place % len(names.GOODS)]}»",
            "isLocked": place < sizes.time_entries // 10,
            "lastChanged": _changed(source.random),
        }
