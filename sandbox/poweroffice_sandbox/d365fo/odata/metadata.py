"""
What the entities are: ``/data/$metadata`` and ``/metadata``.

Rule: a small subset, made from the table of entities. That ``/metadata`` is JSON and read only is known; its
shapes are assumed.
"""

from __future__ import annotations

from typing import Any

from ...core.reply import RefusedError, Reply, as_json
from ..call import Call
from ..entities import ENTITIES, ENUMS, NAMESPACE, Entity
from .actions import ACTIONS

_NO_RESOURCE = "No HTTP resource was found that matches the request URI."
_REQUIRED = ' Nullable="false"'


def document() -> bytes:
    """Give the service's description in CSDL."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>',
        f'<Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
    ]
    for name, members in ENUMS.items():
        inner = "".join(f'<Member Name="{member}" Value="{place}"/>' for place, member in enumerate(members))
        lines.append(f'<EnumType Name="{name}">{inner}</EnumType>')
    lines += [_type(entity) for entity in ENTITIES.values()]
    lines += [_actions(entity) for entity in ENTITIES.values()]
    lines += ['<EntityContainer Name="Resources">', *map(_set, ENTITIES.values()), "</EntityContainer>"]
    lines.append("</Schema></edmx:DataServices></edmx:Edmx>")
    return "\n".join(line for line in lines if line).encode()


def _type(entity: Entity) -> str:
    keys = "".join(f'<PropertyRef Name="{item.name}"/>' for item in entity.keys)
    fields = "".join(
        f'<Property Name="{item.name}" Type="{item.edm}"{_REQUIRED if item.key else ""}/>'
        for item in entity.fields
    )
    links = "".join(
        f'<NavigationProperty Name="{name}" Type="{NAMESPACE}.{ENTITIES[target].name}"/>'
        for name, (target, _) in entity.links.items()
    )
    return f'<EntityType Name="{entity.name}"><Key>{keys}</Key>{fields}{links}</EntityType>'


def _actions(entity: Entity) -> str:
    texts = []
    for name, action in ACTIONS.get(entity.set_name, {}).items():
        bound = f"{NAMESPACE}.{entity.name}" if action.on_row else f"Collection({NAMESPACE}.{entity.name})"
        given = "".join(f'<Parameter Name="{item}" Type="{kind}"/>' for item, kind in action.parameters)
        returns = f'<ReturnType Type="{action.returns}"/>' if action.returns else ""
        first = f'<Parameter Name="{entity.name}" Type="{bound}"/>'
        texts.append(f'<Action Name="{name}" IsBound="true">{first}{given}{returns}</Action>')
    return "".join(texts)


def _set(entity: Entity) -> str:
    links = "".join(
        f'<NavigationPropertyBinding Path="{name}" Target="{target}"/>'
        for name, (target, _) in entity.links.items()
    )
    return f'<EntitySet Name="{entity.set_name}" EntityType="{NAMESPACE}.{entity.name}">{links}</EntitySet>'


def _public(entity: Entity) -> dict[str, Any]:
    return {
        "Name": entity.name,
        "EntitySetName": entity.set_name,
        "LabelId": f"@Sandbox:{entity.name}",
        "IsReadOnly": False,
        "ConfigurationEnabled": True,
        "Properties": [
            {
                "Name": item.name,
                "TypeName": item.edm,
                "DataType": "Enum" if item.is_enum else item.edm.partition(".")[2],
                "LabelId": item.label,
                "IsKey": item.key,
                "IsMandatory": item.mandatory,
                "ConfigurationEnabled": True,
                "AllowEdit": not item.key,
                "AllowEditOnCreate": True,
                "IsDimension": False,
            }
            for item in entity.fields
        ],
        "NavigationProperties": [
            {"Name": name, "RelatedEntity": ENTITIES[target].name}
            for name, (target, _) in entity.links.items()
        ],
        "Actions": [
            {"Name": name, "BindingKind": "BoundToEntityInstance" if action.on_row else "BoundToEntitySet"}
            for name, action in ACTIONS.get(entity.set_name, {}).items()
        ],
    }


def _data_entity(entity: Entity) -> dict[str, Any]:
    return {
        "Name": f"{entity.name}Entity",
        "PublicEntityName": entity.name,
        "PublicCollectionName": entity.set_name,
        "LabelId": f"@Sandbox:{entity.name}",
        "DataServiceEnabled": True,
        "DataManagementEnabled": True,
        "EntityCategory": "Master",
        "IsReadOnly": False,
    }


def _enums() -> list[dict[str, Any]]:
    return [
        {
            "Name": name,
            "LabelId": f"@Sandbox:{name}",
            "Members": [{"Name": member, "Value": place} for place, member in enumerate(members)],
        }
        for name, members in ENUMS.items()
    ]


def answer(call: Call) -> Reply:
    """
    Answer ``/metadata``: ``PublicEntities``, ``DataEntities``, ``PublicEnumerations``, or one by name.

    :param call: with the path's parts after ``metadata``.
    """
    name, _, key = (call.parts[0] if len(call.parts) == 1 else "").partition("(")
    lists = {
        "PublicEntities": [_public(entity) for entity in ENTITIES.values()],
        "DataEntities": [_data_entity(entity) for entity in ENTITIES.values()],
        "PublicEnumerations": _enums(),
    }
    if call.method != "GET" or name not in lists:
        raise RefusedError(as_json(404, {"Message": _NO_RESOURCE}))
    context = {"@odata.context": f"{call.base}/metadata/$metadata#{name}"}
    if not key:
        return as_json(200, context | {"value": lists[name]}, OData_Version="4.0")
    wanted = key.removesuffix(")").strip("'")
    found = next((item for item in lists[name] if item["Name"] == wanted), None)
    if found is None:
        raise RefusedError(as_json(404, {"Message": f"'{wanted}' was not found."}))
    context["@odata.context"] += "/$entity"
    return as_json(200, context | found, OData_Version="4.0")
