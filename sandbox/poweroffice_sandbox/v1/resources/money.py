"""Bank, budgets, and files of vouchers to be imported."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ...core.table import Row
from ..books import Source
from .entries import Asking, entry

_BANK = "15068012345"


def _accounts(_source: Source) -> Iterator[Row]:
    for place, (code, account) in enumerate(((_BANK, 1920), ("15068054321", 1950))):
        row = {
            "id": 49_001 + place,
            "code": code,
            "bankName": "Fjordbanken",
            "generalLedgerAccountCode": account,
        }
        yield {**row, "countryCode": "NO", "currencyCode": "NOK"}


def _check_transfer(call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    if (row.get("amount") or 0) <= 0:
        yield "amount must be positive."
    accounts = call.books.table("ClientBankAccount").rows.values()
    if all(item["code"] != row["payableBankAccount"] for item in accounts):
        yield f"ClientBankAccount with code '{row['payableBankAccount']}' does not exist."


def _budgets(source: Source) -> Iterator[Row]:
    if source.sizes.employees:
        lines = [
            {
                "accountCode": account,
                "accountName": name,
                "month": month,
                "year": source.year,
                "amount": Decimal(amount),
            }
            for account, name, amount in (
                (3000, "Salgsinntekt, avgiftspliktig", -100_000),
                (6300, "Leie av lokaler", 9_000),
            )
            for month in range(1, 13)
        ]
        year = {
            "year": source.year,
            "startDate": f"{source.year}-01-01",
            "endDate": f"{source.year}-12-31",
        }
        yield {
            "id": source.guid(),
            "name": f"Budsjett {source.year}",
            "managerCode": 1,
            **year,
            "budgetLineItems": lines,
        }


def _with_names(call: Asking, row: Row, _old: Row | None) -> None:
    """Name what a budget names by code, and give it its year."""
    accounts = {item["code"]: item["name"] for item in call.books.table("GeneralLedgerAccount").rows.values()}
    people = {item["code"]: item for item in call.books.table("Employee").rows.values()}
    person = people[row["managerCode"]]
    row["managerName"] = f"{person['firstName']} {person['lastName']}"
    row |= {"startDate": f"{row['year']}-01-01", "endDate": f"{row['year']}-12-31"}
    lines = row.get("budgetLineItems") or ()
    row["budgetLineItems"] = [{**line, "accountName": accounts.get(line["accountCode"])} for line in lines]


def _check_import(_call: Asking, row: Row, old: Row | None) -> Iterator[str]:
    if old is not None and old.get("isPosted"):
        yield f"The import {old['id']} is posted and cannot be changed."
    sums: dict[tuple[int | None, str | None], Decimal] = {}
    for line in row.get("importLines") or ():
        key = (line.get("documentNumber"), line.get("postingDate"))
        sums[key] = sums.get(key, Decimal(0)) + (line.get("amount") or Decimal(0))
    for (number, _), total in sums.items():
        if total:
            yield f"The lines of document {number} do not sum to zero, but to {total}."


ENTRIES = (
    entry("ClientBankAccount", "Bank/ClientBankAccount", required=("code",), seed=_accounts),
    entry(
        "BankTransfer",
        "Bank/BankTransfer",
        required=(
            "description", "receiverName", "receiverCountryCode", "payableBankAccount", "balancingAccountNo",
            "receivableBankAccountCode", "receivableBankAccountCountryCode",
        ),
        defaults={"status": 0},
        is_own=True,
        check=_check_transfer,
    ),
    entry(
        "Budget",
        required=("year", "managerCode"),
        is_replaced=True,
        limits={"budgetLineItems.month": (1, 12)},
        prepare=_with_names,
        seed=_budgets,
    ),
    entry(
        "Import",
        required=("date",),
        defaults={"isPosted": False},
        hidden=("file",),
        check=_check_import,
        final=lambda _call, row: bool(row.get("isPosted")),
    ),
)  # fmt: skip
