"""The checks of ``make scaling`` see what is wrong: otherwise a green run would prove nothing."""

from __future__ import annotations

import os
import sys
import time
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from poweroffice_sandbox import Sandbox
from tests.infrastructure.processes import Guarded, cpu_seconds, members
from tests.infrastructure.scaling_checks import TABLES, Rows, listed, plain, wrong_rows, wrong_summary

COMPANIES = ["fjordlys", "havblaast", "granli"]
NONE: frozenset[str] = frozenset()
GOOD: dict[str, Any] = {
    "companies": 3,
    "succeeded": ["fjordlys", "havblaast"],
    "skipped": [],
    "left_out": [{"company": "havblaast", "load": "suppliers"}],
    "failed": [{"company": "granli", "task_id": "company", "error": "AuthenticationError: [granli] refused"}],
}


@pytest.fixture(scope="module")
def books() -> Any:
    """Run a sandbox of small companies, and give it with what a warehouse of theirs would hold."""
    with Sandbox(companies=5, customers=3, ledger_rows=40, rate_limit=0) as sandbox:
        yield (
            sandbox,
            {
                table: {company: listed(sandbox, company, resource) for company in COMPANIES}
                for table, resource in TABLES.items()
            },
        )


def test_right_rows(books: tuple[Sandbox, Rows]) -> None:
    """Tables that hold what the sandbox holds are right, in whatever order."""
    sandbox, stored = books
    turned = {table: {c: rows[::-1] for c, rows in own.items()} for table, own in stored.items()}
    assert len(turned["account_transactions"]["granli"]) >= 40
    assert wrong_rows(turned, sandbox, COMPANIES, NONE) == []


def test_rows_of_another_company(books: tuple[Sandbox, Rows]) -> None:
    """Two companies that were swapped are both wrong; so is a table that should be empty."""
    sandbox, stored = books
    ledgers = stored["account_transactions"]
    swapped = stored | {
        "account_transactions": ledgers | {"granli": ledgers["fjordlys"], "fjordlys": ledgers["granli"]}
    }
    wrong = wrong_rows(swapped, sandbox, COMPANIES, NONE)
    assert [problem.partition(":")[0] for problem in wrong] == ["fjordlys", "granli"]
    assert len(wrong_rows(stored, sandbox, ["granli"], frozenset({"suppliers"}))) == 1


@pytest.mark.parametrize("change", ["lost", "doubled", "changed", "a text", "another moment", "no table"])
def test_one_row_is_wrong(books: tuple[Sandbox, Rows], change: str) -> None:
    """One row of thousands is enough."""
    sandbox, stored = books
    wrong = deepcopy(stored)
    rows = wrong["customers"]["granli"]
    if change == "lost":
        del rows[0]
    elif change == "doubled":
        rows.append(rows[0])
    elif change == "changed":
        rows[0]["id"] += Decimal("0.01")
    elif change == "a text":
        rows[0]["id"] = str(rows[0]["id"])
    elif change == "another moment":
        rows[0]["lastchangeddatetimeoffset"] = rows[0]["lastchangeddatetimeoffset"].replace(microsecond=1)
    else:
        del wrong["customers"]
    assert len(wrong_rows(wrong, sandbox, ["granli"], NONE)) == 1


def test_forms() -> None:
    """What a database writes in another way is the same; a date is no moment."""
    sent = {"VoucherId": "a", "At": "2023-04-10T21:17:45.6000000Z", "PostingDate": "2023-04-09"}
    held = {"voucher_id": "a", "at": "2023-04-10T22:17:45.6+01:00", "posting_date": "2023-04-09"}
    assert plain(sent) == plain(held)
    assert plain(sent) != plain(held | {"posting_date": "2023-04-09T00:00:00Z"})


def test_right_summary() -> None:
    """The one that fails is named, with its reason, and so is the one that lacks modules."""
    assert wrong_summary(GOOD, COMPANIES, "granli", "havblaast") == []


@pytest.mark.parametrize(
    "change",
    [
        {"failed": []},
        {"succeeded": ["fjordlys"]},
        {"succeeded": COMPANIES},
        {"left_out": []},
        {"left_out": [{"company": "fjordlys", "load": "suppliers"}]},
        {"failed": [{"company": "granli", "error": "TypeError: of another kind"}]},
        {"failed": [*GOOD["failed"], {"company": "fjordlys", "error": "AuthenticationError: too"}]},
    ],
)
def test_wrong_summary(change: dict[str, Any]) -> None:
    """Too few, too many, or another reason."""
    assert wrong_summary(GOOD | change, COMPANIES, "granli", "havblaast") != []


def test_cpu_of_children(tmp_path: Path) -> None:
    """The seconds of children that have ended are counted."""
    loop = 'while __import__("time").process_time() < 0.5: pass'
    busy = f"{sys.executable} -c '{loop}'; echo ended; sleep 60"
    program = Guarded(["sh", "-c", busy], os.environ, tmp_path, tmp_path / "log")
    try:
        deadline = time.monotonic() + 60
        while b"ended" not in (tmp_path / "log").read_bytes():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        spent = cpu_seconds(members(program.pid)) - cpu_seconds([program.pid])
        assert spent > 0.4  # the guard's own not counted; a tick of the clock is 0.01
    finally:
        program.stop()
