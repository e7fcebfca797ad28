"""
Writing: POST creates or updates, DELETE removes.

Rule: a row is bound, completed, checked, then stored whole; reads see it when the replica has it. Which row
a POST changes is said by the ``id`` in its body (reference 4.6).
"""

from __future__ import annotations

import re
from typing import Any

from ...core.clock import stamp, ticks
from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..reply import VALIDATION, not_found, refuse, success
from ..resources.links import LINKS
from ..resources.tables import TYPES, Field, has_guid
from .bodies import parsed, read_body
from .call import V1Call
from .lists import identifier, parent_of
from .rules import check, is_related
from .wire_form import Writer

_MADE = re.compile(r"(?i)createdDate$")
_CHANGED = re.compile(r"(?i)lastChanged(Date)?$")
_REMOVED = "isDeleted"


def save(call: V1Call) -> Reply:
    """
    Create a row, or update the one the body names; a list of them where the switch says so.

    :raises RefusedError: the body cannot be stored.
    """
    given = parsed(call.body, call.switches)
    writer = Writer(call.route.row, call.switches, call.resource)
    if isinstance(given, list) and call.switches.lists_in_body == "saved":
        return _save_all(call, [read_body(item, call.route.body, call.switches) for item in given], writer)
    return success(writer.row(store(call, read_body(given, call.route.body, call.switches))))


def _save_all(call: V1Call, bodies: list[Row], writer: Writer) -> Reply:
    """Save a list whole, or nothing of it."""
    before = call.table.copy()
    saved = []
    for body in bodies:
        try:
            saved.append(store(call, body))
        except RefusedError:
            call.books.put_back(call.resource.entity, before)
            raise
    return success([writer.row(row) for row in saved], len(saved))


def store(call: V1Call, given: Row) -> Row:
    """
    Save one row.

    :param given: from :func:`.bodies.read_body`.
    :raises RefusedError: it cannot be stored.
    """
    old = _named(call, given)
    row = merged(call, given, old)
    check(call, row, old)
    if call.resource.prepare is not None:
        call.resource.prepare(call, row, old)
    finish(call, row, old)
    call.table.put(row, call.now, "" if old else call.application)
    return row


def _named(call: V1Call, given: Row) -> Row | None:
    """Find the row to be updated; ``None`` when one is to be made."""
    kind, entity = call.route.kind, call.resource.entity
    if kind == "create":
        return None
    rows: dict[Any, Row] = call.table.rows
    if kind == "update":
        return _only(call, given, rows)
    key = given.get("id")
    if key:
        row = rows.get(key)
        if row is None or not call.shows(key):
            raise RefusedError(not_found(entity, str(key), call.switches))
        return row
    code = given.get("externalCode")
    if code is None or call.switches.upsert == "id":
        return None
    return next((row for row in rows.values() if row.get("externalCode") == code), None)


def _only(call: V1Call, given: Row, rows: dict[Any, Row]) -> Row:
    """Find the row of a POST that never creates: by its ordinal, else the only one."""
    if "ordinal" not in TYPES[call.resource.entity]:
        return next(iter(rows.values()))
    row = rows.get(given.get("ordinal"))
    if row is None:
        raise refuse(
            f"The ordinal '{given.get('ordinal')}' is out of range: 1 to {len(rows)}.", "ArgumentOutOfRange"
        )
    return row


def merged(call: V1Call, given: Row, old: Row | None) -> Row:
    """
    Put what was sent over what is there.

    :param old: the row before; ``None`` makes a new one.
    """
    resource, known = call.resource, TYPES[call.resource.entity]
    sent = {name: _blank(name, value) for name, value in given.items() if name != "id"}
    if old is None:
        key = call.books.next_id(resource.entity, is_guid=has_guid(resource.entity))
        row = {
            "id": key,
            **_defaults(call),
            **{name: value for name, value in sent.items() if value is not None},
        }
        row |= parent_of(call)
    else:
        inner = {
            name: _lines(old.get(name) or [], value, known[name])
            for name, value in sent.items()
            if known[name].is_list and known[name].is_nested and value is not None
        }
        keep_all = call.switches.update == "merge" and not resource.is_replaced
        kept = (
            old if keep_all else {name: old[name] for name in old if name == "code" or _is_kept(name, known)}
        )
        row = {**kept, **sent, **inner}
    return {name: value for name, value in row.items() if value is not None}


