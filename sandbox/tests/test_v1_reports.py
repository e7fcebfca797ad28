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
    dates = [row["postingDate"] for row in rows]
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
        balance = v1.rows(
            "Reporting/TrialBalance", fromDate=day, toDate=day, filter=f"AccountCode eq {account}"
        )
        entries = v1.rows(f"Reporting/{path}", toDate=day)
        assert total(entries, "balance") == Decimal(str(balance[0]["closingBalance"]))
        assert max(row["postingDate"][:10] for row in entries) <= day


def test_ledger_matches(v1: V1Api) -> None:
    """A paid invoice and its payment have one match id; a half paid one is half open."""
    rows = v1.rows("Reporting/CustomerLedger", orderby="Id", **LAST)
    matched = [row for row in rows if "matchId" in row]
    invoices = [row for row in matched if row["matchId"] == row["id"]]
    assert 0 < len(invoices) < len(matched) < len(rows)
    half = [row for row in invoices if row["balance"]]
    assert half
    assert all(abs(row["balance"] * 2 - row["amount"]) <= 0.02 for row in half)
    answer = v1.get(f"Reporting/CustomerLedger/{half[0]['matchId']}").json()
    assert answer["data"] == half[0]


def test_ledger_filters(v1: V1Api) -> None:
    """A sub-ledger is filtered by the contact inside, and by the days."""
    rows = v1.rows("Reporting/CustomerLedger", filter="Customer/Code eq 10001", **LAST)
    assert rows
    assert {row["customer"]["code"] for row in rows} == {10_001}
    assert v1.rows("Reporting/CustomerLedger", fromDate="2023-01-01", toDate="2023-01-31")
    text = "VoucherId eq guid'" + rows[0]["voucherId"] + "'"
    assert v1.rows("Reporting/CustomerLedger", filter=text, **LAST) == [rows[0]]


def test_trial_balance(v1: V1Api) -> None:
    """The trial balance is the transactions by account, and sums to zero."""
    period = {"fromDate": "2023-03-01", "toDate": "2023-03-31"}
    rows = v1.rows("Reporting/TrialBalance", **period)
    assert total(rows, "closingBalance") == total(rows, "openingBalance") == 0
    for row in rows:
        text = f"AccountCode eq {row['accountCode']}"
        moved = v1.rows("Reporting/AccountTransactions", filter=text, **period)
        assert total(moved) == Decimal(str(row["change"]))


def test_invoice_journal(v1: V1Api) -> None:
    """The journal of invoices has each invoice once, net and VAT being its total."""
    rows = v1.rows("Reporting/InvoiceJournal", **YEARS)
    vouchers = v1.rows("Voucher/OutgoingInvoiceVoucher")
    assert {row["invoiceNo"] for row in rows} == {row["invoiceNo"] for row in vouchers}
    assert len(rows) == len(vouchers)
    amounts = [[Decimal(str(row[f"{name}Amount"])) for name in ("net", "vat", "total")] for row in rows]
    assert all(net + vat == whole > vat > 0 for net, vat, whole in amounts)


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("AccountTransactions", {"fromDate", "toDate"}),
        ("CustomerLedger", {"toDate"}),
        ("SupplierLedger", {"toDate"}),
        ("InvoiceJournal", {"fromDate", "toDate"}),
        ("TrialBalance", {"fromDate", "toDate"}),
    ],
)
def test_missing_dates(v1: V1Api, path: str, missing: set[str]) -> None:
    """A report without its days, or with a bad one, is 400 and names them."""
    answer = v1.get(f"Reporting/{path}")
    assert answer.status_code == 400
    assert set(answer.json()["data"]["errors"]) == missing
    bad = v1.get(f"Reporting/{path}", fromDate="2023-01-01", toDate="x")
    assert list(bad.json()["data"]["errors"]) == ["toDate"]
