"""Customers, suppliers, employees, and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core import names
from ...core.clock import stamp
from ...core.origin import START
from ...core.table import Row
from ..books import Source
from ..seeds import registers as seeds
from .entries import Asking, entry

_LATEST = stamp(START)
_PERSONAL = ("socialSecurityNumber", "internationalIdNumber")
_SPLIT = ";"
_MOST_COPIES = 10


def _with_groups(call: Asking, row: Row, _old: Row | None) -> None:
    """Create contact groups that a party names and that do not exist (reference 2.1)."""
    table = call.books.table("ContactGroup")
    known = {item["title"].lower() for item in table.rows.values()}
    for title in row.get("contactGroups") or ():
        if title.lower() not in known:
            known.add(title.lower())
            table.put({"id": call.books.next_id("ContactGroup", is_guid=False), "title": title}, call.now)


def _check_customer(_call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    if (row.get("invoiceEmailAddressCC") or "").count(_SPLIT) >= _MOST_COPIES:
        yield f"invoiceEmailAddressCC may have {_MOST_COPIES} addresses."


def _check_employee(call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    accounts = call.books.table("PartyBankAccount").rows.values()
    codes = {item["code"] for item in accounts if item["partyId"] == row["id"]}
    for name in ("payrollBankAccountCode", "expenseBankAccountCode"):
        if row.get(name) and row[name] not in codes:
            yield f"The employee has no bank account '{row[name]}'."


def _group_is_used(call: Asking, row: Row) -> bool:
    title = row["title"].lower()
    return any(
        title in (name.lower() for name in item.get("contactGroups") or ())
        for table in ("Customer", "Supplier", "Employee")
        for item in call.books.table(table).rows.values()
    )


def _with_party(call: Asking, row: Row, _old: Row | None) -> None:
    """Name the party of a contact person by its number too."""
    for table in ("Customer", "Supplier"):
        found = call.books.table(table).rows.get(row["partyId"])
        if found is not None:
            row[f"party{table}Code"] = found["code"]


def _persons(source: Source) -> Iterator[Row]:
    for place, party in enumerate(list(source.table("Customer").rows.values())[:40:2]):
        yield {
            "id": 45_001 + place,
            "partyId": party["id"],
            "partyCustomerCode": party["code"],
            "firstName": names.FIRST_NAMES[place % len(names.FIRST_NAMES)],
            "lastName": names.LAST_NAMES[place % len(names.LAST_NAMES)],
            "emailAddress": f"kontakt{place}@example.no",
            "isActive": True,
            "lastChanged": _LATEST,
        }


def _bank_accounts(source: Source) -> Iterator[Row]:
    for place, party in enumerate(list(source.table("Supplier").rows.values())[:20]):
        row: dict[str, Any] = {
            "id": 46_001 + place,
            "partyId": party["id"],
            "code": f"{15_062_000_000 + place}",
        }
        yield {**row, "countryCode": "NO", "isActive": True, "lastChanged": _LATEST}


_PARTY: dict[str, Any] = {
    "hidden": ("subledgerNumberSeriesId",),
    "masked": _PERSONAL,
    "prepare": _with_groups,
}
_DISCOUNT = {"discountPercent": (-1000, 100)}
_OWNER = {"partyId": "id"}

ENTRIES = (
    entry(
        "Customer",
        required=("name",),
        numbered=("code", seeds.FIRST_CUSTOMER),
        defaults={"invoiceDeliveryType": 1, "isActive": True},
        limits=_DISCOUNT,
        lengths={"invoiceEmailAddressCC": 2000},
        check=_check_customer,
        seed=seeds.customers,
        **_PARTY,
    ),
    entry(
        "Supplier",
        required=("name",),
        numbered=("code", seeds.FIRST_SUPPLIER),
        seed=seeds.suppliers,
        **_PARTY,
    ),
    entry(
        "Employee",
        required=("firstName", "lastName"),
        numbered=("code", seeds.FIRST_EMPLOYEE),
        check=_check_employee,
        seed=seeds.employees,
        **_PARTY,
    ),
    entry(
        "ContactGroup",
        required=("title",),
        unique=("title",),
        final=_group_is_used,
        seed=seeds.contact_groups,
    ),
    entry(
        "ContactPerson",
        "PartyContactPerson",
        required=("firstName", "lastName"),
        masked=("socialSecurityNumber",),
        parents=_OWNER,
        prepare=_with_party,
        seed=_persons,
    ),
    entry(
        "PartyBankAccount",
        required=("code",),
        unique=("code+partyId",),
        parents=_OWNER,
        seed=_bank_accounts,
    ),
    entry("ContactShareholder"),
    entry("ContactUltimateBeneficialOwner"),
)
