"""Each switch of what v1 is asked for: filters, orders, limits, periods."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from v1_client import V1Api

Start = Callable[..., V1Api]
LONG = {"fromDate": "2023-01-01", "toDate": "2023-02-28"}
BOUNDS = {"fromDate": "2022-01-01", "toDate": "2022-01-10"}


@pytest.mark.parametrize(("form", "found"), [("none", False), ("hidden", True)])
def test_time_fractions(start_v1: Start, form: str, *, found: bool) -> None:
    """Hidden fractions make a row later than the time it shows."""
    api = start_v1(time_fractions=form)
    row = api.rows("Customer", orderby="LastChanged desc")[0]
    text = f"LastChanged gt DateTimeOffset'{row['lastChanged']}'"
    assert (row["id"] in {item["id"] for item in api.rows("Customer", filter=text)}) is found


def test_unordered_id(start_v1: Start) -> None:
    """unordered=id: the same order each time; unstable: another each time."""
    api = start_v1(unordered="id")
    assert [row["id"] for row in api.rows("Customer")] == sorted(row["id"] for row in api.rows("Customer"))
    api.sandbox.set(unordered="unstable")
    assert api.rows("Customer") != api.rows("Customer")


def test_unordered_refused(start_v1: Start) -> None:
    """unordered=refused: $top and $skip need $orderby."""
    api = start_v1(unordered="refused")
    assert "need an $orderby" in api.failed("Customer", top=1)["summary"]
    assert "need an $orderby" in api.failed("Customer", skip=1)["summary"]
    assert len(api.rows("Customer", orderby="Id", top=1)) == 1
    assert len(api.rows("Customer")) == 120


def test_filter_names(start_v1: Start) -> None:
    """Pascal: names as the documentation writes them, and no others."""
    api = start_v1()
    assert api.rows("Customer", filter="code eq 10001") == api.rows("Customer", filter="Code eq 10001")
    api.sandbox.set(filter_names="pascal")
    assert len(api.rows("Customer", filter="Code eq 10001", orderby="Id")) == 1
    assert "'code'" in api.failed("Customer", filter="code eq 10001")["summary"]


def test_filter_functions(start_v1: Start) -> None:
    """Named: the functions the documentation names."""
    api = start_v1(filter_functions="named")
    assert api.rows("Customer", filter="startswith(tolower(Name),'o')")
    assert "There are startswith, tolower." in api.failed("Customer", filter="contains(Name,'o')")["summary"]


def test_bare_dates(start_v1: Start) -> None:
    """Refused: a time must be written DateTimeOffset'…'."""
    api = start_v1(bare_dates="refused")
    assert (
        "write DateTimeOffset'2023-" in api.failed("Customer", filter="LastChanged gt 2023-01-01")["summary"]
    )
    assert api.rows("Customer", filter="LastChanged gt DateTimeOffset'2023-01-01'")


def test_orderby_separator(start_v1: Start) -> None:
    """Blank: the old parser reads several fields without commas, and with."""
    api = start_v1(orderby_separator="blank")
    rows = api.rows("Customer", orderby="PaymentTerms desc Name")
    assert rows == sorted(rows, key=lambda row: (-row["paymentTerms"], row["name"]))
    assert api.rows("Customer", orderby="PaymentTerms desc, Name asc") == rows


def test_unsupported_options(start_v1: Start) -> None:
    """$select is refused, or ignored."""
    api = start_v1()
    assert "'$select' is not supported" in api.failed("Customer", **{"$select": "Id"})["summary"]
    api.sandbox.set(unsupported_options="ignored")
    assert len(api.rows("Customer", **{"$select": "Id"})[0]) > 1


def test_unknown_query(start_v1: Start) -> None:
    """An unknown parameter is ignored, or refused; a report's own are known."""
    api = start_v1()
    assert len(api.rows("Customer", colour="red")) == 120
    api.sandbox.set(unknown_query="refused")
    assert "'colour'" in api.failed("Customer", colour="red")["summary"]
    assert api.rows("Reporting/AccountTransactions", **LONG)
    assert "'fromdate'" in api.failed("Customer", fromDate="2023-01-01")["summary"]


def test_path_case(start_v1: Start) -> None:
    """The casing of a path counts, or not."""
    api = start_v1()
    assert api.get("reporting/ACCOUNTtransactions", **LONG).status_code == 200
    api.sandbox.set(path_case="exact")
    assert [api.get(path).status_code for path in ("customer", "Customer")] == [404, 200]


@pytest.mark.parametrize(("form", "days"), [("inclusive", {"01", "10"}), ("exclusive", {"01"})])
def test_to_date(start_v1: Start, form: str, days: set[str]) -> None:
    """The last day is in the period, or the day after it."""
    rows = start_v1(to_date=form).rows("Reporting/AccountTransactions", **BOUNDS)
    assert {row["date"][8:10] for row in rows} == days


def test_first_day(start_v1: Start) -> None:
    """Exclusive, and the first day there is: no rows, no trouble."""
    first = {"fromDate": "0001-01-01", "toDate": "0001-01-01"}
    assert start_v1(to_date="exclusive").rows("Reporting/AccountTransactions", **first) == []


def test_long_period(start_v1: Start) -> None:
    """Refused: no report of more than 31 days."""
    api = start_v1(long_period="refused")
    assert "limited to 31 days" in api.failed("Reporting/AccountTransactions", **LONG)["summary"]
    assert api.rows("Reporting/AccountTransactions", fromDate="2023-01-01", toDate="2023-01-31")
    assert api.rows("Reporting/CustomerLedger", toDate="2023-01-31")


def test_archived(start_v1: Start) -> None:
    """Hidden: archived rows only when the filter asks."""
    api = start_v1(archived="hidden")
    assert not any(row["isArchived"] for row in api.rows("Customer"))
    assert all(row["isArchived"] for row in api.rows("Customer", filter="IsArchived eq true"))


def test_row_cap(start_v1: Start) -> None:
    """row_cap: a limit small enough to be met by few rows, by reports too."""
    api = start_v1(row_cap=50)
    assert "51 rows are too many: at most 50" in api.failed("Customer", orderby="Id", top=51)["summary"]
    assert len(api.rows("Customer", orderby="Id", top=50)) == 50
    assert "at most 50" in api.failed("Reporting/AccountTransactions", **LONG)["summary"]


def test_top_over_cap(start_v1: Start) -> None:
    """A $top above the limit is served when fewer rows are there, or refused."""
    api = start_v1(top_over_cap="refused")
    assert "$top = 50001 is too much" in api.failed("Customer", orderby="Id", top=50_001)["summary"]
    assert len(api.rows("Customer", orderby="Id", top=50_000)) == 120
    api.sandbox.set(top_over_cap="served")
    assert len(api.rows("Customer", orderby="Id", top=50_001)) == 120


@pytest.mark.parametrize(("form", "number"), [("sensitive", 0), ("insensitive", 1)])
@pytest.mark.parametrize(
    "text",
    [
        "Name eq 'O''HARA & SØNNER AS 3'",
        "startswith(Name,'O''hARA')",
        "toupper(Name) eq 'o''hara & sønner AS 3'",
    ],
)
def test_text_case(start_v1: Start, form: str, number: int, text: str) -> None:
    """Insensitive: as a database may compare; an order has small letters among the capitals."""
    api = start_v1(text_case=form)
    assert len(api.rows("Customer", filter=f"Code eq 10003 and {text}")) == number
