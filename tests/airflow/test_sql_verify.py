"""``verify="trial-balance"``: the ledger in the table agrees with the books, or the task says where not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sql_loads import DATES, Query, change, load, operator

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.errors import VerificationError
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("connection")

VERIFIED: dict[str, Any] = {"verify": "trial-balance"}
LAYOUTS = pytest.mark.parametrize("layout", ["raw", "columns"])


def post_voucher(client: Client, amount: float, day: str = "2026-05-31") -> int:
    """Post a voucher over two accounts, and give its number."""
    numbers = {"accountNos": "6300,1920"}
    found = [row["Id"] for row in client.pages("GeneralLedgerAccounts", query=numbers).__next__().rows]
    lines = [
        {"AccountId": account, "VatId": 100, "CurrencyAmount": value, "PostingDate": day}
        for account, value in zip(found, (amount, -amount), strict=True)
    ]
    body = {"VoucherDate": day, "CurrencyCode": "NOK", "VoucherLines": lines}
    return int(client.request("POST", "Vouchers/ManualJournals", body=body).body["VoucherNo"])


@LAYOUTS
def test_agrees(query: Query, sandbox: Sandbox, client: Client, layout: str) -> None:
    """Table and books agree to the digit, over all days and over some; the receipt says what was compared."""
    post_voucher(client, 0.1)
    receipt = load(layout=layout, **VERIFIED)
    vouchers = len(
        {row["VoucherNo"] for page in client.pages("AccountTransactions", query=DATES) for row in page}
    )
    assert receipt["verified"] == {
        "check": "trial-balance",
        "from": DATES["fromDate"],
        "to": DATES["toDate"],
        "accounts": sandbox.totals()["GeneralLedgerAccounts"],
        "vouchers": vouchers,
    }
    part = load(layout=layout, query={"fromDate": "2021-06-01", "toDate": "2023-05-31"}, **VERIFIED)
    assert part["verified"]["from"] == "2021-06-01"
    assert query("SELECT count(*) FROM ledger") == [(sandbox.totals()["AccountTransactions"],)]


@LAYOUTS
def test_differs(query: Query, layout: str) -> None:
    """A row too few and a deleted one too many: accounts and vouchers are named, with exact amounts."""
    load(layout=layout)
    deleted_at, loaded_at = ("deleted_at", "loaded_at") if layout == "raw" else ("_deleted_at", "_loaded_at")
    first = "(SELECT min(CAST(id AS INTEGER)) FROM ledger)"
    ((identifier,),) = query(f"SELECT id FROM ledger WHERE CAST(id AS INTEGER) = {first}")
    change(f"UPDATE ledger SET {deleted_at} = {loaded_at} WHERE CAST(id AS INTEGER) = {identifier}")
    nothing_new = {"changed_since": "2026-11-01"} | VERIFIED
    with pytest.raises(VerificationError, match=r"account \d+: .* in the table, .* in the books") as caught:
        load(layout=layout, **nothing_new)
    ((number, table, books),) = caught.value.accounts
    ((voucher, total),) = caught.value.vouchers
    assert (total, books - table) == (table - books, -total)
    assert f"voucher {voucher} sums to {total}" in str(caught.value)
    assert isinstance(total, Decimal)
    assert number > 0
    change(f"UPDATE ledger SET {deleted_at} = NULL")
    assert load(layout=layout, **nothing_new)["verified"]["vouchers"] > 0


def test_only_the_company(query: Query, client: Client) -> None:
    """Rows of another company in the same table do not count."""
    load()
    change("UPDATE ledger SET _company = 'another', amount = amount + 1")
    assert load(**VERIFIED)["verified"]["vouchers"] > 0
    assert query("SELECT count(DISTINCT _company) FROM ledger") == [(2,)]
    assert client.request("GET", "TrialBalance", query={"date": "2026-01-01"}).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"verify": "sums"}, "unknown verify 'sums'; use 'trial-balance'"),
        ({"endpoint": "Customers", "query": None}, "needs endpoint='AccountTransactions', not 'Customers'"),
        ({"query": DATES | {"accountNos": "3000"}}, "leave accountNos out"),
        ({"query": DATES | {"Fields": "Id"}}, "leave Fields out"),
        ({"paging": {"max_pages": 1}}, "leave out max_pages"),
        ({"mode": "append"}, "use 'upsert' or 'replace'"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], says: str) -> None:
    """What cannot be verified is refused while the DAG file is read, with the way out."""
    with pytest.raises(ValueError, match="verify") as caught:
        operator(**VERIFIED | arguments)
    assert says in str(caught.value)


def test_dates_are_needed(query: Query, sandbox: Sandbox) -> None:
    """A day that is none is named before anything is read."""
    with pytest.raises(ValueError, match="needs fromDate and toDate in query, such as 2020-01-01"):
        load(query={"fromDate": "2020-01-01", "toDate": "today"}, **VERIFIED)
    assert sandbox.count("GET") == 0
    assert query("SELECT 1") == [(1,)]


def test_other_apis(query: Query, v1_connection: str) -> None:
    """V1 has its ledger elsewhere, and is refused."""
    with pytest.raises(AirflowFailException, match="is for PowerOffice Go v2; this connection's API is v1"):
        load(poweroffice_conn_id=v1_connection, **VERIFIED)
    assert query("SELECT 1") == [(1,)]
