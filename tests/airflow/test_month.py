"""
A month of loads: each day rows change, appear and vanish, and runs fail, are repeated and cleared.

``pytest -s tests/airflow/test_month.py`` prints what each day costs.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sql_loads import DATES, Kept, Query, Store, change, operator
from support import FakeClock, client_of

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.api.timestamps import ticks_of_iso
from airflow_provider_poweroffice.errors import VerificationError
from poweroffice_sandbox import Sandbox

DAYS = 30
DAY = 86_400
FAILS = {6: ("Customers", 2), 21: ("AccountTransactions", 2), 24: ("Customers", 5000)}
"""The page size decides whether the second request is for more rows, or for the list of ids."""
CLEARED, TWICE, DAMAGED = 12, 17, 27
MOST_REQUESTS = 12  # of a day with one run: two reads, a list of ids, two trial balances, tokens
LOADS: dict[str, dict[str, Any]] = {
    "Customers": {"query": None, "table": "customers", "layout": "raw", "detect_deletions": True},
    "AccountTransactions": {"query": DATES, "verify": "trial-balance"},
}


def forget_secrets() -> None:
    """Have the masker forget a run's tokens, as the end of its process does."""
    from airflow.sdk._shared.secrets_masker import reset_secrets_masker  # noqa: PLC0415 - takes seconds

    reset_secrets_masker()


class Month:
    """A company that works, and the loads of its books."""

    def __init__(self, sandbox: Sandbox, client: Client, query: Query) -> None:
        self.sandbox = sandbox
        self.client = client
        self.query = query
        self.kept = Kept()
        self.seen = self.vanished = 0
        self._tasks: dict[str, Store] = {}
        self._chance = random.Random(4)  # noqa: S311 - made-up days
        self._live: list[int] = []
        accounts = client.pages("GeneralLedgerAccounts", query={"accountNos": "6300,1920"}, concurrency=1)
        self._accounts = [row["Id"] for page in accounts for row in page]

    def work(self, day: int) -> None:
        """Let customers come, change and go, and vouchers be posted and reversed."""
        chance, send = self._chance, self.client.request
        if day % 2 and self._live:
            send("DELETE", f"Customers/{self._live.pop(chance.randrange(len(self._live)))}")
            self.vanished += 1
        for number in range(chance.randint(1, 3)):
            body = {"Name": f"Kunde {day}-{number} AS", "IsPerson": False}
            self._live.append(send("POST", "Customers", body=body).body["Id"])
        for identifier in chance.sample(self._live, min(2, len(self._live))):
            change = [{"op": "replace", "path": "/Name", "value": f"Ny {day} AS"}]
            send("PATCH", f"Customers/{identifier}", body=change)
        amount = chance.randint(1, 10**6) / 100
        lines = [
            {"AccountId": account, "VatId": 100, "CurrencyAmount": value, "PostingDate": "2026-06-30"}
            for account, value in zip(self._accounts, (amount, -amount), strict=True)
        ]
        voucher = {"VoucherDate": "2026-06-30", "CurrencyCode": "NOK", "VoucherLines": lines}
        posted = send("POST", "Vouchers/ManualJournals", body=voucher).body
        if day % 5 == 0:
            send("POST", f"Vouchers/Reverse/{posted['Id']}")

    def run(self, endpoint: str, run_id: str, **arguments: Any) -> dict[str, Any]:
        """Run one task of a run, which may be a later try or a cleared one."""
        tries = self._tasks.setdefault(f"{endpoint} {run_id}", Store())
        context: dict[str, Any] = {
            "run_id": run_id,
            "ti": SimpleNamespace(dag_id="d", run_id=run_id, task_id=endpoint, map_index=-1),
            "asset_state_store": self.kept,
            "task_state_store": tries,
        }
        task = operator(**{"endpoint": endpoint, "incremental": True} | LOADS[endpoint] | arguments)
        before, held = self.sandbox.count(), self.kept.watermarks(endpoint)
        try:
            receipt = task.execute(context)  # type: ignore[arg-type]
        finally:
            self.seen += self.sandbox.count() - before
            forget_secrets()
        (now,) = self.kept.watermarks(endpoint)
        assert all(ticks_of_iso(moment) <= ticks_of_iso(now) for moment in held)
        return receipt

    def fails(self, endpoint: str, page_size: int, run_id: str) -> None:
        """Have a run fail half-way: its second request is refused; nothing of it is to be seen."""
        before, held = self.rows(endpoint), self.kept.watermarks(endpoint)
        self.sandbox.add_fault(action="status", status=403, path=f"/{endpoint}", times=0, every=2)
        with pytest.raises(AirflowFailException, match="403"):
            self.run(endpoint, run_id, page_size=page_size)
        self.sandbox.clear_faults()
        assert (self.rows(endpoint), self.kept.watermarks(endpoint)) == (before, held)

    def damage(self, run_id: str) -> None:
        """Change an amount in the warehouse: the load says so and stays where it is; a full one heals it."""
        held = self.kept.watermarks("AccountTransactions")
        change("UPDATE ledger SET amount = amount + 1 WHERE id = (SELECT min(id) FROM ledger)")
        with pytest.raises(VerificationError, match=r"account \d+: .* in the table"):
            self.run("AccountTransactions", run_id)
        assert self.kept.watermarks("AccountTransactions") == held
        assert self.run("AccountTransactions", run_id, full_refresh=True)["inserted"] == 0

    def rows(self, endpoint: str) -> list[Any]:
        """Give the rows of the warehouse that are not deleted."""
        if endpoint == "Customers":
            found = self.query("SELECT CAST(payload AS VARCHAR) FROM customers WHERE deleted_at IS NULL")
            return sorted(row[0] for row in found)
        sql = "SELECT id, voucher_no, account_no, amount, is_reversed FROM ledger WHERE _deleted_at IS NULL"
        return sorted((*row[:3], float(row[3]), bool(row[4])) for row in self.query(sql))

    def books(self, endpoint: str) -> list[Any]:
        """Give the rows of the sandbox in the same form."""
        pages = self.client.pages(endpoint, query=LOADS[endpoint]["query"], concurrency=1)
        if endpoint == "Customers":
            return sorted(bytes(row).decode() for page in pages for row in page.raw_rows)
        names = ("Id", "VoucherNo", "AccountNo", "Amount", "IsReversed")
        return sorted(tuple(row[name] for name in names) for page in pages for row in page)

    def check(self) -> None:
        """Compare warehouse and sandbox, row by row."""
        for endpoint in LOADS:
            assert self.rows(endpoint) == self.books(endpoint)


