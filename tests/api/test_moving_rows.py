"""Rows come, go and change while pages are read: all that were there all the time come, or the read fails."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest

from airflow_provider_poweroffice.api.dialects.poweroffice_v2 import PowerOfficeV2
from airflow_provider_poweroffice.api.pages.key_list import _behind
from airflow_provider_poweroffice.errors import (
    IncompleteReadError,
    InvalidResponseError,
    NotFoundError,
    PaginationError,
)
from benchmarks.moving_rows import APIS, HEADERS, Books, client_of, measure, serving, settings

pytestmark = pytest.mark.wide

READS = 1


@pytest.mark.finding("D2", "R1")
@pytest.mark.parametrize("setting", settings(), ids=lambda setting: "-".join(map(str, setting)))
def test_nothing_is_lost(setting: Any) -> None:
    """Some of the reads of benchmarks/moving_rows.py: 40 pages, rows deleted, added, entering a filter."""
    outcome = measure(*setting, reads=READS, seed=7)
    assert (outcome.silent, outcome.doubled) == (0, 0)
    if not setting.deleted and not setting.added and setting.api == "v2":
        assert outcome.most == 41, "one small request more than pages, while nothing moves"


class Scripted(Books):
    """Books in which something is done before an answer of a certain number."""

    script: dict[int, Callable[[Books], None]]

    def happen(self) -> None:
        """Follow the script: the request of that number was answered just now."""
        if step := self.script.get(self.requests):
            step(self)


def scripted(rows: int, page: int, script: dict[int, Callable[[Books], None]], **given: Any) -> Scripted:
    """Make books with a script."""
    books = Scripted(random.Random(1), rows=rows, page=page, **given)  # noqa: S311 - unused
    books.script = script
    return books


def gone(*ids: int) -> Callable[[Books], None]:
    """Delete rows."""

    def step(books: Books) -> None:
        books.present = [one for one in books.present if one not in ids]
        books.always -= set(ids)

    return step


def swap(old: int, new: int) -> Callable[[Books], None]:
    """Delete a row and add another, so that the count stays."""

    def step(books: Books) -> None:
        gone(old)(books)
        books.present = sorted([*books.present, new])

    return step


def read(books: Books, api: str = "v2", **options: Any) -> list[int]:
    """Read the collection by one request at a time, and give the numbers of its rows."""
    given = {"concurrency": 1} | ({} if api == "d365fo" else {"page_size": books.page}) | options
    with serving(books) as url, client_of(api, url) as client:
        rows = [row for page in client.pages(APIS[api], **given) for row in page.rows]
    names = [str(row.get("CustomerAccount") or row.get("Id") or row.get("id")) for row in rows]
    return [int(name.removeprefix("C")) for name in names]


@pytest.mark.finding("D2", "R1")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("header", ["counts", "links", "link", "none"])
@pytest.mark.parametrize("before", [1, 2, 3])
@pytest.mark.parametrize("new", [5, 35, 95, 1000], ids=["first", "early", "late", "last"])
def test_one_goes_and_one_comes(api: str, header: str, before: int, new: int) -> None:
    """Nine rows on three pages; one of the first page goes, one enters anywhere: the count stays."""
    books = scripted(9, 3, {before: swap(20, new)}, header=header)
    found = read(books, api)
    assert books.always <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.finding("D2")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("count", [1, 3, 10, 25])
def test_many_go_at_once(api: str, count: int) -> None:
    """More rows than a page holds go between two pages: found again, or an error."""
    books = scripted(50, 10, {3: gone(*range(10, 10 * count + 1, 10))})
    try:
        found = read(books, api)
    except IncompleteReadError:
        assert count > 10
        return
    assert books.always <= set(found)


class Listing(Books):
    """Books that tell when their keys were listed; just then, rows may go."""

    def __post_init__(self) -> None:
        """Fill the collection."""
        super().__post_init__()
        self.goes: tuple[int, ...] = ()
        self.lists: list[int] = []
        self.listed = threading.Event()

    def answer(self, kind: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Note what number a list of keys has among the requests."""
        answer = super().answer(kind, query)
        if "Fields" in query:
            self.lists.append(self.requests)
            gone(*self.goes)(self)
            self.listed.set()
        return answer


