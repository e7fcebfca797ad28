"""
What a row must satisfy before it is stored, and what keeps it from being changed or deleted.

Rule: reads the tables, changes nothing, and knows no resource: what is required, unique, bounded and
refused is said by its entry. That there are such refusals, and the names of their exceptions, is known;
their texts are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..reply import UNIQUE, VALIDATION, refuse
from ..resources import RESOURCES
from ..resources.entries import Limit
from ..resources.links import dangling, is_linked, parts
from ..resources.tables import TYPES
from .call import V1Call

REFERENCE = "externalImportReference"
# The reference: external references 50, ids of SAF-T 35.
_LENGTHS = {
    REFERENCE: 50,
    "externalImportLineReference": 50,
    "externalReference": 50,
    "saftSourceId": 35,
    "saftBatchId": 35,
}
# The reference: this value comes in answers only.
_ONLY_ANSWERED = {
    "vatReturnSpecification": 6,
    "debitVatReturnSpecification": 6,
    "creditVatReturnSpecification": 6,
}


def check(call: V1Call, row: Row, old: Row | None) -> None:
    """
    Check a row that is to be stored.

    :param old: the row before.
    :raises RefusedError: something is missing, wrong or taken.
    """
    if old is not None and old.get("isLocked"):
        raise refuse(f"{call.resource.entity} {old['id']} is locked.", VALIDATION)
    errors = [*_missing(call, row), *_wrong(call, row, old or {}), *_wrong_address(call, row)]
    if not errors and call.resource.check is not None:
        errors = list(call.resource.check(call, row, old))
    if errors:
        raise refuse(" ".join(dict.fromkeys(errors)), VALIDATION)
    _check_unique(call, row)


def _check_unique(call: V1Call, row: Row) -> None:
    entity = call.resource.entity
    groups = [name.split("+") for name in call.resource.unique]
    for names in groups:
        value = _values(row, names)
        if value is None:
            continue
        for other in call.table.rows.values():
            if other["id"] != row["id"] and _values(other, names) == value:
                what = " and ".join(names)
                raise refuse(
                    f"{entity} with {what} '{row[names[0]]}' exists already, id {other['id']}.", UNIQUE
                )
    if row.get(REFERENCE) and REFERENCE in TYPES[entity]:
        _check_reference(call, row)


def _check_reference(call: V1Call, row: Row) -> None:
    """Keep the external reference unique: of vouchers among all kinds, else in its table."""
    tables = [entity for entity, item in RESOURCES.items() if item.is_voucher]
    for table in tables if call.resource.is_voucher else [call.resource.entity]:
        for other in call.books.table(table).rows.values():
            if other.get(REFERENCE) == row[REFERENCE] and other["id"] != row["id"]:
                text = f"{table} with {REFERENCE} '{row[REFERENCE]}' exists already, id {other['id']}."
                raise refuse(text, UNIQUE)


def _values(row: Row, names: list[str]) -> tuple[Any, ...] | None:
    """Give what is compared; texts count without their casing. ``None`` when there is nothing."""
    if row.get(names[0]) in (None, ""):
        return None
    values = (row.get(name) for name in names)
    return tuple(value.lower() if isinstance(value, str) else value for value in values)


def _missing(call: V1Call, row: Row) -> Iterator[str]:
    for name in call.resource.required:
        if row.get(name) in (None, "", []):
            yield f"{call.resource.entity}.{name} is required."


def _wrong_address(call: V1Call, row: Row) -> Iterator[str]:
    address = row.get("emailAddress") or "@"
    if "@" in address:
        return
    if call.switches.bad_email == "empty":
        # Met by an integrator with the official SDK.
        raise RefusedError(Reply(200))
    yield f"'{address}' is no e-mail address."


def _wrong(call: V1Call, row: Row, old: Row) -> Iterator[str]:
    resource = call.resource
    yield from dangling(call.books, row, resource.entity)
    for path, limit in resource.limits.items():
        yield from _outside(row, path, limit)
    lengths = {**_LENGTHS, **resource.lengths}
    for part in parts(row, resource.entity):
        for name, value in part.items():
            if isinstance(value, str) and len(value) > lengths.get(name, len(value)):
                yield f"{name} may have {lengths[name]} characters, not {len(value)}."
            if value is not None and _ONLY_ANSWERED.get(name) == value:
                yield f"{name} cannot be {value}."
    for name, values in resource.refused.items():
        if row.get(name) in values and row[name] != old.get(name):
            yield f"{name} cannot be {row[name]}."


def _outside(row: Row, path: str, limit: Limit) -> Iterator[str]:
    """Find numbers out of bounds; the path may lead into lines."""
    name, _, rest = path.partition(".")
    value = row.get(name)
    if rest:
        for item in value or ():
            yield from _outside(item, rest, limit)
    elif value is not None and not limit[0] <= value <= limit[1]:
        yield f"{name} must be between {limit[0]} and {limit[1]}, not {value}."


def is_related(call: V1Call, row: Row) -> bool:
    """Say whether other rows refer to a row, or it has become final."""
    final = call.resource.final
    return bool(row.get("isLocked") or (final and final(call, row))) or is_linked(
        call.books, row, call.resource.entity
    )
