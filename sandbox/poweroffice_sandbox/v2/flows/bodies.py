"""
Bodies of orders in motion, vouchers and administration, with the objects in them.

Rule: reading only; the fields are those of :mod:`.fields`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ...core.clock import stamp, ticks
from ...core.table import Row
from ..reply import refuse, unbound
from ..rest.bodies import decoded, read_fields
from ..rest.call import Call
from ..schema.dto import BadValueError, Schema, schema_of, whole
from ..schema.tables import named_words


def read_flow(call: Call, entity: str, label: str) -> Row:
    """
    Read a body.

    :raises RefusedError: 400, it is not one.
    """
    try:
        return read_entity(entity, decoded(call))
    except BadValueError as error:
        raise refuse(400, f"{label} validation error(s)", str(error)) from None


def read_entity(entity: str, value: Any, method: str = "POST") -> Row:
    """
    Read an object and the objects in it.

    :param value: as decoded.
    :param method: ``POST`` or ``PATCH``.
    :raises BadValueError: it is not one.
    """
    if not isinstance(value, dict):
        raise BadValueError(f"{entity} object is missing.")
    fields = schema_of(entity)
    return read_nested(fields, read_fields(fields, value, method))


def read_nested(fields: Schema, sent: Row) -> Row:
    """
    Read the objects and lists of objects among fields.

    :raises BadValueError: one of them is not what it should be.
    """
    known = named_words("flow_fields")
    result = dict(sent)
    for name, value in sent.items():
        kind = fields.by_name[name.lower()].type
        if value is None or kind.removesuffix("[]") not in known:
            continue
        if not kind.endswith("[]"):
            result[name] = whole(kind, read_entity(kind, value, "PATCH"), "0001-01-01")
        elif isinstance(value, list):
            result[name] = [read_entity(kind.removesuffix("[]"), item) for item in value]
        else:
            raise BadValueError(f"{name} must be a list.")
    return result


def now_of(call: Call) -> str:
    """Give the time of a request as the API writes it."""
    return stamp(ticks(call.now))


def query_id(call: Call, *, required: bool) -> str:
    """
    Read the UUID in the query named ``id``.

    :param required: whether it must be there; otherwise nothing is an empty text.
    :raises RefusedError: 400, it is no UUID.
    """
    text = call.query.get("id", "").strip().lower()
    if not text and not required:
        return ""
    try:
        return str(UUID(text))
    except ValueError:
        detail = f"The value '{text}' is not valid for id."
        raise unbound("id", detail) from None
