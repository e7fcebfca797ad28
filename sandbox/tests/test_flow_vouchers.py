"""Vouchers posted straight to the ledger, and their reversal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flow_client import account, balance, first, voucher

if TYPE_CHECKING:
    from sandbox_client import Api

KINDS = ("BankJournals", "CashJournals", "ManualJournals", "YearEndJournals")
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("kind", KINDS)
def test_posted_voucher_is_in_the_ledger(api: Api, kind: str) -> None:
    """A posted voucher is found by its id, comes after all generated rows, and moves the trial balance."""
    before, last = balance(api, 6300), api.ledger(OrderBy="Id desc", PageSize=1).json()[0]
    made = api.post(f"Vouchers/{kind}", voucher(api, Description="Leie"))
    assert made.status_code == 201
    assert api.get(f"Vouchers/{kind}/{made.json()['Id']}").json() == made.json()
    rows = api.ledger(voucherNos=made.json()["VoucherNo"], OrderBy="Id").json()
    assert made.json()["VoucherNo"] == last["VoucherNo"] + 1
    assert rows[0]["Id"] == last["Id"] + 3
    assert sum(row["Amount"] for row in rows) == 0
    assert balance(api, 6300) == before + 100


def test_one_number_series(api: Api) -> None:
    """Voucher numbers ascend without gaps over all kinds."""
    numbers = [api.post(f"Vouchers/{kind}", voucher(api)).json()["VoucherNo"] for kind in KINDS]
    assert numbers == list(range(numbers[0], numbers[0] + 4))


def test_vat_is_taken_out_of_the_gross_amount(api: Api) -> None:
    """An amount is gross: VAT of the line's code goes to its own account."""
    lines = ((account(api, 6300), 101, 1250), (account(api, 1920), 100, -1250))
    number = api.post("Vouchers/ManualJournals", voucher(api, *lines)).json()["VoucherNo"]
    rows = api.ledger(voucherNos=number, OrderBy="Id").json()
    assert [(row["AccountNo"], row["Amount"]) for row in rows] == [(6300, 1000), (2710, 250), (1920, -1250)]


def test_subledger_account(api: Api) -> None:
    """A customer is posted to by its sub-ledger account; the row is on 1500 and names the customer."""
    customer = first(api, "Customers")
    lines = ((customer["SubledgerAccountId"], 100, 10), (account(api, 1920), 100, -10))
    number = api.post("Vouchers/BankJournals", voucher(api, *lines)).json()["VoucherNo"]
    row = api.ledger(voucherNos=number, OrderBy="Id").json()[0]
    assert (row["AccountNo"], row["ContactId"], row["SubLedgerEntryId"]) == (1500, customer["Id"], row["Id"])


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"CurrencyAmount": 99}, 400, "does not balance"),
        ({"PostingDate": "2022-12-31"}, 400, "lock date"),
        ({"AccountId": 1}, 404, "Account with id = 1 not found."),
        ({"VatId": 1}, 404, "VAT code with id = 1 not found."),
        ({"DepartmentId": 1}, 404, "Department with id = 1 not found."),
        ({"AccountId": None}, 400, "AccountId"),
        ({"PostingDate": None}, 400, "PostingDate"),
        ({"VatId": None}, 400, "VatId"),
        ({"CurrencyAmount": 1e40}, 400, "too large"),
    ],
)
def test_refused_line(api: Api, change: dict, status: int, words: str) -> None:
    """A voucher that cannot be posted is refused whole, with a sentence that says why."""
    body = voucher(api)
    body["VoucherLines"][0] |= change
    before = api.sandbox.totals()["AccountTransactions"]
    answer = api.post("Vouchers/ManualJournals", body)
    assert (answer.status_code, api.sandbox.totals()["AccountTransactions"]) == (status, before)
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("number", [1500, 2400])
def test_control_account(api: Api, number: int) -> None:
    """Control accounts cannot be posted to directly."""
    lines = ((account(api, number), 100, 10), (account(api, 1920), 100, -10))
    answer = api.post("Vouchers/ManualJournals", voucher(api, *lines))
    assert (answer.status_code, "control account" in answer.json()["detail"]) == (400, True)


