"""
What points to what: a field of a row, or of a line in it, and the row it names.

Rule: codes tie rows together (reference 4.7); a few fields hold ids. Which codes the service checks is
assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...core.table import Row
from .tables import TYPES

if TYPE_CHECKING:
    from ..books import V1Books

_EMPLOYEE, _PROJECT, _ACCOUNT = (("Employee", "code"), ("Project", "code"), ("GeneralLedgerAccount", "code"))
_VAT, _CURRENCY, _PERSON = (("VatCode", "code"), ("Currency", "code"), ("ContactPerson", "id"))
_THEME, _DELIVERY = ("BrandingTheme", "code"), ("DeliveryTerm", "name")
LINKS: Mapping[str, tuple[str, str]] = {
    "customerCode": ("Customer", "code"),
    "supplierCode": ("Supplier", "code"),
    **dict.fromkeys(
        (
            "employeeCode", "ourReferenceEmployeeCode", "managerEmployeeCode", "projectManagerCode",
            "managerCode", "salesPersonEmployeeCode", "salesPersonEmployeeNo",
        ),
        _EMPLOYEE,
    ),
    **dict.fromkeys(("projectCode", "parentProjectCode"), _PROJECT),
    "departmentCode": ("Department", "code"),
    "locationCode": ("Location", "code"),
    "productCode": ("Product", "code"),
    "productGroupId": ("ProductGroup", "id"),
    **dict.fromkeys(("vatCode", "debitVatCode", "creditVatCode"), _VAT),
    "activityCode": ("Activity", "code"),
    "hourType": ("HourType", "description"),
    "payItemCode": ("PayItem", "code"),
    **dict.fromkeys(("currencyCode", "currency"), _CURRENCY),
    **dict.fromkeys(("brandingThemeCode", "invoiceBrandingThemeCode"), _THEME),
    **dict.fromkeys(("deliveryTerm", "deliveryTerms"), _DELIVERY),
    **dict.fromkeys(("contactPersonId", "customerReferenceContactPersonId"), _PERSON),
    "contactGroupId": ("ContactGroup", "id"),
    **dict.fromkeys(
        (
            "salesAccount", "vatExemptSalesAccount", "standardGeneralLedgerAccountCode",
            "generalLedgerAccountCode", "balanceAccountCode", "resultAccountCode", "account",
            "oppositeAccount", "balancingAccountNo",
        ),
        _ACCOUNT,
    ),
}  # fmt: skip
"""Field → table and field of the row it names."""

ACCOUNTS = ("accountCode", "accountNumber", "debitAccountCode", "creditAccountCode")
"""Fields that name an account, or a customer, supplier or employee by its code."""

_ACCOUNT_TABLES = ("GeneralLedgerAccount", "Customer", "Supplier", "Employee")
NO_DIMENSION = "-1"
"""A code by which a line says that it has none of its head's."""


def parts(row: Row, entity: str) -> Iterator[Row]:
    """Give a row and what is inside it."""
    yield row
    for field in TYPES[entity].values():
        if field.is_nested and row.get(field.name):
            inner = row[field.name]
            for item in inner if field.is_list else [inner]:
                yield from parts(item, field.kind)


def _has(books: V1Books, table: str, field: str, value: Any) -> bool:
    return any(row.get(field) == value for row in books.table(table).rows.values())


def dangling(books: V1Books, row: Row, entity: str) -> Iterator[str]:
    """
    Say which links lead nowhere.

    :param entity: the type of the row.
    """
    for part in parts(row, entity):
        for name, value in part.items():
            if value in (None, "", NO_DIMENSION):
                continue
            if name in ACCOUNTS:
                # An import takes the customer's, supplier's or employee's code instead, and sends 0.
                if value and not any(_has(books, table, "code", value) for table in _ACCOUNT_TABLES):
                    yield f"The account '{value}' does not exist."
            elif name in LINKS and not _has(books, *LINKS[name], value):
                table, field = LINKS[name]
                yield f"{table} with {field} '{value}' does not exist."


def is_linked(books: V1Books, row: Row, entity: str) -> bool:
    """Say whether any other row of the books points to a row."""
    wanted = {
        (name, row[field]) for name, (table, field) in LINKS.items() if table == entity and row.get(field)
    }
    if entity in _ACCOUNT_TABLES:
        wanted |= {(name, row["code"]) for name in ACCOUNTS}
    if not wanted:
        return False
    for table in books.names:
        names = {name for name, _ in wanted}
        if not names & _names(table):
            continue
        for other in books.table(table).rows.values():
            for part in parts(other, table):
                if part is not row and any(part.get(name) == value for name, value in wanted):
                    return True
    return False


def _names(entity: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """Give the names of the fields of a type and of the types inside it."""
    found = set(TYPES[entity])
    for field in TYPES[entity].values():
        if field.is_nested and field.kind not in seen:
            found |= _names(field.kind, seen | {entity})
    return found
