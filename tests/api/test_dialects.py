"""What holds for every API: each row once, whole or an error, whatever pages hold and servers say."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest
from support.dialects import APIS, PAGE, ROWS, Api, Bench

from airflow_provider_poweroffice.api import RetryOptions
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    IncompleteReadError,
    InvalidResponseError,
    NotFoundError,
    PaginationError,
    PowerOfficeError,
    RefusedError,
)

if TYPE_CHECKING:
    from support import FakeClock

ONCE = RetryOptions(attempts=1)


@pytest.mark.sample(14)
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("rows", [0, 1, 4, 5, 6, 10, 23])
@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_every_row_once(api: Api, clock: FakeClock, rows: int, concurrency: int) -> None:
    """No row, one, a page less one, exactly a page, a page and one, two pages, many."""
    with api.build(rows) as sandbox:
        bench = Bench(api, sandbox, clock)
        found = bench.read(concurrency=concurrency)
        bench.close()
        assert len(found) == len(set(found)) == rows
        assert found == sorted(found)
        pages = -(-rows // PAGE) or 1
        alone = api.name == "v1" and rows == 1  # whether it is the only one
        assert bench.requests <= pages + 1 + alone, (
            "at most one request more than pages, of which even no rows are one"
        )


@pytest.mark.parametrize("cap", [1, 7])
def test_server_caps_the_page(bench: Bench, cap: int) -> None:
    """A server that sends smaller pages than were asked for loses nothing; one that refuses is an error."""
    bench.sandbox.set(**{bench.api.cap: cap})
    pages = bench.client.pages(bench.api.endpoint)
    if bench.api.cap_refuses:
        with pytest.raises(RefusedError):
            list(pages)
        return
    found = [row[bench.api.key] for page in pages for row in page.rows]
    assert len(found) == len(set(found)) == ROWS
    assert bench.requests >= -(-ROWS // cap)


def test_page_size_that_is_asked_for(bench: Bench) -> None:
    """The size asked for is that of the pages; one that cannot be had is refused before a request."""
    if not bench.api.by_link:
        pages = bench.client.pages(bench.api.endpoint, page_size=10)
        assert [len(page) for page in pages] == [10, 10, 3]
    before = bench.sandbox.count()
    for size in (0, 1_000_000) if not bench.api.by_link else (0, 10):
        with pytest.raises(ValueError, match="page_size"):
            bench.client.pages(bench.api.endpoint, page_size=size)
    assert bench.sandbox.count() == before


def test_order_that_is_asked_for(bench: Bench) -> None:
    """An order of the caller's own reaches the server."""
    name = {"id": "Id"}.get(bench.api.key, bench.api.key)
    assert bench.read(order_by=f"{name} desc") == sorted(bench.read(), reverse=True)


def test_lazy(bench: Bench) -> None:
    """A page is requested when it is asked for, not before."""
    pages = bench.client.pages(bench.api.endpoint, **bench.one_by_one())
    assert bench.sandbox.count() == 0
    next(pages)
    assert (bench.requests, bench.tokens) == (1, 1)


def test_max_pages(bench: Bench) -> None:
    """A read that was told to stop early knows that it is not whole."""
    pages = bench.client.pages(bench.api.endpoint, max_pages=2, **bench.one_by_one())
    # A page of F&O, whose size is the server's, begins with the last row of the one before.
    overlap = bench.api.name == "d365fo"
    assert sum(len(page) for page in pages) == 2 * PAGE - overlap
    assert (pages.truncated, pages.complete) == (True, False)


ODD_ROWS = '[{"a":1.10,"b":1E+2,"c":12345678901234567890},{ "d" : "\\u00e5","e":-0.0,"f":null}]'


def test_rows_as_sent(bench: Bench) -> None:
    """Rows are kept byte for byte: 1.10 is not 1.1, and blanks and escapes stay."""
    bench.fault(action="status", status=200, body=bench.api.wrap(ODD_ROWS), times=1)
    page = next(bench.client.pages(bench.api.endpoint, **bench.paged()))
    assert [bytes(row) for row in page.raw_rows] == [
        b'{"a":1.10,"b":1E+2,"c":12345678901234567890}',
        b'{ "d" : "\\u00e5","e":-0.0,"f":null}',
    ]
    assert page.rows == json.loads(ODD_ROWS)


