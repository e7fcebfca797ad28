"""
Write records while replies are lost and workers die, and count those that are there once.

Each schedule is drawn by its seed: what goes wrong at each try, when the worker is killed, how the server
says that a record is there, and by how much its reads lag. A task is tried again as Airflow does, five times
at most. Time is the sandbox's and passes by being slept.

    .venv/bin/python -m benchmarks.writes_once                  # 60 schedules of each kind
    .venv/bin/python -m benchmarks.writes_once --schedules 500
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_poweroffice.api import Client, Credentials, RetryOptions
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.writes.reconcile import Written, write
from airflow_provider_poweroffice.errors import PowerOfficeError
from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox

AnySandbox = Sandbox | V1Sandbox | D365FOSandbox
TRIES = 5
"""Tries of a task at most."""
FAULTS: tuple[Mapping[str, Any], ...] = (
    {"action": "reset_after"},
    {"action": "reset_before"},
    {"action": "truncate", "keep": 0.5},
    {"action": "garbage", "keep": 0.5},
    {"action": "status", "status": 503},
    {"action": "status_after", "status": 502, "body": "<html>Bad gateway</html>"},
    {"action": "status_after", "status": 504},
    {"action": "status", "status": 429, "headers": {"Retry-After": "1"}},
)
KILLS = ("while waiting", "before it was noted")
COLUMNS = ("records", "posts", "faults", "kills", "uncertain", "missing", "doubled")
TEXTS = ("id", "no-id", "exists", "norwegian", "bare")


class KilledError(BaseException):
    """The worker is gone."""


class Clock:
    """The sandbox's time; sleeping lets it pass, and what is to go wrong next comes into force."""

    def __init__(self, sandbox: AnySandbox) -> None:
        self._sandbox = sandbox
        self._passed = 0.0
        self.next: list[Mapping[str, Any] | str] = []
        self.path = ""

    def monotonic(self) -> float:
        """Give the time that passed."""
        return self._passed

    def time(self) -> float:
        """Give the sandbox's time."""
        return self._sandbox.clock.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds
        self._sandbox.advance(seconds)
        self.begin()

    def begin(self) -> None:
        """Bring the next thing that goes wrong into force."""
        if not self.next:
            return
        coming = self.next.pop(0)
        if coming == KILLS[0]:
            raise KilledError
        if isinstance(coming, Mapping):
            self._sandbox.add_fault(method="POST", path=self.path, times=1, **coming)


@dataclass(frozen=True)
class Kind:
    """
    What is written.

    :param table: of the sandbox's totals.
    :param rows: of the table that a record makes.
    :param texts: how the server may say that a record is there.
    """

    api: str
    endpoint: str
    path: str
    table: str
    texts: tuple[str, ...] = ("id",)
    rows: int = 1

    def count(self, sandbox: AnySandbox) -> int:
        """Count the records that are there."""
        return sandbox.totals()[self.table] // self.rows

    def body(self, client: Client, reference: str) -> dict[str, Any]:
        """Make a record."""
        if self.api == "d365fo":
            names = {"CustomerAccount": reference[-18:], "OrganizationName": "Fjordlys AS"}
            return {"dataAreaId": "usmf", "CustomerGroupId": "10", "CreditLimit": 1000.50, **names}
        if self.api == "v1":
            return {"name": "Fjordlys AS", "externalImportReference": reference, "emailAddress": "a@b.no"}
        if self.endpoint == "Customers":
            address = {"City": "Bodø", "ZipCode": "8006"}
            return {"Name": "Fjordlys AS", "ExternalImportReference": reference, "MailAddress": address}
        if self.endpoint == "SalesOrders/Complete":
            product, customer = (first(client, name)["Id"] for name in ("Products", "Customers"))
            lines = [{"ProductId": product, "Quantity": 2, "ProductUnitPrice": "499.90"}]
            return {"CustomerId": customer, "SalesOrderLines": lines, "ExternalImportReference": reference}
        accounts = [
            first(client, "GeneralLedgerAccounts", accountNos=number)["Id"] for number in (6300, 1920)
        ]
        day = "2026-05-31"
        lines = [
            {"AccountId": account, "VatId": 100, "CurrencyAmount": amount, "PostingDate": day}
            for account, amount in zip(accounts, (100, -100), strict=True)
        ]
        head = {"VoucherDate": day, "CurrencyCode": "NOK", "VoucherLines": lines}
        return {**head, "ExternalImportReference": reference}


KINDS = (
    Kind("v2", "Customers", "/Customers", "Customers", TEXTS),
    Kind("v2", "SalesOrders/Complete", "/SalesOrders/Complete", "SalesOrders", TEXTS),
    Kind("v2", "Vouchers/ManualJournals", "/Vouchers/ManualJournals", "AccountTransactions", rows=2),
    Kind("v1", "Customer", "/Customer", "Customer"),
    Kind("d365fo", "CustomersV3", "/data/CustomersV3", "CustomersV3"),
)


def first(client: Client, endpoint: str, **query: Any) -> dict[str, Any]:
    """Read the first row of a list."""
    rows: list[dict[str, Any]] = client.request("GET", endpoint, query={"PageSize": 1, **query}).body
    return rows[0]


