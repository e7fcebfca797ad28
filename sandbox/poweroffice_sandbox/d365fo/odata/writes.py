"""
Writing entities: POST, PATCH, PUT, DELETE.

Rule: statuses and texts as in captures; whatever is refused leaves the rows as they were. A write to a key
that is not there, or in a company the request does not see, is 400 and not 404.
"""

from __future__ import annotations

from typing import Any

from ...core.reply import RefusedError, Reply
from ..call import Call, parse
from ..entities import ENTITIES
from ..model import COMPANY, NAMESPACE, Entity, Field, Row
from ..reply import nothing_selected, odata_error, write_failed
from ..store import Record
from .lists import context, odata, shown, url_of
from .literals import LiteralError, empty, from_json

_ANNOTATION = "@odata."


def body_of(call: Call) -> dict[str, Any]:
    """
    Decode the JSON object in the body; decimals keep their digits.

    :raises RefusedError: it is no JSON object.
    """
    try:
        given = parse(call.incoming.body.decode("utf-8-sig"))
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise odata_error(400, "The request message could not be read: the body must be a JSON object.")
    return given


def failed(call: Call, entity: Entity, infolog: str) -> RefusedError:
    """Make the exception of a refused write."""
    return write_failed(call.write_status, entity.name, infolog)


def _values(entity: Entity, given: dict[str, Any]) -> Row:
    values: Row = {}
    for name, value in given.items():
        if _ANNOTATION in name:
            continue
        field = entity.by_name.get(name)
        if field is None:
            text = f"The property '{name}' does not exist on type '{NAMESPACE}.{entity.name}'."
            raise odata_error(400, text)
        try:
            values[name] = from_json(field, value)
        except LiteralError as error:
            raise odata_error(400, str(error)) from None
    return values


def _check(call: Call, entity: Entity, row: Row) -> None:
    """Refuse a row as ``validateWrite`` does: mandatory fields, and values of other tables."""
    problems = [
        f"Warning: Field '{item.label}' must be filled in" for item in entity.fields if _lacks(item, row)
    ]
    for item in entity.fields:
        if not item.refers or not row[item.name]:
            continue
        target = ENTITIES[item.refers]
        last, company = target.keys[-1].name, row.get(COMPANY, "")
        records = call.state.table(item.refers).records.values()
        if not any(r.row[last] == row[item.name] and r.row.get(COMPANY, company) == company for r in records):
            text = f"The value '{row[item.name]}' in field '{item.label}' is not found in the related table"
            problems.append(f"Warning: {text} '{target.table}'")
    if problems:
        problems.append(f"Error: validateWrite failed on data source '{entity.table} ({entity.table})'")
        raise failed(call, entity, "; ".join(problems))


def _lacks(field: Field, row: Row) -> bool:
    return field.mandatory and not row[field.name] and field.kind in {"text", "int"}


def create(call: Call, entity: Entity) -> Reply:
    """Answer ``POST /data/{Set}``: 201 with the whole row."""
    _writable(call, entity)
    given, table = _values(entity, body_of(call)), call.state.table(entity.set_name)
    row = {item.name: given.get(item.name, empty(item)) for item in entity.fields}
    if entity.has_company:
        row[COMPANY] = (row[COMPANY] or call.grant.app.company).lower()
        if row[COMPANY] not in call.grant.app.companies:
            raise failed(call, entity, f"Error: The company '{row[COMPANY]}' is not available to the user")
    last = entity.keys[-1].name
    if entity.sequence and not row[last]:
        row[last] = table.next_number()
    _check(call, entity, row)
    if entity.key_of(row) in table.records:
        keys = ", ".join(f"{item.label}: {row[item.name]}" for item in entity.keys if item.name != COMPANY)
        text = f"Cannot create a record in {entity.name} ({entity.table}). {keys}. The record already exists"
        raise failed(call, entity, f"Error: {text}")
    record = table.insert(row)
    body = context(call, entity, None, "/$entity") | shown(call, entity, record)
    return odata(call, 201, body, ETag=record.etag, Location=url_of(call, entity, row))


def selected(call: Call, entity: Entity, key: tuple[Any, ...]) -> Record | None:
    """
    Find a row by key; ``None`` when it is not there or in a company the request does not see.

    :param key: from :func:`.keys.parse_key`.
    """
    record = call.state.table(entity.set_name).records.get(key)
    if record is None or (entity.has_company and record.row[COMPANY] not in call.companies):
        return None
    return record


def _writable(call: Call, entity: Entity) -> None:
    if entity.read_only:
        raise failed(call, entity, f"Error: The data entity '{entity.name}' is read-only")


def _for_update(call: Call, entity: Entity, key: tuple[Any, ...]) -> Record:
    _writable(call, entity)
    record = selected(call, entity, key)
    if record is None:
        raise nothing_selected()
    wanted = call.incoming.headers.get("if-match", "*").strip()
    if wanted not in {"*", record.etag}:
        status = int(call.switches.stale_etag)
        text = "The record was changed by another user process since it was read"
        if status == 400:  # noqa: PLR2004 - the third reading
            text = "An update conflict occurred due to another user process changing the record"
        raise write_failed(status, entity.name, f"Error: {text}")
    return record


def update(call: Call, entity: Entity, key: tuple[Any, ...]) -> Reply:
    """Answer PATCH or PUT of a key: 204."""
    record = _for_update(call, entity, key)
    given = _values(entity, body_of(call))
    row = dict(record.row)
    if call.method == "PUT" and call.switches.put == "replace":
        row |= {item.name: empty(item) for item in entity.fields if not item.key}
    row |= given
    if entity.key_of(row) != key:
        raise failed(call, entity, "Error: A key field cannot be changed")
    row |= {item.name: record.row[item.name] for item in entity.keys}
    _check(call, entity, row)
    call.state.table(entity.set_name).update(record, row)
    return Reply(204, headers={"OData-Version": "4.0"})


def delete(call: Call, entity: Entity, key: tuple[Any, ...]) -> Reply:
    """Answer DELETE of a key: 204."""
    record = _for_update(call, entity, key)
    if entity.set_name == "CustomerGroups":
        used = record.row["CustomerGroupId"], record.row[COMPANY]
        customers = call.state.table("CustomersV3").records.values()
        if any((item.row["CustomerGroupId"], item.row[COMPANY]) == used for item in customers):
            raise failed(call, entity, f"Error: Customer group {used[0]} is in use and cannot be deleted")
    call.state.table(entity.set_name).delete(record)
    return Reply(204, headers={"OData-Version": "4.0"})