def test_server_that_never_ends(bench: Bench) -> None:
    """A server that gives the same page for ever is caught at the second one, which is asked for again."""
    rows = ",".join(f'{{"{bench.api.key}":{number}}}' for number in range(PAGE))
    body = bench.api.wrap(f"[{rows}]", **{"@odata.nextLink": "?$skiptoken=1"})
    bench.fault(action="status", status=200, body=body, times=0)
    with pytest.raises(PaginationError, match=r"repeats a page|followed already"):
        bench.read(concurrency=1)
    assert bench.requests <= 5, "each doubtful page is asked for once more; of v2, keys are listed"


def test_fewer_rows_than_counted(bench: Bench) -> None:
    """Rows that the server counts and does not send are an error, not a short list."""
    bench.sandbox.set(**({"pagination": "totals-only"} if bench.api.name == "v2" else {}))
    pages = bench.client.pages(bench.api.endpoint, **bench.one_by_one())
    next(pages)
    bench.fault(action="status", status=200, body=bench.api.wrap("[]"), times=0)
    with pytest.raises(IncompleteReadError):
        list(pages)


def test_hole(bench: Bench) -> None:
    """One empty page where more must follow ends nothing: the rest comes, or the read fails."""
    pages = bench.client.pages(bench.api.endpoint, **bench.one_by_one())
    found = [row[bench.api.key] for row in next(pages).rows]
    empty = bench.api.wrap("[]", **({"@odata.nextLink": f"?$skip={PAGE}"} if bench.api.by_link else {}))
    bench.fault(action="status", status=200, body=empty)
    try:
        found += [row[bench.api.key] for page in pages for row in page.rows]
    except IncompleteReadError:
        return
    assert len(set(found)) == len(found) == ROWS


BROKEN = [
    {"action": "status", "status": 500},
    {"action": "status", "status": 403},
    {"action": "status", "status": 404},
    {"action": "garbage"},
    {"action": "status", "status": 200, "body": "<html><title>Sign in</title></html>"},
    {"action": "status", "status": 200, "body": ""},
    {"action": "truncate"},
    {"action": "reset_after"},
]


@pytest.mark.sample(16)
@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: " ".join(str(item) for item in fault.values()))
@pytest.mark.parametrize("concurrency", [1, 4])
def test_all_or_error(bench: Bench, fault: dict[str, object], concurrency: int) -> None:
    """A page that fails for good ends the read with a typed error; nobody takes the rest for the whole."""
    client = bench.open(retry=ONCE)
    bench.fault(**fault, every=2)
    pages = client.pages(bench.api.endpoint, **bench.paged(), concurrency=concurrency)
    if fault.get("status") == 404:  # may be past the end, so it is asked for once more
        with contextlib.suppress(PowerOfficeError):
            found = [row[bench.api.key] for page in pages for row in page.rows]
            assert len(found) == len(set(found)) == ROWS
        return
    with pytest.raises(PowerOfficeError) as caught:
        list(pages)
    kinds = (APIStatusError, InvalidResponseError, APIConnectionError, IncompleteReadError)
    assert isinstance(caught.value, kinds)
    assert PAGE <= pages.rows < ROWS


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_json(bench: Bench, share: float) -> None:
    """A list that is cut although all bytes announced have come is asked for again, and never gives a row."""
    whole = bench.api.wrap('[{"a":1,"b":"x"},{"a":2,"b":"y"}]', count=2)
    cut = whole[: int(len(whole) * share)]
    bench.fault(action="status", status=200, body=cut, times=2)
    assert len(set(bench.read())) == ROWS
    bench.fault(action="status", status=200, body=cut, times=0)
    with pytest.raises(InvalidResponseError, match="JSON"):
        bench.read()


@pytest.mark.parametrize("body", ['{"a":1}', "null", "7", '"text"', '{"data":{"a":1},"value":{"a":1}}'])
def test_no_list(bench: Bench, body: str) -> None:
    """JSON that holds no list is refused rather than read as an empty one."""
    bench.fault(action="status", status=200, body=body, times=0)
    with pytest.raises(PowerOfficeError):
        bench.read()


def test_unknown_resource(bench: Bench) -> None:
    """A list that is not there is an error, not an empty list."""
    with pytest.raises(NotFoundError):
        list(bench.client.pages("Nope"))
