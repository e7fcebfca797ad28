"""AccountTransactions, TrialBalance and the invoices made from the ledger."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from poweroffice_sandbox import Sizes
from poweroffice_sandbox.v2.ledger.ledger import Ledger
from poweroffice_sandbox.v2.ledger.pattern import pattern

if TYPE_CHECKING:
    import requests
    from sandbox_client import Api


def exact(answer: requests.Response) -> Any:
    """Decode with exact decimals."""
    return json.loads(answer.content, parse_float=Decimal)


def test_vouchers_balance(api: Api) -> None:
    """The rows of each voucher sum to exactly zero, and voucher numbers are one series from 1."""
    sums = defaultdict(Decimal)
    for row in exact(api.ledger()):
        sums[row["VoucherNo"]] += row["Amount"]
    assert set(sums.values()) == {Decimal(0)}
    assert sorted(sums) == list(range(1, len(sums) + 1))


@pytest.mark.parametrize("size", ["small", "medium"])
def test_a_company_that_could_be(start: Callable[..., Api], client_of: type[Api], size: str) -> None:
    """The company owns something, owes less, and earns more than it spends, in whichever size."""
    sandbox = start(size=size).sandbox
    for company in (0, 1, 3):  # the third lacks the privilege
        balances: dict[str, Decimal] = defaultdict(Decimal)
        answer = client_of(sandbox, company).login().get("TrialBalance", date="2025-12-31")
        for row in exact(answer):
            balances[str(row["AccountNo"])[0]] += row["Balance"]
        assets, debts, revenue, *costs = (balances[kind] for kind in "1234567")
        assert 0 < -debts < assets
        assert 0 < sum(costs) < -revenue


def test_two_decimals(api: Api) -> None:
    """Amounts are written with exactly two decimals, such as -4760.00 and 1.10."""
    amounts = re.findall(rb'"Amount":(-?[\d.]+)', api.ledger().content)
    assert all(re.fullmatch(rb"-?\d+\.\d\d", amount) for amount in amounts)
    assert {b"-4760.00", b"1.10"} & set(amounts)


def test_pages_by_id(api: Api) -> None:
    """Pages ordered by id, concatenated, are the ledger: every id once, ascending."""
    ids = []
    for number in range(1, 5):
        ids += [row["Id"] for row in api.ledger(PageSize=501, PageNumber=number, OrderBy="Id").json()]
    assert ids == sorted(set(ids))
    assert len(ids) == api.sandbox.totals()["AccountTransactions"] == 2000


def test_shuffled_pages(api: Api) -> None:
    """Without OrderBy the pages still hold every id once, in another order."""
    ids = [row["Id"] for number in (1, 2, 3) for row in api.ledger(PageSize=700, PageNumber=number).json()]
    assert len(set(ids)) == len(ids) == 2000
    assert ids != sorted(ids)


def test_order_descending(api: Api) -> None:
    """Descending order is ascending order backwards."""
    ids = [row["Id"] for row in api.ledger(OrderBy="Id desc").json()]
    assert ids == sorted(ids, reverse=True)


def test_order_by_any_field(api: Api) -> None:
    """A ledger that is not too large is sorted by any field."""
    rows = api.ledger(OrderBy="AccountNo desc, Id").json()
    keys = [(-row["AccountNo"], row["Id"]) for row in rows]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("params", "test"),
    [
        (
            {"accountNos": "1500, 3000-3999"},
            lambda r: r["AccountNo"] == 1500 or 3000 <= r["AccountNo"] <= 3999,
        ),
        ({"voucherNos": "5-7, 9, 740-"}, lambda r: r["VoucherNo"] in (5, 6, 7, 9) or r["VoucherNo"] >= 740),
        ({"voucherTypes": "payrolljournal"}, lambda r: r["VoucherType"] == "PayrollJournal"),
        ({"departmentCodes": "10, 20"}, lambda r: r["DepartmentCode"] in ("10", "20")),
        ({"departmentCodes": "-1"}, lambda r: r["DepartmentCode"] is None),
        ({"projectCodes": "P-105"}, lambda r: r["ProjectCode"] == "P-105"),
        ({"productCodes": "-1"}, lambda r: r["ProductCode"] is None),
        ({"vatCodes": "3"}, lambda r: r["VatCode"] == "3"),
        (
            {"fromDate": "2022-03-01", "toDate": "2022-03-31"},
            lambda r: r["PostingDate"].startswith("2022-03"),
        ),
        (
            {"fromDate": "2023-01-01", "voucherNos": "1-500", "accountNos": "1920"},
            lambda r: r["PostingDate"] >= "2023" and r["VoucherNo"] <= 500 and r["AccountNo"] == 1920,
        ),
        (
            {"createdDateTimeOffsetGreaterThan": "2024-05-05T00:00:00Z"},
            lambda r: r["CreatedDateTimeOffset"] > "2024-05-05T00:00:00.0000000Z",
        ),
        (
            {"lastChangedDateTimeOffsetGreaterThan": "2024-05-05T00:00:00Z"},
            lambda r: r["LastChangedDateTimeOffset"] > "2024-05-05T00:00:00.0000000Z",
        ),
    ],
)
def test_filters(api: Api, params: dict[str, Any], test: Callable[[dict[str, Any]], bool] | None) -> None:
    """A filter gives exactly the rows that meet it, on every page."""
    wanted = sorted(row["Id"] for row in api.ledger().json() if test(row))
    assert wanted
    got = [row["Id"] for row in api.ledger(OrderBy="Id", **params).json()]
    assert got == wanted


def test_changed_filter_reaches_back(api: Api) -> None:
    """A changed filter finds rows created before the time and changed after it."""
    late = next(r for r in api.ledger().json() if r["LastChangedDateTimeOffset"] > r["CreatedDateTimeOffset"])
    rows = api.ledger(lastChangedDateTimeOffsetGreaterThan=late["CreatedDateTimeOffset"]).json()
    assert late in rows


@pytest.mark.parametrize("params", [{}, {"fromDate": "2022-01-01"}, {"toDate": "2022-01-01"}])
def test_dates_are_required(api: Api, params: dict[str, Any]) -> None:
    """A missing date is 404 with a problem."""
    answer = api.get("AccountTransactions", **params)
    assert answer.status_code == 404
    assert "required" in answer.json()["detail"]


def test_fields(api: Api) -> None:
    """Fields works on ledger rows too."""
    assert list(api.ledger(Fields="VoucherNo,Amount").json()[0]) == ["Amount", "VoucherNo"]


@pytest.mark.parametrize("day", ["2022-02-10", "2024-08-01", "2030-01-01", "9999-12-31"])
def test_trial_balance_is_the_ledger(api: Api, day: str) -> None:
    """The trial balance of a day is the sum of the ledger up to it, account by account, and sums to zero."""
    sums = defaultdict(Decimal)
    for row in exact(api.ledger(toDate=day)):
        sums[row["AccountNo"]] += row["Amount"]
    lines = exact(api.get("TrialBalance", date=day, hideAccountsWithZeroBalance="true"))
    assert {line["AccountNo"]: line["Balance"] for line in lines} == {k: v for k, v in sums.items() if v}
    assert sum(line["Balance"] for line in lines) == 0


def test_before_the_books(api: Api) -> None:
    """A day before the books begin has no rows and no balances."""
    assert api.ledger(fromDate="0001-01-01", toDate="0001-12-31").status_code == 204
    lines = api.get("TrialBalance", date="0001-01-01").json()
    assert {line["Balance"] for line in lines} == {0}


def test_trial_balance_filters(api: Api) -> None:
    """The trial balance can be asked for one department; a missing date is 404."""
    rows = exact(api.ledger(departmentCodes="10", accountNos="1920"))
    line = exact(api.get("TrialBalance", date="2030-01-01", departmentCodes="10", accountNos="1920"))[0]
    assert line["Balance"] == sum(row["Amount"] for row in rows)
    assert api.get("TrialBalance").status_code == 404


def test_invoices_are_vouchers(api: Api) -> None:
    """An outgoing invoice is a voucher of the ledger: same number, id, date and amount."""
    invoice = exact(api.get("OutgoingInvoices", invoiceNos="20004"))[0]
    rows = exact(api.ledger(voucherNos=str(invoice["VoucherNo"]), OrderBy="Id"))
    assert {row["VoucherId"] for row in rows} == {invoice["Id"]}
    assert {row["VoucherDate"] for row in rows} == {invoice["VoucherDate"]}
    assert rows[0]["Amount"] == invoice["TotalAmount"]


def test_row_size(api: Api) -> None:
    """A row has all 52 fields of the DTO and is about as large as a real one."""
    body = api.ledger(PageSize=1000).content
    assert len(json.loads(body)[0]) == 52
    assert 1000 < len(body) / 1000 < 1400


def test_a_million_rows(start: Callable[..., Api]) -> None:
    """A million rows are not made to open them, to filter, or to page to their end, which takes a minute."""
    api = start(ledger_rows=1_000_000)
    before = time.perf_counter()
    last = api.ledger(OrderBy="Id", PageSize=20, PageNumber=50_000).json()
    few = api.ledger(accountNos="5000", voucherNos="370000-", PageSize=3)
    assert (len(last), last[-1]["VoucherNo"]) == (20, 375_000)
    assert json.loads(few.headers["X-Pagination"])["totalCount"] > 300
    assert api.get("TrialBalance", date="2030-01-01").status_code == 200
    assert time.perf_counter() - before < 10


def test_whole_vouchers() -> None:
    """The number of rows is exact for multiples of 40, else rounded down to a whole voucher."""
    lines = pattern("x", Sizes())
    assert [len(Ledger(lines, rows)) for rows in (0, 1, 40, 44, 1_000_000)] == [0, 0, 40, 43, 1_000_000]


def test_the_same_seed_gives_the_same_rows(start: Callable[..., Api]) -> None:
    """Two sandboxes of one seed hold the same bytes, another seed gives others."""
    bodies = [start(seed=seed).ledger(OrderBy="Id").content for seed in (7, 7, 8)]
    assert bodies[0] == bodies[1] != bodies[2]


def test_mutation_of_the_ledger(start: Callable[..., Api]) -> None:
    """The ledger grows by a voucher that balances, or a voucher is touched; posted rows are never deleted."""
    api = start(mutation="insert")
    before = api.ledger().json()
    fresh = [row for row in api.ledger(OrderBy="Id").json() if row["Id"] > max(row["Id"] for row in before)]
    assert {row["VoucherNo"] for row in fresh} == {max(row["VoucherNo"] for row in before) + 1}
    assert round(sum(row["Amount"] for row in fresh), 2) == 0
    api.sandbox.set(mutation="touch")
    api.ledger()
    touched = api.ledger(lastChangedDateTimeOffsetGreaterThan="2026-06-01", voucherNos="1")
    assert len(touched.json()) == 3
