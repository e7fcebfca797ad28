"""Pages in flight: the same rows in the same order, for no more requests, connections or tokens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support import FakeClock, ReadingClient, Unthrottled, client_of, threads

from airflow_provider_poweroffice.api import RetryOptions
from airflow_provider_poweroffice.api.dialects.base import Position
from airflow_provider_poweroffice.api.dialects.poweroffice_v2 import PowerOfficeV2
from airflow_provider_poweroffice.errors import PowerOfficeError, ServerError
from poweroffice_sandbox import Sandbox

DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
ONCE = RetryOptions(attempts=1)


pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """Give a sandbox that counts connections from none."""
    with Sandbox(rate_limit=0) as sandbox:
        yield sandbox


def ids(client: ReadingClient, endpoint: str = "Customers", **options: object) -> list[int]:
    """Read a collection and give the ids in order."""
    return [row["Id"] for page in client.pages(endpoint, **options) for row in page]


def until(fulfilled: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do; pytest ends what never comes."""
    while not fulfilled():
        time.sleep(0.002)


@pytest.mark.sample(1)
@pytest.mark.parametrize("concurrency", [2, 8, 32])
def test_same_rows_for_the_same_price(own: Sandbox, clock: FakeClock, concurrency: int) -> None:
    """A request a page and one for the keys, one token, a connection a page in flight; no thread stays."""
    with client_of(own, clock, concurrency=1) as serial:
        expected = ids(serial, "AccountTransactions", query=DATES, page_size=25)
    tokens, connections = own.count("POST", "/OAuth/Token"), own.connections
    own.add_fault(action="delay", seconds=0.01, path="/AccountTransactions", times=0)
    before = own.count("GET")
    with client_of(own, clock, concurrency=concurrency) as client:
        assert ids(client, "AccountTransactions", query=DATES, page_size=25) == expected
        assert own.count("GET") - before == -(-len(expected) // 25) + 1
        assert ids(client, "AccountTransactions", query=DATES, page_size=25) == expected
    assert own.count("POST", "/OAuth/Token") - tokens == 1
    assert 1 < own.connections - connections <= concurrency + 1  # one for tokens
    assert threads() == []


@pytest.mark.sample(4)
@pytest.mark.parametrize("pagination", ["minimal", "absent"])
@pytest.mark.parametrize("page_past_end", ["204", "empty", "404"])
@pytest.mark.parametrize("rows", [5, 10, 11, 20, 75, 80])
def test_guesses_waste_little(clock: FakeClock, pagination: str, page_past_end: str, rows: int) -> None:
    """Without totals the keys tell early how many pages there are: no request is wasted."""
    with (
        Sandbox(rate_limit=0, customers=rows, pagination=pagination, page_past_end=page_past_end) as sandbox,
        client_of(sandbox, clock) as client,
    ):
        found = ids(client, page_size=10)
        assert (len(found), found) == (rows, sorted(set(found)))
        serial = -(-rows // 10) + 1  # one more for the keys
        wasted = sandbox.count("GET", "/Customers") - serial
        assert wasted == 0


def test_nothing_is_guessed_in_another_order(client: ReadingClient, sandbox: Sandbox) -> None:
    """Where new rows may come first, and have no key, pages without totals are read one after the other."""
    sandbox.set(pagination="absent")
    query = {"Fields": "Name"}
    pages = client.pages("Customers", query=query, page_size=10, order_by="Id desc")
    for taken in range(1, 6):
        next(pages)
        assert sandbox.count("GET", "/Customers") == taken


def test_slow_taker(client: ReadingClient, sandbox: Sandbox) -> None:
    """Pages do not pile up before a slow taker: four wait, and late in the read the list of keys."""
    with client.pages("AccountTransactions", query=DATES, page_size=50) as pages:
        for taken in range(1, 41):
            next(pages)
            most, lists = min(40, taken + 4), int(taken >= 30)
            until(lambda most=most: sandbox.count("GET", "/AccountTransactions") >= most)  # type: ignore[misc]
            assert sandbox.count("GET", "/AccountTransactions") <= most + lists
        assert len(threads()) == 5  # one lists keys


def test_error_in_the_middle(sandbox: Sandbox, clock: FakeClock) -> None:
    """The rows before a broken page come; then its error, as if read alone; then nothing more is sent."""
    found: dict[int, str] = {}
    for concurrency in (1, 4):
        with client_of(sandbox, clock, concurrency=concurrency, retry=ONCE) as client:
            everyone = ids(client, page_size=10)
            sandbox.add_fault(action="status", status=500, path="/Customers", every=5)
            pages, rows = client.pages("Customers", page_size=10), []
            with pytest.raises(ServerError) as caught:
                rows.extend(row["Id"] for page in pages for row in page)
            found[concurrency] = str(caught.value)
            sent = len(sandbox.journal())
            assert threads() == []
            assert list(pages) == []
            assert 10 <= len(rows) <= 80
            assert rows == everyone[: len(rows)]
            assert len(sandbox.journal()) == sent
        sandbox.reset()
    assert found[1] == found[4]


def test_skipped_page(sandbox: Sandbox, clock: FakeClock) -> None:
    """A page that is skipped is left out, alone, and named."""
    with client_of(sandbox, clock, retry=ONCE) as client:
        everyone = ids(client, page_size=10)
        sandbox.add_fault(action="status", status=500, path="/Customers", every=7, times=1)
        asked: list[tuple[PowerOfficeError, int]] = []
        pages = client.pages(
            "Customers", page_size=10, on_page_error=lambda *seen: asked.append(seen) is None
        )
        rows = [row["Id"] for page in pages for row in page]
        ((error, number),) = asked
        assert type(error) is ServerError
        assert rows == everyone[: 10 * number - 10] + everyone[10 * number :]
        assert [skip["page"] for skip in pages.skipped] == [number]
        assert not pages.complete


def test_first_error_in_the_order_of_pages(sandbox: Sandbox, clock: FakeClock) -> None:
    """When all pages ahead fail, the handler is asked page by page, as if they were read alone."""
    with client_of(sandbox, clock, retry=ONCE) as client:
        pages = client.pages("Customers", page_size=10, on_page_error=lambda *_: True)
        next(pages)
        sandbox.add_fault(action="status", status=500, path="/Customers", times=0)
        until(lambda: sandbox.count("GET", "/Customers") >= 5)
        rest = list(pages)
        skipped = [skip["page"] for skip in pages.skipped]
        assert skipped == sorted(skipped)
        # Pages 2 to 5 are in flight while the fault is armed: which of them still come is a matter of luck.
        assert sorted([page.number for page in rest] + skipped) == list(range(2, 13))


def test_token_is_renewed_once_for_all(client: ReadingClient, sandbox: Sandbox) -> None:
    """A token that is refused to all threads is renewed by one of them."""
    everyone = ids(client, page_size=10, concurrency=1)
    sandbox.add_fault(action="delay", seconds=0.02, path="/Customers", times=0)
    sandbox.expire_tokens()
    pages = client.pages("Customers", page_size=10, concurrency=8)
    first = next(pages)
    assert sandbox.count("POST", "/OAuth/Token") == 2
    sandbox.expire_tokens()
    rest = [row["Id"] for page in pages for row in page]
    assert [row["Id"] for row in first] + rest == everyone
    assert sandbox.count("POST", "/OAuth/Token") == 3


class Counted(Unthrottled):
    """A throttle that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.starts = 0
        self._lock = threading.Lock()

    def acquire(self, *patience: Any) -> Any:
        """Count a start."""
        with self._lock:
            self.starts += 1
        return super().acquire(*patience)


def test_throttle_is_shared(sandbox: Sandbox, clock: FakeClock) -> None:
    """Every request of every thread passes the throttle, and a 429 to one pauses all."""
    sandbox.add_fault(action="status", status=429, path="/Customers", every=4, headers={"Retry-After": "3"})
    throttle = Counted()
    with client_of(sandbox, clock, throttle=throttle) as client:
        assert len(ids(client, page_size=10)) == sandbox.totals()["Customers"]
    assert throttle.starts == len(sandbox.journal())
    assert len(throttle.pauses) >= 3
    assert set(throttle.pauses) == {3.0}


def test_capped_page_size(client: ReadingClient, sandbox: Sandbox) -> None:
    """A server that gives smaller pages, and numbers them so, is read in parallel without waste."""
    sandbox.set(page_size_cap=7)
    assert len(set(ids(client, page_size=50))) == 120
    assert sandbox.count("GET", "/Customers") == -(-120 // 7) + 2  # two landmarks: no list of keys is so long


class ByOffset(PowerOfficeV2):
    """A server that pages by offset, and gives one row a page however many are asked for."""

    def page_query(self, at: Position, size: int) -> dict[str, str]:  # noqa: ARG002 - the contract
        """Ask for the row at an offset."""
        return {"PageNumber": str(at.offset + 1), "PageSize": "1"}


def test_offsets_that_are_not_known(client: ReadingClient, sandbox: Sandbox) -> None:
    """With short pages by offset, where the next one begins is not known: what was guessed is not used."""
    everyone = ids(client)
    client.connection.dialect = ByOffset()
    before = sandbox.count("GET", "/Customers")
    assert ids(client, page_size=10) == everyone
    assert sandbox.count("GET", "/Customers") - before <= len(everyone) + 4
    assert threads() == []


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (33, ValueError), ("4", TypeError), (True, TypeError), (2.0, TypeError)],
)
def test_bad_concurrency(
    client: ReadingClient, sandbox: Sandbox, value: object, error: type[Exception]
) -> None:
    """A number of pages in flight that cannot be is refused with the value and the way out."""
    with pytest.raises(error, match=rf"concurrency must be .*{value!r}; 1 reads one page after the other"):
        client.pages("Customers", concurrency=value)
    assert sandbox.journal() == []
