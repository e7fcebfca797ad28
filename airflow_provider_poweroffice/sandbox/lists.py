"""
Reading stored resources: the list and the single row.

Rule: read only; the one change a list makes is the ``mutation`` switch's, after the page is made.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zlib import crc32

from .call import Call
from .clock import stamp, ticks
from .filters import Given, Test, flag, passing, test_of
from .paging import Page, page_reply, read_page
from .replies import RefusedError, Reply, json_bytes, problem, refuse
from .resource import CHANGED
from .table import Row
from .wire_form import formed


def given_filters(call: Call) -> dict[str, Given]:
    """
    Give the filters that are set, by name; a blank one is off.

    :param call: the request.
    """
    result = {}
    for lower, name in call.resource.filter_names.items():
        value = call.query.get(lower, "")
        if value.strip():
            result[name] = Given(name, value, call.resource.filters[name], call.query, call.books.table)
    return result


def require(call: Call, given: dict[str, Given], *names: str) -> None:
    """
    Refuse a request without its required filters.

    :param call: the request.
    :param given: from :func:`given_filters`.
    :param names: the required ones.
    :raises RefusedError: the status is the ``missing_date`` switch's.
    """
    missing = [name for name in names if name not in given]
    if missing:
        status = int(call.switches.missing_date)
        raise refuse(status, "Required parameter missing", f"The parameter '{missing[0]}' is required.")


def list_rows(call: Call) -> Reply:
    """
    Answer a list of stored rows.

    :param call: the request.
    """
    page = read_page(call)
    given = given_filters(call)
    if call.resource_name == "OutgoingInvoices" and call.switches.invoice_dates == "required":
        require(call, given, "fromDate", "toDate")
    tests = [*_always(call), *(test_of(item) for item in given.values())]
    rows = ordered(passing(list(call.rows().values()), tests), page, call)
    start, stop = page.bounds(len(rows))
    reply = page_reply(call, page, len(rows), rows_body(rows[start:stop], page))
    _mutate(call)
    return reply


def _always(call: Call) -> list[Test]:
    if call.resource_name != "VatCodes" or call.query.get("includeexpired", "").lower() == "true":
        return []
    # OpenAPI: active and inactive codes, but expired ones only on request.
    today = stamp(ticks(call.now))[:10]
    return [lambda row: row["ValidTo"] is None or row["ValidTo"] >= today]


def rows_body(rows: list[Row], page: Page) -> bytes:
    """
    Encode a page of rows.

    :param rows: whole rows.
    :param page: which of their fields.
    """
    if rows and len(page.fields) < len(rows[0]):
        rows = [{name: row[name] for name in page.fields} for row in rows]
    return json_bytes(rows)


def ordered(rows: list[Row], page: Page, call: Call) -> list[Row]:
    """
    Order rows; without OrderBy by a fixed permutation that is not the order of the ids.

    :param rows: any rows.
    :param page: the order asked for.
    :param call: the request.
    """
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
    """
    Answer one row.

    :param call: the request.
    """
    for name in call.query:
        if name == "showinherited":
            flag(Given(name, call.query[name], call.resource.filters["showInherited"], {}, call.books.table))
    return row_reply(call, 200, find_row(call))


def find_row(call: Call) -> Row:
    """
    Find the row a path names.

    :param call: the request.
    :raises RefusedError: 404, there is none.
    """
    text = call.identifier
    identifier = int(text) if text.isdecimal() else text.lower()
    row: Row | None = call.rows().get(identifier)
    if row is None:
        raise RefusedError(missing_row(call))
    return row


def missing_row(call: Call) -> Reply:
    """
    Say that there is no such row.

    :param call: the request.
    """
    # OpenAPI, example of a 404 on Customers/{id}.
    return problem(
        404, "Object(s) not found", f"{call.resource.label} with id = {call.identifier} not found."
    )


def row_reply(call: Call, status: int, row: Row) -> Reply:
    """
    Answer with one row.

    :param call: the request.
    :param status: the HTTP status.
    :param row: whole.
    """
    body = formed(json_bytes(row), call.switches)
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8"})


def _mutate(call: Call) -> None:
    mutation, table = call.switches.mutation, call.books.table(call.resource_name)
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