def _is_kept(name: str, known: Any) -> bool:
    """Say whether the service keeps a field even when the rest of a row is replaced."""
    return name == "id" or name not in known or known[name].is_read_only


def _blank(name: str, value: Any) -> Any:
    """Read an empty code as none."""
    return None if value == "" and name in LINKS else value


def _lines(old: list[Row], new: list[Row], field: Field) -> list[Row]:
    """Merge lines by id where they can be marked as deleted; else the new ones are all there are."""
    if _REMOVED not in TYPES[field.kind]:
        return new
    lines = {line["id"]: line for line in old}
    added = []
    for line in new:
        key = line.get("id")
        if key is None:
            added.append(line)
        elif key in lines:
            lines[key] = {**lines[key], **line}
        else:
            raise refuse(f"{field.name} has no line with id {key}.", VALIDATION)
    return [line for line in (*lines.values(), *added) if not line.get(_REMOVED)]


def _defaults(call: V1Call) -> dict[str, Any]:
    """Give what a new row has when the body does not say."""
    known, resource = TYPES[call.resource.entity], call.resource
    made: dict[str, Any] = {
        name: value for name, value in (("isArchived", False), ("isActive", True)) if name in known
    }
    made |= resource.defaults
    if resource.numbered is not None:
        name, first = resource.numbered
        made[name] = _next(call, name, first)
    return made


def _next(call: V1Call, name: str, first: int) -> int | str:
    """Count up: the number after the greatest, or the first free one where codes are texts."""
    values = [row[name] for row in call.table.rows.values() if row.get(name)]
    if TYPES[call.resource.entity][name].kind == "int":
        return max((value for value in values if isinstance(value, int)), default=first - 1) + 1
    taken = set(values)
    return next(str(number) for number in range(first, 2**31) if str(number) not in taken)


def finish(call: V1Call, row: Row, old: Row | None) -> None:
    """Give times and ids to a row, and to what is new or changed inside it; in place."""
    _finish(call, row, call.resource.entity, stamp(ticks(call.now)), old)


def _finish(call: V1Call, row: Row, entity: str, moment: str, old: Row | None) -> None:
    for field in TYPES[entity].values():
        if field.kind == "stamp" and (
            _CHANGED.match(field.name) or (old is None and _MADE.search(field.name))
        ):
            row[field.name] = moment
        if field.is_nested and row.get(field.name):
            kept = {item.get("id"): item for item in _several((old or {}).get(field.name))}
            inner = [dict(item) for item in _several(row[field.name])]
            for item in inner:
                known = kept.get(item.get("id"))
                if known is not None and _is_same(item, known, field.kind):
                    item.update(known)
                    continue
                if not item.get("id") and "id" in TYPES[field.kind]:
                    item["id"] = call.books.next_line()
                _finish(call, item, field.kind, moment, known)
            row[field.name] = inner if field.is_list else inner[0]


def _is_same(item: Row, known: Row, entity: str) -> bool:
    """Say whether what a body may say of an object is as it was."""
    fields = TYPES[entity].values()
    return all(item.get(field.name) == known.get(field.name) for field in fields if not field.is_read_only)


def _several(value: Any) -> list[Row]:
    """Give what a field holds as a list."""
    return value if isinstance(value, list) else [value] if value else []


def delete(call: V1Call) -> Reply:
    """
    Remove a row; one with related data is refused, and can be archived instead.

    :raises RefusedError: it is in use.
    """
    key = identifier(call)
    row = call.table.rows.get(key)
    if row is None or not call.shows(key) or not parent_of(call).items() <= row.items():
        return not_found(call.resource.entity, str(key), call.switches)
    if is_related(call, row):
        raise refuse(f"{call.resource.entity} {key} could not be deleted due to related data.")
    call.table.remove(key, call.now)
    return success()
