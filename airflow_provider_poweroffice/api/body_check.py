"""
A body held against the official description of its call: all that the server would refuse or drop, at once.

Rule: pure, and advice. A call that is not described is not spoken of, and what a lenient server may take is
no problem: texts for numbers and booleans, other casing of names, null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from airflow_provider_poweroffice.api.call import encode_json
from airflow_provider_poweroffice.api.catalogue.bodies import BodyField, body_of, field_in
from airflow_provider_poweroffice.api.decoding import UNREADABLE
from airflow_provider_poweroffice.api.texts import listed, nearest, shown

_NAMES_ONLY = frozenset({"poweroffice_v1"})
_MOST_CHOICES = 12  # that a message lists
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE = re.compile(r"\s*-?\d+\s*")
_OPERATIONS = ("add", "replace", "remove", "copy", "move", "test")
_decode = msgspec.json.Decoder(float_hook=Decimal).decode

Fields = Mapping[str, BodyField]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyProblem:
    """
    What is wrong with a body.

    :param pointer: where, such as ``SalesOrderLines[3].Quantity``, ``/DepartmentCode`` of a JSON Patch, or ""
        for the whole of it.
    :param kind: ``"unknown"`` is what the server drops without a word; it refuses the others. ``"missing"``:
        a required field; ``"type"``; ``"length"``; ``"choice"``: none of the values there are; ``"patch"``:
        an operation that cannot be carried out.
    :param message: begins with a verb: ``is required``.
    :param near: the field that an unknown one was perhaps meant to be; ``""``: none is near.
    """

    pointer: str
    kind: Literal["unknown", "missing", "type", "length", "choice", "patch"]
    message: str
    near: str = ""

    def __str__(self) -> str:
        """Give the place and the message."""
        return f"{self.pointer or 'the body'} {self.message}"


def check_body(catalogue_name: str, method: str, path: str, body: Any) -> list[BodyProblem]:
    """
    Hold a body against what is known of its call.

    :param catalogue_name: such as ``poweroffice_v2``. Of v1 only names are looked at, and only those told of
        that are near to a known one: its reference does not say what it refuses, or what it drops. Finance &
        Operations describes no bodies.
    :param method: upper-case HTTP method.
    :param path: as it is called, such as ``Customers`` or ``Customers/42``.
    :param body: a dict, a list, or either as JSON text.
    :return: all problems, in the order of the body, then what is missing; none of a call that is not
        described, see :func:`is_described`.
    """
    found = _problems(body_of(catalogue_name, method, path), method, body)
    if catalogue_name in _NAMES_ONLY:
        return [item for item in found if item.kind == "unknown" and item.near]
    return found


def _problems(known: Fields, method: str, body: Any) -> list[BodyProblem]:
    if not known:
        return []
    try:
        sent = _decode(body if isinstance(body, (str, bytes, bytearray)) else encode_json(body))
    except UNREADABLE as error:
        return [BodyProblem(pointer="", kind="type", message=f"is not JSON: {error}")]
    if method == "PATCH":
        return list(_operations(sent, known))
    if isinstance(sent, list):
        return [found for index, item in enumerate(sent) for found in _object(item, known, f"[{index}]")]
    return list(_object({} if sent is None else sent, known, ""))


def is_described(catalogue_name: str, method: str, path: str) -> bool:
    """Tell whether :func:`check_body` knows all of the call's body, and not the names of its fields alone."""
    return catalogue_name not in _NAMES_ONLY and bool(body_of(catalogue_name, method, path))


def _object(value: Any, known: Fields, place: str) -> Iterator[BodyProblem]:
    if not isinstance(value, dict):
        yield BodyProblem(
            pointer=place, kind="type", message=f"takes an object of fields, not {shown(value)}"
        )
        return
    by_name = {name.lower(): field for name, field in known.items()}
    given = {name.lower(): item for name, item in value.items()}
    prefix = f"{place}." if place else ""
    for name, item in value.items():
        field = by_name.get(name.lower())
        if field is None:
            near = nearest(name, known)
            message = f"is not known{_meant(near)}"
            yield BodyProblem(pointer=f"{prefix}{name}", kind="unknown", message=message, near=near)
        else:
            yield from _value(item, field, f"{prefix}{field.name}")
    for name in _required(known, given):
        if _is_blank(given.get(name.lower())):
            yield BodyProblem(pointer=f"{prefix}{name}", kind="missing", message="is required")


def _required(known: Fields, given: Mapping[str, Any]) -> list[str]:
    """Name the fields that must be there; a person has two names where a company has one (prose)."""
    needed = [name for name, field in known.items() if field.required]
    if "Name" in needed and "IsPerson" in known and str(given.get("isperson")).lower() == "true":
        return [*(name for name in needed if name != "Name"), "FirstName", "LastName"]
    return needed


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _meant(near: str, prefix: str = "") -> str:
    return f"; did you mean {prefix}{near}?" if near else ""


