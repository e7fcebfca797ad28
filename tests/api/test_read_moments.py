"""Moments of a read: from when changes are read, and how far the read came, by whose clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from support import FakeClock, FromFunction

from airflow_provider_poweroffice.api import Client, Page, Pages
from airflow_provider_poweroffice.api.dialects.base import PageInfo, Position
from airflow_provider_poweroffice.api.pages.page import split_rows
from airflow_provider_poweroffice.api.pages.page_size import PageLimits
from airflow_provider_poweroffice.api.pages.pages import Collection
from airflow_provider_poweroffice.errors import IncompleteReadError, InvalidResponseError
from poweroffice_sandbox import Sandbox
from poweroffice_sandbox.d365fo import D365FOSandbox

HOUR = 3600


@pytest.mark.finding("D7")
@pytest.mark.parametrize("first", [None, "Sat, 28 Nov 2026 10:00:00 GMT"])
def test_beginning_is_that_of_the_first_page(first: str | None) -> None:
    """Where the first page has no Date, a later one's is not taken: rows may have changed between them."""

    def fetch(at: Position) -> Page:
        body = json.dumps([{"Id": at.number}]).encode()
        sent_at = first if at.number == 1 else "Sat, 28 Nov 2026 10:00:03 GMT"
        return Page(at.number, body, split_rows(body), PageInfo(total_rows=3, total_pages=3), sent_at)

    pages = Pages(FromFunction(fetch), PageLimits(page_size=1, first_page=1), Collection(label="GET /x"))
    assert sum(len(page) for page in pages) == 3
    assert pages.began == first


def stamp(clock: FakeClock, seconds: float) -> str:
    """Write a moment so many seconds from now."""
    return formatdate(clock.time() + seconds, usegmt=True)


def iso(clock: FakeClock, seconds: float) -> str:
    """Write it as changed_since takes it."""
    return datetime.fromtimestamp(clock.time() + seconds, UTC).isoformat()


@pytest.mark.finding("D8")
@pytest.mark.parametrize("ahead", [600, 26 * HOUR])
@pytest.mark.parametrize("empty", [True, False])
def test_server_clock_ahead(
    client: Client, sandbox: Sandbox, clock: FakeClock, ahead: int, *, empty: bool
) -> None:
    """A watermark of a server whose clock is ahead is a moment like any other."""
    headers = {"Date": stamp(clock, ahead)} | ({} if empty else {"X-Pagination": '{"totalPages":1}'})
    body = "" if empty else '[{"Id":1}]'
    sandbox.add_fault(
        action="status", status=204 if empty else 200, body=body, headers=headers, path="/Customers", times=1
    )
    pages = client.pages("Customers", changed_since=iso(clock, ahead - 60), page_size=10)
    assert sum(len(page) for page in pages) == (0 if empty else 1)


def test_part_that_nobody_asked_for(client: Client, sandbox: Sandbox) -> None:
    """A 206 without a Range is no whole answer: a GET asks again, a POST has an unknown outcome."""
    part = {"action": "status", "status": 206, "body": '[{"Id":1}]', "path": "/Customers", "times": 1}
    sandbox.add_fault(**part)
    assert sum(len(page) for page in client.pages("Customers")) > 1
    sandbox.add_fault(**part)
    with pytest.raises(InvalidResponseError, match="206: a part of the answer came") as caught:
        client.request("POST", "Customers", body={"Name": "Fjell AS"})
    assert caught.value.outcome_unknown
    sandbox.add_fault(**part)
    assert client.request("GET", "Customers", headers={"Range": "bytes=0-9"}).status_code == 206


@pytest.mark.finding("D8")
def test_moment_in_the_servers_future(client: Client, sandbox: Sandbox, clock: FakeClock) -> None:
    """A moment that the server's clock has not reached finds nothing, now and later: an error."""
    with pytest.raises(ValueError, match=r"changed_since .* lies in the future"):
        list(client.pages("Customers", changed_since=iso(clock, 2 * HOUR)))
    sandbox.reset()
    with pytest.raises(ValueError, match="lies in the future"):
        client.pages("Customers", changed_since="2999-01-01")
    assert sandbox.journal() == []


@pytest.mark.finding("R17")
@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00Z", "0001-01-01", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00.0000001Z"],
)
def test_since_the_beginning(client: Client, moment: str) -> None:
    """The least date of .NET asks for every row, that one's included."""
    assert client.since("Customers", changed_since=moment) == {}
    assert sum(len(page) for page in client.pages("Customers", changed_since=moment)) == 120
    assert client.since("Customers", changed_since="1753-01-01T00:00:00Z")


@pytest.mark.finding("R2")
@pytest.mark.parametrize(
    "row",
    [
        '{"a":1,"Lines":[{"n":1}],"Lines@odata.nextLink":"x"}',
        '{"a":1,"Lines":[{"n":1}],"Lines@nextLink":"x"}',
        '{"a":1,"Lines@odata.nextLink" : "x","Lines":[{"n":1}]}',
        '{"a":1,"Lines":[{"n":1}],"Lines\\u0040odata.nextLink":"x"}',
        '{"a":1,"Heads":[{"Lines":[{"n":1}],"Lines@odata.nextLink":"x"}]}',
        '{"a":1,"Head":{"Lines":[],"Lines@odata.nextLink":"x"}}',
    ],
)
def test_expanded_collection_that_goes_on(fo: D365FOSandbox, fo_api: Client, row: str) -> None:
    """Rows of a row that are not all there are an error that names their field, of a list and of a record."""
    json_type = {"Content-Type": "application/json"}
    expand = {"$expand": "Lines"}
    body = f'{{"@odata.context":"c","value":[{row}]}}'
    fo.add_fault(action="status", status=200, body=body, headers=json_type, path="/data/*", times=1)
    with pytest.raises(IncompleteReadError, match="Lines is incomplete"):
        list(fo_api.pages("UnitsOfMeasure", query=expand))
    fo.add_fault(action="status", status=200, body=row, headers=json_type, path="/data/*", times=1)
    with pytest.raises(IncompleteReadError, match="Lines is incomplete"):
        fo_api.request("GET", "UnitsOfMeasure('x')", query=expand)


@pytest.mark.finding("R2")
@pytest.mark.parametrize(
    "row",
    [
        '{"a":1,"Lines":[],"Lines@odata.nextLink":null}',
        '{"a":"Lines@odata.nextLink","b":"x"}',
        '{"a":"\\"Lines@odata.nextLink\\":\\"x\\""}',
        '{"nextLink":"x"}',
    ],
)
def test_text_that_looks_like_a_link(fo: D365FOSandbox, fo_api: Client, row: str) -> None:
    """A text, a field called nextLink, and a link that is null belong to no expanded collection."""
    body = f'{{"@odata.context":"c","value":[{row}]}}'
    json_type = {"Content-Type": "application/json"}
    fo.add_fault(action="status", status=200, body=body, headers=json_type, path="/data/*", times=1)
    assert [len(page) for page in fo_api.pages("UnitsOfMeasure")] == [1]
