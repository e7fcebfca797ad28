"""
``/metadata``: entities, enumerations and labels as JSON, read only.

Rule: a list is made from the table of entities and is answered like any OData list: with ``$filter``,
``$select``, ``$orderby``, ``$top``, ``$skip`` and ``$count``; other options are refused. Shapes are those
that public clients of the service read; a label is found by its whole key only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ...core.reply import RefusedError, Reply, as_json
from ..call import Call
from ..entities import ENTITIES, labels
from ..model import ENUMS, NAMESPACE, Entity, Field, label_id
from ..reply import odata_error
from .action import Action
from .actions import ACTIONS
from .literals import LiteralError
from .metadata_filter import condition

Items = list[dict[str, Any]]
_NO_RESOURCE = "No HTTP resource was found that matches the request URI."
_SEGMENT = re.compile(r"(\w+)(?:\((.*)\))?$", re.DOTALL)
_KEY = re.compile(r"\s*(?:(\w+)\s*=\s*)?'((?:[^']|'')*)'\s*(?:,|$)")
_CULTURE = re.compile(r"[a-z]{2,3}(-[a-z]{2,4})?", re.IGNORECASE)
_XPP = {"text": "String", "int": "Int32", "long": "Int64", "decimal": "Real", "date": "UtcDateTime"}
_LABEL_KEY = "The label id and language must be provided as part of the key segment."
_NOT_IMPLEMENTED = 501


def _typed(name: str) -> dict[str, Any]:
    inner = name.removeprefix("Collection(").removesuffix(")")
    return {"TypeName": inner, "IsCollection": inner != name}


def _property(item: Field) -> dict[str, Any]:
    return {
        "Name": item.name,
        "TypeName": item.edm,
        "DataType": "Enum" if item.is_enum else _XPP[item.kind],
        "LabelId": label_id(item.label),
        "IsKey": item.key,
        "IsMandatory": item.mandatory,
        "ConfigurationEnabled": True,
        "AllowEdit": not item.key,
        "AllowEditOnCreate": True,
        "IsDimension": False,
        "DimensionRelation": None,
        "IsDynamicDimension": False,
        "DimensionLegalEntityProperty": None,
        "DimensionTypeProperty": None,
    }


def _action(entity: Entity, name: str, action: Action) -> dict[str, Any]:
    own = f"{NAMESPACE}.{entity.name}"
    bound = {"Name": entity.name, "Type": _typed(own if action.on_row else f"Collection({own})")}
    given = [{"Name": parameter, "Type": _typed(kind)} for parameter, kind in action.parameters]
    return {
        "Name": name,
        "BindingKind": "BoundToEntityInstance" if action.on_row else "BoundToEntitySet",
        "Parameters": [bound, *given],
        "ReturnType": _typed(action.returns) if action.returns else None,
        "FieldLookup": None,
    }


def _navigation(name: str, target: str, fields: Any) -> dict[str, Any]:
    kind = "#Microsoft.Dynamics.Metadata.ReferentialConstraint"
    return {
        "Name": name,
        "RelatedEntity": ENTITIES[target].name,
        "RelatedRelationName": None,
        "Cardinality": "Single",
        "Constraints": [
            {"@odata.type": kind, "Property": own, "ReferencedProperty": other}
            for own, other in fields.items()
        ],
    }


def _public_entities() -> Items:
    return [
        {
            "Name": entity.name,
            "EntitySetName": entity.set_name,
            "LabelId": label_id(entity.title),
            "IsReadOnly": entity.read_only,
            "ConfigurationEnabled": True,
            "Properties": [_property(item) for item in entity.fields],
            "NavigationProperties": [
                _navigation(name, target, pairs) for name, (target, pairs) in entity.links.items()
            ],
            "PropertyGroups": [],
            "Actions": [
                _action(entity, name, action) for name, action in ACTIONS.get(entity.set_name, {}).items()
            ],
        }
        for entity in ENTITIES.values()
    ]


def _data_entities() -> Items:
    return [
        {
            "Name": entity.aot_name,
            "PublicEntityName": entity.name,
            "PublicCollectionName": entity.set_name,
            "LabelId": label_id(entity.title),
            "DataServiceEnabled": True,
            "DataManagementEnabled": True,
            "EntityCategory": entity.category,
            "IsReadOnly": entity.read_only,
        }
        for entity in ENTITIES.values()
    ]


def _enumerations() -> Items:
    return [
        {
            "Name": name,
            "LabelId": label_id(name),
            "Members": [
                {"Name": member, "LabelId": label_id(member), "Value": place, "ConfigurationEnabled": True}
                for place, member in enumerate(members)
            ],
        }
        for name, members in ENUMS.items()
    ]


LISTS: dict[str, Callable[[], Items]] = {
    "PublicEntities": _public_entities,
    "DataEntities": _data_entities,
    "PublicEnumerations": _enumerations,
}


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text.strip()):
        raise LiteralError(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _names(text: str, fields: frozenset[str]) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in fields:
            raise LiteralError(f"Could not find a property named '{name}'.")
    return names


def _ordered(items: Items, text: str, fields: frozenset[str]) -> Items:
    for part in reversed(text.split(",")):
        name, _, way = part.strip().partition(" ")
        (field,) = _names(name, fields)
        if way.strip() not in {"", "asc", "desc"} or isinstance(items[0][field] if items else "", list):
            raise LiteralError(f"Syntax error at '{part.strip()}' in the $orderby.")
        items = sorted(items, key=lambda item, field=field: item[field], reverse=way.strip() == "desc")  # type: ignore[misc]
    return items


def _asked(pairs: list[tuple[str, str]]) -> dict[str, str]:
    known = {"$filter", "$select", "$orderby", "$top", "$skip", "$count"}
    for name, _ in pairs:
        if name.startswith("$") and name not in known:
            raise LiteralError(f"The query parameter '{name}' is not supported.")
    return {name: text for name, text in pairs if name in known}


def _listed(items: Items, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Give ``@odata.count``, if asked for, and the rows a query chooses."""
    fields, asked = frozenset(items[0]), _asked(pairs)
    if "$filter" in asked:
        chosen = condition(asked["$filter"], fields)
        items = [item for item in items if chosen(item)]
    if "$orderby" in asked:
        items = _ordered(items, asked["$orderby"], fields)
    if asked.get("$count", "false") not in {"true", "false"}:
        raise LiteralError(f"Invalid value '{asked['$count']}' for $count query option found.")
    head = {"@odata.count": len(items)} if asked.get("$count") == "true" else {}
    skip = _whole("$skip", asked.get("$skip", "0"))
    items = items[skip : skip + _whole("$top", asked["$top"])] if "$top" in asked else items[skip:]
    return head | {"value": [_selected(item, asked.get("$select"), fields) for item in items]}