@contextmanager
def sandbox_of(api: str) -> Iterator[AnySandbox]:
    """Run the sandbox of an API."""
    kinds: dict[str, Any] = {
        "v2": lambda: Sandbox(size="small", rate_limit=0),
        "v1": lambda: V1Sandbox(size="small", rate_limit=0, read_lag=0),
        "d365fo": D365FOSandbox,
    }
    with kinds[api]() as sandbox:
        yield sandbox


@contextmanager
def client_of(api: str, sandbox: AnySandbox, clock: Clock) -> Iterator[Client]:
    """Open a client in the sandbox's time."""
    options: dict[str, Any] = {"clock": clock, "retry": RetryOptions(attempts=3), "api_version": api}
    keys: Any
    if isinstance(sandbox, D365FOSandbox):
        own = sandbox.keys()
        keys = D365FOCredentials(
            url=sandbox.url,
            tenant_id=own.tenant_id,
            client_id=own.client_id,
            client_secret=own.client_secret,
            authority=sandbox.url,
        )
    else:
        given = sandbox.keys()
        subscription = given.subscription_key if isinstance(sandbox, Sandbox) else None
        keys = Credentials(
            application_key=given.application_key, client_key=given.client_key, subscription_key=subscription
        )
        options["host"] = sandbox.base_url()
    with Client(keys, requests_per_second=1e6, **options) as client:
        yield client


@dataclass
class Outcome:
    """
    What came of a number of schedules.

    :param missing: records that are not there, or whose last try did not say that they were created.
    :param doubled: records that are there more than once.
    :param uncertain: records of which the last try said that it is not known.
    """

    records: int = 0
    posts: int = 0
    faults: int = 0
    kills: int = 0
    missing: int = 0
    doubled: int = 0
    uncertain: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Write it as cells of a table."""
        cells = (
            self.records,
            self.posts,
            self.faults,
            self.kills,
            self.uncertain,
            self.missing,
            self.doubled,
        )
        return " | ".join(f"{cell:9d}" for cell in cells)


def happenings(dice: random.Random) -> list[Mapping[str, Any] | str]:
    """Draw what goes wrong with one record, in order."""
    return [
        dice.choice(KILLS) if dice.random() < 0.25 else dice.choice(FAULTS)  # noqa: PLR2004 - a share
        for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 4)))
    ]


def write_as_a_task(client: Client, clock: Clock, kind: Kind, body: dict[str, Any], outcome: Outcome) -> Any:
    """Write one record, trying again as Airflow does; give the last result, or the last error."""
    last: Any = None
    for number in range(TRIES):
        killed_late = KILLS[1] in clock.next
        try:
            clock.begin()
            last = write(client, "POST", kind.endpoint, body=body, began_before=number > 0)
        except KilledError:
            outcome.kills += 1
            continue
        except PowerOfficeError as error:
            last = error
            continue
        if killed_late:
            clock.next.remove(KILLS[1]) if KILLS[1] in clock.next else None
            outcome.kills += 1
            continue
        break
    return last


def run(kind: Kind, sandbox: AnySandbox, seed: int, outcome: Outcome) -> None:
    """Write one record by a schedule, and note what came of it."""
    dice = random.Random(f"{kind.api}/{kind.endpoint}/{seed}")  # noqa: S311 - the same schedule in each run
    sandbox.clear_faults()
    if isinstance(sandbox, Sandbox):
        sandbox.set(taken_text=dice.choice(kind.texts), taken_status=dice.choice(("400", "409", "422")))
    if not isinstance(sandbox, D365FOSandbox):
        sandbox.set(read_lag=dice.choice((0, 0, 2)))
    clock = Clock(sandbox)
    clock.path = kind.path
    with client_of(kind.api, sandbox, clock) as client:
        body = kind.body(client, f"w{seed}")
        posts, before = sandbox.count("POST", kind.path), kind.count(sandbox)
        clock.next = happenings(dice)
        outcome.faults += sum(isinstance(one, Mapping) for one in clock.next)
        found = write_as_a_task(client, clock, kind, body, outcome)
    there = kind.count(sandbox) - before
    outcome.records += 1
    outcome.posts += sandbox.count("POST", kind.path) - posts
    outcome.doubled += there > 1
    if isinstance(found, Written):
        outcome.missing += there < 1 or found.outcome != "created" or found.id is None
    else:
        outcome.uncertain += 1
        outcome.wrong.append(f"{kind.endpoint}, seed {seed}: {found}")


def measure(kind: Kind, schedules: int, *, seed: int = 1) -> Outcome:
    """Carry out a number of schedules of one kind."""
    outcome = Outcome()
    with sandbox_of(kind.api) as sandbox:
        for number in range(schedules):
            run(kind, sandbox, seed * 10_000 + number, outcome)
    return outcome


def main() -> int:
    """Print the table; 1 if a record is missing, doubled or left uncertain."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--schedules", type=int, default=60, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    names = " | ".join(f"{name:>9}" for name in COLUMNS)
    print(f"{'API':6} | {'endpoint':23} | {names} | seconds")
    bad = 0
    for kind in KINDS:
        began = time.monotonic()
        outcome = measure(kind, given.schedules, seed=given.seed)
        seconds = time.monotonic() - began
        print(f"{kind.api:6} | {kind.endpoint:23} | {outcome.text} | {seconds:7.1f}", flush=True)
        for line in outcome.wrong:
            print(f"  {line}")
        bad += outcome.missing + outcome.doubled + outcome.uncertain
    print(f"missing, doubled or uncertain: {bad}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
