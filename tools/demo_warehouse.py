"""
What the demo's warehouse holds, asked in SQL: the tables, the revenue of each month, a trial balance.

Rule: it asks as any user of the database would; sums are the database's own, of exact decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from airflow_provider_poweroffice.storage.sql.identifiers import snake_case
from airflow_provider_poweroffice.task_groups.load_company import DEFAULT_RESOURCES
from poweroffice_sandbox import Sandbox

REVENUE = """
select strftime(posting_date, '%Y-%m') as month, _company, -sum(amount) as revenue
from account_transactions where account_no between 3000 and 3999
group by all order by all
"""
BALANCE = """
select account_no // 1000 as class, _company, sum(amount) as balance
from account_transactions group by all order by all
"""
# The classes of the Norwegian standard chart of accounts, NS 4102.
CLASSES = {
    1: "assets",
    2: "equity and liabilities",
    3: "revenue",
    4: "cost of goods",
    5: "payroll",
    6: "other operating costs",
    7: "other operating costs",
    8: "financial items",
}
MONTHS = 12
WIDTH = 44  # characters of the longest bar
SHADES = "█░"


def show_warehouse(path: Path, sandbox: Sandbox, companies: Sequence[str]) -> bool:
    """
    Print what is there.

    :param path: of the DuckDB file.
    :param companies: aliases of the two that were loaded.
    :return: whether the tables hold what the sandbox does, and all books balance.
    """
    with duckdb.connect(str(path), read_only=True) as warehouse:
        whole = _show_tables(warehouse, path, sandbox, companies)
        _show_revenue(warehouse, companies)
        return _show_balance(warehouse, companies) and whole


def _show_tables(warehouse: Any, path: Path, sandbox: Sandbox, companies: Sequence[str]) -> bool:
    whole = True
    print(f"\nTables in {path.name}, rows of each company")
    print(f"  {'table':<24} " + " ".join(f"{alias:>10}" for alias in companies))
    for resource in DEFAULT_RESOURCES:
        table = snake_case(resource)
        asked = f"select _company, count(*) from {table} group by all"  # noqa: S608 - our own names
        counts = dict(warehouse.execute(asked).fetchall())
        whole &= counts == {alias: sandbox.totals(alias)[resource] for alias in companies}
        print(f"  {table:<24} " + " ".join(f"{counts.get(alias, 0):>10,}" for alias in companies))
    return whole


def _show_revenue(warehouse: Any, companies: Sequence[str]) -> None:
    months: dict[str, dict[str, Decimal]] = {}
    for month, company, revenue in warehouse.execute(REVENUE).fetchall():
        months.setdefault(month, {})[company] = revenue
    latest = sorted(months)[-MONTHS:]
    most = max(sum(months[month].values()) for month in latest)
    legend = "  ".join(f"{shade} {alias}" for shade, alias in zip(SHADES, companies, strict=True))
    print(f"\nRevenue per month, NOK 1000  {legend}\n{_query(REVENUE)}")
    for month in latest:
        total = sum(months[month].values())
        bars = "".join(
            shade * round(months[month].get(alias, 0) / most * WIDTH)
            for shade, alias in zip(SHADES, companies, strict=True)
        )
        print(f"  {month} {total / 1000:>7,.0f}  {bars}")


def _show_balance(warehouse: Any, companies: Sequence[str]) -> bool:
    classes: dict[int, dict[str, Decimal]] = {}
    for number, company, balance in warehouse.execute(BALANCE).fetchall():
        classes.setdefault(number, {})[company] = balance
    print(f"\nTrial balance, NOK\n{_query(BALANCE)}")
    print(" " * 26 + "".join(f"{alias:>18}" for alias in companies))
    for number, balances in classes.items():
        figures = "".join(f"{balances.get(alias, Decimal()):>18,.2f}" for alias in companies)
        print(f"  {number}xxx {CLASSES[number]:<22}{figures}".rstrip())
    sums = [sum(balances.get(alias, Decimal()) for balances in classes.values()) for alias in companies]
    print(f"  {'sum':<24}" + "".join(f"{total:>18,.2f}" for total in sums))
    return not any(sums)


def _query(sql: str) -> str:
    return "".join(f"  > {line}\n" for line in sql.strip().splitlines())