@pytest.mark.finding("D2")
@pytest.mark.parametrize("header", ["counts", "links"])
@pytest.mark.parametrize(
    ("goes", "lists"), [((), 1), ((10,), 3), ((4000,), 2), ((20, 310, 4000), 2)], ids=str
)
def test_keys_are_listed_beside_the_last_pages(header: str, goes: tuple[int, ...], lists: int) -> None:
    """Nobody waits for the list of keys at the end; what goes behind it is looked for, and no row is lost."""
    books = Listing(random.Random(1), header=header)  # noqa: S311 - unused
    books.goes = goes
    with serving(books) as url, client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=10, concurrency=4)
        found = [row["Id"] for _ in range(30) for row in next(pages).rows]
        assert books.listed.wait(30)
        found += [row["Id"] for page in pages for row in page.rows]
    assert books.always <= set(found)
    assert len(found) == len(set(found))
    assert books.lists[0] <= 34
    assert len(books.lists) == lists
    assert goes or books.requests == 41


@pytest.mark.finding("D2")
@pytest.mark.parametrize("request_number", range(1, 9))
def test_landmarks(request_number: int) -> None:
    """A list longer than a list of keys may be is told by two landmarks, wherever a row goes."""
    books = scripted(45, 9, {request_number: swap(20, 1000)})
    with serving(books) as url, client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=9, concurrency=1)
        assert pages._roll is not None
        pages._roll.cap(20)
        found = [row["Id"] for page in pages for row in page.rows]
    assert books.always <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.finding("D2")
@pytest.mark.parametrize("concurrency", [1, 4])
def test_price_of_landmarks(concurrency: int) -> None:
    """While nothing moves, a long list costs two requests for single rows, and no list of keys."""
    books = scripted(450, 9, {})
    with serving(books) as url, client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=9, concurrency=concurrency)
        assert pages._roll is not None
        pages._roll.cap(20)
        assert sum(len(page) for page in pages) == 450
    assert books.requests == 50 + 2


def test_one_page_costs_one_request() -> None:
    """What came in one answer needs no check."""
    for api in APIS:
        books = scripted(9, 10, {})
        assert len(read(books, api)) == 9
        assert books.requests == 1 + (api == "v1")  # whose count may be that of the page


@contextmanager
def odd(rows: int, answers: dict[int, Any], **given: Any) -> Iterator[tuple[Books, str]]:
    """Run books whose answers to requests of some numbers are others."""
    books = Books(random.Random(1), rows=rows, page=10, odd=answers, **given)  # noqa: S311 - unused
    with serving(books) as url:
        yield books, url


def rows_of(*ids: int) -> list[dict[str, Any]]:
    """Make rows of v2."""
    return [{"Id": one, "Name": f"Row {one}"} for one in ids]


def said(**header: Any) -> dict[str, str]:
    """Make the header that v2 sends with a page."""
    return {"X-Pagination": json.dumps(header)}


@pytest.mark.finding("D6")
@pytest.mark.parametrize("times", [1, 2])
def test_page_repeated_under_its_own_number(times: int) -> None:
    """A cache that answers page 3 with the rows of page 1 is asked once more, then an error."""
    first = [{"Id": 10 * one, "Name": f"Row {10 * one}"} for one in range(1, 11)]
    header = said(totalCount=50, pageSize=10, currentPage=3, totalPages=5, nextPageLink="x")
    answers = dict.fromkeys(range(3, 3 + times), (200, header, first))
    with odd(50, answers) as (_, url), client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=10, concurrency=1)
        if times == 1:
            assert len({row["Id"] for page in pages for row in page.rows}) == 50
        else:
            with pytest.raises(PaginationError, match="repeats"):
                list(pages)


