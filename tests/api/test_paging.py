"""Every row once: whatever the last page holds, the server says, or goes wrong in between."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import fields

import msgspec
import pytest
from support import FakeClock, FromFunction, client_of

from airflow_provider_poweroffice.api import Client, Page, Pages, RetryOptions
from airflow_provider_poweroffice.api.dialects.base import PageInfo, Position
from airflow_provider_poweroffice.api.pages.page_size import PageLimits
from airflow_provider_poweroffice.api.pages.pages import Collection
from airflow_provider_poweroffice.api.read_options import PagingOptions, ReadArguments, ReadOptions
from airflow_provider_poweroffice.api.surrogates import split_rows
from airflow_provider_poweroffice.errors import (
    IncompleteReadError,
    InvalidResponseError,
    NotFoundError,
    PaginationError,
    PermissionDeniedError,
    PowerOfficeError,
    ServerError,
)
from poweroffice_sandbox import Sandbox

DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}


@pytest.fixture(params=[1, 4], ids=["serial", "parallel"])
def concurrency(request: pytest.FixtureRequest) -> int:
    """Read the same with one page in flight and with four: what comes of it may not differ."""
    return int(request.param)


@pytest.fixture
def client(sandbox: Sandbox, clock: FakeClock, concurrency: int) -> Iterator[Client]:
    """Give a client of the first company that reads so many pages at once."""
    with client_of(sandbox, clock, concurrency=concurrency, retry=RetryOptions()) as one:
        yield one


def ids(client: Client, endpoint: str = "Customers", **options: object) -> list[int]:
    """Read a collection and give the ids in order."""
    return [row["Id"] for page in client.pages(endpoint, **options) for row in page]  # type: ignore[arg-type]


@pytest.mark.sample(8)
@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 20])
@pytest.mark.parametrize("pagination", ["full", "minimal", "totals-only", "absent"])
@pytest.mark.parametrize("page_past_end", ["204", "empty", "404"])
def test_every_row_once(
    clock: FakeClock, concurrency: int, rows: int, pagination: str, page_past_end: str
) -> None:
    """Zero, one, a page less one, a page, a page and one, two pages: with and without the header."""
    with (
        Sandbox(rate_limit=0, customers=rows, pagination=pagination, page_past_end=page_past_end) as sandbox,
        client_of(
            sandbox,
            clock,
            concurrency=concurrency,
            retry=RetryOptions(attempts=1),
        ) as client,
    ):
        pages = client.pages("Customers", page_size=10)
        found = [row["Id"] for page in pages for row in page]
        assert len(found) == len(set(found)) == rows == sandbox.totals()["Customers"]
        assert found == sorted(found)
        assert (pages.rows, pages.truncated, pages.skipped) == (rows, False, [])


def test_requests_needed(client: Client, sandbox: Sandbox) -> None:
    """
    Several pages cost one request more than pages: that for the keys.

    One page costs none, unless the server does not say that there is one.
    """
    total = sandbox.totals()["Customers"]
    for pagination in ("full", "totals-only", "minimal", "absent"):
        counted = pagination in {"full", "totals-only"}
        sandbox.set(pagination=pagination)
        before = sandbox.count("GET", "/Customers")
        assert len(ids(client, page_size=50)) == total
        assert sandbox.count("GET", "/Customers") - before == -(-total // 50) + 1
        before = sandbox.count("GET", "/Customers")
        assert len(ids(client, page_size=total + 1)) == total
        assert sandbox.count("GET", "/Customers") - before == (1 if counted else 2)


def test_capped_page_size(client: Client, sandbox: Sandbox) -> None:
    """A server that silently gives smaller pages loses nothing."""
    for pagination in ("full", "minimal", "totals-only", "absent"):
        sandbox.set(page_size_cap=7, pagination=pagination)
        assert len(set(ids(client, page_size=50))) == sandbox.totals()["Customers"]


def test_unordered_server_is_ordered(client: Client, sandbox: Sandbox) -> None:
    """Pages are ordered by Id unless the caller says otherwise, in whatever way."""
    assert ids(client, page_size=20) == sorted(ids(client, page_size=20))
    assert ids(client, order_by="Id desc") == sorted(ids(client), reverse=True)
    assert ids(client, query={"orderby": "Id desc"}) == sorted(ids(client), reverse=True)
    assert ids(client, order_by=None) != sorted(ids(client))
    queries = [str(entry.query) for entry in sandbox.journal() if entry.method == "GET"]
    assert "OrderBy" not in queries[-2]
    assert "OrderBy" in queries[-1]


def test_first_page_and_max_pages(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Page arguments do what they say, and reaching the limit is said loudly."""
    everyone = ids(client)
    assert ids(client, page_size=50, first_page=2) == everyone[50:]
    with caplog.at_level(logging.WARNING):
        pages = client.pages("Customers", page_size=50, max_pages=2)
        assert [len(page) for page in pages] == [50, 50]
    assert pages.truncated
    assert f"max_pages=2 with 100 rows of {len(everyone)}" in caplog.text
    caplog.clear()
    pages = client.pages("Customers", page_size=100, max_pages=2)
    assert sum(len(page) for page in pages) == len(everyone)
    assert not pages.truncated
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_lazy(client: Client, sandbox: Sandbox) -> None:
    """The first page is requested when it is asked for; one after the other, so is each."""
    pages = client.pages("Customers", page_size=10, concurrency=1)
    assert sandbox.journal() == []
    next(pages)
    assert sandbox.count("GET", "/Customers") == 1


