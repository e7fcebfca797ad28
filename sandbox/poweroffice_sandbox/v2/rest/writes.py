"""
POST, PATCH and DELETE of a stored resource.

Rule: a write is checked whole before anything is stored. No upsert and no bulk: the API has none.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ...core.clock import stamp, ticks
from ...core.origin import SUBLEDGER
from ...core.reply import Reply
from ...core.table import Row
from ..reply import problem
from ..schema.dto import CHANGED, BadValueError, filled
from .bodies import (
    check_media_type,
    check_party,
    check_unique,
    decoded,
    is_blank,
    read_addresses,
    read_body,
    read_fields,
    resolve_references,
    validation_error,
)
from .call import Call
from .lists import find_row, one_reply, owner_row
from .patch import PatchError, apply_patch

_FIRST_NUMBER = {"Customers": 10_000, "Suppliers": 20_000, "Employees": 1}


def post_row(call: Call) -> Reply:
    """Make a row."""
    resource, now = call.resource, stamp(ticks(call.now))
    owner = _owner(call)
    sent = read_body(call, resource)
    number = call.books.new_id()
    known = {CHANGED: now, **dict.fromkeys(resource.created_fields, now)}
    row: Row = {
        **filled(resource.schema, {**resource.defaults, **owner}, now),
        **{name: value for name, value in sent.items() if resource.schema.by_name[name.lower()].mark != ">"},
        "Id": number if resource.schema.by_name["id"].type == "int" else str(UUID(int=number)),
        **{name: time for name, time in known.items() if name.lower() in resource.schema.by_name},
    }
    if resource.contact:
        row["SubledgerAccountId"] = number + SUBLEDGER
        _hide(row)
    _number(call, row)
    resolve_references(call.books, resource, row, sent)
    check_unique(call, resource, row)
    call.books.table(resource.table).put(row, call.now)
    return one_reply(call, resource.post_status, row)


def _owner(call: Call) -> Row:
    """Give the fields a row has from what it belongs to."""
    parent = call.resource.parent
    if parent is None:
        return {}
    row = owner_row(call, parent)
    return {parent.field: row["Id"], **{name: row[name] for name in parent.copied}}


def _number(call: Call, row: Row) -> None:
    """Assign number or code when the client left it out."""
    first = _FIRST_NUMBER.get(call.resource_name)
    if first is not None and row["Number"] is None:
        table = call.books.table(call.resource_name)
        row["Number"] = (table.highest("Number") or first - 1) + 1
    if "Code" in row and row["Code"] is None:
        row["Code"] = str(row["Id"])


def _hide(row: Row) -> None:
    if row.get("NationalIdNumber"):
        row["NationalIdNumber"] = "hidden"  # OpenAPI: shown only with a special right


def patch_row(call: Call) -> Reply:
    """Change a row by a JSON Patch."""
    resource = call.resource
    check_media_type(call)
    row = find_row(call)
    try:
        changed = _patched(call, row)
    except (PatchError, BadValueError) as error:
        raise validation_error(resource, f"{resource.schema_name}PatchDto: {error}") from None
    check_unique(call, resource, changed)
    if CHANGED in changed:
        changed[CHANGED] = stamp(ticks(call.now))
    call.books.table(resource.table).put(changed, call.now)
    return one_reply(call, 200, changed)


def _heard(call: Call, operations: Any) -> Any:
    """Leave out operations on names in another casing, when the switch says that they are ignored."""
    if call.switches.patch_names == "any-case" or not isinstance(operations, list):
        return operations
    exact = {field.name for field in call.resource.schema.fields}
    known = {name.lower() for name in exact}
    paths = [str(item.get("path")) if isinstance(item, dict) else "" for item in operations]
    names = [path.removeprefix("/").partition("/")[0] for path in paths]
    pairs = zip(operations, names, strict=True)
    return [item for item, name in pairs if name in exact or name.lower() not in known]


def _patched(call: Call, row: Row) -> Row:
    resource = call.resource

    def resolve(segment: str) -> str | None:
        field = resource.schema.writable(segment, "PATCH")
        return None if field is None else field.name

    raw = apply_patch(row, _heard(call, decoded(call)), resolve)
    sent = read_fields(
        resource.schema, {name: value for name, value in raw.items() if value != row[name]}, "PATCH"
    )
    changed = {**row, **sent}
    for name in resource.schema.required:
        if is_blank(changed.get(name)):
            raise BadValueError(f"The {name} field is required.")
    if resource.contact:
        check_party(changed)
        _hide(changed)
    changed |= read_addresses(call, resource, sent)
    resolve_references(call.books, resource, changed, sent)
    return changed


def delete_row(call: Call) -> Reply:
    """Delete a row nothing refers to."""
    row = find_row(call)
    if call.books.in_use(call.resource.table, row["Id"]):
        # OpenAPI, example of a 409 on DELETE Customers/{id}.
        label = call.resource.label
        detail = f"{label} with id = {row['Id']} is in use and cannot be deleted."
        return problem(409, f"{label} conflict", detail)
    call.books.table(call.resource.table).remove(row["Id"], call.now)
    return Reply(call.resource.delete_status)
