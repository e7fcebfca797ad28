"""Pages that are too large, or fail for their size, become smaller; no row is lost or read twice."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from support import FakeClock, ReadingClient, client_of

from airflow_provider_poweroffice.api import RetryOptions
from airflow_provider_poweroffice.api.pages.page_size import sizes_to_try, smaller
from airflow_provider_poweroffice.errors import PageTooLargeError, PowerOfficeError, ServerError
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.wide

DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
PATH = "/AccountTransactions"
LEAST = 65536


@pytest.fixture(params=[1, 4], ids=["serial", "parallel"])
def client(sandbox: Sandbox, clock: FakeClock, request: pytest.FixtureRequest) -> Iterator[ReadingClient]:
    """Give a client that tries each request once."""
    with client_of(sandbox, clock, concurrency=request.param, retry=RetryOptions(attempts=1)) as one:
        yield one


def ledger(client: ReadingClient, **options: object) -> list[int]:
    """Read the ledger and give the ids in order."""
    pages = client.pages("AccountTransactions", query=DATES, **options)
    return [row["Id"] for page in pages for row in page]


def test_first_page_tells_the_size(
    client: ReadingClient, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """The length that the first answer announces is enough to choose a size: one request more, not many."""
    everyone = ledger(client)
    before = sandbox.count("GET", PATH)
    with caplog.at_level(logging.WARNING):
        pages = client.pages("AccountTransactions", query=DATES, page_size=2000, page_bytes=200_000)
        found = [(len(page.content), page.rows) for page in pages]
    assert [row["Id"] for _, rows in found for row in rows] == everyone
    assert max(size for size, _ in found) <= 200_000
    assert pages.page_size >= 100
    assert sandbox.count("GET", PATH) - before == 2 + len(found) == 2 + -(-2000 // pages.page_size)
    assert f"reading on in pages of {pages.page_size} rows, not 2000" in caplog.text


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503},
        {"action": "status", "status": 500},
        {"action": "truncate"},
        {"action": "reset_after"},
        {"action": "garbage"},
    ],
    ids=lambda fault: f"{fault['action']}-{fault.get('status', '')}",
)
@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("pagination", ["full", "totals-only", "minimal", "absent"])
def test_page_that_fails_is_asked_for_in_halves(
    client: ReadingClient, sandbox: Sandbox, fault: dict[str, object], number: int, pagination: str
) -> None:
    """A 5xx, a cut or a lost answer that stays after the retries: the same rows, in smaller pages."""
    everyone = ledger(client)
    sandbox.set(pagination=pagination)
    if number > 2 and pagination in {"minimal", "absent"}:
        number += 2  # two requests list the keys, as nothing else tells how many rows there are
    sandbox.add_fault(**fault, path=PATH, every=number, times=1)
    pages = client.pages("AccountTransactions", query=DATES, page_size=400)
    assert [row["Id"] for page in pages for row in page] == everyone
    assert (pages.page_size, pages.skipped) == (200, [])


def test_size_that_is_not_at_fault(client: ReadingClient, sandbox: Sandbox) -> None:
    """When no smaller page comes either, the page's own error is raised; each size was tried once."""
    sandbox.add_fault(action="status", status=503, path=PATH, times=0)
    with pytest.raises(ServerError, match="503"):
        ledger(client, page_size=800)
    queries = [entry.query for entry in sandbox.journal() if entry.method == "GET"]
    assert [query.partition("PageSize=")[2] for query in queries] == ["800", "400", "200", "100"]


def test_refusal_is_not_tried_in_halves(client: ReadingClient, sandbox: Sandbox) -> None:
    """An error that no size cures is raised at once."""
    sandbox.add_fault(action="status", status=403, path=PATH, times=0)
    with pytest.raises(PowerOfficeError, match="403"):
        ledger(client, page_size=800)
    assert sandbox.count("GET", PATH) == 1


def test_no_halves_where_the_server_caps(client: ReadingClient, sandbox: Sandbox) -> None:
    """Pages that came short of the size asked for do not tell where a smaller page begins: no guess."""
    sandbox.set(page_size_cap=150)
    sandbox.add_fault(action="status", status=503, path=PATH, every=3, times=1)
    with pytest.raises(ServerError):
        ledger(client, page_size=800)


def test_first_page_and_max_pages_count_in_the_size_asked_for(
    client: ReadingClient, sandbox: Sandbox
) -> None:
    """Smaller pages read the same part of the collection."""
    everyone = ledger(client)
    sandbox.add_fault(action="truncate", path=PATH, every=2, times=1)
    pages = client.pages("AccountTransactions", query=DATES, page_size=400, first_page=2, max_pages=2)
    assert [row["Id"] for page in pages for row in page] == everyone[400:1200]
    assert pages.truncated
    assert pages.pages == 3


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"page_bytes": LEAST - 1}, ValueError, "page_bytes must be a whole number from 65536, not 65535"),
        ({"page_bytes": True}, TypeError, "page_bytes"),
        ({"page_bytes": 1e6}, TypeError, "page_bytes"),
        (
            {"page_bytes": LEAST, "page_size": 20000},
            ValueError,
            "page_size=20000 does not fit into page_bytes=65536.*Lower page_size or raise page_bytes",
        ),
    ],
)
def test_bad_budget(
    client: ReadingClient, sandbox: Sandbox, options: dict[str, object], error: type[Exception], says: str
) -> None:
    """A budget that is none, or that no page of this size can keep, is refused before any request."""
    with pytest.raises(error, match=says):
        client.pages("AccountTransactions", query=DATES, **options)
    assert sandbox.journal() == []


def test_list_that_has_no_pages(client: ReadingClient, sandbox: Sandbox) -> None:
    """Only a caller's own budget holds for what cannot be smaller, and then the way out is named."""
    rows = json.dumps([{"Text": "x" * LEAST}])
    sandbox.add_fault(action="status", status=200, body=rows, path="/CustomDimensionSettings", times=0)
    assert len(list(client.pages("CustomDimensionSettings"))) == 1
    with pytest.raises(PageTooLargeError, match=r"page_bytes=65536.*raise page_bytes") as caught:
        list(client.pages("CustomDimensionSettings", page_bytes=LEAST))
    assert caught.value.size == len(rows)


@pytest.mark.parametrize(
    ("begin", "most", "size"),
    [(0, 2500, 2500), (5000, 2500, 2500), (5000, 700, 625), (9998, 4000, 2), (7, 5, 1)],
)
def test_smaller(begin: int, most: int, size: int) -> None:
    """A page begins on the border of a smaller one."""
    assert smaller(begin, most) == size
    assert begin % size == 0


def test_sizes_to_try() -> None:
    """Each is at most half of the one before, and none is so small that it cannot be the size."""
    assert list(sizes_to_try(0, 5000)) == [2500, 1250, 625, 312, 156]
    assert list(sizes_to_try(15000, 5000)) == [2500, 1250, 625, 300, 150]
    assert list(sizes_to_try(50, 50)) == []
