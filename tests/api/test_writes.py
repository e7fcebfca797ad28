"""One record is written once: lost replies, refusals in any words, and what is there already."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import FakeClock, client_of

from airflow_provider_poweroffice.api import Client, RetryOptions
from airflow_provider_poweroffice.api.writes.reconcile import write
from poweroffice_sandbox import Sandbox

BODY = {
    "Name": "Fjordlys AS",
    "ExternalImportReference": "inv-7",
    "MailAddress": {"City": "Bodø", "ZipCode": "8006"},
}


@pytest.fixture
def api(sandbox: Sandbox, clock: FakeClock) -> Iterator[Client]:
    """Give a client of v2 that tries a call three times."""
    with client_of(sandbox, clock, concurrency=1, retry=RetryOptions(attempts=3)) as one:
        yield one


def named(api: Client, reference: str = "inv-7") -> int:
    """Count the customers with a reference."""
    pages = api.pages("Customers", query={"externalImportReference": reference})
    return sum(len(page.rows) for page in pages)


def requests(sandbox: Sandbox) -> list[str]:
    """List the requests, those for tokens aside."""
    return [f"{one.method} {one.path}" for one in sandbox.journal() if "Token" not in one.path]


def test_created(api: Client, sandbox: Sandbox) -> None:
    """A record is created by one POST and no other request."""
    found = write(api, "POST", "Customers", body=BODY)
    assert (found.outcome, found.tries, found.reference) == ("created", 1, "inv-7")
    assert found.id == found.record["Id"]
    assert requests(sandbox) == ["POST /v2/Customers"]


@pytest.mark.parametrize("action", ["reset_after", "truncate", "garbage"])
def test_a_lost_reply(api: Client, sandbox: Sandbox, action: str) -> None:
    """The same is sent again, refused as being there, read and compared: it was created once."""
    sandbox.add_fault(action=action, method="POST", path="/Customers", times=1)
    found = write(api, "POST", "Customers", body=BODY)
    assert (found.outcome, found.tries) == ("created", 2)
    assert found.record["Name"] == "Fjordlys AS"
    assert named(api) == 1
