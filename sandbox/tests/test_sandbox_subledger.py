"""Customerledger and Supplierledger: they agree with the ledger, the invoices and each other."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from sandbox_client import Api

YEARS = {"fromDate": "2022-01-01", "toDate": "2030-12-31"}


def exact(answer: requests.Response) -> Any:
    """Decode with exact amounts."""
    return answer.json(parse_float=Decimal)


@pytest.mark.parametrize(("prefix", "account"), [("Customer", 1500), ("Supplier", 2400)])
@pytest.mark.parametrize("day", ["2022-09-30", "2024-02-29", "2030-12-31"])
@pytest.mark.parametrize("rows", [2_000, 12_000])
def test_balances(start: Callable[..., Api], prefix: str, account: int, day: str, rows: int) -> None:
    """A balance is the sum of the open items of the day, and all balances are the ledger account's."""
    api = start(ledger_rows=rows)
    balances = exact(api.get(f"{prefix}ledger/{prefix}Balances", date=day))
    items = exact(api.get(f"{prefix}ledger/OpenItems", date=day, PageSize=20_000))
    for line in balances:
        own = [item["Balance"] for item in items if item[f"{prefix}Id"] == line[f"{prefix}Id"]]
        assert sum(own) == line["Balance"]
    trial = exact(api.get("TrialBalance", date=day, accountNos=account))
    assert sum(line["Balance"] for line in balances) == trial[0]["Balance"]


@pytest.mark.parametrize(
    ("prefix", "invoices", "sign"),
    [("Customer", "OutgoingInvoices", 1), ("Supplier", "IncomingInvoices", -1)],
)
def test_invoices(api: Api, prefix: str, invoices: str, sign: int) -> None:
    """An invoice has the amount, balance, match and contact of its entry."""
    entries = exact(api.get(f"{prefix}ledger/Statement", **YEARS))
    by_voucher = {item["VoucherNo"]: item for item in entries}
    for invoice in exact(api.get(invoices)):
        entry = by_voucher[invoice["VoucherNo"]]
        assert entry["InvoiceNo"] == str(invoice["InvoiceNo"])
        assert (sign * entry["Amount"], sign * entry["Balance"]) == (
            invoice["TotalAmount"],
            invoice["Balance"],
        )
        assert entry["MatchId"] == invoice["MatchId"]
        assert entry[f"{prefix}Id"] == invoice[f"{prefix}Id"]
        assert entry["VoucherId"] == invoice["Id"]


def test_invoice_lines(api: Api) -> None:
    """The lines of an invoice sum to its amounts."""
    for invoice in exact(api.get("OutgoingInvoices", PageSize=20)):
        lines = exact(api.get(f"OutgoingInvoices/{invoice['Id']}/Lines"))
        assert sum(line["NetAmount"] for line in lines) == invoice["NetAmount"]
        assert sum(line["TotalAmount"] for line in lines) == invoice["TotalAmount"]


def test_matches(api: Api) -> None:
    """Entries of one match share its id, are one contact's, and what is matched sums to zero."""
    entries = exact(api.get("Customerledger/Statement", **YEARS))
    match = next(item["MatchId"] for item in entries if item["MatchId"])
    matched = exact(api.get("Customerledger/EntriesByMatchId", matchId=match))
    assert {item["Id"] for item in matched} == {item["Id"] for item in entries if item["MatchId"] == match}
    assert len({item["CustomerId"] for item in matched}) == 1
    assert sum(item["Amount"] - item["Balance"] for item in matched) == 0
    assert api.get("Customerledger/EntriesByMatchId", matchId=1).status_code == 204


def test_earlier_days(api: Api) -> None:
    """An earlier day gives the balance of that day: what was matched later was open then."""
    entries = api.get("Customerledger/Statement", **YEARS).json()
    late = next(item for item in entries if item["MatchId"] == item["Id"])
    before = api.get("Customerledger/Statement", fromDate="2022-01-01", toDate=late["PostingDate"]).json()
    then = next(item for item in before if item["Id"] == late["Id"])
    assert (then["Balance"], then["MatchId"]) == (late["Amount"], None)


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ({"customerNos": "10000-10020"}, lambda row: 10_000 <= row["CustomerAccountNo"] <= 10_020),
        ({"voucherTypes": "OutgoingInvoice"}, lambda row: row["VoucherType"] == "OutgoingInvoice"),
        ({"departmentCodes": "10"}, lambda row: row["DepartmentCode"] == "10"),
        ({"departmentCodes": "-1"}, lambda row: row["DepartmentCode"] is None),
        ({"externalNos": "30000-30020"}, lambda row: 30_000 <= (row["CustomerExternalNo"] or 0) <= 30_020),
        ({"invoiceNos": "20001, 20007"}, lambda row: row["InvoiceNo"] in {"20001", "20007"}),
        ({"onlyBalancesLessThanAmount": "true"}, lambda row: row["Balance"] != row["Amount"]),
        (
            {"onlyCreatedByCurrentIntegration": "true"},
            lambda row: row["IsCreatedByCurrentIntegration"],
        ),
        (
            {"createdDateTimeOffsetGreaterThan": "2024-01-01T00:00:00Z"},
            lambda row: row["CreatedDateTimeOffset"] > "2024",
        ),
        (
            {"lastChangedDateTimeOffsetGreaterThan": "2025-06-01T00:00:00Z"},
            lambda row: row["LastChangedDateTimeOffset"] > "2025-06",
        ),
    ],
)
def test_filters(api: Api, query: dict[str, str], test: Callable[[Any], bool]) -> None:
    """A filter gives exactly the entries it says."""
    every = api.get("Customerledger/Statement", **YEARS, OrderBy="Id").json()
    found = api.get("Customerledger/Statement", **YEARS, OrderBy="Id", **query).json()
    assert found == [row for row in every if test(row)]
    assert 0 < len(found) < len(every)


def test_booked_entries(api: Api) -> None:
    """An invoice posted by a client is an open item with its number; its reversal settles both."""
    customer = api.get("Customers", OrderBy="Id", PageSize=1).json()[0]
    sales = api.get("GeneralLedgerAccounts", accountNos=3000).json()[0]["Id"]
    line = {"AccountId": sales, "CurrencyAmount": 100, "VatId": 103}
    body = {"CustomerAccountId": customer["SubledgerAccountId"], "InvoiceNo": "7701", "CurrencyCode": "NOK"}
    body |= {"VoucherDate": "2025-03-01", "OutgoingInvoiceLines": [line]}
    posted = api.post("Vouchers/OutgoingInvoiceJournals", body).json()

    def entries(path: str, **query: Any) -> list[Any]:
        answer = api.get(f"Customerledger/{path}", customerNos=customer["Number"], **query)
        return [row for row in answer.json() if row["VoucherNo"] >= posted["VoucherNo"]]

    day = {"date": "2030-12-31"}
    assert [(row["InvoiceNo"], row["Balance"]) for row in entries("OpenItems", **day)] == [("7701", 100)]
    assert entries("OpenItems", date="2025-02-28") == []
    assert api.post(f"Vouchers/Reverse/{posted['Id']}", {}).ok
    assert entries("OpenItems", **day) == []
    both = entries("Statement", **YEARS)
    assert sorted(row["Amount"] for row in both) == [-100, 100]
    assert {row["Balance"] for row in both} == {0}
    assert len({row["MatchId"] for row in both}) == 1


def test_required_dates(api: Api) -> None:
    """Without its date a sub-ledger answers like the ledger does."""
    for path in ("OpenItems", "Statement", "CustomerBalances", "EntriesByMatchId"):
        assert api.get(f"Customerledger/{path}").status_code == 404