def _value(value: Any, field: BodyField, place: str) -> Iterator[BodyProblem]:
    if value is None:
        return
    if not field.is_list:
        yield from _item(value, field, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _item(item, field, f"{place}[{index}]")
    else:
        yield BodyProblem(pointer=place, kind="type", message=f"takes a list, not {shown(value)}")


def _item(value: Any, field: BodyField, place: str) -> Iterator[BodyProblem]:
    if field.inner:
        yield from _object(value, field.inner, place)
    elif field.choices:
        yield from _choice(value, field, place)
    else:
        yield from _plain(value, field, place)


def _plain(value: Any, field: BodyField, place: str) -> Iterator[BodyProblem]:
    fits, wanted = _KINDS.get(field.kind, _TEXT)
    if not fits(value):
        yield BodyProblem(pointer=place, kind="type", message=f"takes {wanted}, not {_said(value)}")
    elif field.longest and isinstance(value, str) and (length := _length(value)) > field.longest:
        message = f"takes at most {field.longest} characters, not {length}"
        yield BodyProblem(pointer=place, kind="length", message=message)


def _said(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else shown(value)


def _length(text: str) -> int:
    """Count as .NET does: characters beyond the first 65,536 count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _choice(value: Any, field: BodyField, place: str) -> Iterator[BodyProblem]:
    by_name = {choice.lower(): choice for choice in field.choices}
    if isinstance(value, str) and value.lower() in by_name:
        return
    meant = _meant(nearest(str(value), field.choices))
    among = listed(field.choices, _MOST_CHOICES)
    yield BodyProblem(
        pointer=place, kind="choice", message=f"takes one of {among}, not {_said(value)}{meant}"
    )


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_WHOLE.fullmatch(value))
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    if not isinstance(value, (int, Decimal, str)) or isinstance(value, bool):
        return False
    with suppress(InvalidOperation):
        return Decimal(value).is_finite()
    return False


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.lower() in {"true", "false"})


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.match(value):
        return False
    with suppress(ValueError):
        return bool(date.fromisoformat(value[:10]))
    return False


def _is_moment(value: Any) -> bool:
    if not _is_date(value):
        return False
    with suppress(ValueError):
        return bool(datetime.fromisoformat(value))
    return False


_TEXT = (_is_text, "text")
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "integer": (_is_whole, "a whole number"),
    "decimal": (_is_number, "a number"),
    "boolean": (_is_boolean, "true or false"),
    "date": (_is_date, "a date such as 2026-01-31"),
    "timestamp": (_is_moment, "a time such as 2026-01-31T12:00:00Z"),
    "json": (lambda _: True, "any value"),
}
"""What a field of a kind takes, and in words; all others take text."""


def _operations(body: Any, known: Fields) -> Iterator[BodyProblem]:
    """Check a JSON Patch (RFC 6902)."""
    if not isinstance(body, list) or not body:
        message = 'takes a list of operations such as {"op": "replace", "path": "/Name", "value": "..."}'
        yield BodyProblem(pointer="", kind="patch", message=message)
        return
    for index, operation in enumerate(body):
        op = operation.get("op") if isinstance(operation, dict) else None
        if op not in _OPERATIONS:
            message = f"has the op {shown(op)}, not one of {', '.join(_OPERATIONS)}"
            yield BodyProblem(pointer=f"[{index}]", kind="patch", message=message)
            continue
        for name in ("path", "from") if op in {"copy", "move"} else ("path",):
            yield from _pointer(operation, name, known, f"[{index}]")


def _pointer(operation: Mapping[str, Any], name: str, known: Fields, place: str) -> Iterator[BodyProblem]:
    """Check a pointer of an operation, and the value for the field that it names."""
    pointer = operation.get(name)
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        message = f"needs a {name} that begins with a slash, such as /Name, not {shown(pointer)}"
        yield BodyProblem(pointer=place, kind="patch", message=message)
        return
    target = yield from _follow(pointer, known)
    if target is not None and name == "path":
        field, within = target
        yield from _patched(operation, field, within=within)


def _follow(pointer: str, known: Fields) -> Generator[BodyProblem, None, tuple[BodyField, bool] | None]:
    """Give the field that a pointer names, and whether it goes on to an item of it; None: it names none."""
    segments = [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]
    field, within, fields = None, False, known
    for depth, segment in enumerate(segments):
        if field is not None and field.is_list and not within:
            within = True
            if segment != "-" and not segment.isdecimal():
                message = f"names {shown(segment)} in the list {field.name}; use an index, or - for its end"
                yield BodyProblem(pointer=pointer, kind="patch", message=message)
                return None
            continue
        found = field_in(fields, segment)
        if found is None:
            parent = "/".join(["", *segments[:depth], ""])
            yield BodyProblem(pointer=pointer, kind="patch", message=_unpatchable(segment, fields, parent))
            return None
        if found.name != segment:
            message = f"is written in another casing, which the server may ignore; did you mean {found.name}?"
            yield BodyProblem(pointer=pointer, kind="unknown", message=message)
        field, within, fields = found, False, found.inner
    return (field, within) if field else None


def _unpatchable(segment: str, fields: Fields, parent: str) -> str:
    """Say that a field cannot be patched, and which can: of a code or a number, the id beside it."""
    if segment.lower().endswith("lines"):
        return "cannot be patched: lines have paths of their own"
    stem = re.sub(r"(Code|No|Number)$", "", segment, flags=re.IGNORECASE).lower()
    ids = [name for name in fields if name.endswith("Id") and _shares_stem(name[:-2].lower(), stem)]
    if ids and not segment.lower().endswith("id"):
        return f"cannot be patched: a PATCH takes ids only, here {parent}{ids[0]}"
    return f"cannot be patched{_meant(nearest(segment, fields), parent)}"


def _shares_stem(one: str, other: str) -> bool:
    return bool(one and other) and (one.startswith(other) or other.startswith(one))


def _patched(operation: Mapping[str, Any], field: BodyField, *, within: bool) -> Iterator[BodyProblem]:
    op, pointer, value = operation["op"], operation["path"], operation.get("value")
    if op in {"add", "replace", "test"} and "value" not in operation:
        yield BodyProblem(pointer=pointer, kind="patch", message=f"needs a value for the op {op}")
    elif op in {"add", "replace"} and value is not None:
        yield from (_item if within else _value)(value, field, pointer)
    if field.required and not within and (op == "remove" or (op in {"add", "replace"} and _is_blank(value))):
        yield BodyProblem(pointer=pointer, kind="missing", message="is required, and cannot be emptied")