def test_reference_is_unique_until_reversed(api: Api) -> None:
    """A second voucher with a reference names the first one's id; a reversal frees the reference."""
    body = voucher(api, ExternalImportReference="af-1")
    one = api.post("Vouchers/ManualJournals", body).json()["Id"]
    twice = api.post("Vouchers/BankJournals", body)
    assert (twice.status_code, one in twice.json()["detail"]) == (400, True)
    assert api.post(f"Vouchers/Reverse/{one}", {}).status_code == 202
    assert api.post("Vouchers/BankJournals", body).status_code == 201


def test_reversal_is_the_opposite(api: Api) -> None:
    """A reversal books the opposite, marks both vouchers, and is possible once."""
    before = balance(api, 6300)
    made = api.post("Vouchers/ManualJournals", voucher(api)).json()
    api.post(f"Vouchers/Reverse/{made['Id']}", {})
    assert balance(api, 6300) == before
    assert api.get(f"Vouchers/ManualJournals/{made['Id']}").json()["IsReversed"] is True
    rows = api.ledger(voucherNos=f"{made['VoucherNo']}-", OrderBy="Id").json()
    assert [row["IsReversed"] for row in rows] == [True, True, False, False]
    assert {row["ReversedVoucherNo"] for row in rows[2:]} == {made["VoucherNo"]}
    assert rows[2]["VoucherType"] == "ReversalVoucher"
    assert api.post(f"Vouchers/Reverse/{made['Id']}", {}).status_code == 409


def test_only_own_vouchers(start: Callable[..., Api], client_of: type[Api]) -> None:
    """Another application neither sees nor reverses a voucher; nor does anybody a generated one."""
    api = start()
    made = api.post("Vouchers/ManualJournals", voucher(api)).json()["Id"]
    shop = client_of(api.sandbox, 0, application=1).login()
    generated = api.ledger(voucherNos=1).json()[0]["VoucherId"]
    assert shop.get(f"Vouchers/ManualJournals/{made}").status_code == 404
    assert [shop.post(f"Vouchers/Reverse/{key}", {}).status_code for key in (made, generated, UNKNOWN)] == [
        404
    ] * 3
    assert api.get(f"Vouchers/BankJournals/{made}").status_code == 404


@pytest.mark.parametrize("status", ["202", "200"])
def test_status_of_a_reversal(start: Callable[..., Api], status: str) -> None:
    """Reverse sets which of the declared statuses a reversal answers."""
    api = start(reverse=status)
    made = api.post("Vouchers/ManualJournals", voucher(api)).json()["Id"]
    assert api.post(f"Vouchers/Reverse/{made}", {}).status_code == int(status)


def test_invoice_voucher(api: Api) -> None:
    """A posted invoice is an outgoing invoice too; its number is unique until it is reversed."""
    body = {
        "VoucherDate": "2026-05-31",
        "CustomerAccountId": first(api, "Customers")["SubledgerAccountId"],
        "InvoiceNo": "77001",
        "OutgoingInvoiceLines": [{"AccountId": account(api, 3000), "VatId": 103, "CurrencyAmount": 1250}],
    }
    made = api.post("Vouchers/OutgoingInvoiceJournals", body)
    assert made.status_code == 201
    invoice = api.get(f"OutgoingInvoices/{made.json()['Id']}").json()
    assert (invoice["InvoiceNo"], invoice["NetAmount"], invoice["TotalAmount"]) == (77001, 1000, 1250)
    assert (
        "InvoiceNo is already in use" in api.post("Vouchers/OutgoingInvoiceJournals", body).json()["detail"]
    )
    api.post(f"Vouchers/Reverse/{made.json()['Id']}", {})
    assert api.get(f"OutgoingInvoices/{made.json()['Id']}").json()["Balance"] == 0
    assert api.post("Vouchers/OutgoingInvoiceJournals", body).status_code == 201


def test_dates_of_posted_vouchers(api: Api) -> None:
    """A voucher posted into the past is found and sorted by its date, though its id is the highest."""
    made = api.post("Vouchers/ManualJournals", voucher(api, date="2023-02-03")).json()["VoucherNo"]
    api.post("Vouchers/ManualJournals", voucher(api, date="2027-01-01"))
    rows = api.ledger(fromDate="2023-02-03", toDate="2023-02-03").json()
    assert made in {row["VoucherNo"] for row in rows}
    dates = [row["PostingDate"] for row in api.ledger(OrderBy="PostingDate").json()]
    assert dates == sorted(dates)
    assert dates[-1] == "2027-01-01"
