"""
The query options of a read.

Rule: reads and checks; what rows there are is not known here. Options that Finance & Operations does not
document are refused, names without ``$`` are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..call import Call
from ..model import COMPANY, Entity, Row
from ..reply import odata_error
from .filters import condition
from .literals import LiteralError

OPTIONS = ("$filter", "$orderby", "$top", "$skip", "$select", "$expand", "$count", "$skiptoken")
_EXPANSION = re.compile(r"\s*(\w+)\s*(?:\(([^()]*)\))?\s*$")


@dataclass
class Query:
    """
    What a read asks for.

    :param top: rows wanted over all pages; ``None`` for all.
    :param skip: rows to leave out.
    :param order: field names with whether they descend.
    :param select: field names; empty for all.
    :param expand: navigation properties, each with the fields wanted.
    :param companies: those whose rows are seen.
    """

    entity: Entity
    companies: tuple[str, ...]
    chosen: Callable[[Row], bool] | None = None
    order: list[tuple[str, bool]] = field(default_factory=list)
    top: int | None = None
    skip: int = 0
    select: tuple[str, ...] = ()
    expand: dict[str, tuple[str, ...]] = field(default_factory=dict)
    count: bool = False

    def rows_of(self, row: Row) -> bool:
        """Say whether a row is asked for."""
        if self.entity.has_company and row[COMPANY].lower() not in self.companies:
            return False
        return self.chosen is None or self.chosen(row)


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text.strip()):
        raise LiteralError(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _fields(entity: Entity, text: str, option: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if names == ("*",):
        return ()
    for name in names:
        if name not in entity.by_name:
            raise LiteralError(
                f"Could not find a property named '{name}' on type '{entity.name}' ({option})."
            )
    return names


def _ordering(entity: Entity, text: str) -> list[tuple[str, bool]]:
    order = []
    for item in text.split(","):
        name, _, way = item.strip().partition(" ")
        _fields(entity, name, "$orderby")
        if way.strip() not in {"", "asc", "desc"}:
            raise LiteralError(f"Syntax error at '{way.strip()}' in the $orderby.")
        order.append((name, way.strip() == "desc"))
    return order


def _expansion(entity: Entity, text: str, entities: dict[str, Entity]) -> dict[str, tuple[str, ...]]:
    expand = {}
    for item in re.split(r",(?![^()]*\))", text):
        match = _EXPANSION.match(item)
        if match is None or match[1] not in entity.links:
            raise LiteralError(
                f"The $expand '{item.strip()}' is not supported: navigation properties, first level only."
            )
        inner = (match[2] or "").strip()
        if inner and not inner.startswith("$select="):
            raise LiteralError(f"The query option '{inner}' is not supported within $expand.")
        target = entities[entity.links[match[1]][0]]
        expand[match[1]] = _fields(target, inner.removeprefix("$select="), "$select") if inner else ()
    return expand


def read_query(call: Call, entity: Entity, entities: dict[str, Entity]) -> Query:
    """
    Read the query options of a request.

    :raises RefusedError: an option is unknown or cannot be read.
    """
    query = Query(entity, call.companies)
    any_case = call.switches.text_compare == "any-case"
    readers: dict[str, Callable[[str], Any]] = {
        "$filter": lambda text: condition(text, entity, any_case=any_case),
        "$orderby": lambda text: _ordering(entity, text),
        "$top": lambda text: _whole("$top", text),
        "$skip": lambda text: _whole("$skip", text),
        "$skiptoken": lambda text: _whole("$skiptoken", text),
        "$select": lambda text: _fields(entity, text, "$select"),
        "$expand": lambda text: _expansion(entity, text, entities),
        "$count": _flag,
    }
    places = {"$filter": "chosen", "$orderby": "order", "$skiptoken": "skip"}
    try:
        for name, text in call.incoming.pairs:
            if name in readers:
                setattr(query, places.get(name, name[1:]), readers[name](text))
            else:
                _ignored(name)
    except LiteralError as error:
        raise odata_error(400, f"The query specified in the URI is not valid. {error}") from None
    return query


def _ignored(name: str) -> None:
    if name.startswith("$"):
        raise LiteralError(f"The query parameter '{name}' is not supported.")


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise LiteralError(f"Invalid value '{text}' for $count query option found.")
    return text == "true"