@pytest.fixture
def month(query: Query, monkeypatch: pytest.MonkeyPatch) -> Iterator[Month]:
    """Give a company whose month began so long ago that it ends before today."""
    with Sandbox(rate_limit=0, ledger_rows=600, clock=lambda: time.time() - (DAYS + 10) * DAY) as sandbox:
        fields = json.loads(sandbox.connection_json())
        fields["extra"]["requests_per_second"] = 1000
        monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps(fields))
        clock = FakeClock()
        with client_of(sandbox, clock) as client:
            yield Month(sandbox, client, query)


def test_month(month: Month) -> None:
    """After each run the warehouse equals the sandbox, deletions included, for few requests a day."""
    costs, marked = [], 0
    for day in range(1, DAYS + 1):
        month.sandbox.advance(DAY)
        month.work(day)
        month.seen = 0
        if day == DAMAGED:
            month.damage(f"day {day}")
        if day in FAILS:
            month.fails(*FAILS[day], f"day {day}")
        receipts = [month.run(endpoint, f"day {day}") for endpoint in LOADS]
        month.check()
        if day == TWICE:
            month.work(day + 100)
            receipts += [month.run(endpoint, f"day {day}, later") for endpoint in LOADS]
            month.check()
        if day == CLEARED:
            receipts += [month.run(endpoint, f"day {day - 2}") for endpoint in LOADS]
            month.check()
        costs.append(month.seen)
        marked += sum(receipt["marked_deleted"] for receipt in receipts)
        rows = ", ".join(f"{receipt['endpoint']} {receipt['rows']}" for receipt in receipts)
        print(f"day {day:2}: {month.seen:2} requests; rows read: {rows}")  # noqa: T201 - with -s
    print(f"{sum(costs)} requests in {DAYS} days, {marked} rows marked as deleted")  # noqa: T201
    usual = [cost for day, cost in enumerate(costs, start=1) if day not in {CLEARED, TWICE, DAMAGED}]
    assert max(usual) <= MOST_REQUESTS
    assert marked == month.vanished > DAYS // 3
    assert all(receipt["rows"] < 30 for receipt in receipts), "the last day read what changed"