EMPTY: dict[str, tuple[int, dict[str, str], Any]] = {
    "204": (204, {}, None),
    "404": (404, {}, {}),
    "[]": (200, {}, []),
}


@pytest.mark.finding("D12")
@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("header", ["counts", "links", "link", "none"])
@pytest.mark.parametrize("at", range(2, 7))
def test_false_end_in_the_middle(empty: str, header: str, at: int) -> None:
    """One empty answer in the middle ends nothing, whatever the server says of its pages."""
    with odd(50, {at: EMPTY[empty]}, header=header) as (_, url), client_of("v2", url) as client:
        found = [
            row["Id"] for page in client.pages("Customers", page_size=10, concurrency=1) for row in page.rows
        ]
    assert len(found) == len(set(found)) == 50


@pytest.mark.finding("R9")
@pytest.mark.parametrize(
    "header",
    [
        {"totalCount": 10},
        {"totalCount": 10, "totalPages": 1, "pageSize": 10},
        {"totalCount": 10, "totalPages": 1, "nextPageLink": "x"},
        {"totalCount": 50, "totalPages": 1},
        {"totalCount": 50, "pageSize": 5000},
        {"totalPages": 1, "nextPageLink": "x"},
        {"totalPages": 5, "nextPageLink": None},
        {"totalPages": 1, "TotalPages": 5},
        {"nextPageLink": None, "NextPageLink": "x"},
        {"totalPages": 1.5},
        {"totalCount": 0},
    ],
    ids=json.dumps,
)
def test_header_that_contradicts_itself(header: dict[str, Any]) -> None:
    """What contradicts itself, or proves nothing, never ends a read."""
    first = rows_of(*range(10, 110, 10))
    with odd(50, {1: (200, said(**header), first)}) as (_, url), client_of("v2", url) as client:
        found = {
            row["Id"] for page in client.pages("Customers", page_size=10, concurrency=1) for row in page.rows
        }
    assert len(found) == 50


def test_chain_of_links_that_never_ends() -> None:
    """Links that always differ and lead to no row that is new come to an end."""

    def answer(number: int) -> tuple[int, dict[str, str], Any]:
        rows = [{"Code": 1}] if number == 1 else []
        return (
            200,
            {},
            {"@odata.context": "c", "value": rows, "@odata.nextLink": f"Units?$skiptoken={number}"},
        )

    with (
        odd(10, {number: answer(number) for number in range(1, 500)}) as (books, url),
        client_of("d365fo", url) as client,
        pytest.raises(PaginationError, match="pages in a row"),
    ):
        list(client.pages("Units"))
    assert books.requests < 200


@pytest.mark.finding("D2")
@pytest.mark.parametrize("copies", [1, 3])
def test_a_row_twice_on_one_page(copies: int) -> None:
    """A row that a page holds twice, alike to the last byte, comes once."""
    page = [{"Id": 10 * one, "Name": f"Row {10 * one}"} for one in range(11, 21)]
    header = said(totalCount=50, pageSize=10, currentPage=2, totalPages=5, nextPageLink="x")
    answer = (200, header, page[:9] + [page[4]] * copies + page[9:])
    with odd(50, {2: answer}) as (_, url), client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=10, concurrency=1)
        found = [row["Id"] for page in pages for row in page.rows]
    assert found == [10 * one for one in range(1, 51)]


@pytest.mark.finding("D12")
@pytest.mark.parametrize("header", ["counts", "none"])
def test_false_end_behind_a_page_that_says_nothing(header: str) -> None:
    """Page 1 has no header and page 2 comes empty, twice: the list of keys tells what is missing."""
    first = rows_of(*range(10, 110, 10))
    answers = {1: (200, {}, first), 2: (204, {}, None), 3: (204, {}, None)}
    with odd(30, answers, header=header) as (_, url), client_of("v2", url) as client:
        try:
            pages = client.pages("Customers", page_size=10, concurrency=1)
            found = {row["Id"] for page in pages for row in page.rows}
        except IncompleteReadError:
            return
    assert len(found) == 30