def test_rows_as_sent(client: Client) -> None:
    """Raw rows keep the digits the server wrote, and decoded rows are the same data."""
    page: Page = next(client.pages("AccountTransactions", query=DATES, page_size=500))
    assert any(b'Amount":1.10' in bytes(row) or b".00" in bytes(row) for row in page.raw_rows)
    assert [json.loads(bytes(row)) for row in page.raw_rows] == page.rows == json.loads(page.content)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"page_size": 0}, ValueError, "page_size must be a whole number from 1 to 20000, not 0"),
        ({"page_size": 20001}, ValueError, "from 1 to 20000"),
        ({"page_size": "10"}, TypeError, "page_size"),
        ({"page_size": True}, TypeError, "page_size"),
        ({"first_page": 0}, ValueError, "first_page"),
        ({"max_pages": 0}, ValueError, "max_pages"),
        ({"query": {"pageSize": 5}}, ValueError, "page_size"),
        ({"query": {"PageNumber": 5}}, ValueError, "first_page"),
    ],
)
def test_bad_paging(
    client: Client, sandbox: Sandbox, options: dict[str, object], error: type[Exception], says: str
) -> None:
    """Paging arguments are checked before any request."""
    with pytest.raises(error, match=says):
        client.pages("Customers", **options)  # type: ignore[arg-type]
    assert sandbox.journal() == []


def test_arguments_are_said_once() -> None:
    """The arguments of Client.pages are the options of a read, with the same types; tasks take the same."""
    options = {field.name: field.type for field in fields(ReadOptions)}
    arguments = {name: hint.__forward_arg__ for name, hint in ReadArguments.__annotations__.items()}
    assert arguments | {"endpoint": "str", "split_days": "int | None"} == options
    read = ReadOptions(endpoint="Customers", page_size=7, concurrency=2, max_pages=3)
    assert (
        PagingOptions.from_mapping({"concurrency": 2, "max_pages": 3}).changed().items()
        <= read.changed().items()
    )


@pytest.mark.parametrize(
    ("paging", "error", "says"),
    [
        ({"first_page": 0}, ValueError, "first_page must be a whole number from 1, not 0"),
        ({"max_pages": "3"}, TypeError, "max_pages must be a whole number from 1, not '3'"),
        ({"page_bytes": 1}, ValueError, "page_bytes must be a whole number from 65536, not 1"),
        ({"order_by": 5}, TypeError, "order_by must be text"),
        ({"first_page": 2, "split_days": 31}, ValueError, "first_page does not go with split_days"),
    ],
)
def test_paging_is_checked_where_it_is_made(
    paging: dict[str, object], error: type[Exception], says: str
) -> None:
    """A mistake in ``paging`` is told while the DAG file is read, not by the first request."""
    with pytest.raises(error, match=says):
        PagingOptions.from_mapping(paging)


def test_no_list(client: Client) -> None:
    """An endpoint that gives one object is no collection, and the error says what to use."""
    with pytest.raises(PaginationError, match="read it by one call"):
        list(client.pages("ClientIntegrationInformation", order_by=None))


