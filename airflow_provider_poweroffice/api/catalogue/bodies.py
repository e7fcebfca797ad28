"""
The fields of request bodies, from the official description: for templates and for advice, never a wall.

Rule: pure; what is not described here is not spoken of. ``api/body_check.py`` holds a body against them.

Notation of a field: ``Name:kind``, behind the name ``!`` required, ``=`` never null, ``~`` unwritten;
``*`` a list of them, ``>`` a type, ``@`` an enumeration, ``<`` the most characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from airflow_provider_poweroffice.api.catalogue import catalogue, table_of

_NONE: Mapping[str, BodyField] = MappingProxyType({})
_FIELD = re.compile(r"(?P<name>\w+)(?P<mark>[!=~]?):(?P<list>\*?)(?P<kind>>?[^<]+)(?:<(?P<longest>\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyField:
    """
    A field of a body.

    :param kind: one of ``catalogue.fields.KINDS``.
    :param required: the server refuses a body without it.
    :param never_null: of v1: the description does not let it be null; a body without it probably means zero,
        false or the first day.
    :param unwritten: of v1: only answers have it, or it is obsolete.
    :param is_list: it holds a list of them.
    :param choices: the values it may have; none: any. Of v1 ``number=name``.
    :param longest: most characters of a text.
    :param inner: the fields of an object.
    """

    name: str
    kind: str
    required: bool
    never_null: bool
    unwritten: bool
    is_list: bool
    choices: tuple[str, ...]
    longest: int | None
    inner: Mapping[str, BodyField]


def body_of(name: str, method: str, endpoint: str) -> Mapping[str, BodyField]:
    """
    Give the fields of a call's body; none if it is not described.

    :param name: of the catalogue, such as ``poweroffice_v2``.
    :param method: upper-case HTTP method; of a PATCH the fields are those that its pointers may name.
    :param endpoint: as it is called, such as ``Customers/42``, or as the catalogue spells it.
    """
    resource = catalogue(name).find(endpoint)
    return _body(name, f"{method} {resource.path.strip('/')}".lower()) if resource else _NONE


def field_in(fields: Mapping[str, BodyField], name: str) -> BodyField | None:
    """Find a field by its name, in any case."""
    return next((field for field in fields.values() if field.name.lower() == name.lower()), None)


@cache
def _body(name: str, call: str) -> Mapping[str, BodyField]:
    lines = _lines(name)
    return MappingProxyType(_fields(lines[call], lines) if call in lines else {})


@cache
def type_of(name: str, type_name: str) -> Mapping[str, BodyField]:
    """Give the fields of a type that bodies have, but not those within them."""
    lines = _lines(name)
    return MappingProxyType(_fields(lines[type_name.lower()], lines, 1))


@cache
def _lines(name: str) -> dict[str, str]:
    return {key.replace(" /", " ").lower(): text for key, text in table_of(f"{name}_bodies").items()}


def _fields(text: str, lines: Mapping[str, str], depth: int = 3) -> dict[str, BodyField]:
    """
    Read fields; the types within them as deep as any body goes.

    :param text: ``Name:text,Amount!:decimal``, or ``>Type-Name,Note:text``: those of a type, without Name,
        and a further one.
    """
    own, left_out = text, set()
    if text.startswith(">"):
        type_name, _, further = text[1:].partition(",")
        type_name, *names = type_name.split("-")
        own, left_out = f"{lines.get(type_name.lower(), '')},{further}", set(names)
    found = (_FIELD.fullmatch(part) for part in own.split(",") if part and depth)
    return {
        match["name"]: _field(match, lines, depth)
        for match in found
        if match and match["name"] not in left_out
    }


def _field(match: re.Match[str], lines: Mapping[str, str], depth: int) -> BodyField:
    kind = match["kind"]
    if kind.startswith("@"):
        kind = lines[kind.lower()]
    return BodyField(
        name=match["name"],
        kind="json" if kind.startswith(">") else "text" if "/" in kind else kind,
        required=match["mark"] == "!",
        never_null=match["mark"] == "=",
        unwritten=match["mark"] == "~",
        is_list=bool(match["list"]),
        choices=tuple(kind.split("/")) if "/" in kind else (),
        longest=int(match["longest"]) if match["longest"] else None,
        inner=_fields(kind, lines, depth - 1) if kind.startswith(">") else {},
    )