@pytest.mark.finding("D6")
@pytest.mark.parametrize("times", [1, 2, 20])
@pytest.mark.parametrize("api", ["v1", "d365fo"])
def test_cached_page_where_pages_overlap(api: str, times: int) -> None:
    """The page before comes in place of the last one, and begins with a row read: that ends nothing."""
    ids = range(10, 21)
    if api == "v1":
        rows: list[dict[str, Any]] = [{"id": 10 * one, "name": f"Row {10 * one}"} for one in ids]
        body: dict[str, Any] = {"success": True, "data": rows, "count": 30}
    else:
        rows = [{"dataAreaId": "usmf", "CustomerAccount": f"C{10 * one:06d}"} for one in ids]
        body = {"@odata.context": "c", "value": rows[:10]}
    last = 3 if api == "v1" else 4
    answers = dict.fromkeys(range(last, last + times), (200, {}, body))
    with odd(30, answers) as (_, url), client_of(api, url) as client:
        options = {"page_size": 10} if api == "v1" else {}
        try:
            found = sum(len(page) for page in client.pages(APIS[api], concurrency=1, **options))
        except IncompleteReadError:
            assert times > 1
            return
    assert found == 30


@pytest.mark.finding("D2")
def test_one_row_on_a_page_of_one() -> None:
    """A list of one row, read in pages of one, is no list that repeats itself."""
    assert read(scripted(1, 1, {}), "v1") == [10]


@pytest.mark.finding("D2")
@pytest.mark.parametrize("most", range(4, 40))
def test_answers_to_a_roll_call_join(most: int) -> None:
    """Each answer begins with a row of the one before, and leads on, down to small pages."""
    rank = most
    for _ in range(20):
        number, size = _behind(rank, most)
        assert 1 <= size <= most
        assert (number - 1) * size <= rank < number * size
        assert most < 10 or (number - 1) * size < rank
        rank = number * size


