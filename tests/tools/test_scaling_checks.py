"""The checks of ``make scaling`` see what is wrong: otherwise a green run would prove nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from poweroffice_sandbox import Sandbox
from tests.infrastructure.scaling_checks import ledger, wrong_rows, wrong_summary

COMPANIES = ["fjordlys", "havblaast", "granli"]
GOOD: dict[str, Any] = {
    "companies": 3,
    "succeeded": ["fjordlys", "havblaast"],
    "skipped": [],
    "failed": [{"company": "granli", "task_id": "ledger", "error": "AuthenticationError: [granli] refused"}],
}


def store(lake: Path, company: str, rows: list[dict[str, Any]]) -> None:
    """Write a company's file as a task would; numbers come with their spelling."""
    (lake / company).mkdir(exist_ok=True)
    marked = [{k: f"@{v[1]}@" if isinstance(v, tuple) else v for k, v in row.items()} for row in rows]
    lines = "".join(f"{json.dumps(row)}\n" for row in marked).replace('"@', "").replace('@"', "")
    (lake / company / "ledger.ndjson.gz").write_bytes(gzip.compress(lines.encode()))


@pytest.fixture
def cluster(tmp_path: Path, sandbox: Sandbox) -> Any:
    """Give the part of a cluster that the check of rows looks at, with all files as they should be."""
    for company in COMPANIES:
        rows = ledger(sandbox, company)
        assert len(rows) == sandbox.totals(company)["AccountTransactions"] > 100
        store(tmp_path, company, rows)
    return SimpleNamespace(lake=tmp_path, sandbox=sandbox)


def test_right_rows(cluster: Any) -> None:
    """Files that hold what the sandbox holds are right, in whatever order."""
    store(cluster.lake, "granli", ledger(cluster.sandbox, "granli")[::-1])
    assert wrong_rows(cluster, ["granli"]) == []


def test_rows_of_another_company(cluster: Any) -> None:
    """Two companies that were swapped are both wrong."""
    for company, other in (("granli", "fjordlys"), ("fjordlys", "granli")):
        store(cluster.lake, company, ledger(cluster.sandbox, other))
    assert [problem.partition(":")[0] for problem in wrong_rows(cluster, ["fjordlys", "granli"])] == [
        "fjordlys",
        "granli",
    ]


@pytest.mark.parametrize("change", ["lost", "doubled", "changed", "a text"])
def test_one_row_is_wrong(cluster: Any, change: str) -> None:
    """One row of thousands is enough."""
    rows = ledger(cluster.sandbox, "granli")
    wrong = {
        "lost": [],
        "doubled": [rows[0], rows[0]],
        "changed": [rows[0] | {"Amount": ("number", "0.01")}],
        "a text": [rows[0] | {"Amount": rows[0]["Amount"][1]}],
    }
    store(cluster.lake, "granli", [*wrong[change], *rows[1:]])
    assert len(wrong_rows(cluster, ["granli"])) == 1


def test_file_is_missing(cluster: Any) -> None:
    """A company without a file is wrong."""
    (cluster.lake / "granli" / "ledger.ndjson.gz").unlink()
    assert "is missing" in wrong_rows(cluster, ["granli"])[0]


def test_right_summary() -> None:
    """The one that fails is named, with its reason."""
    assert wrong_summary(GOOD, COMPANIES, "granli") == []


@pytest.mark.parametrize(
    "change",
    [
        {"failed": []},
        {"succeeded": ["fjordlys"]},
        {"succeeded": COMPANIES},
        {"failed": [{"company": "granli", "error": "TypeError: of another kind"}]},
        {"failed": [*GOOD["failed"], {"company": "fjordlys", "error": "AuthenticationError: too"}]},
    ],
)
def test_wrong_summary(change: dict[str, Any]) -> None:
    """Too few, too many, or another reason."""
    assert wrong_summary(GOOD | change, COMPANIES, "granli") != []
