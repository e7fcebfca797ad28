"""Entities that only metadata knows, lists that nobody knows, orders of one's own, dates that change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from support.raw_server import RawServer, http

from benchmarks.moving_rows import client_of

PAGE = 10
KEY = ("dataAreaId", "Key")
Rows = list[dict[str, Any]]
Change = Callable[[Rows], None]


class Lists:
    """
    Answers of a server whose rows change meanwhile; each API's in its own form.

    :param change: what happens after so many pages.
    :param key: of the entity, by the metadata; None: there is no metadata.
    :param skip: what its links go on by; the server knows no other.
    """

    def __init__(
        self,
        rows: Rows,
        change: Change | None = None,
        *,
        after: int = 1,
        key: tuple[str, ...] | None = KEY,
        skip: str = "$skip",
    ) -> None:
        self.rows = rows
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._change = change
        self._after = after
        self._key = key
        self._skip = skip

    def __call__(self, _method: str, path: str, _number: int) -> bytes:
        """Answer one request."""
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query))
        self.asked.append((parts.path, query))
        if parts.path.startswith("/metadata/"):
            return self._metadata()
        rows = [row for row in self.rows if self._is_in(row, query)]
        if order := query.get("$orderby"):
            for part in reversed(order.split(",")):
                name, _, way = part.strip().partition(" ")
                spelled = {field.lower(): field for field in rows[0]}[name.lower()] if rows else name
                rows.sort(key=lambda row, spelled=spelled: row[spelled] or 0, reverse=way == "desc")  # type: ignore[misc]
        answer = self._page(parts.path, query, rows)
        if self._change and len(self.reads) == self._after:
            self._change(self.rows)
        return answer

    @property
    def reads(self) -> list[dict[str, str]]:
        """Queries of all requests but those for metadata."""
        return [query for path, query in self.asked if not path.startswith("/metadata/")]

    @staticmethod
    def _is_in(row: dict[str, Any], query: dict[str, str]) -> bool:
        dates = {name.lower(): text[:10] for name, text in query.items()}
        if "fromdate" not in dates:
            return True
        return dates["fromdate"] <= str(row["date"]) <= dates["todate"]

    def _metadata(self) -> bytes:
        if self._key is None:
            return http(b"{}", status="404 Not Found")
        fields = [
            {"Name": name, "TypeName": "Edm.String", "IsKey": name in self._key} for name in self.rows[0]
        ]
        entity = {"Name": "Mine", "EntitySetName": "MyEntities", "Properties": fields}
        return http(json.dumps({"value": [entity]}).encode())

    def _page(self, path: str, query: dict[str, str], rows: Rows) -> bytes:
        skip = int(query.get(self._skip, 0))
        if path.startswith("/data/"):
            body: Any = {"@odata.context": "c", "value": rows[skip : skip + PAGE]}
            if skip + PAGE < len(rows):
                more = "&".join(f"{name}={quote(text)}" for name, text in query.items() if "skip" not in name)
                body["@odata.nextLink"] = f"MyEntities?{more}&{self._skip}={skip + PAGE}"
        elif path.startswith("/v2/"):
            number, size = int(query["PageNumber"]), int(query["PageSize"])
            names = query.get("Fields", "Id,date").split(",")
            found = [
                {"Id": row["id"], "date": row["date"]} for row in rows[(number - 1) * size : number * size]
            ]
            lean = [{name: row[name] for name in names} for row in found]
            said = {"totalCount": len(rows), "totalPages": -(-len(rows) // size), "currentPage": number}
            header = f"X-Pagination: {json.dumps(said)}\r\n".encode()
            return http(json.dumps(lean).encode(), headers=header)
        else:
            top = int(query.get("$top", 50_000))
            body = {"success": True, "data": rows[skip : skip + top], "count": len(rows)}
        return http(json.dumps(body).encode())


def entities() -> Rows:
    """Make three pages of an entity."""
    return [{"dataAreaId": "usmf", "Key": f"K{one:03}", "Name": f"{one % 7}"} for one in range(30)]


def records() -> Rows:
    """Make three pages of a list of v1."""
    return [{"id": one, "name": f"{one % 7}"} for one in range(1, 31)]


def gone(place: int) -> Change:
    """Delete one row."""

    def change(rows: Rows) -> None:
        del rows[place]

    return change


def read(api: str, lists: Lists, endpoint: str, **options: Any) -> tuple[Rows, Any]:
    """Read a list whole; give its rows, and the pages."""
    if api != "d365fo":
        options = {"page_size": PAGE} | options
    with RawServer(lists) as server, client_of(api, server.url) as client:
        pages = client.pages(endpoint, concurrency=1, **options)
        return [row for page in pages for row in page.rows], pages


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_pages": 20},
        {"order_by": "Key desc, dataAreaId"},
        {"query": {"$orderby": "dataAreaId,Key"}},
        {"filters": ("Name", "!=", "x")},
    ],
    ids=str,
)
@pytest.mark.parametrize("place", [0, -1])
def test_entity_that_only_metadata_knows(options: dict[str, Any], place: int) -> None:
    """It is read in the order of its key, and a row that goes after the first page hides no other one."""
    lists = Lists(entities(), gone(place))
    found, pages = read("d365fo", lists, "MyEntities", **options)
    assert {row["Key"] for row in lists.rows} <= {row["Key"] for row in found}
    assert len(found) == len({row["Key"] for row in found}) == pages.rows
    assert (pages.complete, pages.proved_whole) == (True, True)
    assert all("Key" in query["$orderby"] for query in lists.reads)
    assert [path for path, _ in lists.asked].count("/metadata/PublicEntities") == 1


@pytest.mark.parametrize("place", [0, -1])
def test_entity_whose_key_the_caller_knows(place: int) -> None:
    """Where there is no metadata the key that is given does the same; where there is, its own counts."""
    for told in (None, KEY):
        lists = Lists(entities(), gone(place), key=told)
        found, pages = read("d365fo", lists, "MyEntities", key=list(KEY) if told is None else "Name")
        assert {row["Key"] for row in lists.rows} <= {row["Key"] for row in found}
        assert (pages.complete, pages.proved_whole, pages.rows) == (True, True, len(found))
        assert all(query["$orderby"] == "dataAreaId,Key" for query in lists.reads)
    for api, endpoint in (("v1", "Customer"), ("v2", "Customers")):
        with pytest.raises(ValueError, match="key='Id' is for entities"):
            read(api, Lists(records()), endpoint, key="Id")


@pytest.mark.parametrize("shared", [(3, 4), (8, 9), (9, 10), (10, 11), (27, 29)], ids=str)
@pytest.mark.parametrize("told", [KEY, None], ids=["metadata", "caller"])
def test_key_that_rows_share(told: tuple[str, ...] | None, shared: tuple[int, int]) -> None:
    """What is said to be a key and is none hides no row: the read goes on without, and is not complete."""
    rows = entities()
    for one in range(shared[0], shared[1] + 1):
        rows[one]["Key"] = rows[shared[0]]["Key"]
    found, pages = read("d365fo", Lists(rows, key=told), "MyEntities", **({} if told else {"key": KEY}))
    assert sorted(map(str, found)) == sorted(map(str, rows))
    assert not pages.complete
    assert "or share it" in pages.doubt


@pytest.mark.parametrize("shared", [(3, 4), (9, 10), (19, 20)], ids=str)
def test_rows_that_are_alike(shared: tuple[int, int]) -> None:
    """Such as where few fields are read: each comes, in one page or in two, whatever links go on by."""
    rows = entities()
    rows[shared[1]] = rows[shared[0]]
    for skip in ("$skip", "$skipper"):
        found, pages = read("d365fo", Lists(rows, skip=skip), "MyEntities")
        assert (len(found), pages.complete) == (30, False)


def test_company_in_any_case_is_one() -> None:
    """A server that spells the company otherwise on the next page shows no other row."""

    def change(rows: Rows) -> None:
        for row in rows:
            row["dataAreaId"] = "USMF"

    lists = Lists(entities(), change)
    found, pages = read("d365fo", lists, "MyEntities")
    assert [row["Key"] for row in found] == [row["Key"] for row in entities()]
    assert (pages.rows, len(lists.reads)) == (30, 4)


def test_key_of_an_entity_is_asked_for_once() -> None:
    """A client remembers it, and that there is none; where it is of no use it is not asked for."""
    for key in (KEY, None):
        lists = Lists(entities()[:5], key=key)
        with RawServer(lists) as server, client_of("d365fo", server.url) as client:
            for options in ({}, {}, {"query": {"$top": 3}}, {"order_by": None}):
                assert sum(len(page) for page in client.pages("MyEntities", **options)) == 5
        assert len(lists.asked) == 5
        assert lists.asked[0][0] == "/metadata/PublicEntities"


@pytest.mark.parametrize(
    ("key", "options", "says"),
    [
        (None, {}, "their key is not known: name it by key="),
        (None, {"key": ["dataAreaId", "Missing"]}, "rows lack a field of their key"),
        (KEY, {"order_by": "Name"}, "the order 'Name' is not that of the key (dataAreaId,Key)"),
        (KEY, {"query": {"$orderby": "Name desc"}}, "the order 'Name desc' is not that of the key"),
        (("dataAreaId", "Missing"), {"order_by": "dataAreaId,Missing"}, "rows lack a field of their key"),
    ],
)
def test_entity_of_which_nothing_is_proved(
    key: tuple[str, ...] | None, options: dict[str, Any], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Several pages in another order than the key's are read, and do not count as complete; one page does."""
    rows = [row | {"Missing": None} for row in entities()]
    found, pages = read("d365fo", Lists(rows, key=key), "MyEntities", **options)
    assert len(found) == 30
    assert not pages.complete
    assert says in caplog.text
    assert says in pages.doubt, "and in the error of a replace"
    assert read("d365fo", Lists(rows[:5], key=key), "MyEntities", **options)[1].complete
    assert read("d365fo", Lists(rows, key=key), "MyEntities", order_by=None)[1].complete