@pytest.mark.finding("D2")
@pytest.mark.parametrize("order_by", ["Id asc", "Name asc"])
def test_roll_call_of_a_server_that_caps_its_pages(order_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the list of keys comes in several answers, one of them empty by mistake, nothing is lost."""
    monkeypatch.setattr(PowerOfficeV2, "max_page_size", 25)
    script = {number: swap(10 * number, 1000 + number) for number in range(1, 10)}
    books = scripted(60, 10, script, header="links")
    books.odd = {8: (204, {}, None), 9: (204, {}, None)}
    found = read(books, order_by=order_by)
    assert books.always <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.finding("D2")
@pytest.mark.parametrize("before", range(3, 8))
def test_landmark_that_no_page_holds(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many rows go that the last page is empty: the landmark proves nothing."""
    monkeypatch.setattr(PowerOfficeV2, "max_page_size", 25)
    books = scripted(60, 10, {before: gone(*range(10, 260, 10))})
    try:
        found = read(books)
    except IncompleteReadError:
        return
    assert books.always <= set(found)


@pytest.mark.finding("D12")
@pytest.mark.parametrize("empty", ["204", "[]"])
@pytest.mark.parametrize("times", [1, 2])
def test_false_empty_first_page(empty: str, times: int) -> None:
    """A list that is read whole, and comes empty, is asked for once more before that is believed."""
    with (
        odd(50, dict.fromkeys(range(1, 1 + times), EMPTY[empty])) as (books, url),
        client_of("v2", url) as client,
    ):
        found = [row["Id"] for page in client.pages("Customers", concurrency=1) for row in page.rows]
    assert len(found) == (50 if times == 1 else 0)
    assert books.requests == 2


@pytest.mark.finding("D12")
@pytest.mark.parametrize("header", [{"totalCount": 50}, {"totalPages": 5}, {"nextPageLink": "x"}])
@pytest.mark.parametrize("since", [None, "2026-01-01T00:00:00Z"])
def test_empty_first_page_that_says_there_are_rows(header: dict[str, Any], since: str | None) -> None:
    """Twice empty, against the server's own word, is an error; once is a slip."""
    for times in (1, 2):
        answers = dict.fromkeys(range(1, 1 + times), (200, said(**header), []))
        with odd(50, answers) as (_, url), client_of("v2", url) as client:
            pages = client.pages("Customers", changed_since=since, concurrency=1)
            if times == 1:
                assert sum(len(page) for page in pages) == 50
            else:
                with pytest.raises(IncompleteReadError, match="page 1 is empty"):
                    list(pages)


@pytest.mark.finding("D12")
@pytest.mark.parametrize("order", [1, -1], ids=["at first", "then"])
def test_one_of_two_empty_first_pages_says_there_are_rows(order: int) -> None:
    """Whichever of the two says so, the list is not empty."""
    answers = [(200, said(totalCount=50), []), EMPTY["204"]][::order]
    with (
        odd(50, dict(enumerate(answers, start=1))) as (_, url),
        client_of("v2", url) as client,
        pytest.raises(IncompleteReadError, match="page 1 is empty"),
    ):
        list(client.pages("Customers", concurrency=1))


def test_a_part_that_is_empty_costs_one_request() -> None:
    """Behind the end of a list there is nothing."""
    with odd(50, {}) as (books, url), client_of("v2", url) as client:
        assert list(client.pages("Customers", page_size=10, first_page=7, concurrency=1)) == []
    assert books.requests == 1


@pytest.mark.finding("D2", "D12")
@pytest.mark.parametrize("header", ["counts", "none"])
@pytest.mark.parametrize("cap", [2, 3, 4])
@pytest.mark.parametrize("before", range(2, 7))
def test_capped_pages_while_rows_go(header: str, cap: int, before: int) -> None:
    """The page that is found by going back is short, as all are: it is no end."""
    books = scripted(20, 7, {before: gone(10, 20), before + 2: gone(30)}, most=cap, header=header)
    found = read(books, "v1")
    assert books.always <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("rows", [7, 8, 16, 20])
def test_capped_pages_that_are_all_full(header: str, rows: int) -> None:
    """No page larger than the cap is asked for to see the end: the server would give another one."""
    books = scripted(rows, 10, {}, most=4, header=header)
    assert sorted(read(books)) == sorted(books.always)


@pytest.mark.finding("D12")
@pytest.mark.parametrize("header", ["counts", "none"])
@pytest.mark.parametrize("size", [1, 7])
def test_one_row_a_page(header: str, size: int) -> None:
    """A server that sends one row a page leaves nothing to overlap: all come, and it is said."""
    books = scripted(9, size, {}, most=1, header=header)
    with serving(books) as url, client_of("v1", url) as client:
        pages = client.pages("Customer", page_size=size, concurrency=1)
        assert {row["id"] for page in pages for row in page.rows} == books.always
    assert not pages.complete
    assert "one row a page" in pages.doubt


def test_one_row_is_a_list() -> None:
    """A list of one row, which its server may cap, costs two requests more."""
    books = scripted(1, 10, {}, header="none")
    with serving(books) as url, client_of("v1", url) as client:
        pages = client.pages("Customer", page_size=7)
        assert [len(page) for page in pages] == [1]
    assert pages.complete
    assert books.requests == 3


@pytest.mark.finding("D12")
@pytest.mark.parametrize("request_number", range(3, 16))
def test_false_end_of_the_keys(request_number: int) -> None:
    """A false empty answer among short lists of keys is asked for again."""
    books = scripted(14, 7, {2: swap(20, 1000)}, most=3, header="none", odd={request_number: (204, {}, None)})
    assert books.always <= set(read(books))


@pytest.mark.finding("R3b", "D6")
@pytest.mark.parametrize("rows", [[1, 2], [None], ["upstream error"], [{"Id": 10}, [1]]])
def test_rows_that_are_no_records(rows: list[Any]) -> None:
    """What is not a record is not of the list."""
    page = (200, said(totalPages=2, nextPageLink="x"), rows)
    books = Books(random.Random(1), rows=20, page=10, odd={2: page})  # noqa: S311
    with (
        serving(books) as url,
        client_of("v2", url, attempts=1) as client,
        pytest.raises(InvalidResponseError, match="is no record"),
    ):
        list(client.pages("Customers", page_size=10, concurrency=1))


@pytest.mark.finding("R3b", "D6")
def test_rows_that_are_no_records_once() -> None:
    """They are asked for again."""
    with (
        odd(20, {2: (200, said(totalPages=2), ["upstream error"])}) as (books, url),
        client_of("v2", url) as client,
    ):
        found = [row["Id"] for page in client.pages("Customers", page_size=10) for row in page.rows]
    assert sorted(found) == sorted(books.always)


@pytest.mark.finding("D2")
@pytest.mark.parametrize("slips", [1, 2])
def test_rows_that_lose_their_key(slips: int) -> None:
    """Rows without a key behind rows that had one are asked for again; then nothing moved can be noticed."""
    page = (200, said(totalPages=3, nextPageLink="x"), [{"Name": "x"}, {"Name": "y"}])
    answers = dict.fromkeys(range(2, 2 + slips), page)
    with odd(30, answers, header="links") as (_, url), client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=10, concurrency=1)
        found = [row for page in pages for row in page.rows]
    assert pages.complete is (slips == 1)
    assert len(found) == (30 if slips == 1 else 22)
    assert ("has no key" in pages.doubt) is (slips == 2)


