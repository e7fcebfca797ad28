"""Products, projects, dimensions, accounts, and the settings of a company."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ...core.clock import stamp
from ...core.origin import LOCK_DATE, START
from ...core.table import Row
from ..books import Seed, Source
from ..seeds import accounting, registers
from .entries import Asking, entry

_LATEST = stamp(START)
_FIRST_CODE = 10_000


def _named(first: int, *labels: str, **more: Any) -> Seed:
    """Make rows with ascending ids and a name, a code counted from 1, and the same else."""

    def rows(_source: Source) -> Iterator[Row]:
        for place, label in enumerate(labels):
            yield {"id": first + place, "code": str(1 + place), "name": label, "lastChanged": _LATEST, **more}

    return rows


def _with_parent(_call: Asking, row: Row, old: Row | None) -> None:
    """Make the code of a sub-project: its parent's, a point, its own (reference 2.2)."""
    parent = row.get("parentProjectCode")
    if old is None and parent and not str(row["code"]).startswith(f"{parent}."):
        row["code"] = f"{parent}.{row['code']}"


def _check_project(_call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    if row.get("billableRate") and row.get("billingMethod") not in {1, 3}:
        yield "billableRate goes with the billing methods Time and TimeAndExpenses."
    if row.get("fixedPrice") and row.get("billingMethod") != 2:  # noqa: PLR2004 - FixedPrice
        yield "fixedPrice goes with the billing method FixedPrice."


def _with_vat(call: Asking, row: Row, _old: Row | None) -> None:
    """Give a product the VAT code of its sales account."""
    accounts = call.books.table("GeneralLedgerAccount").rows.values()
    codes = {item["code"]: item.get("vatCode") for item in accounts}
    row["vatCode"] = codes.get(row.get("salesAccount")) or "0"


def _with_activity(call: Asking, row: Row, _old: Row | None) -> None:
    activities = {item["code"]: item for item in call.books.table("Activity").rows.values()}
    row["name"] = activities[row["activityCode"]]["name"]


def _project_activities(source: Source) -> Iterator[Row]:
    for place, row in enumerate(list(source.table("Project").rows.values())[:10]):
        code, name, _ = registers.ACTIVITIES[0]
        yield {
            "id": 62_001 + place,
            "activityCode": code,
            "name": name,
            "projectCode": row["code"],
            "isBillable": True,
        }


def _team(source: Source) -> Iterator[Row]:
    people = list(source.table("Employee").rows.values())
    for place, row in enumerate(list(source.table("Project").rows.values())[:10] if people else ()):
        person = people[place % len(people)]["code"]
        yield {
            "id": 63_001 + place,
            "employeeCode": person,
            "projectCode": row["code"],
            "budgetHours": Decimal(100),
        }


def _dimension_values(_source: Source) -> Iterator[Row]:
    for place, label in enumerate(("Kampanje vår", "Kampanje høst", "Filial Sør")):
        ordinal = 1 + place // 2
        row = {"id": 47_001 + place, "code": f"D{place}", "name": label, "customDimensionOrdinal": ordinal}
        yield {**row, "isActive": True, "lastChanged": _LATEST}


def _definitions(_source: Source) -> Iterator[Row]:
    for ordinal, label in ((1, "Kampanje"), (2, "Filial"), (3, "")):
        yield {"id": ordinal, "ordinal": ordinal, "name": label or None, "isActive": bool(label)}


def _currencies(_source: Source) -> Iterator[Row]:
    for code, notation in (
        ("NOK", "kr"),
        ("SEK", "kr"),
        ("DKK", "kr"),
        ("EUR", "€"),
        ("USD", "$"),
        ("GBP", "£"),
    ):
        yield {"id": code, "code": code, "notation": notation, "isActive": True}


def _terms(_source: Source) -> Iterator[Row]:
    for place, days in enumerate((14, 10, 30)):
        yield {"id": 31 + place, "name": f"{days} dager", "creditDays": days, "isDefault": not place}


def _delivery(_source: Source) -> Iterator[Row]:
    for place, label in enumerate(("EXW", "DAP", "FCA")):
        yield {"id": 41 + place, "name": label, "isDefault": not place}


def _series(source: Source) -> Iterator[Row]:
    for place, (label, first, last, account) in enumerate(
        (
            ("Kunder", registers.FIRST_CUSTOMER, registers.FIRST_SUPPLIER - 1, 1500),
            ("Leverandører", registers.FIRST_SUPPLIER, 89_999, 2400),
            ("Ansatte", registers.FIRST_EMPLOYEE, 999, 2930),
        )
    ):
        bounds = {"fromInclusive": first, "toInclusive": last, "generalLedgerAccountCode": account}
        row = {"id": source.guid(), "type": 1 + place, "name": label}
        yield {**row, **bounds, "isClientTrust": False, "isDefault": True}


def _client(source: Source) -> Iterator[Row]:
    company = source.company
    address = {
        "id": 3_900_001,
        "address1": "Sjøgata 1",
        "zipCode": "5014",
        "city": "Bergen",
        "countryCode": "NO",
    }
    yield {
        "id": company.client_id,
        "name": company.name,
        "legalName": company.name,
        "vatNumber": company.organization_number,
        "emailAddress": f"post@{company.alias}.example.no",
        "mailAddress": {**address, "isPrimary": True, "lastChanged": _LATEST},
        "lastChanged": _LATEST,
        "lockDate": LOCK_DATE,
        "salesAccountCode": 3000,
        "vatExemptSalesAccountCode": 3100,
        "isVatRegistered": True,
        "vatPeriod": 4,
        "financialYearEndMonth": 12,
    }


def _contacts(_source: Source) -> Iterator[Row]:
    yield {"id": 48_001, "firstName": "Åse", "lastName": "Bråten", "role": 2, "email": "leder@example.no"}
    yield {"id": 48_002, "firstName": "Pål", "lastName": "Ås", "role": 3, "email": "styret@example.no"}


def _stock(source: Source) -> Iterator[Row]:
    for place, row in enumerate(list(source.table("Product").rows.values())[:10]):
        counted = {"delta": Decimal(50 + place), "type": 3, "createdDate": _LATEST}
        yield {"id": 53_001 + place, "productCode": row["code"], **counted}


def _is_default(_call: Asking, row: Row) -> bool:
    return bool(row["isDefault"])


def _one_default(call: Asking, row: Row, _old: Row | None) -> None:
    """Keep one default: another one takes its place."""
    if row.get("isDefault"):
        for other in list(call.table.rows.values()):
            if other["isDefault"] and other["id"] != row["id"]:
                call.table.put({**other, "isDefault": False}, call.now)


_ACTIVITY: dict[str, Any] = {
    "required": ("activityCode",),
    "parents": {"projectCode": "code"},
    "prepare": _with_activity,
}

ENTRIES = (
    entry(
        "Product",
        required=("name",),
        numbered=("code", _FIRST_CODE),
        prepare=_with_vat,
        seed=registers.products,
    ),
    entry("ProductGroup", required=("code", "name"), seed=_named(651, "Varer", "Tjenester", "Leie", type=1)),
    entry("ProductInventoryEntry", seed=_stock),
    entry(
        "Project",
        required=("name",),
        numbered=("code", _FIRST_CODE),
        defaults={"status": 2},
        limits={"progress": (0, 100)},
        prepare=_with_parent,
        check=_check_project,
        seed=registers.projects,
    ),
    entry("ProjectActivity", seed=_project_activities, **_ACTIVITY),
    entry("ProjectTeamMember", required=("employeeCode",), parents={"projectCode": "code"}, seed=_team),
    entry("Department", required=("code", "name"), seed=registers.departments),
    entry("Location", required=("code", "name"), seed=_named(611, "Bergen", "Oslo", isActive=True)),
    entry("CustomDimensionDefinition", limits={"ordinal": (1, 3)}, seed=_definitions),
    entry(
        "CustomDimensionValue",
        required=("code", "name", "customDimensionOrdinal"),
        unique=("code+customDimensionOrdinal", "externalReference"),
        limits={"customDimensionOrdinal": (1, 3)},
        seed=_dimension_values,
    ),
    entry(
        "GeneralLedgerAccount",
        required=("code", "name"),
        unique=("code+agricultureDepartment",),
        limits={"code": (1000, 9999)},
        seed=accounting.accounts,
    ),
    entry("VatCode", seed=accounting.vat_codes),
    entry("Currency", seed=_currencies),
    entry(
        "PaymentTerm",
        "PaymentTerms",
        required=("name",),
        unique=("name",),
        defaults={"isDefault": False},
        final=_is_default,
        prepare=_one_default,
        seed=_terms,
    ),
    entry(
        "DeliveryTerm",
        "DeliveryTerms",
        required=("name",),
        unique=("name",),
        defaults={"isDefault": False},
        final=_is_default,
        prepare=_one_default,
        seed=_delivery,
    ),
    entry("BrandingTheme", seed=_named(621, "Standard", "Engelsk", countryCode="NO", languageCode="no")),
    entry("SubledgerNumberSeries", seed=_series),
    entry("Client", seed=_client),
    entry("ClientContact", "Client/GetContacts", seed=_contacts),
)
