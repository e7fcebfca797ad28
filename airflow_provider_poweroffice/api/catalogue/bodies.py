"""
The fields of request bodies, from the official description: for templates and for advice, never a wall.

Rule: pure; what is not described here is not spoken of.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_CLOSE = 0.6  # how alike a field's name must be to be suggested
_FIELD = re.compile(r"(?P<name>\w+)(?P<required>!?):(?P<list>\*?)(?P<kind>>?[^<]+)(?:<(?P<longest>\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyField:
    """
    A field of a body.

    :param kind: one of ``catalogue.fields.KINDS``.
    :param required: the server refuses a body without it.
    :param is_list: it holds a list of them.
    :param choices: the values it may have; none: any.
    :param longest: most characters of a text.
    :param inner: the fields of an object.
    """

    name: str
    kind: str
    required: bool
    is_list: bool
    choices: tuple[str, ...]
    longest: int | None
    inner: Mapping[str, BodyField]


def body_of(name: str, method: str, path: str) -> Mapping[str, BodyField]:
    """
    Give the fields of a call's body; none if it is not described.

    :param name: of the catalogue, such as ``poweroffice_v2``.
    :param path: of the resource, as the catalogue spells it.
    """
    lines = _lines(name)
    text = lines.get(f"{method} {path.strip('/')}".lower())
    return _fields(text, lines) if text else {}


def unknown_fields(body: Any, known: Mapping[str, BodyField], place: str = "") -> Iterator[str]:
    """
    Name the fields of a body that the API does not know, and drops without a word, with the names near them.

    :param body: a dict, or a list of them, or either as JSON text; anything else has no fields.
    :param known: see :func:`body_of`; empty: nothing is said.
    """
    if not known:
        return
    if isinstance(body, (str, bytes, bytearray)):
        with suppress(ValueError, RecursionError):  # no JSON: the server will say so
            yield from unknown_fields(json.loads(body), known, place)
        return
    if isinstance(body, (list, tuple)):
        for item in body:
            yield from unknown_fields(item, known, place)
        return
    if not isinstance(body, Mapping):
        return
    by_name = {name.lower(): field for name, field in known.items()}
    for name, value in body.items():
        field = by_name.get(str(name).lower())
        if field is None:
            close = difflib.get_close_matches(str(name).lower(), by_name, n=1, cutoff=_CLOSE)
            yield f"{place}{name}" + (f" (did you mean {by_name[close[0]].name}?)" if close else "")
        else:
            yield from unknown_fields(value, field.inner, f"{place}{field.name}.")


@cache
def _lines(name: str) -> dict[str, str]:
    path = files(__package__).joinpath(f"{name}_bodies.txt")
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    pairs = (line.partition(" | ") for line in lines)
    return {key.replace(" /", " ").lower(): text for key, _, text in pairs}


def _fields(text: str, lines: Mapping[str, str], depth: int = 3) -> dict[str, BodyField]:
    """Read the fields of a type; the types within it as deep as any body goes."""
    named = lines.get(text.removeprefix(">").lower(), "") if text.startswith(">") else text
    found = (_FIELD.fullmatch(part) for part in named.split(",") if part)
    return {match["name"]: _field(match, lines, depth) for match in found if match} if depth else {}


def _field(match: re.Match[str], lines: Mapping[str, str], depth: int) -> BodyField:
    kind = match["kind"]
    return BodyField(
        name=match["name"],
        kind="json" if kind.startswith(">") else "text" if "/" in kind else kind,
        required=bool(match["required"]),
        is_list=bool(match["list"]),
        choices=tuple(kind.split("/")) if "/" in kind else (),
        longest=int(match["longest"]) if match["longest"] else None,
        inner=_fields(kind, lines, depth - 1) if kind.startswith(">") else {},
    )