def test_unknown_resource(client: Client) -> None:
    """A 404 on the first page is an error, not an empty collection."""
    with pytest.raises(NotFoundError):
        list(client.pages("Nope"))


def test_server_that_never_ends(client: Client, sandbox: Sandbox) -> None:
    """A server that ignores PageNumber is caught when its keys are listed."""
    sandbox.add_fault(action="status", status=200, path="/Customers", times=0, body='[{"Id": 1}, {"Id": 2}]')
    with pytest.raises(PaginationError, match="no notice of the page number"):
        list(client.pages("Customers"))
    assert sandbox.count("GET", "/Customers") == 5


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503, "every": 3},
        {"action": "status", "status": 429, "every": 3, "headers": {"Retry-After": "2"}},
        {"action": "truncate", "every": 4},
        {"action": "reset_after", "every": 4},
        {"action": "garbage", "every": 4},
        {"action": "expire_tokens", "every": 3, "times": 1},
    ],
    ids=lambda fault: f"{fault['action']}-{fault.get('status', '')}",
)
def test_each_trouble_on_the_way(client: Client, sandbox: Sandbox, fault: dict[str, object]) -> None:
    """Whatever goes wrong at each third or fourth page: the same rows, once each."""
    expected = ids(client, "AccountTransactions", query=DATES)
    sandbox.add_fault(**fault, path="/AccountTransactions")
    assert ids(client, "AccountTransactions", query=DATES, page_size=100) == expected
    assert sandbox.count("GET", "/AccountTransactions") > (21 if "times" in fault else 23)


def test_all_trouble_together(sandbox: Sandbox, clock: FakeClock, concurrency: int) -> None:
    """Expired tokens, 429s, 503s and broken bodies, all at once: the same rows, once each."""
    client = client_of(
        sandbox,
        clock,
        concurrency=concurrency,
        retry=RetryOptions(attempts=30, deadline=1e6),
    )
    expected = ids(client, "AccountTransactions", query=DATES)
    path = "/AccountTransactions"
    sandbox.add_fault(action="status", status=503, path=path, every=3)
    sandbox.add_fault(action="truncate", path=path, every=7)
    sandbox.add_fault(action="reset_after", path=path, every=10)
    sandbox.add_fault(action="garbage", path=path, every=11)
    sandbox.add_fault(action="status", status=429, path=path, every=5, headers={"Retry-After": "2"})
    # With four in flight a token may expire between its renewal and the repetition: that is a refusal.
    sandbox.add_fault(action="expire_tokens", path=path, every=8, times=0 if concurrency == 1 else 1)
    found = ids(client, "AccountTransactions", query=DATES, page_size=50)
    assert found == expected
    assert sandbox.count("POST", "/OAuth/Token") >= 2


def test_stops_at_a_broken_page(client: Client, sandbox: Sandbox) -> None:
    """By default a page that fails after all retries ends the reading with its error."""
    sandbox.add_fault(action="status", status=500, path="/Customers", times=0)
    with pytest.raises(ServerError):
        ids(client)


def page_fault(sandbox: Sandbox, number: int) -> None:
    """Let one page fail for good: with a single attempt, one after the other, request n is page n."""
    sandbox.add_fault(action="status", status=500, path="/Customers", every=number, times=1)


@pytest.mark.parametrize("pagination", ["full", "absent"])
def test_skipped_page_is_recorded(sandbox: Sandbox, clock: FakeClock, pagination: str) -> None:
    """A skipped page is left out, recorded and warned of; the rest arrives."""
    sandbox.set(pagination=pagination)
    with client_of(
        sandbox,
        clock,
        concurrency=1,
        retry=RetryOptions(attempts=1),
    ) as client:
        everyone = ids(client, page_size=50)
        page_fault(sandbox, 2)
        asked: list[tuple[PowerOfficeError, int]] = []
        pages = client.pages(
            "Customers",
            page_size=50,
            on_page_error=lambda error, number: asked.append((error, number)) is None,
        )
        assert [row["Id"] for page in pages for row in page] == everyone[:50] + everyone[100:]
    assert [(type(error), number) for error, number in asked] == [(ServerError, 2)]
    assert [(skip["page"], "500" in skip["error"]) for skip in pages.skipped] == [(2, True)]


