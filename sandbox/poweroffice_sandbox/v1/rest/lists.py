"""
Reading: the list and the single row.

Rule: filter, order, skip, top, cap, in this order; the one change a list makes is the ``mutation`` switch's.
"""

from __future__ import annotations

from typing import Any

from ...core.clock import stamp, ticks
from ...core.reply import Reply
from ...core.table import Id, Row
from ..reply import ODATA, bad_parameters, not_found, refuse, success
from .call import V1Call
from .query import Options, read_options, sort_key
from .reports import REPORTS, Period, read_period
from .wire_form import Writer


def list_rows(call: V1Call) -> Reply:
    """
    Answer a list.

    :raises RefusedError: it cannot be served, or has more rows than one call may give.
    """
    options = read_options(call.pairs, call.resource, call.switches)
    found = _ordered(
        call, options, [row for row in _all(call, options) if not options.test or options.test(row)]
    )
    stop = len(found) if options.top is None else options.skip + options.top
    page = found[options.skip : stop]
    # Official page "Limitations": beyond the limit the answer is success: false.
    cap = call.switches.row_cap or call.resource.cap
    if cap and (options.top or 0) > cap and call.switches.top_over_cap == "refused":
        raise refuse(f"$top = {options.top} is too much: at most {cap} per call.", ODATA)
    if cap and len(page) > cap:
        raise refuse(f"{len(page)} rows are too many: at most {cap} per call. Use $top and $skip.", ODATA)
    writer = Writer(call.resource.entity, call.switches)
    counts = {"total": len(found), "page": len(page), "absent": None}
    reply = success([writer.row(row) for row in page], counts[call.switches.count])
    _mutate(call)
    return reply


def _all(call: V1Call, options: Options) -> list[Row]:
    if call.resource.is_report:
        return list(REPORTS[call.resource.path](call, read_period(call)))
    rows = list(call.seen(call.resource.table).values())
    if call.switches.archived == "hidden" and not options.names_archived:
        return [row for row in rows if not row.get("isArchived")]
    return rows


def _ordered(call: V1Call, options: Options, rows: list[Row]) -> list[Row]:
    if call.switches.unordered == "unstable":
        # Rows that are equal in every field of $orderby have no order either.
        call.books.draw().shuffle(rows)
    for operand, descending in reversed(options.order):
        rows.sort(key=sort_key(operand), reverse=descending)
    return rows


def one_row(call: V1Call) -> Reply:
    """Answer a single row."""
    writer = Writer(call.resource.entity, call.switches)
    if call.resource.is_report:
        return _by_match(call, writer)
    row = call.seen(call.resource.table).get(identifier(call))
    if row is None:
        return not_found(call.resource.entity, str(call.identifier), call.switches)
    return success(writer.row(row))


def _by_match(call: V1Call, writer: Writer) -> Reply:
    """Give the ledger's entries of one match: the invoice, or all."""
    match, forever = identifier(call), Period("", "9999-12-31")
    options = read_options(call.pairs, call.resource, call.switches)
    found = [row for row in REPORTS[call.resource.path](call, forever) if row.get("matchId") == match]
    if options.test is not None:
        found = [row for row in found if options.test(row)]
    if not found:
        return not_found(call.resource.entity, str(call.identifier), call.switches)
    if call.switches.ledger_by_match == "one":
        return success(writer.row(found[0]))
    return success([writer.row(row) for row in found], len(found))


def identifier(call: V1Call) -> Id:
    """
    Read the id in the path.

    :raises RefusedError: it is no id of this resource.
    """
    text = call.identifier or ""
    if call.resource.entity == "TimeTrackingEntry":
        return text.lower()
    if not text.isdecimal():
        raise bad_parameters({"id": f"The value '{text}' is not valid."}, call.switches)
    return int(text)


def _mutate(call: V1Call) -> None:
    """Have the world move on after a list."""
    rows: dict[Id, Any] = call.rows() if not call.resource.is_report else {}
    if call.switches.mutation == "off" or not rows:
        return
    table = call.books.table(call.resource.table)
    first = min(rows, key=str)
    if call.switches.mutation == "delete":
        table.remove(first, call.now)
        return
    row = rows[first]
    changed = {"lastChanged": stamp(ticks(call.now))} if "lastChanged" in row else {}
    table.put(
        {**row, **changed, **(_renamed(call, row) if call.switches.mutation == "insert" else {})}, call.now
    )


def _renamed(call: V1Call, row: Row) -> Row:
    """Give the id of a copy, and codes nobody has."""
    new: Row = {"id": call.books.next_id(call.resource.table)}
    for name in call.resource.unique:
        if name in row:
            new[name] = type(row[name])(f"9{new['id']}")
    return new