def test_nothing_changed_costs_one_request() -> None:
    """An increment that finds nothing is believed: the next one goes on from the same moment."""
    with odd(0, {}) as (books, url), client_of("v2", url) as client:
        assert list(client.pages("Customers", changed_since="2026-01-01T00:00:00Z")) == []
    assert books.requests == 1


@pytest.mark.finding("D2")
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("changes", [False, True], ids=["all", "changes"])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_rows_that_come_faster_than_they_are_read(header: str, changes: bool, concurrency: int) -> None:
    """More rows come after each answer than it holds: the read ends, with all that were there at first."""
    dice = random.Random(3)  # noqa: S311 - the same rows each time
    books = Books(dice, rows=50, page=10, added=15, entering=changes, header=header)
    since = "2026-01-01T00:00:00Z" if changes else None
    found = read(books, changed_since=since, concurrency=concurrency)
    assert books.always <= set(found)
    assert len(found) == len(set(found))
    assert books.requests < 150


def come(*ids: int) -> Callable[[Books], None]:
    """Add rows."""

    def step(books: Books) -> None:
        books.present = sorted([*books.present, *ids])

    return step


@pytest.mark.finding("D2", "D6")
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("at", [4, 5])
def test_as_many_rows_come_as_are_read(header: str, at: int) -> None:
    """A page is as one before, and asked for again as another one: it is asked for until it brings news."""
    script = {at: come(*range(1, 10), 11), at + 1: come(*range(12, 20), 21, 22), at + 2: come(*range(23, 28))}
    books = scripted(60, 10, script, header=header)
    found = read(books, changed_since="2026-01-01T00:00:00Z")
    assert books.always <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.finding("D2")
@pytest.mark.parametrize(
    ("api", "options"), [("v1", {}), ("v1", {"changed_since": "2026-01-01"}), ("v2", {"order_by": None})]
)
def test_rows_that_come_faster_than_they_are_read_and_cannot_be_listed(
    api: str, options: dict[str, Any]
) -> None:
    """Where no list of keys tells which rows there were, the read says why it ends."""
    books = Books(random.Random(3), rows=50, page=10, added=15)  # noqa: S311
    with pytest.raises(IncompleteReadError, match="rows come faster than they are read"):
        read(books, api, **options)
    assert books.requests < 50