def test_last_page_skipped(sandbox: Sandbox, clock: FakeClock) -> None:
    """A skipped last page ends the reading too."""
    with client_of(
        sandbox,
        clock,
        concurrency=1,
        retry=RetryOptions(attempts=1),
    ) as client:
        page_fault(sandbox, 3)
        pages = client.pages("Customers", page_size=50, on_page_error=lambda *_: True)
        assert sum(len(page) for page in pages) == 100
        assert [skip["page"] for skip in pages.skipped] == [3]


def test_skipping_comes_to_an_end(sandbox: Sandbox, clock: FakeClock, concurrency: int) -> None:
    """Two failures in a row, with no total known, are raised: nobody could tell where the end is."""
    sandbox.add_fault(action="status", status=500, path="/Customers", times=0)
    with (
        client_of(
            sandbox,
            clock,
            concurrency=concurrency,
            retry=RetryOptions(attempts=1),
        ) as client,
        pytest.raises(ServerError),
    ):
        list(client.pages("Customers", page_size=50, on_page_error=lambda *_: True))
    assert sandbox.count("GET", "/Customers") == 2


def test_handler_may_refuse(client: Client, sandbox: Sandbox) -> None:
    """A handler that says no lets the error through."""
    sandbox.add_fault(action="status", status=500, path="/Customers", times=0)
    with pytest.raises(ServerError):
        list(client.pages("Customers", on_page_error=lambda *_: False))


def test_missing_privilege_is_never_skipped(client: Client, sandbox: Sandbox) -> None:
    """Skipping page after page of a 403 would be silence about all of them."""
    sandbox.add_fault(action="status", status=403, path="/Customers", times=0)
    with pytest.raises(PermissionDeniedError):
        list(client.pages("Customers", on_page_error=lambda *_: True))


