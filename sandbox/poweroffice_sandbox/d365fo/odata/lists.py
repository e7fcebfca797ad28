"""
Reading entities: collections in pages, single rows, properties, counts.

Rule: shapes of answers as in captures; the form of the next link is not documented and a switch.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from ...core.reply import Reply, json_bytes
from ..call import Call
from ..entities import ENTITIES
from ..model import COMPANY, NAMESPACE, Entity, Row, key_text
from ..reply import odata_error
from ..store import Record
from .query import Query, read_query

_TYPE = "application/json; odata.metadata={level}; odata.streaming=true"
_ASKED = re.compile(rf"{COMPANY}\s*(?:eq|=)\s*'(\w+)'", re.IGNORECASE)
_INTERNAL = "http://aos-internal.example:8101"


def level(call: Call) -> str:
    """Give how much metadata the client accepts: ``minimal``, ``full`` or ``none``."""
    accept = call.incoming.headers.get("accept", "").replace(" ", "").lower()
    return next((name for name in ("full", "none") if f"odata.metadata={name}" in accept), "minimal")


def odata(call: Call, status: int, value: Any, **headers: str) -> Reply:
    """
    Make an OData answer.

    :param headers: further headers; ``_`` stands for ``-``.
    """
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    kind = {"Content-Type": _TYPE.format(level=level(call)), "OData-Version": "4.0"}
    return Reply(status, json_bytes(value), {**kind, **named})


def url_of(call: Call, entity: Entity, row: Row) -> str:
    """Give the address of a row."""
    return f"{call.base}/data/{entity.set_name}({quote(key_text(entity, row), safe=chr(39) + '=,:')})"


def shown(call: Call, entity: Entity, record: Record, query: Query | None = None) -> Row:
    """
    Give a row as it is answered: ETag, fields, expansions.

    :param query: what is asked for; ``None`` for everything.
    """
    much, row = level(call), dict(record.row)
    head: Row = {} if much == "none" else {"@odata.etag": record.etag}
    if much == "full":
        url = url_of(call, entity, row)
        head = {
            "@odata.type": f"#{NAMESPACE}.{entity.name}",
            "@odata.id": url,
            **head,
            "@odata.editLink": url,
        }
    if call.switches.empty_date == "midnight":
        for item in entity.fields:
            if item.kind == "date":
                row[item.name] = row[item.name].replace("T12:00:00Z", "T00:00:00Z")
    if call.switches.company_case == "query" and COMPANY in row:
        asked = _ASKED.findall(call.incoming.path + call.incoming.query.get("$filter", ""))
        row[COMPANY] = next((text for text in asked if text.lower() == row[COMPANY]), row[COMPANY])
    if query is None:
        return head | row
    picked = {name: row[name] for name in query.select} if query.select else row
    return (
        head
        | picked
        | {name: _linked(call, entity, record, name, query.expand[name]) for name in query.expand}
    )


def _linked(call: Call, entity: Entity, record: Record, name: str, select: tuple[str, ...]) -> Row | None:
    set_name, fields = entity.links[name]
    target = ENTITIES[set_name]
    wanted = {other: record.row[own] for own, other in fields.items()}
    found = call.state.table(set_name).records.get(target.key_of(wanted))
    return None if found is None else shown(call, target, found, Query(target, (), select=select))


def context(call: Call, entity: Entity, query: Query | None = None, suffix: str = "") -> Row:
    """
    Give the annotation every answer begins with.

    :param query: whose ``$select`` is shown.
    :param suffix: ``/$entity`` for a single row.
    """
    if level(call) == "none":
        return {}
    fields = f"({','.join(query.select)})" if query and query.select else ""
    return {"@odata.context": f"{call.base}/data/$metadata#{entity.set_name}{fields}{suffix}"}


def _ordered(call: Call, query: Query, records: list[Record]) -> list[Record]:
    if not query.order:
        if call.switches.default_order == "shuffled":
            Random(f"{call.state.seed}/order").shuffle(records)
        return records
    records.sort(key=lambda record: query.entity.key_of(record.row))
    for name, descending in reversed(query.order):
        records.sort(key=lambda record, name=name: record.row[name], reverse=descending)  # type: ignore[misc]
    return records


def matching(call: Call, query: Query) -> list[Record]:
    """Give the records a query asks for, before ``$skip`` and ``$top``."""
    records = call.state.table(query.entity.set_name).records.values()
    return [record for record in records if query.rows_of(record.row)]


def collection(call: Call, entity: Entity) -> Reply:
    """Answer ``GET /data/{Set}``."""
    query = read_query(call, entity, ENTITIES)
    records = matching(call, query)
    total = len(records)
    size, top = call.switches.page_size or total, query.top
    if top is not None and top > size and call.switches.top_over_page == "clamp":
        top = size
    end = total if top is None else min(total, query.skip + top)
    page = _ordered(call, query, records)[query.skip : min(end, query.skip + size)]
    body = context(call, entity, query)
    if query.count:
        body["@odata.count"] = total
    body["value"] = [shown(call, entity, record, query) for record in page]
    reached = query.skip + len(page)
    full = call.switches.empty_next_page == "yes" and page and len(page) == size and top is None
    if reached < end or full:
        body["@odata.nextLink"] = _next(call, entity, reached, None if top is None else end - reached)
    return odata(call, 200, body)


def _next(call: Call, entity: Entity, skip: int, top: int | None) -> str:
    name = f"${call.switches.next_link}"
    pairs = [pair for pair in call.incoming.pairs if pair[0] not in {"$skip", "$skiptoken", "$top"}]
    pairs += [] if top is None else [("$top", str(top))]
    path = f"{entity.set_name}?{urlencode([*pairs, (name, str(skip))], quote_via=quote, safe='$')}"
    form = call.switches.next_link_form
    if form == "relative":
        return path
    base = call.base if form == "absolute" else _INTERNAL
    return f"{base}/data/{path}"


def single(call: Call, entity: Entity, record: Record) -> Reply:
    """Answer a read by key."""
    query = read_query(call, entity, ENTITIES)
    body = context(call, entity, query, "/$entity") | shown(call, entity, record, query)
    return odata(call, 200, body, ETag=record.etag)


def named(call: Call, entity: Entity, record: Record, name: str) -> Reply:
    """Answer a read of a property or a navigation property of a row."""
    if name in entity.links:
        found = _linked(call, entity, record, name, ())
        if found is None:
            return Reply(204)
        return odata(call, 200, context(call, ENTITIES[entity.links[name][0]], None, "/$entity") | found)
    if name not in entity.by_name:
        raise odata_error(404, f"No HTTP resource was found that matches the property '{name}'.")
    head = {"@odata.context": f"{call.base}/data/$metadata#{entity.set_name}/{name}"}
    return odata(call, 200, head | {"value": record.row[name]})


def counted(call: Call, entity: Entity) -> Reply:
    """Answer ``GET /data/{Set}/$count``."""
    if call.switches.count_path == "404":
        raise odata_error(404, "No HTTP resource was found that matches the request URI.")
    total = len(matching(call, read_query(call, entity, ENTITIES)))
    return Reply(200, str(total).encode(), {"Content-Type": "text/plain", "OData-Version": "4.0"})
