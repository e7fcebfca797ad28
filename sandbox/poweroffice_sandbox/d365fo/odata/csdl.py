"""
``/data/$metadata``: the service in CSDL, made from the table of entities.

Rule: a small subset of the language; no annotations.
"""

from __future__ import annotations

from ..entities import ENTITIES
from ..model import ENUMS, NAMESPACE, Entity
from .actions import ACTIONS

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