def test_growing_data_is_warned_of(
    client: Client, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A collection that grows while it is read is warned of, and no row comes twice."""
    sandbox.set(mutation="insert")
    with caplog.at_level(logging.WARNING):
        found = ids(client, page_size=30)
    assert len(found) == len(set(found))
    assert "the collection changed" in caplog.text


def test_shrinking_data(client: Client, sandbox: Sandbox) -> None:
    """When rows go while pages are read, others move to pages already read: those are read again."""
    sandbox.set(mutation="delete")
    found = ids(client, page_size=30)
    sandbox.set(mutation="off")
    assert set(ids(client)) <= set(found)
    assert len(found) == len(set(found))


def test_shrinking_data_without_keys_is_an_error(client: Client, sandbox: Sandbox) -> None:
    """Where rows have no key, a count that falls is an error."""
    sandbox.set(mutation="delete")
    with pytest.raises(IncompleteReadError, match="shrank from"):
        list(client.pages("Customers", query={"Fields": "Name"}, page_size=30))


EMPTY: list[dict[str, object]] = [
    {"action": "status", "status": 204},
    {"action": "status", "status": 200, "body": "[]"},
    {"action": "status", "status": 404, "body": "{}"},
    {"action": "status", "status": 200, "body": ""},
]


@pytest.mark.sample(6)
@pytest.mark.parametrize("pagination", ["full", "minimal", "totals-only"])
@pytest.mark.parametrize("fault", EMPTY, ids=lambda fault: f"{fault['status']}-{fault.get('body', '')}")
def test_hole_in_the_middle(
    client: Client, sandbox: Sandbox, pagination: str, fault: dict[str, object]
) -> None:
    """An empty page where the server said that there is more is no end: asked again, then an error."""
    sandbox.set(pagination=pagination)
    pages = client.pages("Customers", page_size=20)
    next(pages)
    sandbox.add_fault(**fault, path="/Customers", times=0)
    with pytest.raises((IncompleteReadError, InvalidResponseError)):
        list(pages)
    sandbox.clear_faults()
    if fault["status"] != 404:
        sandbox.add_fault(**fault, path="/Customers", every=3, times=1)
        assert len(ids(client, page_size=20)) == sandbox.totals()["Customers"]


def test_empty_answer_is_not_an_empty_collection(client: Client, sandbox: Sandbox) -> None:
    """A 200 without content is a broken answer; only 204 and [] mean that there is nothing."""
    sandbox.add_fault(action="status", status=200, body="", path="/Customers", times=1)
    assert len(ids(client)) == sandbox.totals()["Customers"]


def test_another_page_than_asked_for(client: Client, sandbox: Sandbox) -> None:
    """A cache that answers every page with the first is caught by the page's own number."""
    rows = json.dumps([{"Id": number} for number in range(10)])
    header = json.dumps({"currentPage": 1, "totalCount": 20, "totalPages": 2, "pageSize": 10})
    sandbox.add_fault(
        action="status", status=200, body=rows, headers={"X-Pagination": header}, path="/Customers", times=0
    )
    with pytest.raises(PaginationError, match="asked for page 2, the answer says page 1"):
        ids(client, page_size=10)


@pytest.mark.parametrize("start", [0, 1])
def test_pages_counted_from_zero(start: int) -> None:
    """The page's own number is not confirmed: counting from 0 is accepted when it is kept to."""

    def fetch(at: Position) -> Page:
        info = PageInfo(total_rows=3, total_pages=3, number=at.number - 1 + start)
        return Page(at.number, b"[1]", [msgspec.Raw(b'{"Id": %d}' % at.number)], info)

    pages = Pages(FromFunction(fetch), PageLimits(page_size=1, first_page=1), Collection(label="GET /x"))
    assert [row["Id"] for page in pages for row in page] == [1, 2, 3]


def test_whole_list(client: Client, sandbox: Sandbox) -> None:
    """A list that has no pages is read with one request, without paging names the server would refuse."""
    rows = json.dumps([{"Ordinal": 1}, {"Ordinal": 2}])
    sandbox.add_fault(action="status", status=200, body=rows, path="/CustomDimensionSettings", times=0)
    assert [row["Ordinal"] for page in client.pages("CustomDimensionSettings") for row in page] == [1, 2]
    assert [entry.query for entry in sandbox.journal() if entry.method == "GET"] == [""]


def test_first_page_skipped_without_totals(sandbox: Sandbox, clock: FakeClock, concurrency: int) -> None:
    """A skipped first page is recorded, also where a page past the end is a 404."""
    sandbox.set(pagination="absent", page_past_end="404")
    sandbox.add_fault(action="status", status=500, path="/Customers", times=1)
    with client_of(
        sandbox,
        clock,
        concurrency=concurrency,
        retry=RetryOptions(attempts=1),
    ) as client:
        pages = client.pages("Customers", page_size=150, on_page_error=lambda *_: True)
        assert list(pages) == []
        assert [skip["page"] for skip in pages.skipped] == [1]
        assert not pages.complete


def test_cap_with_a_count_by_the_size_asked_for() -> None:
    """A server that counts its pages by the size asked for, and sends fewer rows, is read to the end."""
    info = PageInfo(total_rows=3, total_pages=1)

    def fetch(at: Position) -> Page:
        rows = [msgspec.Raw(b'{"Id": %d}' % at.number)] if at.number <= 3 else []
        return Page(at.number, b"[%d]" % at.number, rows, info)

    pages = Pages(FromFunction(fetch), PageLimits(page_size=3, first_page=1), Collection(label="GET /x"))
    assert [row["Id"] for page in pages for row in page] == [1, 2, 3]


def test_fewer_rows_than_counted() -> None:
    """A read that ends before the server's count is an error, not a short list."""
    info = PageInfo(total_rows=3, total_pages=1)

    def fetch(at: Position) -> Page:
        rows = [msgspec.Raw(b'{"Id": 1}')] if at.number == 1 else []
        return Page(at.number, b"[%d]" % at.number, rows, info)

    with pytest.raises(IncompleteReadError, match="1 rows came, the server counts 3"):
        list(Pages(FromFunction(fetch), PageLimits(page_size=3, first_page=1), Collection(label="GET /x")))


@pytest.mark.parametrize("counted", [1, 3])
def test_more_rows_than_counted(caplog: pytest.LogCaptureFixture, counted: int) -> None:
    """A count below the rows that come ends nothing, and is warned of."""
    content = [b"[1,2]", b"[3,4]", b"[]"]

    def fetch(at: Position) -> Page:
        body = content[at.number - 1]
        assert at.offset == 2 * (at.number - 1)
        return Page(at.number, body, split_rows(body), PageInfo(total_rows=counted))

    pages = Pages(FromFunction(fetch), PageLimits(page_size=2, first_page=1), Collection(label="GET /x"))
    assert [len(page) for page in pages] == [2, 2]
    assert f"4 rows came, the server counts {counted}" in caplog.text
