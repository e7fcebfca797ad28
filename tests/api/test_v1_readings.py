"""v1 whichever way the uncertain facts fall: one case for each value of each switch of its sandbox."""

from __future__ import annotations

from dataclasses import fields

import pytest

from airflow_provider_poweroffice.api import Client
from poweroffice_sandbox import V1Sandbox, V1Switches

pytestmark = pytest.mark.wide

CHOICES = [
    pytest.param(item.name, value, id=f"{item.name}={value}")
    for item in fields(V1Switches)
    for value in item.metadata["values"] or ()
    if item.name != "mutation"  # the world moves on in test_v1_wire
]


def test_there_are_switches() -> None:
    """Without switches the next test would test nothing."""
    assert len(CHOICES) > 60


@pytest.mark.parametrize(("name", "value"), CHOICES)
def test_whichever_way_it_is(v1_client: Client, v1_sandbox: V1Sandbox, name: str, value: str) -> None:
    """Collections are whole, filters and periods are read, and a write arrives."""
    v1_sandbox.set(**{name: value})
    totals = v1_sandbox.totals()
    hidden = {"Customer": 10} if (name, value) == ("archived", "hidden") else {}
    for endpoint in ("Customer", "Product", "TimeTracking/TimeTrackingEntry", "OutgoingInvoice/List"):
        ids = [row["id"] for page in v1_client.pages(endpoint, page_size=30) for row in page.rows]
        assert len(ids) == len(set(ids)) == totals[endpoint] - hidden.get(endpoint, 0)
    filters = [("Name", "startswith", "O'"), ("Since", ">=", "2020-01-01", "date")]
    assert list(v1_client.pages("Customer", changed_since="2025-06-01", filters=filters))
    query = {"fromDate": "2025-10-01", "toDate": "2025-12-21"}
    ledger = v1_client.periods("Reporting/AccountTransactions", query=query, split_days=31)
    assert sum(len(page) for page in ledger) == ledger.rows > 50
    assert v1_client.request("POST", "Customer", body={"name": "a"}).is_success
    assert v1_sandbox.totals()["Customer"] == totals["Customer"] + 1
