"""
The dbt package: a load, ``dbt build`` as the example DAG runs it, and every number anew from the sandbox.

dbt is in an environment of its own, ``.venvs/dbt``, which is made here where it is not.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.airflow_home import ROOT, states
from support.databases import postgres_database

from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset
from airflow_provider_poweroffice.hooks.database import database_hook
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from poweroffice_sandbox import Sandbox

COMPANIES = ("fjordlys", "havblaast")
YEAR_ENDS = {"fjordlys": 12, "havblaast": 6}
THROUGH = (2026, 2)
VARS = {
    "poweroffice_year_end_months": {"havblaast": 6},
    "poweroffice_report_through": "2026-02",
    "poweroffice_using_trial_balance": True,
    "poweroffice_using_open_items": True,
}
DAYS = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
DUE = (("not_due", None, 0), ("overdue_1_30", 1, 30), ("overdue_31_60", 31, 60), ("overdue_61_90", 61, 90))
Month = tuple[int, int]
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def dbt() -> Path:
    """Give dbt, in an environment of its own."""
    made = [sys.executable, str(ROOT / "tools/environment.py"), ".venvs/dbt", "requirements/dbt.txt"]
    subprocess.run([*made, "--pins-only"], check=True)
    return ROOT / ".venvs/dbt/bin/dbt"


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make ``warehouse`` an empty database, and give its kind."""
    fields: dict[str, Any] = {"conn_type": "duckdb", "host": str(tmp_path / "books.duckdb")}
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        fields = server.airflow | {"schema": postgres_database(server, "psycopg2")["dbname"]}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(fields))
    return str(request.param)


@pytest.fixture
def no_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dbt: Path) -> Iterator[Path]:
    """Watch what dbt leaves in the home, and whether it calls anybody; give the folder it works in."""
    home = tmp_path / "home"
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        for name, value in {
            "HOME": str(home),
            "HTTP_PROXY": address,
            "HTTPS_PROXY": address,
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path / "logs"),
            "AIRFLOW_VAR_DBT": str(dbt),
            "AIRFLOW_VAR_DBT_PROJECT": str(ROOT / "dbt"),
        }.items():
            monkeypatch.setenv(name, value)
        yield tmp_path / "target"
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert not list(home.iterdir())
    assert {path.name for path in (ROOT / "dbt").iterdir()}.isdisjoint({"target", "logs"})


def post(client: Any, kind: str, day: str, *lines: tuple[int, str], **more: Any) -> str:
    """Post a voucher of accounts and amounts, without VAT, and give its id."""
    accounts = {row["AccountNo"]: row["Id"] for row in rows(client, "GeneralLedgerAccounts")}
    (vat,) = [row["Id"] for row in rows(client, "VatCodes") if row["Code"] == "0"]
    body = {
        "VoucherDate": day,
        "CurrencyCode": more.get("CurrencyCode", "NOK"),
        "VoucherLines": [
            {"AccountId": accounts[number], "VatId": vat, "PostingDate": day, "CurrencyAmount": float(amount)}
            | more
            for number, amount in lines
        ],
    }
    return str(client.request("POST", f"Vouchers/{kind}", body=body).body["Id"])


def rows(client: Any, endpoint: str, **query: str) -> list[dict[str, Any]]:
    """Read a list, its numbers exact."""
    pages = client.pages(endpoint, query=query)
    return [json.loads(bytes(row), parse_float=Decimal) for page in pages for row in page.raw_rows]


