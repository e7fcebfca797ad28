"""
The vendor's tables: routes, types and enumerations as its reference of v1 has them.

Rule: reads ``data/*.txt``, which ``tools/sandbox_tables_v1.py`` writes; nothing is added here.

Notation of a field: ``name:type`` and marks. Types: ``s`` text, ``i32`` and ``i64`` whole numbers, ``d``
number, ``b`` flag, ``dt`` day or time, ``g`` guid, ``ts`` span of time, ``E:X`` enumeration, ``[X]`` list;
else the type inside. Marks: ``*`` only in answers, ``=`` never null, ``~`` obsolete, ``#`` key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

_KINDS = {"s": "text", "i32": "int", "i64": "int", "d": "number", "b": "flag", "g": "guid", "ts": "span"}
_SCALARS = frozenset({"text", "int", "number", "flag", "guid", "span", "date", "stamp", "enum"})
# The reference types days and times alike; its samples write these as times and all others as days.
_TIME = re.compile(r"(?i)(lastChanged(Date)?|createdDate|validUntil|sentDate)$")


class Field(NamedTuple):
    """
    One field.

    :param kind: ``text int number flag guid span date stamp enum``, or the name of the type inside.
    :param is_list: whether there are several.
    :param enum: the enumeration of an ``enum``.
    :param is_read_only: whether a body's value is ignored.
    :param is_always: whether it is never null, and so in every answer.
    """

    name: str
    kind: str
    is_list: bool = False
    enum: str = ""
    is_read_only: bool = False
    is_always: bool = False

    @property
    def is_scalar(self) -> bool:
        """Whether it can be compared in a filter."""
        return self.kind in _SCALARS and not self.is_list

    @property
    def is_nested(self) -> bool:
        """Whether it holds objects."""
        return self.kind not in _SCALARS


class Route(NamedTuple):
    """
    One route.

    :param kind: ``list`` with OData options, ``plain`` list without, ``one`` row by its id, ``single``
        object,
        ``create``, ``upsert``, ``update``, ``delete``, ``action`` or ``stream`` of bytes.
    :param row: the type it answers with; empty where the sandbox does not know it.
    :param body: the type it takes.
    :param most: rows one call may give; 0 where none is stated.
    :param query: names of its own, beside OData's.
    """

    method: str
    path: str
    kind: str
    row: str = ""
    body: str = ""
    privilege: str = ""
    most: int = 0
    query: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``METHOD path``."""
        return f"{self.method} {self.path}"


def _lines(name: str) -> list[list[str]]:
    text = (files(__package__) / "data" / f"{name}.txt").read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines()]


def _field(text: str) -> Field:
    name, _, rest = text.partition(":")
    kind = rest.rstrip("*=~#")
    marks, is_list = rest[len(kind) :], kind.startswith("[")
    kind = kind.strip("[]")
    enum = kind[2:] if kind.startswith("E:") else ""
    if kind == "dt":
        kind = "stamp" if _TIME.search(name) else "date"
    return Field(name, "enum" if enum else _KINDS.get(kind, kind), is_list, enum, "*" in marks, "=" in marks)


def fields(text: str) -> dict[str, Field]:
    """
    Read the fields of a type.

    :param text: in the notation of this module.
    """
    return {field.name: field for field in map(_field, text.split())}


def _route(method: str, path: str, *words: str) -> Route:
    kind, row, body, privilege, most = ("" if word == "-" else word for word in words[:5])
    return Route(method, path, kind, row, body, privilege, int(most or 0), words[5:])


TYPES: dict[str, Mapping[str, Field]] = {name: fields(" ".join(words)) for name, *words in _lines("types")}
"""Type → name of a field → field, in the order in which they are sent."""

ENUMS: dict[str, dict[int, str]] = {
    name: {int(number): text for number, _, text in (word.partition("=") for word in words)}
    for name, *words in _lines("enums")
}
"""Enumeration → number → name."""

ROUTES: tuple[Route, ...] = tuple(_route(*words) for words in _lines("routes"))


def field_named(entity: str, name: str, *, exact: bool = False) -> Field | None:
    """
    Find a field by its name in a filter or a body.

    :param name: any casing, or, when ``exact``, PascalCase.
    :param exact: whether the casing counts.
    """
    for field in TYPES[entity].values():
        if (field.name[0].upper() + field.name[1:] == name) if exact else field.name.lower() == name.lower():
            return field
    return None


def has_guid(entity: str) -> bool:
    """Say whether rows of a type have a guid as id; without an id, the guid that is never null."""
    known = TYPES[entity]
    keys = [known["id"]] if "id" in known else [field for field in known.values() if field.is_always]
    return any(field.kind == "guid" for field in keys)
