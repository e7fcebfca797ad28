"""The reports of v1 agree with the vouchers and with each other."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from v1_client import YEARS, V1Api

LAST = {"toDate": "2030-12-31"}


def total(rows: list[dict[str, Any]], name: str = "amount") -> Decimal:
    """Add up exactly; amounts have two digits."""
    return sum((Decimal(str(row[name])) for row in rows), Decimal(0))


def test_transactions(v1: V1Api) -> None:
    """Every voucher sums to zero; numbers are one series, in the order of the dates."""
    rows = v1.rows("Reporting/AccountTransactions", orderby="VoucherNo,Id", **YEARS)
    assert len(rows) == v1.sandbox.totals()["Reporting/AccountTransactions"] == 1500
    vouchers = [list(group) for _, group in groupby(rows, key=lambda row: row["voucherNo"])]
    assert all(total(voucher) == 0 for voucher in vouchers)
    assert [voucher[0]["voucherNo"] for voucher in vouchers] == list(range(1, 601))
    assert len({row["id"] for row in rows}) == 1500
    dates = [row["date"] for row in rows]
    assert dates == sorted(dates)


def test_months_make_the_whole(v1: V1Api) -> None:
    """The rows of the months of a year are those of the year, each once."""
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    parts = [
        v1.rows("Reporting/AccountTransactions", fromDate=f"2023-{m:02}-01", toDate=f"2023-{m:02}-{day}")
        for m, day in enumerate(days, 1)
    ]
    year = v1.rows("Reporting/AccountTransactions", fromDate="2023-01-01", toDate="2023-12-31")
    assert sorted(row["id"] for part in parts for row in part) == sorted(row["id"] for row in year)


@pytest.mark.parametrize(("path", "account"), [("CustomerLedger", 1500), ("SupplierLedger", 2400)])
def test_ledgers(v1: V1Api, path: str, account: int) -> None:
    """What is open in a sub-ledger is the balance of its control account, also of a day in the middle."""
    for day in ("2023-06-30", "2030-12-31"):
        balance = v1.rows("Reporting/TrialBalance", date=day, filter=f"AccountCode eq {account}")
        entries = v1.rows(f"Reporting/{path}", toDate=day)
        assert total(entries, "balance") == Decimal(str(balance[0]["balance"]))
        assert all(row["balance"] for row in entries)
        assert max(row["postingDate"][:10] for row in entries) <= day
        whole = v1.rows(f"Reporting/{path}", fromDate="2022-01-01", toDate=day)
        assert total(whole, "balance") == total(entries, "balance") == total(whole)
        name = path.removesuffix("Ledger")
        balances = v1.get(f"Reporting/{name}Balance", toDate=day, includeOnlyOpenItems="false").json()
        assert "count" not in balances


def test_ledger_matches(v1: V1Api) -> None:
    """A paid invoice and its payment have one match id; a half paid one is half open."""
    rows = v1.rows("Reporting/CustomerLedger", orderby="Id", **YEARS)
    matched = [row for row in rows if "matchId" in row]
    invoices = [row for row in matched if row["matchId"] == row["id"]]
    assert 0 < len(invoices) < len(matched) < len(rows)
    half = [row for row in invoices if row["balance"]]
    assert half
    assert all(abs(row["balance"] * 2 - row["amount"]) <= 0.02 for row in half)
    answer = v1.get(f"Reporting/CustomerLedger/{half[0]['matchId']}", orderby="Id").json()
    assert (answer["data"][0], answer["count"]) == (half[0], 2)
    still = {row["id"] for row in v1.rows("Reporting/CustomerLedger", **LAST)}
    assert still == {row["id"] for row in rows if row["balance"]} < {row["id"] for row in rows}


def test_ledger_filters(v1: V1Api) -> None:
    """A sub-ledger is filtered by the party's code, and by the days."""
    rows = v1.rows("Reporting/CustomerLedger", filter="CustomerCode eq 10001", **YEARS)
    assert {row["customerCode"] for row in rows} == {10_001}
    assert v1.rows("Reporting/CustomerLedger", fromDate="2023-01-01", toDate="2023-01-31")
    text = "VoucherId eq guid'" + rows[0]["voucherId"] + "'"
    assert v1.rows("Reporting/CustomerLedger", filter=text, **YEARS) == [rows[0]]
    assert v1.rows("Reporting/CustomerLedger")


def test_trial_balance(v1: V1Api) -> None:
    """The trial balance is the transactions until a day by account, and sums to zero."""
    rows = v1.rows("Reporting/TrialBalance", date="2023-03-31")
    assert total(rows, "balance") == 0
    until = {"fromDate": "2022-01-01", "toDate": "2023-03-31"}
    for row in rows:
        moved = v1.rows(f"Reporting/AccountTransactions/{row['accountCode']}", **until)
        assert total(moved) == Decimal(str(row["balance"]))
    year = v1.rows("Reporting/TrialBalance", date="2025-12-31")
    assets, debts = (
        total([row for row in year if str(row["accountCode"])[0] == kind], "balance") for kind in "12"
    )
    assert assets > 0 > debts, "as a company has them"
    some = "Reporting/TrialBalance/false/false"
    assert v1.rows(some, date="2023-03-31", departmentCode="10") == []
    assert v1.rows("Reporting/TrialBalance", date="2025-12-31", filter="Budget ne 0")


def test_invoice_journal(v1: V1Api) -> None:
    """The journal of invoices has each invoice once, net and VAT being its total."""
    rows = v1.rows("Reporting/InvoiceJournal", **YEARS)
    v1.sandbox.set(own_rows="all")
    vouchers = v1.rows("Voucher/OutgoingInvoiceVoucher")
    assert {row["invoiceNo"] for row in rows} == {row["invoiceNo"] for row in vouchers}
    assert len(rows) == len(vouchers)
    assert {row["id"] for row in rows} >= {row["id"] for row in v1.rows("OutgoingInvoice/List")}
    assert len(v1.rows("Reporting/InvoiceJournal/10003/10005")) == 3
    path = f"Reporting/InvoiceJournal/SetExternalCaseNumber/{rows[0]['id']}"
    assert v1.send("PUT", path, {"externalCaseNumber": "S-17"}).json() == {"success": True}
    found = v1.rows("Reporting/InvoiceJournal", filter="ExternalCaseNumber eq 'S-17'", **YEARS)
    assert [row["id"] for row in found] == [rows[0]["id"]]
    amounts = [[Decimal(str(row[f"{name}Amount"])) for name in ("net", "vat", "total")] for row in rows]
    assert all(net + vat == whole > vat > 0 for net, vat, whole in amounts)


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("AccountTransactions", {"fromDate", "toDate"}),
        ("InvoiceJournal", {"fromDate", "toDate"}),
        ("TimeTransactions", {"fromDate", "toDate"}),
    ],
)
def test_missing_dates(v1: V1Api, path: str, missing: set[str]) -> None:
    """A report without its days, or with a bad one, is 400 and names them."""
    answer = v1.get(f"Reporting/{path}")
    assert answer.status_code == 400
    assert set(answer.json()["data"]["errors"]) == missing
    bad = v1.get(f"Reporting/{path}", fromDate="2023-01-01", toDate="x")
    assert list(bad.json()["data"]["errors"]) == ["toDate"]