@pytest.fixture
def books(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Post what the books of the sandbox lack, and give a client of each company."""
    fields = json.loads(sandbox.connection_json(companies=COMPANIES))
    fields["extra"]["requests_per_second"] = 1000
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps(fields))
    clients = {alias: PowerOfficeHook(company=alias).client for alias in COMPANIES}
    for client in clients.values():
        for number, name in ((8960, "Overføring annen egenkapital"), (30001, "Salg i euro")):
            account = {"AccountNo": number, "Name": name, "IsActive": True}
            client.request("POST", "GeneralLedgerAccounts", body=account)
        # Several currencies, whose rounding goes to an account of its own; a long account number.
        euro = {"CurrencyCode": "EUR", "CurrencyExchangeRate": 11.4327}
        post(
            client,
            "ManualJournals",
            "2025-03-14",
            *((1920, "100.55"), (30001, "-33.33"), (30001, "-67.22")),
            **euro,
        )
        # The result of 2023 goes to equity; it is no cost. A reversal. Finance, first equity.
        post(client, "YearEndJournals", "2023-12-31", (8960, "250000.01"), (2050, "-250000.01"))
        undone = post(client, "ManualJournals", "2025-06-30", (6300, "1234.50"), (1920, "-1234.50"))
        client.request("POST", f"Vouchers/Reverse/{undone}")
        post(client, "ManualJournals", "2025-12-31", (8160, "0.10"), (7770, "0.20"), (2740, "-0.30"))
        post(client, "ManualJournals", "2024-01-31", (2000, "-30000"), (1200, "29999.99"), (6540, "0.01"))
    return clients


@dataclass
class Account:
    """What an account should have at the end of each month, computed from its entries."""

    number: int
    name: str
    changes: dict[Month, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def months(self, last: Month) -> Iterator[Month]:
        """From its first posting."""
        month = min(self.changes)
        while month <= last:
            yield month
            month = (month[0], month[1] + 1) if month[1] < 12 else (month[0] + 1, 1)

    def closing(self, month: Month) -> Decimal:
        """All up to the end of a month."""
        return sum((amount for at, amount in self.changes.items() if at <= month), Decimal(0))

    def year_to_date(self, month: Month, year_end: int) -> Decimal:
        """All of the financial year, up to the end of a month."""
        year = financial_year(month, year_end)
        parts = (a for at, a in self.changes.items() if at <= month and financial_year(at, year_end) == year)
        return sum(parts, Decimal(0))

    @property
    def group(self) -> int:
        """The first two digits."""
        return int(str(self.number)[:2])


def financial_year(month: Month, year_end: int) -> int:
    """The year in which the financial year of a month ends."""
    return month[0] + (month[1] > year_end)


def accounts_of(client: Any) -> list[Account]:
    """Add the ledger up as the sandbox sends it."""
    chart = rows(client, "GeneralLedgerAccounts")
    found = {row["Id"]: Account(row["AccountNo"], row["Name"]) for row in chart}
    for entry in rows(client, "AccountTransactions", **DAYS):
        day = date.fromisoformat(entry["PostingDate"])
        found[entry["AccountId"]].changes[day.year, day.month] += Decimal(entry["Amount"])
    return [account for account in found.values() if account.changes]


def expected(company: str, accounts: list[Account]) -> dict[str, dict[tuple[Any, ...], tuple[Decimal, ...]]]:
    """Give the reports of a company: by report, line and month, its numbers."""
    year_end, last = YEAR_ENDS[company], max(THROUGH, *(max(account.changes) for account in accounts))
    profit, balance, trial = {}, {}, {}
    results: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for account in accounts:
        for month in account.months(last):
            line = (company, account.number, account.name, date(*month, 1))
            closing, year = account.closing(month), account.year_to_date(month, year_end)
            change = account.changes.get(month, Decimal(0))
            trial[line] = (closing - change, change, closing, year)
            if account.group < 30:
                balance[line] = (closing, closing if account.group < 20 else -closing)
                continue
            if account.group < 88:
                profit[line] = (-change, -year)
            for name, amount in (("year", year), ("earlier years", closing - year)):
                text = f"Result of {'the ' if name == 'year' else ''}{name}, not appropriated"
                results[company, None, text, date(*month, 1)] += amount
    balance |= {line: (amount, -amount) for line, amount in results.items()}
    return {"profit_and_loss": profit, "balance_sheet": balance, "trial_balance": trial}


COLUMNS = {
    "profit_and_loss": "amount, year_to_date_amount",
    "balance_sheet": "balance, amount",
    "trial_balance": "opening_balance, net_change, closing_balance, year_to_date_change",
}


def check_reports(ask: Ask, clients: dict[str, Any]) -> None:
    """Every row of every report is what the sandbox's entries add up to, and no other row is there."""
    for alias, client in clients.items():
        accounts = accounts_of(client)
        assert {8960, 30001, 8160, 2000} <= {account.number for account in accounts}
        for report, lines in expected(alias, accounts).items():
            found = ask(
                f"select company, account_no, account_name, date_month, {COLUMNS[report]} "
                f"from poweroffice__{report} where company = '{alias}'"
            )
            assert {tuple(row[:4]): tuple(row[4:]) for row in found} == lines
            assert len(found) == len(lines)
            assert all(isinstance(number, (Decimal, int)) for row in found for number in row[4:])
        # The server's own trial balance, of days that end a month and a financial year.
        for day, month in (("2023-12-31", "2023-12-01"), ("2025-06-30", "2025-06-01")):
            theirs = {row["AccountNo"]: row["Balance"] for row in rows(client, "TrialBalance", date=day)}
            ours = dict(
                ask(
                    "select account_no, closing_balance from poweroffice__trial_balance "
                    f"where company = '{alias}' and date_month = date '{month}'"
                )
            )
            assert {number: amount for number, amount in theirs.items() if amount} == {
                number: amount for number, amount in ours.items() if amount
            }


def check_open_items(ask: Ask, clients: dict[str, Any]) -> None:
    """Each customer and supplier has open what the open items of the sandbox say, by days overdue."""
    for side, report, sign in (("Customer", "receivables", 1), ("Supplier", "payables", -1)):
        names = ", ".join(name for name, *_ in DUE)
        found = ask(
            f"select company, {side}_account_no, as_of_date, open_amount, {names}, overdue_over_90 "
            f"from poweroffice__aged_{report}"
        )
        (as_of,) = {row[2] for row in found}
        assert abs((datetime.now(UTC).date() - as_of).days) <= 1
        lines: dict[tuple[str, int], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 6)
        for alias, client in clients.items():
            for item in rows(client, f"{side}ledger/OpenItems", date="2099-12-31"):
                due = date.fromisoformat(item["DueDate"] or item["PostingDate"])
                late = (as_of - due).days
                place = next((n for n, (_, _, last) in enumerate(DUE) if late <= (last or 0)), len(DUE))
                line = lines[alias, item[f"{side}AccountNo"]]
                line[0] += sign * Decimal(item["Balance"])
                line[1 + place] += sign * Decimal(item["Balance"])
        assert {tuple(row[:2]): list(row[3:]) for row in found} == lines
        assert len(found) == len(lines)


def check_left_out(ask: Ask, clients: dict[str, Any], log: Path) -> None:
    """The company whose chart is odd is in no report, and named with each account; the other is in all."""
    others = {"fjordlys": clients["fjordlys"]}
    check_reports(ask, others)
    check_open_items(ask, others)
    reports = ("general_ledger", "trial_balance", "profit_and_loss", "balance_sheet")
    for report in (*reports, "aged_receivables", "aged_payables"):
        assert {row[0] for row in ask(f"select company from poweroffice__{report}")} == {"fjordlys"}, report
    found = ask("select company, account_no, reason from poweroffice__companies_left_out order by account_no")
    assert [tuple(row) for row in found] == [
        ("havblaast", 1920, "its type is Income, but its number is one of Cash and bank"),
        ("havblaast", 6540, "it is not in the chart of accounts"),
        ("havblaast", 9000, "its number begins with no group of NS 4102"),
    ]
    for _, number, reason in found:
        assert f"[havblaast] is in no report: account {number}: {reason}" in log.read_text()


def failures(target: Path) -> set[str]:
    """Give the tests that failed in the last run of dbt, and what it could not do."""
    results = json.loads((target / "run_results.json").read_text())["results"]
    return {one["unique_id"].split(".")[2] for one in results if one["status"] in {"fail", "error"}}


def test_reports(
    warehouse: str,
    books: dict[str, Any],
    run_dag: Any,
    no_way_out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reports are the sandbox's books to the øre, without what is marked as deleted; losses are found."""
    hook = database_hook("warehouse")

    def run(sql: str) -> None:
        with hook.get_conn() as connection:
            connection.cursor().execute(sql)
            connection.commit()

    def build(**more: Any) -> tuple[bool, set[str]]:
        ended = run_dag("poweroffice_reports_by_dbt", run_conf={"vars": VARS | more})
        return set(states(ended).values()) == {"success"}, failures(no_way_out)

    loaded = run_dag("books")
    assert set(states(loaded).values()) == {"success"}, states(loaded)
    run("update general_ledger_accounts set _deleted_at = _loaded_at where account_no = 7350")
    run("create table charts as select * from general_ledger_accounts")
    for odd in ("account_no = 9000", "general_ledger_account_type = 'Income'", "_deleted_at = _loaded_at"):
        number = {"account_no = 9000": 6300, "_deleted_at = _loaded_at": 6540}.get(odd, 1920)
        run(
            f"update general_ledger_accounts set {odd} where _company = 'havblaast' and account_no = {number}"
        )
    assert build() == (False, {"no_company_is_left_out"})
    check_left_out(hook.get_records, books, no_way_out.parent / "logs/dbt.log")
    run("delete from general_ledger_accounts")
    run("insert into general_ledger_accounts select * from charts")
    assert build() == (True, set())
    check_reports(hook.get_records, books)
    check_open_items(hook.get_records, books)
    assert not hook.get_records("select 1 from int_poweroffice__accounts where account_no = 7350")

    if warehouse == "postgres":  # the tests of dbt that found nothing are the same
        # Everything is paid: a list of open items may become empty.
        monkeypatch.setenv("OPEN_ITEMS_ON", "1999-12-31")
        paid = run_dag("books")
        assert set(states(paid).values()) == {"success"}, states(paid)
        for side in ("customer", "supplier"):
            assert hook.get_records(f"select count(*) from {side}ledger_open_items") == [(0,)]
        return
    lost = "delete from account_transactions where _company = 'fjordlys' and"
    run(f"{lost} id = 990000004")
    misspelt = build(poweroffice_year_end_months={"havblast": 6})
    assert misspelt == (False, {"vouchers_balance", "year_end_months_are_of_companies"})
    run(f"{lost} voucher_no = 1")
    run(
        "update customerledger_open_items set balance = 999 "
        "where id = (select min(id) from customerledger_open_items)"
    )
    good, failed = build()
    assert not good
    assert {"trial_balance_agrees_with_poweroffice", "aged_receivables_are_the_ledger"} <= failed
    assert "vouchers_balance" not in failed
    # The reports are those of the last good build.
    check_reports(hook.get_records, books)
    check_open_items(hook.get_records, books)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"poweroffice_report_through": "2026-02-01' as date), cast('2026-02"},
            "is YYYY-MM, not 2026-02-01'",
        ),
        ({"poweroffice_year_end_months": {"havblaast": 13}}, "1 to 12, not 13"),
    ],
)
@pytest.mark.usefixtures("no_way_out")
def test_wrong_variables(dbt: Path, given: dict[str, Any], said: str) -> None:
    """What a run gives as a month is one, or nothing is built."""
    asked = [str(dbt), "parse", "--profiles-dir", ".", "--vars", json.dumps(given)]
    done = subprocess.run(asked, cwd=ROOT / "dbt", check=False, capture_output=True, text=True)
    assert done.returncode
    assert said in done.stdout.replace("\n", " ")


def test_started_by_the_asset() -> None:
    """The example waits for what a load of companies announces."""
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - takes seconds

    dags = DagBag(dag_folder=str(ROOT / "example_dags")).dags
    load = dags["poweroffice_company_to_warehouse"].task_dict["load_company.company"]
    (asset,) = dags["poweroffice_reports_by_dbt"].schedule
    assert asset == poweroffice_asset("AccountTransactions")
    assert asset in load.outlets
