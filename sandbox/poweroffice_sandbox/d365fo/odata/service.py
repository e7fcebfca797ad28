"""
The OData service: ``/data`` and below.

Rule: finds what a path means and whom to ask; casing of set names counts.
"""

from __future__ import annotations

import re
from typing import Any

from ...core.reply import Reply
from ..call import Call
from ..entities import ENTITIES
from ..model import NAMESPACE, Entity
from ..reply import no_privilege, odata_error
from .actions import act
from .csdl import document
from .lists import collection, counted, named, odata, single
from .literals import parse_key
from .writes import create, delete, selected, update

_SEGMENT = re.compile(r"([\w$]+)(?:\((.*)\))?$", re.DOTALL)


def answer(call: Call) -> Reply:
    """
    Answer a call of ``/data``.

    :param call: with the path's parts after ``data``.
    :raises RefusedError: it is refused.
    """
    if not call.parts:
        return _only_get(call, _service_document)
    if call.parts == ("$metadata",):
        return _only_get(call, lambda _call: Reply(200, document(), {"Content-Type": "application/xml"}))
    match = _SEGMENT.match(call.parts[0])
    entity = ENTITIES.get(match[1]) if match else None
    if match is None or entity is None:
        raise odata_error(404, f"No HTTP resource was found that matches the entity set '{call.parts[0]}'.")
    if not call.grant.app.privileged:
        raise no_privilege(call.state, entity.set_name)
    key = None if match[2] is None else parse_key(entity, match[2])
    rest = call.parts[1:]
    if len(rest) > 1:
        raise odata_error(404, f"No HTTP resource was found that matches the path '{'/'.join(rest)}'.")
    if rest:
        return _below(call, entity, key, rest[0])
    return _set(call, entity) if key is None else _row(call, entity, key)


def _only_get(call: Call, give: Any) -> Reply:
    if call.method != "GET":
        raise _not_allowed(call)
    reply: Reply = give(call)
    return reply


def _not_allowed(call: Call) -> Exception:
    return odata_error(405, f"The requested resource does not support http method '{call.method}'.")


def _service_document(call: Call) -> Reply:
    sets = [{"name": name, "kind": "EntitySet", "url": name} for name in ENTITIES]
    return odata(call, 200, {"@odata.context": f"{call.base}/data/$metadata", "value": sets})


def _set(call: Call, entity: Entity) -> Reply:
    if call.method == "GET":
        return collection(call, entity)
    if call.method == "POST":
        return create(call, entity)
    raise _not_allowed(call)


def _row(call: Call, entity: Entity, key: tuple[Any, ...]) -> Reply:
    if call.method in {"PATCH", "PUT"}:
        return update(call, entity, key)
    if call.method == "DELETE":
        return delete(call, entity, key)
    if call.method != "GET":
        raise _not_allowed(call)
    record = selected(call, entity, key)
    if record is None:
        raise _no_row(call)
    return single(call, entity, record)


def _no_row(call: Call) -> Exception:
    return odata_error(404, f"No HTTP resource was found that matches the key of '{call.parts[0]}'.")


def _below(call: Call, entity: Entity, key: tuple[Any, ...] | None, name: str) -> Reply:
    if name.startswith(f"{NAMESPACE}."):
        return act(call, entity, key, name)
    if call.method != "GET":
        raise _not_allowed(call)
    if key is None:
        if name == "$count":
            return counted(call, entity)
        raise odata_error(404, f"No HTTP resource was found that matches '{entity.set_name}/{name}'.")
    record = selected(call, entity, key)
    if record is None:
        raise _no_row(call)
    return named(call, entity, record, name)