@pytest.mark.parametrize("order", ["id desc", "id,Name"])
@pytest.mark.parametrize("place", [0, -1])
def test_v1_by_key(order: str, place: int) -> None:
    """A list is as safe in the reverse order of its key, and where the key leaves nothing to order by."""
    lists = Lists(records(), gone(place))
    found, pages = read("v1", lists, "Department", order_by=order)
    assert {row["id"] for row in lists.rows} <= {row["id"] for row in found}
    assert len(found) == len({row["id"] for row in found})
    assert pages.proved_whole


def test_v1_in_an_order_of_ones_own(caplog: pytest.LogCaptureFixture) -> None:
    """Several pages do not count as complete, as a row that changes may pass from one to another."""
    found, pages = read("v1", Lists(records()), "Department", order_by="Name desc")
    assert (len(found), pages.complete) == (30, False)
    assert "the order 'Name desc' is not that of the key (id): leave it out" in caplog.text
    assert read("v1", Lists(records()[:5]), "Department", order_by="Name desc")[1].complete


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("first", range(6, 12))
def test_v1_rows_that_share_what_was_taken_for_a_key(first: int, *, shuffle: bool) -> None:
    """An id that several rows of an unknown list have is no key: wherever they are, no row is left out."""
    ids = [*range(1, first), first, first, first, *range(first + 1, 40)]
    if shuffle:
        ids = [*ids[::2], *ids[1::2], *ids[::3]]
    rows = [{"id": one, "line": line} for line, one in enumerate(ids)]
    found, pages = read("v1", Lists(rows), "Foobar")
    assert sorted(row["line"] for row in found) == list(range(len(ids)))
    assert pages.complete


