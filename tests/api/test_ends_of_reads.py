"""Where a list ends: caps that are tiny or vary, false ends, caches that mix up answers; what it costs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from airflow_provider_poweroffice.errors import IncompleteReadError, NotFoundError, PaginationError
from benchmarks.moving_rows import APIS, Answers, Books, client_of, serving

pytestmark = pytest.mark.wide

SIGNS: dict[str, tuple[str, ...]] = {
    "all": ("totalCount", "pageSize", "currentPage", "totalPages", "nextPageLink"),
    "links": ("totalPages", "nextPageLink"),
    "link": ("nextPageLink",),
    "pages": ("totalPages",),
    "count": ("totalCount",),
    "none": (),
}
"""What v2 says in its header with each page."""
Step = Callable[["Lists"], None]
Answer = tuple[int, dict[str, str], Any]


class Lists(Books):
    """
    Books that say what a test wants of their pages.

    :ivar signs: a name of :data:`SIGNS`; for v1 whether it counts: all rows, those of the page, or none.
    :ivar caps: of the pages, one answer after the other.
    :ivar steps: what happens after an answer of a number.
    :ivar blind_to: what a cache on the way takes no notice of; None: there is none.
    """

    signs: str
    caps: tuple[int, ...]
    steps: dict[int, Step]
    blind_to: tuple[str, ...] | None
    kept: dict[str, Answer]

    def happen(self) -> None:
        """Follow the steps."""
        if step := self.steps.get(self.requests):
            step(self)

    def answer(self, kind: str, query: dict[str, str]) -> Answer:
        """Answer from the cache, or anew."""
        self.most = self.caps[self.requests % len(self.caps)]
        if self.requests in self.odd:
            odd: Answer = self.odd[self.requests]
            return odd
        if self.blind_to is None:
            return self._anew(kind, query)
        seen = json.dumps({name: text for name, text in sorted(query.items()) if name not in self.blind_to})
        if seen not in self.kept:
            self.kept[seen] = self._anew(kind, query)
        return self.kept[seen]

    def _anew(self, kind: str, query: dict[str, str]) -> Answer:
        self.header = "counts"
        status, headers, body = getattr(Answers(self), kind)(query)
        if kind == "v1":
            told = {"all": body["count"], "page": len(body["data"])}
            body["count"] = told.get(self.signs)
        elif kind == "v2" and headers:
            said = json.loads(headers["X-Pagination"])
            headers = {"X-Pagination": json.dumps({name: said[name] for name in SIGNS[self.signs]})}
        return status, headers, body


def lists(rows: int, page: int, signs: str, *, caps: tuple[int, ...] = (0,), **given: Any) -> Lists:
    """Make books, of ids 10, 20, 30, and so on."""
    steps, blind_to = given.pop("steps", {}), given.pop("blind_to", None)
    books = Lists(random.Random(1), rows=rows, page=page, **given)  # noqa: S311 - unused
    books.signs, books.caps, books.steps, books.blind_to, books.kept = signs, caps, steps, blind_to, {}
    return books


def gone(place: int) -> Step:
    """Delete the row of a rank, if there is one."""

    def step(books: Lists) -> None:
        if place < len(books.present):
            books.always.discard(books.present.pop(place))

    return step


def come(number: int) -> Step:
    """Add a row."""

    def step(books: Lists) -> None:
        books.present = sorted({*books.present, number})

    return step


def both(*steps: Step) -> Step:
    """Do one after the other."""

    def step(books: Lists) -> None:
        for one in steps:
            one(books)

    return step


def outcome(books: Lists, api: str, **options: Any) -> str:
    """Read the list: all rows came that were there all the time, or it is said that they may not have."""
    given = {"concurrency": 1} | ({} if api == "d365fo" else {"page_size": books.page}) | options
    with serving(books) as url, client_of(api, url, attempts=1) as client:
        pages = client.pages(APIS[api], **given)
        try:
            rows = [row for page in pages for row in page.rows]
        except (IncompleteReadError, PaginationError, NotFoundError) as error:
            return type(error).__name__
        if not pages.complete:
            return "not complete"
    texts = [str(row.get("CustomerAccount") or row.get("Id") or row.get("id")) for row in rows]
    found = [int(text.removeprefix("C")) for text in texts]
    assert books.always <= set(found), f"lost {sorted(books.always - set(found))}"
    assert len(found) == len(set(found))
    assert all(len(row) > 1 for row in rows), "whole rows"
    return "whole"


NOTHING: dict[str, Answer] = {
    "null": (200, {}, {"success": True, "data": None}),
    "[]": (200, {}, {"success": True, "data": []}),
    "404": (404, {}, {}),
}


@pytest.mark.finding("D12")
@pytest.mark.parametrize("count", ["all", "page", "none"])
@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("cap", [1, 3])
@pytest.mark.parametrize("rows", [2, 7])
def test_false_end_of_capped_offsets(count: str, nothing: str, cap: int, rows: int) -> None:
    """An answer without rows ends nothing, wherever it comes."""
    for at in range(2, 6):
        for times in (1, 2):
            odd = dict.fromkeys(range(at, at + times), NOTHING[nothing])
            outcome(lists(rows, 5, count, caps=(cap,), odd=odd), "v1")


@pytest.mark.finding("D2", "R1")
@pytest.mark.parametrize("count", ["page", "none"])
@pytest.mark.parametrize("caps", [(1,), (3, 1), (1, 4), (5, 1, 2)], ids=str)
@pytest.mark.parametrize("rows", [1, 2, 8])
def test_rows_go_while_capped_offsets_end(count: str, caps: tuple[int, ...], rows: int) -> None:
    """Wherever a row goes, or comes, and however many rows an answer holds: none is lost."""
    for at in (1, 2, 3, 5):
        for step in (gone(0), gone(rows - 1), come(10 * rows + 5), both(gone(0), come(10 * rows + 5))):
            outcome(lists(rows, 5, count, caps=caps, steps={at: step}), "v1")


@pytest.mark.finding("D2", "R1")
@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("caps", [(1,), (3,), (4,), (2, 5), (6, 3)], ids=str)
@pytest.mark.parametrize("changes", [False, True], ids=["all", "changes"])
def test_rows_go_while_short_lists_of_keys_come(signs: str, caps: tuple[int, ...], *, changes: bool) -> None:
    """Keys come in answers that cannot always overlap: no row moves out of sight between two of them."""
    options = {"changed_since": "2026-01-01T00:00:00Z"} if changes else {}
    steps = (gone(1), both(gone(1), come(5)), both(gone(4), come(205)))
    for at in range(1, 16):
        books = lists(14, 5, signs, caps=caps, steps={at: steps[at % 3], at + 3: gone(0)})
        outcome(books, "v2", **options)


@pytest.mark.finding("D12")
@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("order_by", ["Id asc", "Id desc", "Name asc"])
def test_false_end_of_short_lists_of_keys(signs: str, order_by: str) -> None:
    """Pages of three rows leave answers that cannot begin with a row of the one before: none is the last."""
    for at in range(2, 24, 3):
        books = lists(20, 3, signs, caps=(3,), odd={at: (404, {}, {})})
        outcome(books, "v2", order_by=order_by)


@pytest.mark.finding("D6")
@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize(
    "blind_to",
    [
        ("Fields",),
        ("OrderBy",),
        ("Fields", "OrderBy"),
        ("Fields", "OrderBy", "PageSize"),
        ("PageSize",),
        ("PageNumber",),
    ],
    ids=str,
)
@pytest.mark.parametrize("caps", [(0,), (4,)], ids=str)
def test_cache_that_mixes_up_answers(signs: str, blind_to: tuple[str, ...], caps: tuple[int, ...]) -> None:
    """A page is no list of keys and a list of keys no page, whatever a cache takes for one request."""
    for rows, concurrency, step in ((9, 1, {}), (20, 4, {}), (20, 1, {2: gone(0), 4: gone(3)})):
        books = lists(rows, 5, signs, caps=caps, blind_to=blind_to, steps=step)
        outcome(books, "v2", concurrency=concurrency)


@pytest.mark.finding("D6")
@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("times", [1, 2])
def test_list_of_keys_in_place_of_a_page(at: int, times: int) -> None:
    """It is asked for again; twice, it is an error that says what may be the cause."""
    keys = (200, {"X-Pagination": json.dumps({"totalPages": 3})}, [{"Id": 10}, {"Id": 20}, {"Id": 30}])
    books = lists(9, 3, "pages", odd=dict.fromkeys(range(at, at + times), keys))
    with serving(books) as url, client_of("v2", url) as client:
        pages = client.pages("Customers", page_size=3, concurrency=1)
        if times == 2 or at == 1:
            with pytest.raises(IncompleteReadError, match="lists of keys"):
                list(pages)
        else:
            assert [row["Name"] for page in pages for row in page.rows] == [
                f"Row {one}0" for one in range(1, 10)
            ]


class Omitting(Lists):
    """Books whose rows lack what is null: so all on page 3 hold their key alone."""

    def _anew(self, kind: str, query: dict[str, str]) -> Answer:
        status, headers, rows = super()._anew(kind, query)
        return status, headers, [row if row["Id"] <= 200 else {"Id": row["Id"]} for row in rows]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_rows_without_what_is_null(concurrency: int) -> None:
    """Of fields that a caller names, all but the key may be null."""
    books = Omitting(random.Random(1), rows=25, page=10)  # noqa: S311 - unused
    books.signs, books.caps, books.steps, books.blind_to = "all", (0,), {}, None
    with serving(books) as url, client_of("v2", url) as client:
        pages = client.pages("Customers", query={"Fields": "Id,Name"}, page_size=10, concurrency=concurrency)
        assert [row["Id"] for page in pages for row in page.rows] == books.present
        assert pages.complete


@pytest.mark.finding("D2")
def test_one_entity_a_page_whose_first_one_goes() -> None:
    """Links of pages that cannot overlap lead past the next one: the read does not count as complete."""
    assert outcome(lists(2, 1, "all", steps={2: gone(0)}), "d365fo") == "not complete"
    assert outcome(lists(1, 1, "all"), "d365fo") == "whole"


def requests(api: str, rows: int, signs: str, **options: Any) -> int:
    """Count the requests for a list that does not change."""
    books = lists(rows, 10, signs)
    assert outcome(books, api, **options) == "whole"
    return books.requests


@pytest.mark.finding("D2", "D12")
@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("since", [None, "2026-01-01T00:00:00Z"])
def test_price_of_pages_by_number(signs: str, concurrency: int, since: str | None) -> None:
    """Several pages cost one request more, whatever the server says; one page none, if it says that it is."""
    for rows in (1, 5, 9, 10, 11, 20, 25, 40, 95, 100):
        pages = -(-rows // 10)
        told = pages == 1 and (signs in {"all", "links", "link", "pages"} or (signs == "count" and rows < 10))
        count = requests("v2", rows, signs, concurrency=concurrency, changed_since=since)
        alone = 3 * (rows == 1 and not told)  # whether it is the only one
        assert count == pages + (not told) + alone, f"{rows} rows"
    assert requests("v2", 0, signs, concurrency=concurrency, changed_since=since) == (1 if since else 2)


@pytest.mark.parametrize("signs", SIGNS)
def test_price_of_an_order_of_ones_own(signs: str) -> None:
    """The keys cost one request, and one more for their end where neither a link nor a count proves it."""
    for rows in (5, 10, 25, 40):
        pages, unproved = -(-rows // 10), signs in {"pages", "none"}
        told = pages == 1 and (signs in {"all", "links", "link", "pages"} or (signs == "count" and rows < 10))
        unproved = unproved or (signs == "count" and rows == 10)  # that may be the count of the page
        count = requests("v2", rows, signs, order_by="Name asc")
        assert count == pages + (0 if told else 1 + unproved), f"{rows} rows"


@pytest.mark.finding("D2", "D12")
@pytest.mark.parametrize("count", ["all", "page", "none"])
@pytest.mark.parametrize("since", [None, "2026-01-01"])
def test_price_of_pages_by_offset(count: str, since: str | None) -> None:
    """A list that is counted costs its pages alone; else its end is one, and seen from the other side."""
    for rows in (1, 5, 9, 10, 11, 20, 25, 40, 95, 100):
        pages, full = -(-rows // 10), rows % 10 == 0
        more = ((rows <= 10) if count == "all" else 1 + full) + (rows == 1)
        assert requests("v1", rows, count, concurrency=1, changed_since=since) == pages + more, f"{rows} rows"
        assert requests("v1", rows, count, concurrency=4, changed_since=since) <= pages + more + 3
    assert requests("v1", 0, count, changed_since=since) == (1 if since else 2)


def test_price_of_pages_by_link() -> None:
    """Pages that overlap are a row shorter, and no other request is made."""
    for rows in (1, 5, 10, 11, 19, 20, 95, 100):
        assert requests("d365fo", rows, "all") == max(1, -(-(rows - 1) // 9)), f"{rows} rows"


class OneWay(Lists):
    """Books that come in one order alone: the opposite one is refused, or no notice is taken of it."""

    refuses: bool

    def _anew(self, kind: str, query: dict[str, str]) -> Answer:
        name = "$orderby" if kind == "v1" else "OrderBy"
        if query[name].endswith(" desc"):
            if self.refuses:
                return 400, {}, {"message": "no"}
            query = query | {name: query[name].removesuffix(" desc")}
        return super()._anew(kind, query)


@pytest.mark.parametrize("signs", ["all", "link", "none"])
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("cap", [0, 1, 5])
def test_server_without_the_opposite_order(signs: str, concurrency: int, cap: int, *, refuses: bool) -> None:
    """A list is read by its pages, or by keys from the front; a row that goes just then hides none."""
    for api, rows in [*product(("v1", "v2"), (1, 10, 25))]:
        for steps in ({}, {2: gone(0)}, {3: gone(1)}):
            books = OneWay(random.Random(1), rows=rows, page=10)  # noqa: S311 - unused
            books.signs, books.caps, books.steps, books.blind_to = signs, (cap,), steps, None
            books.refuses = refuses
            found = outcome(books, api, concurrency=concurrency)
            assert found in {"whole", "not complete", "IncompleteReadError"}, f"{api}, {rows} rows, {steps}"
            if api == "v2" and rows > 1 and not (steps or cap):
                assert found == "whole", f"{rows} rows"


@pytest.mark.finding("D2", "R1")
@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("cap", [0, 2, 5])
def test_new_first_row_where_the_order_stays(signs: str, cap: int) -> None:
    """A list of keys that begins with another row than the read is not one in the opposite order for that."""
    steps: list[dict[int, Step]] = [{1: come(5)}, {2: come(5)}, {1: both(come(5), gone(3))}]
    for step in steps:
        books = OneWay(random.Random(1), rows=25, page=10)  # noqa: S311 - unused
        books.signs, books.caps, books.steps, books.blind_to, books.refuses = signs, (cap,), step, None, False
        found = outcome(books, "v2", changed_since="2026-01-01T00:00:00Z")
        assert found == "whole" or cap == 2, found
