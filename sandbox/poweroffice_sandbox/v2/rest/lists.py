"""
Reading stored resources: the list and the single row.

Rule: read only; the one change a list makes is the ``mutation`` switch's, after the page is made.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID
from zlib import crc32

from ...core.clock import stamp, ticks
from ...core.reply import RefusedError, Reply, json_bytes
from ...core.table import Id, Row
from ..reply import problem, refuse
from ..schema.dto import CHANGED
from ..schema.filters import Given, Test, flag, passing, test_of
from ..schema.resource import Parent
from .call import Call
from .paging import Page, page_reply, read_page
from .wire_form import formed


def given_filters(call: Call) -> dict[str, Given]:
    """Give the filters that are set, by name; a blank one is off."""
    result = {}
    for lower, name in call.resource.filter_names.items():
        value = call.query.get(lower, "")
        if value.strip():
            rule = call.resource.filters.get(name) or call.resource.newer[name]
            result[name] = Given(name, value, rule, call.query, call.books.table, stamp(ticks(call.now))[:10])
    return result


def require(call: Call, given: dict[str, Given], *names: str) -> None:
    """
    Refuse a request without its required filters.

    :param given: from :func:`given_filters`.
    :raises RefusedError: the status is the ``missing_date`` switch's.
    """
    missing = [name for name in names if name not in given]
    if missing:
        status = int(call.switches.missing_date)
        raise refuse(status, "Required parameter missing", f"The parameter '{missing[0]}' is required.")


def list_rows(call: Call) -> Reply:
    """Answer a list of stored rows."""
    page = read_page(call)
    given = given_filters(call)
    require(call, given, *call.resource.required)
    if call.resource_name == "OutgoingInvoices" and call.switches.invoice_dates == "required":
        require(call, given, "fromDate", "toDate")
    tests = [*_always(call), *(test_of(item) for item in given.values())]
    rows = ordered(passing(_rows(call), tests), page, call)
    start, stop = page.bounds(len(rows))
    reply = page_reply(call, page, len(rows), rows_body(rows[start:stop], page))
    _mutate(call)
    return reply


def _rows(call: Call) -> list[Row]:
    """Give the rows of the list: all, or those of the one they belong to."""
    parent = call.resource.parent
    rows: list[Row] = list(call.rows().values())
    if parent is not None and call.path_ids:
        owner = owner_id(call, parent)
        rows = [row for row in rows if row[parent.field] == owner]
    return rows if call.resource.view is None else [_shown(call, row) for row in rows]


def _shown(call: Call, row: Row) -> Row:
    view = call.resource.view
    return row if view is None else view(call.books.table, row)


def owner_id(call: Call, parent: Parent) -> Id:
    """
    Give the id of what the rows of a path belong to.

    :raises RefusedError: 404, there is no such row.
    """
    return cast("Id", owner_row(call, parent)["Id"])


def owner_row(call: Call, parent: Parent) -> Row:
    """
    Give what the rows of a path belong to.

    :raises RefusedError: 404, there is no such row.
    """
    identifier = _id(call.path_ids[0])
    for name in parent.tables:
        row = call.books.table(name).rows.get(identifier)
        if row is not None:
            return row
    detail = f"{parent.label} with id = {call.path_ids[0]} not found."
    raise refuse(404, "Object(s) not found", detail)


def _id(text: str) -> Id:
    return int(text) if text.isdecimal() else text.lower()


def _always(call: Call) -> list[Test]:
    if call.resource_name != "VatCodes" or call.query.get("includeexpired", "").lower() == "true":
        return []
    # OpenAPI: active and inactive codes, but expired ones only on request.
    today = stamp(ticks(call.now))[:10]
    return [lambda row: row["ValidTo"] is None or row["ValidTo"] >= today]


def rows_body(rows: list[Row], page: Page) -> bytes:
    """Encode a page of rows."""
    if rows and len(page.fields) < len(rows[0]):
        rows = [{name: row[name] for name in page.fields} for row in rows]
    return json_bytes(rows)


def ordered(rows: list[Row], page: Page, call: Call) -> list[Row]:
    """Order rows; without OrderBy by a fixed permutation that is not the order of the ids."""
    if not page.order:
        if call.switches.default_order == "id":
            return sorted(rows, key=lambda row: row["Id"])
        return sorted(rows, key=lambda row: crc32(str(row["Id"]).encode()))
    for name, descending in reversed(page.order):
        rows = sorted(rows, key=lambda row, name=name: _sort_key(row[name]), reverse=descending)  # type: ignore[misc]
    return rows


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is not None, str(value) if isinstance(value, (dict, list)) else value)


def get_row(call: Call) -> Reply:
    """Answer one row."""
    for name in call.query:
        if name == "showinherited":
            flag(Given(name, call.query[name], call.resource.filters["showInherited"], {}, call.books.table))
    return one_reply(call, 200, find_row(call))


def one_reply(call: Call, status: int, row: Row) -> Reply:
    """Answer with the fields of one row that the resource shows."""
    shown = _shown(call, row)
    return row_reply(call, status, {name: shown[name] for name in call.resource.schema.names})


def find_row(call: Call) -> Row:
    """
    Find the row a path names.

    :raises RefusedError: 404, there is none.
    """
    parent = call.resource.parent
    owner = None if parent is None else owner_id(call, parent)
    row: Row | None = call.rows().get(_id(call.identifier))
    if row is None or (parent is not None and row[parent.field] != owner):
        raise RefusedError(missing_row(call))
    return row


def missing_row(call: Call) -> Reply:
    """Say that there is no such row."""
    # OpenAPI, example of a 404 on Customers/{id}.
    return problem(
        404, "Object(s) not found", f"{call.resource.label} with id = {call.identifier} not found."
    )


def row_reply(call: Call, status: int, row: Row | list[Row]) -> Reply:
    """
    Answer with one row.

    :param row: whole; or several of a list that has no pages.
    """
    body = formed(json_bytes(row), call.switches)
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8"})


def _mutate(call: Call) -> None:
    mutation, table = call.switches.mutation, call.books.table(call.resource.table)
    if mutation == "off" or not table.rows or not {"post", "patch", "delete"} & set(call.resource.verbs):
        return
    identifier, row = next(iter(table.rows.items()))
    changed = {**row, CHANGED: stamp(ticks(call.now))}
    # A touched or inserted row goes to the end of the table, so each call meets another one.
    if mutation in {"delete", "touch"}:
        table.remove(identifier, call.now)
    if mutation == "touch":
        table.put(changed, call.now)
    elif mutation == "insert":
        table.put({**changed, **_identity(call, row)}, call.now)


def _identity(call: Call, row: Row) -> Row:
    """Make an id and unique values for a copy of a row."""
    new = call.books.new_id()
    unique = {name: row[name] for name in ("Number", *call.resource.unique) if row.get(name) is not None}
    fresh = {name: new if isinstance(value, int) else str(new) for name, value in unique.items()}
    return {**fresh, "Id": new if isinstance(row["Id"], int) else str(UUID(int=new))}
