"""``today``, the day on which the books of a sandbox end and its time begins; sizes and seeds of all."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from poweroffice_sandbox import D365FOSandbox, Sandbox, TodayError, V1Sandbox
from poweroffice_sandbox.cli import main, read
from poweroffice_sandbox.core.today import Calendar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox_client import Api
    from v1_client import V1Api

ALL = (Sandbox, V1Sandbox, D365FOSandbox)
DAYS = ("2026-11-28", "2012-02-29", "2025-12-31")
LATER = {
    "dueDate",
    "DueDate",
    "expectedDueDate",
    "ToDate",
    "ValidToDate",
    "EndDate",
    "CredManCreditLimitDate",
}
OF_LEDGER = {"AccountTransactions", "OutgoingInvoices", "IncomingInvoices"}
LATER |= {"nextInvoiceDate", "validto"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=T|$)")


def _days(row: Any, name: str = "") -> Iterator[str]:
    """Give the days of a row that are not by their meaning after today, nor stand for never."""
    if isinstance(row, dict):
        for key, value in row.items():
            yield from _days(value, key)
    elif isinstance(row, list):
        for value in row:
            yield from _days(value, name)
    elif isinstance(row, str) and (found := _DAY.match(row)) and name not in LATER:
        yield found.group()


def _rows(sandbox: Any) -> dict[str, list[dict[str, Any]]]:
    """Give every row of the first company, by table."""
    if isinstance(sandbox, D365FOSandbox):
        return {
            name: [item.row for item in sandbox.state.table(name).records.values()]
            for name in sandbox.totals()
        }
    books = sandbox.state.books(sandbox.state.company(0))
    if isinstance(sandbox, V1Sandbox):
        return {name: list(books.table(name).rows.values()) for name in books.names if name != "Budget"}
    names = [name for name in sandbox.totals() if name != "AccountTransactions"]
    tables = {name: list(books.table(name).rows.values()) for name in names}
    rows = json.loads(books.writer.rows(range(len(books.ledger))))
    return {**tables, "AccountTransactions": rows}


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("kind", ALL)
def test_books_end_today(kind: type[Any], day: str) -> None:
    """No row is of a later day, and the last ones are of that day or shortly before."""
    every = sorted(item for rows in _rows(kind(today=day)).values() for row in rows for item in _days(row))
    assert every[-1] <= day
    assert every[-1] > str(date.fromisoformat(day) - timedelta(days=5))


@pytest.mark.parametrize("kind", ALL)
def test_all_moves_by_the_same_days(kind: type[Any]) -> None:
    """The rows differ in their dates only; but for those of the ledger of v2, by the same number of days."""
    usual, moved = _rows(kind()), _rows(kind(today="2026-11-28"))
    calendar = Calendar(date(2026, 11, 28))
    assert {name: len(rows) for name, rows in usual.items()} == {
        name: len(rows) for name, rows in moved.items()
    }
    for name in usual.keys() - OF_LEDGER:
        assert list(calendar.moved(usual[name])) == moved[name], name


@pytest.mark.parametrize("kind", ALL)
def test_time(kind: type[Any]) -> None:
    """The sandbox's time is that day too, at the time of day it would have, and goes on."""
    noon = datetime(2024, 2, 29, 12, tzinfo=UTC).timestamp()
    with kind(today="2026-11-28", clock=lambda: noon) as sandbox:
        answer = requests.get(f"{sandbox.url}/", timeout=5)
        assert parsedate_to_datetime(answer.headers["Date"]) == datetime(2026, 11, 28, 12, tzinfo=UTC)
        sandbox.advance(86_400)
        assert sandbox.clock.now() == datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
    assert kind(clock=lambda: noon).clock.now() == noon


def test_v2_over_http(start: Callable[..., Api]) -> None:
    """Lock date, beginning and ledger are of that calendar; the ledger agrees with its invoices."""
    api = start(today=date(2026, 11, 28))
    assert api.get("FinancialSettings").json()["ConversionDate"] == "2022-11-29"
    locked = api.get("LockDateSettings").json()["LockDate"]
    assert locked == "2023-11-28"
    rows = api.get("AccountTransactions", fromDate="2026-11-01", toDate="2026-11-28").json()
    assert {row["PostingDate"][:7] for row in rows} == {"2026-11"}
    vouchers = {
        row["VoucherNo"]: row["PostingDate"] for row in api.ledger(toDate="2030-12-31", PageSize=5000).json()
    }
    for row in api.get("OutgoingInvoices", PageSize=150).json():
        assert vouchers[row["VoucherNo"]] == row["VoucherDate"]
    api.sandbox.reset()
    assert api.get("LockDateSettings").json()["LockDate"] == locked


def test_v1_over_http(start_v1: Callable[..., V1Api]) -> None:
    """The ledger of today is that of the books; the budget is of the year."""
    api = start_v1(today="2026-11-28")
    assert round(sum(row["balance"] for row in api.rows("Reporting/TrialBalance")), 2) == 0
    assert [row["name"] for row in api.rows("Budget")] == ["Budsjett 2026"]
    assert api.rows("Reporting/AccountTransactions", fromDate="2026-11-01", toDate="2026-11-28")


@pytest.mark.parametrize(
    "day", ["soon", "20261128", "2026-02-30", "1999-12-31", "2101-01-01", 5, datetime(2026, 1, 1, tzinfo=UTC)]
)
def test_refused(day: Any) -> None:
    """What is no day says how to write one."""
    with pytest.raises(TodayError, match=r"today = .*give a day"):
        Sandbox(today=day)


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """``--today``, ``--seed`` and the sizes are there for all three."""
    options = ["--today", "2026-11-28", "--seed", "7"]
    sizes = [word for name in ("size", "v1-size", "d365fo-size") for word in (f"--{name}", "medium")]
    for chosen in read([*options, *sizes]):
        sandbox = chosen.api.sandbox(**chosen.arguments)
        usual = chosen.api.sandbox(today="2026-11-28")
        assert sum(sandbox.totals().values()) > sum(usual.totals().values())
        assert (sandbox.state.seed, str(sandbox.state.calendar.today)) == (7, "2026-11-28")
    assert main(["--today", "tomorrow"]) == 2
    assert "today = 'tomorrow': give a day, such as 2026-11-28." in capsys.readouterr().err


@pytest.mark.parametrize("kind", ALL)
def test_seeds(kind: type[Any]) -> None:
    """The same seed gives the same rows, another one others."""
    first, again, other = (_rows(kind(seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other