def test_rows_that_come_faster_than_they_are_read_and_a_skipped_page() -> None:
    """Keys prove nothing of a read that leaves pages out."""
    books = Books(random.Random(3), rows=50, page=10, added=15, odd={3: (400, {}, {})})  # noqa: S311
    with pytest.raises(IncompleteReadError, match="rows come faster than they are read"):
        read(books, on_page_error="skip")


def test_keys_that_come_faster_than_they_are_listed() -> None:
    """A list of keys in several answers ends, too."""
    books = Books(random.Random(3), rows=50, page=10, added=15)  # noqa: S311
    with serving(books) as url, client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=10, concurrency=1, order_by="Name")
        assert pages._roll is not None
        pages._roll.cap(10)
        with pytest.raises(IncompleteReadError, match="rows come faster than their keys can be listed"):
            list(pages)
    assert books.requests < 150


@pytest.mark.finding("D12", "R9")
@pytest.mark.parametrize("header", [{"totalCount": 11}, {"totalPages": 2, "nextPageLink": "x"}])
@pytest.mark.parametrize("largest", [10, 20_000])
def test_first_count_that_is_too_low(header: dict[str, Any], largest: int) -> None:
    """That far more rows come than the first page counted is no proof that they came meanwhile."""
    first = (200, said(**header), rows_of(*range(10, 110, 10)))
    with odd(1000, {1: first}) as (books, url), client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=10, concurrency=1)
        assert pages._roll is not None
        pages._roll.cap(largest)
        found = [row["Id"] for page in pages for row in page.rows]
    assert set(found) == books.always
    assert len(found) == 1000


def test_landmarks_of_a_list_that_grows_faster_than_it_is_read() -> None:
    """Behind them the keys are listed, as the count may have been wrong; it is not compared any more."""
    books = Books(random.Random(3), rows=90, page=10, added=11)  # noqa: S311
    with serving(books) as url, client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=10, concurrency=1)
        assert pages._roll is not None
        pages._roll.cap(80)
        found = [row["Id"] for page in pages for row in page.rows]
    assert books.always <= set(found)
    assert len(found) == len(set(found))
    assert books.requests < 150


@pytest.mark.finding("D12")
def test_short_list_of_keys() -> None:
    """That far more rows come than were listed is no proof that they came meanwhile."""
    keys = (200, {}, rows_of(*range(10, 210, 10)))  # a part of the list, behind two pages
    books = Books(random.Random(1), rows=1000, page=10, header="none", odd={3: keys})  # noqa: S311 - unused
    assert set(read(books)) == books.always


