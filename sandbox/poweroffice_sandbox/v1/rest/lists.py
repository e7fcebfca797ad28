"""
Reading: the list and the single row.

Rule: filter, order, skip, top, cap, in this order; the one change a list makes is the ``mutation`` switch's.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ...core.clock import stamp, ticks
from ...core.reply import RefusedError, Reply
from ...core.table import Id, Row
from ..reply import ODATA, bad_parameters, not_found, refuse, success
from ..resources import RESOURCES
from ..resources.tables import TYPES, has_guid
from .call import V1Call
from .query import Options, day_of, read_options, refuse_blank, sort_key
from .reports import REPORTS
from .wire_form import Writer

_GROUP = "contactGroupName"


def list_rows(call: V1Call) -> Reply:
    """
    Answer a list.

    :raises RefusedError: it cannot be served, or has more rows than one call may give.
    """
    options = read_options(call.pairs, call.route, call.switches)
    rows = all_rows(call)
    if call.switches.archived == "hidden" and not options.names_archived:
        rows = [row for row in rows if not row.get("isArchived")]
    found = _ordered(call, options, [row for row in rows if not options.test or options.test(row)])
    stop = len(found) if options.top is None else options.skip + options.top
    page = found[options.skip : stop]
    # Official page "Limitations": beyond the limit the answer is success: false.
    cap = call.switches.row_cap or call.route.most
    if cap and (options.top or 0) > cap and call.switches.top_over_cap == "refused":
        raise refuse(f"$top = {options.top} is too much: at most {cap} per call.", ODATA)
    if cap and len(page) > cap:
        raise refuse(f"{len(page)} rows are too many: at most {cap} per call. Use $top and $skip.", ODATA)
    writer = Writer(call.route.row, call.switches, call.own, is_light=True)
    counts = {"total": len(found), "page": len(page), "absent": None}
    reply = success([writer.row(row) for row in page], counts[call.switches.count])
    _mutate(call)
    return reply


def plain_rows(call: V1Call) -> Reply:
    """Answer a list that knows no OData options and has no count."""
    refuse_blank(call.pairs, call.switches)
    writer = Writer(call.route.row, call.switches, call.own)
    return success([writer.row(row) for row in all_rows(call)])


def all_rows(call: V1Call) -> list[Row]:
    """Give what a list is made from: a report's rows, or those of the table that are shown."""
    report = REPORTS.get(call.route.path)
    if report is not None:
        return list(report(call))
    rows = [row for key, row in call.seen(call.resource.entity).items() if call.shows(key)]
    parent = parent_of(call).items()
    if parent:
        rows = [row for row in rows if parent <= row.items()]
    if _GROUP in call.names:
        group = call.names[_GROUP].lower()
        rows = [row for row in rows if group in (name.lower() for name in row.get("contactGroups") or ())]
    if "fromdate" in call.route.query and call.switches.time_query == "used":
        first, last = (
            day_of(call.query, "fromdate", call.switches),
            day_of(call.query, "todate", call.switches),
        )
        rows = [row for row in rows if first <= row["date"] <= (last or "9999")]
    return rows


def parent_of(call: V1Call) -> Row:
    """
    Give the fields by which the rows of a path like ``Customer/{parentId}/Contact`` belong to their parent.

    :raises RefusedError: there is no such parent.
    """
    if "parentId" not in call.names:
        return {}
    entity = call.route.path.partition("/")[0]
    key = _whole(call, "parentId")
    parent = call.books.table(RESOURCES[entity].entity).rows.get(key)
    if parent is None:
        raise RefusedError(not_found(entity, str(key), call.switches))
    return {name: parent[field] for name, field in call.resource.parents.items() if field in parent}


def _ordered(call: V1Call, options: Options, rows: list[Row]) -> list[Row]:
    if call.switches.unordered == "unstable":
        # Rows that are equal in every field of $orderby have no order either.
        call.books.draw().shuffle(rows)
    for operand, descending in reversed(options.order):
        rows.sort(key=sort_key(operand), reverse=descending)
    return rows


def one_row(call: V1Call) -> Reply:
    """Answer a single row."""
    key = identifier(call)
    row = call.seen(call.resource.entity).get(key)
    if row is None or not call.shows(key) or not parent_of(call).items() <= row.items():
        return not_found(call.resource.entity, str(key), call.switches)
    return success(Writer(call.route.row, call.switches, call.resource).row(row))


def only_row(call: V1Call) -> Reply:
    """Answer the one row that a table has."""
    row = next(iter(call.seen(call.resource.entity).values()))
    return success(Writer(call.route.row, call.switches, call.resource).row(row))


def identifier(call: V1Call) -> Id:
    """
    Read the id in the path: the last placeholder.

    :raises RefusedError: it is no id of this resource.
    """
    name = list(call.names)[-1]
    if not has_guid(call.resource.entity):
        return _whole(call, name)
    try:
        return str(UUID(call.names[name]))
    except ValueError:
        raise bad_parameters({name: f"The value '{call.names[name]}' is not valid."}, call.switches) from None


def _whole(call: V1Call, name: str) -> int:
    text = call.names[name]
    if not text.isdecimal() or len(text) > 19:  # noqa: PLR2004 - digits of 64 bits
        raise bad_parameters({name: f"The value '{text}' is not valid."}, call.switches)
    return int(text)


def _mutate(call: V1Call) -> None:
    """Have the world move on after a list."""
    if call.switches.mutation == "off" or call.own is None or call.route.path in REPORTS:
        return
    rows: dict[Id, Any] = call.table.rows
    if not rows:
        return
    first = min(rows, key=str)
    if call.switches.mutation == "delete":
        call.table.remove(first, call.now)
        return
    row = rows[first]
    changed = {"lastChanged": stamp(ticks(call.now))} if "lastChanged" in TYPES[call.resource.entity] else {}
    new = _renamed(call, row) if call.switches.mutation == "insert" else {}
    owner = call.table.owners.get(first, "")
    call.table.put({**row, **changed, **new}, call.now, owner)


def _renamed(call: V1Call, row: Row) -> Row:
    """Give the id of a copy, and codes nobody has."""
    entity = call.resource.entity
    new: Row = {"id": call.books.next_id(entity, is_guid=has_guid(entity))}
    number = 9_000_000 + len(call.table)
    for name in call.resource.unique:
        if name in row:
            new[name] = type(row[name])(number)
    return new