def _selected(item: dict[str, Any], select: str | None, fields: frozenset[str]) -> dict[str, Any]:
    names = fields if select in {None, "*"} else set(_names(str(select), fields))
    return {name: value for name, value in item.items() if name in names}


def _key(text: str) -> dict[str, str]:
    """Read a key of texts; a lone one without its name is ``Name``."""
    values, place = {}, 0
    while match := _KEY.match(text, place) if place < len(text) else None:
        values[match[1] or "Name"] = match[2].replace("''", "'")
        place = match.end()
    if place < len(text) or not values:
        raise LiteralError(f"Syntax error in the key '({text})'.")
    return values


def _label(call: Call, key: dict[str, str]) -> Reply:
    if set(key) != {"Id", "Language"}:
        raise RefusedError(as_json(_NOT_IMPLEMENTED, {"Message": _LABEL_KEY}))
    wanted, language = key["Id"], key["Language"]
    found = labels().get(wanted.lower()) if _CULTURE.fullmatch(language) else None
    if found is None and call.switches.unknown_label == "404":
        raise RefusedError(as_json(404, {"Message": f"'{wanted}' was not found."}))
    value = f"Label '{wanted}' not found for language '{language}'" if found is None else found
    row = {"Id": wanted, "Language": language, "Value": value}
    head = {"@odata.context": f"{call.base}/metadata/$metadata#Labels/$entity"}
    return as_json(200, head | row, OData_Version="4.0")


def answer(call: Call) -> Reply:
    """
    Answer ``/metadata``: a list of entities or enumerations, or one item of a list, or one label.

    :param call: with the path's parts after ``metadata``.
    """
    match = _SEGMENT.match(call.parts[0]) if len(call.parts) == 1 else None
    if call.method != "GET" or match is None or match[1] not in {*LISTS, "Labels"}:
        raise RefusedError(as_json(404, {"Message": _NO_RESOURCE}))
    try:
        return _answer(call, match[1], match[2])
    except LiteralError as error:
        raise odata_error(400, f"The query specified in the URI is not valid. {error}") from None


def _answer(call: Call, name: str, text: str | None) -> Reply:
    key = {} if text is None else _key(text)
    if name == "Labels":
        return _label(call, key)
    items = LISTS[name]()
    context = {"@odata.context": f"{call.base}/metadata/$metadata#{name}"}
    if text is None:
        return as_json(200, context | _listed(items, call.incoming.pairs), OData_Version="4.0")
    wanted, asked = key.get("Name"), _asked(call.incoming.pairs)
    found = next((item for item in items if item["Name"] == wanted), None)
    if found is None or set(key) != {"Name"}:
        raise RefusedError(as_json(404, {"Message": f"'{wanted or text}' was not found."}))
    context["@odata.context"] += "/$entity"
    one = _selected(found, asked.get("$select"), frozenset(found))
    return as_json(200, context | one, OData_Version="4.0")
