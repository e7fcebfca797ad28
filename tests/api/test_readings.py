"""The client under every reading of the facts: each pair of the sandbox's switch settings occurs."""

from __future__ import annotations

import itertools
import random
from dataclasses import fields

import pytest

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.errors import NotFoundError, PermissionDeniedError
from poweroffice_sandbox import Sandbox, Switches

pytestmark = pytest.mark.wide

DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
MOVING = {"mutation"}  # rows that change while they are read cannot be counted exactly


def pairs_of(row: dict[str, str]) -> set[frozenset[tuple[str, str]]]:
    """Give every pair of settings in a choice."""
    return {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}


def pairwise() -> list[dict[str, str]]:
    """Choose settings of all switches with fixed values such that every pair of values occurs."""
    wanted = {
        item.name: item.metadata["values"]
        for item in fields(Switches)
        if item.metadata["values"] and item.name not in MOVING
    }
    left = {
        frozenset({(a, x), (b, y)})
        for a, b in itertools.combinations(wanted, 2)
        for x in wanted[a]
        for y in wanted[b]
    }
    dice, chosen = random.Random(1), []  # noqa: S311 - a fixed choice of test cases
    while left:
        needed = dict(min(sorted(pair) for pair in left))
        rows = [{name: dice.choice(values) for name, values in wanted.items()} | needed for _ in range(50)]
        best = max(rows, key=lambda row: len(pairs_of(row) & left))
        left -= pairs_of(best)
        chosen.append(best)
    return chosen


CASES = pairwise()


@pytest.mark.parametrize("switches", CASES, ids=range(len(CASES)))
def test_reading(sandbox: Sandbox, client: Client, switches: dict[str, str]) -> None:
    """A company is read and written the same way, row-exact, whichever way the facts are read."""
    sandbox.set(**switches, page_size_cap=37, rate_limit=0)
    ledger = [row for page in client.pages("AccountTransactions", query=DATES, page_size=100) for row in page]
    ids = [row["Id"] for row in ledger]
    assert ids == sorted(set(ids))
    assert len(ids) == sandbox.totals()["AccountTransactions"]
    assert list(client.pages("Customers", query={"customerNos": "99999999"})) == []

    made = client.request("POST", "Customers", body={"Name": "Lesning AS"}).body
    path = f"Customers/{made['Id']}"
    patch = [{"op": "replace", "path": "/Name", "value": "Lesning Nord AS"}]
    assert client.request("PATCH", path, body=patch).body["Name"] == "Lesning Nord AS"
    assert client.request("GET", path).body["Name"] == "Lesning Nord AS"

    everyone = [row for page in client.pages("Customers", page_size=50) for row in page]
    moment = made["LastChangedDateTimeOffset"]
    changed = [row["Id"] for page in client.pages("Customers", changed_since=moment) for row in page]
    assert changed == [made["Id"]]
    assert client.request("DELETE", path).is_success
    with pytest.raises(NotFoundError):
        client.request("GET", path)
    assert len([row for page in client.pages("Customers") for row in page]) == len(everyone) - 1


@pytest.mark.parametrize("body", ["empty", "problem"])
def test_refusals(sandbox: Sandbox, client: Client, body: str) -> None:
    """A missing privilege is a PermissionDeniedError with or without a body."""
    sandbox.set(auth_body=body)
    sandbox.add_fault(action="status", status=403, path="/Customers", times=1)
    with pytest.raises(PermissionDeniedError, match="403"):
        client.request("GET", "Customers")


def test_all_pairs_occur() -> None:
    """The choice is complete: every value of a switch meets every value of each other."""
    met = set().union(*(pairs_of(case) for case in CASES))
    counts = [
        len(item.metadata["values"])
        for item in fields(Switches)
        if item.metadata["values"] and item.name not in MOVING
    ]
    assert len(met) == sum(a * b for a, b in itertools.combinations(counts, 2))