@pytest.mark.parametrize(
    ("api", "endpoint"), [("v1", "Reporting/AccountTransactions"), ("v2", "AccountTransactions")]
)
@pytest.mark.parametrize("moves", [False, True])
def test_row_whose_date_moves_to_a_period_read_before(api: str, endpoint: str, moves: bool) -> None:
    """It is found when the periods are listed again; a read of changes leaves it to the next one."""

    def change(rows: Rows) -> None:
        rows[-1]["date"] = "2026-01-02"

    name = "Id" if api == "v2" else "id"
    for since in (None, "2025-12-01T00:00:00Z"):
        rows = [{"id": one, "date": f"2026-01-{one:02}"} for one in range(1, 31)]
        first = (
            2 if api == "v1" else 1
        )  # v1's count may be that of the page, so that a second one is asked for
        lists = Lists(rows, change if moves else None, after=first)
        query = {"fromDate": "2026-01-01", "toDate": "2026-01-30"}
        with RawServer(lists) as server, client_of(api, server.url) as client:
            pages = client.periods(endpoint, query=query, split_days=11, changed_since=since, concurrency=1)
            found = [row[name] for page in pages for row in page.rows]
            assert pages.complete
            with pytest.raises(ValueError, match=r"use Client\.periods"):
                client.pages(endpoint, query=query, split_days=11)  # type: ignore[arg-type]
        assert sorted(found) == list(range(1, 30 if moves and since else 31))
        again = sum("Fields" in query for query in lists.reads)
        assert again == (0 if since or api == "v1" else 3)
