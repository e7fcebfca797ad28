"""
What a row must satisfy before it is stored, and what keeps it from being deleted.

Rule: reads the tables, changes nothing. Which fields are required, which are unique and what is related is
assumed; that there are such refusals, and the names of their exceptions, is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..books import V1Books
from ..reply import UNIQUE, VALIDATION, refuse
from .call import V1Call

_JOURNALS = ("ManualJournalVoucher", "BankJournalVoucher")
DRAFT = 0
"""The status of an invoice that is not sent."""


def check(call: V1Call, row: Row) -> None:
    """
    Check a row that is to be stored.

    :raises RefusedError: something is missing, wrong or taken.
    """
    errors = [*_missing(call, row), *_wrong(call, row), *_wrong_address(call, row)]
    if errors:
        raise refuse(" ".join(errors), VALIDATION)
    for name in call.resource.unique:
        value = row.get(name)
        for other in call.rows().values():
            if value is not None and other.get(name) == value and other["id"] != row["id"]:
                text = f"{call.resource.entity} with {name} '{value}' exists already, id {other['id']}."
                raise refuse(text, UNIQUE)


def _missing(call: V1Call, row: Row) -> Iterator[str]:
    for name in call.resource.required:
        if row.get(name) in (None, "", []):
            yield f"{call.resource.entity}.{name} is required."


def _wrong_address(call: V1Call, row: Row) -> Iterator[str]:
    address = row.get("emailAddress", "@")
    if "@" in address:
        return
    if call.switches.bad_email == "empty":
        # Met by an integrator with the official SDK.
        raise RefusedError(Reply(200))
    yield f"'{address}' is no e-mail address."


# Field → the table and field it points to.
_POINTS_TO = {
    "customerCode": ("Customer", "code"),
    "supplierCode": ("Supplier", "code"),
    "employeeCode": ("Employee", "code"),
    "projectCode": ("Project", "code"),
    "departmentCode": ("Department", "code"),
    "productCode": ("Product", "code"),
    "vatCode": ("VatCode", "code"),
}


def _wrong(call: V1Call, row: Row) -> Iterator[str]:
    for part in (row, *(row.get("lines") or ())):
        for name, (table, field) in _POINTS_TO.items():
            value = part.get(name)
            if value is not None and not _has(call.books, table, field, value):
                yield f"{table} with {field} '{value}' does not exist."
    if call.resource.path.startswith("Voucher/"):
        yield from _wrong_lines(call, row.get("lines") or [])


def _wrong_lines(call: V1Call, lines: list[Row]) -> Iterator[str]:
    for place, line in enumerate(lines, 1):
        if line.get("amount") is None:
            yield f"Line {place}: amount is required."
        code = line.get("accountCode")
        tables = ("GeneralLedgerAccount", "Customer", "Supplier")
        if code is None or not any(_has(call.books, table, "code", code) for table in tables):
            yield f"Line {place}: account '{code}' does not exist."
    total = sum((line.get("amount") or Decimal(0) for line in lines), Decimal(0))
    if call.resource.entity in _JOURNALS and total:
        yield f"The lines do not sum to zero, but to {total}."


def _has(books: V1Books, table: str, field: str, value: object) -> bool:
    return any(row.get(field) == value for row in books.table(table).rows.values())


# What refers to a row: table → field of its rows or their lines, and field of the row referred to.
_REFERENCES: dict[str, tuple[tuple[str, str], ...]] = {
    "Customer": (
        ("OutgoingInvoiceVoucher", "customerCode"),
        ("OutgoingInvoice", "customerCode"),
        ("Project", "customerCode"),
        *((name, "accountCode") for name in _JOURNALS),
    ),
    "Supplier": (
        ("IncomingInvoiceVoucher", "supplierCode"),
        *((name, "accountCode") for name in _JOURNALS),
    ),
    "Employee": (("TimeTrackingEntry", "employeeCode"),),
    "Project": (("TimeTrackingEntry", "projectCode"),),
    "Product": (("OutgoingInvoice", "productCode"),),
    "Department": (("Employee", "departmentCode"), ("Project", "departmentCode")),
}


def _refers(field: str, code: object) -> Callable[[Row], bool]:
    return lambda row: any(part.get(field) == code for part in (row, *(row.get("lines") or ())))


def is_related(call: V1Call, row: Row) -> bool:
    """Say whether other rows refer to a row, or it has become final."""
    entity = call.resource.entity
    if entity == "ContactGroup":
        rows = call.books.table("Customer").rows.values()
        return any(str(row["id"]) in (item.get("contactGroups") or ()) for item in rows)
    if entity == "OutgoingInvoice":
        return bool(row["status"] != DRAFT)
    for table, field in _REFERENCES.get(entity, ()):
        test = _refers(field, row["code"])
        if any(test(item) for item in call.books.table(table).rows.values()):
            return True
    return False