CAPPED = {
    "honest": lambda count, size, number, asked: {  # noqa: ARG005 - one form for all
        "totalCount": count,
        "pageSize": size,
        "totalPages": -(-count // size),
        "nextPageLink": "x" if number * size < count else None,
    },
    "pages of the size asked for": lambda count, size, number, asked: {
        "totalCount": count,
        "pageSize": asked,
        "totalPages": -(-count // asked),
        "nextPageLink": "x" if number * size < count else None,
    },
    "no link": lambda count, size, number, asked: {  # noqa: ARG005
        "totalPages": -(-count // size),
        "nextPageLink": None,
    },
    "link": lambda count, size, number, asked: (  # noqa: ARG005
        {"nextPageLink": "x"} if number * size < count else {}
    ),
    "nothing": lambda count, size, number, asked: {},  # noqa: ARG005
}


class Capped(Books):
    """Books whose pages are capped, and whose header says what it likes."""

    cap = 7
    says: Callable[..., dict[str, Any]]

    def answer(self, kind: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:  # noqa: ARG002
        """Answer by number and size."""
        number, asked = int(query["PageNumber"]), int(query["PageSize"])
        size = min(asked, self.cap)
        rows = rows_of(*self.present[(number - 1) * size : number * size])
        header = said(**self.says(len(self.present), size, number, asked))
        fault = self.odd.get(self.requests, "")
        if fault in EMPTY:
            return EMPTY[fault]
        found = {"short": rows[: len(rows) // 2], "first": rows_of(*self.present[:size])}.get(fault, rows)
        return (200, {} if fault == "bare" else header, found) if rows else (204, {}, None)


@pytest.mark.finding("D6", "D12", "R9")
@pytest.mark.parametrize("says", CAPPED)
@pytest.mark.parametrize("fault", [*EMPTY, "short", "first", "bare"])
@pytest.mark.parametrize("size", [5, 10, 20])
def test_one_fault_on_a_server_that_caps_its_pages(says: str, fault: str, size: int) -> None:
    """Whatever its header says, and whichever answer is wrong: all rows come, or the read fails."""
    for at in range(1, 10):
        books = Capped(random.Random(1), rows=40, page=size, odd={at: fault})  # noqa: S311 - unused
        books.says = CAPPED[says]
        try:
            found = read(books)
        except (IncompleteReadError, PaginationError, NotFoundError):
            continue
        assert set(found) == books.always, f"answer {at}"
        assert len(found) == len(books.always)


@pytest.mark.finding("D12")
@pytest.mark.parametrize(("fault", "says"), [*product([*EMPTY, "first"], CAPPED), ("short", "honest")])
def test_one_fault_in_a_list_of_keys(fault: str, says: str) -> None:
    """A list in several answers holds all keys, whichever is wrong; one cut short is told by the counts."""
    for at in range(1, 10):
        books = Capped(random.Random(1), rows=40, page=10, odd={at: fault})  # noqa: S311 - unused
        books.says = CAPPED[says]
        with serving(books) as url, client_of("v2", url) as client:
            pages = client.pages("Customers", concurrency=1)
            assert pages._roll is not None
            assert set(pages._roll._keys.listed(0)) == books.always, f"answer {at}"


class Keyless(Books):
    """Books of v1 with a row that has no key in some answers."""

    keyless: int
    times: int

    def answer(self, kind: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Answer as ever, but for the key of that row."""
        status, headers, body = super().answer(kind, query)
        if rows := [row for row in body.get("data", ()) if row["id"] == self.keyless and self.times]:
            rows[0]["id"] = None
            self.times -= 1
        return status, headers, body


@pytest.mark.finding("D2")
@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("keyless", [110, 120, 250, 300])
def test_a_row_without_a_key_where_pages_overlap(keyless: int, once: bool) -> None:
    """It is asked for again; then the read goes on without overlap, says so, and no row comes twice."""
    books = Keyless(random.Random(1), rows=30)  # noqa: S311 - unused
    books.keyless, books.times = keyless, 1 if once else 99
    with serving(books) as url, client_of("v1", url) as client:
        pages = client.pages("Customer", page_size=10, concurrency=1)
        found = [row["name"] for page in pages for row in page.rows]
    assert found == [f"Row {one}" for one in books.present]
    assert pages.complete is once
    assert ("lack a field of their key" in pages.doubt) is not once


@pytest.mark.finding("D2")
def test_a_row_without_a_key_on_a_page_that_is_too_big() -> None:
    """A page that the server cannot give is asked for in smaller ones, and these without overlap."""
    failed = {2: (500, {}, {})}
    books = Keyless(random.Random(1), rows=1000, odd=failed)  # noqa: S311 - unused
    books.keyless, books.times = 4500, 99
    with serving(books) as url, client_of("v1", url, attempts=1) as client:
        pages = client.pages("Customer", page_size=400, concurrency=1)
        found = [row["name"] for page in pages for row in page.rows]
    assert found == [f"Row {one}" for one in books.present]
    assert not pages.complete
