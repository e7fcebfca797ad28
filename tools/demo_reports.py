"""
The end of the demo: dbt builds and tests the reports, and one company's are printed as a person reads them.

Rule: dbt is in an environment of its own, made while the DAGs run; numbers are those of the package's tables.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venvs" / "dbt"
WIDTH = 48
HALF = 5  # the last section of costs of operation, and of assets, in the seed
Line = tuple[int, str, str, Decimal, Decimal]
"""The section's place and name, the account, and the amounts of two columns."""

PROFIT_AND_LOSS = """
select section_order, section_name, account_no || ' ' || account_name,
    coalesce(sum(year_to_date_amount) filter (where date_month = $month), 0),
    coalesce(sum(year_to_date_amount) filter (where date_month = $month - interval 1 year), 0)
from poweroffice__profit_and_loss where company = $company
group by all having bool_or(year_to_date_amount <> 0) order by section_order, 3
"""
BALANCE_SHEET = """
select section_order, section_name, coalesce(account_no || ' ', '') || account_name,
    coalesce(sum(amount) filter (where date_month = $month), 0),
    coalesce(sum(amount) filter (where date_month = $month - interval 1 year), 0)
from poweroffice__balance_sheet where company = $company
group by section_order, section_name, account_no, account_name having bool_or(amount <> 0)
order by section_order, account_no nulls last
"""


def start_environment() -> subprocess.Popen[bytes]:
    """Begin to make the environment of dbt."""
    script = [sys.executable, str(ROOT / "tools" / "environment.py"), ".venvs/dbt", "requirements/dbt.txt"]
    return subprocess.Popen([*script, "--pins-only"], stdout=subprocess.DEVNULL)


def show_reports(environment: subprocess.Popen[bytes], path: Path, home: Path, company: str) -> bool:
    """
    Build the reports and print those of a company.

    :param environment: from ``start_environment``.
    :param path: of the DuckDB file.
    :param home: where dbt may write.
    :return: whether everything was built and every test passed.
    """
    if environment.wait() or not _build(path, home):
        print(f"\ndbt failed; its log is in {(home / 'dbt').relative_to(ROOT)}/")
        return False
    with duckdb.connect(str(path), read_only=True) as warehouse:
        asked = "select max(date_month) from poweroffice__general_ledger where company = ?"
        ((month,),) = warehouse.execute(asked, [company]).fetchall()
        given = {"month": month, "company": company}
        profit = warehouse.execute(PROFIT_AND_LOSS, given).fetchall()
        balance = warehouse.execute(BALANCE_SHEET, given).fetchall()
    columns = [f"{month:%B} {year}" for year in (month.year, month.year - 1)]
    _show(
        f"Profit and loss of {company} from the beginning of the year, NOK",
        columns,
        profit,
        "Operating result",
    )
    _show(f"Balance sheet of {company} at the end of the month, NOK", columns, balance, "Assets")
    return True


def _build(path: Path, home: Path) -> bool:
    """Run ``dbt build``, and say how many models and tests it was."""
    logs = home / "dbt"
    settings = {
        "WAREHOUSE_TYPE": "duckdb",
        "WAREHOUSE_PATH": str(path),
        "DBT_TARGET_PATH": str(logs),
        "DBT_LOG_PATH": str(logs),
    }
    command = [str(FOLDER / "bin" / "dbt"), "--quiet", "build", "--profiles-dir", "."]
    done = subprocess.run(command, cwd=ROOT / "dbt", env=os.environ | settings, check=False)
    if done.returncode:
        return False
    results: list[dict[str, Any]] = json.loads((logs / "run_results.json").read_text())["results"]
    tests = sum(one["unique_id"].startswith("test.") for one in results)
    print(f"\ndbt       {len(results) - tests} models built, {tests} tests passed")
    return True


def _show(title: str, columns: list[str], lines: list[Line], half: str) -> None:
    """Print sections with their accounts, what the first half of them adds up to, and the end."""
    print(f"\n{title}\n{'':<{WIDTH}}" + "".join(f"{column:>18}" for column in columns))
    for place in sorted({line[0] for line in lines}):
        rows = [line for line in lines if line[0] == place]
        if place > HALF >= max((line[0] for line in lines if line[0] < place), default=HALF + 1):
            print(_line(half.upper(), _sums(line for line in lines if line[0] <= HALF)))
        print(_line(f"  {rows[0][1]}", _sums(rows)))
        for _, _, account, *amounts in rows:
            print(_line(f"    {account}", amounts))
    if half == "Assets":
        print(_line("EQUITY AND LIABILITIES", _sums(line for line in lines if line[0] > HALF)))
    else:
        print(_line("RESULT", _sums(lines)))


def _sums(lines: Iterable[Line]) -> list[Decimal]:
    pairs = [line[3:] for line in lines]
    return [sum((pair[column] for pair in pairs), Decimal(0)) for column in (0, 1)]


def _line(text: str, amounts: Sequence[Decimal]) -> str:
    return f"{text[:WIDTH]:<{WIDTH}}" + "".join(f"{amount:>18,.2f}" for amount in amounts)
