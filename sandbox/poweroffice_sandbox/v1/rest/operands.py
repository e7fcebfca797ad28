"""
What a filter compares: fields of a row, literals, and functions of them.

Rule: an operand has a kind and a function from a row to its value, ``None`` where there is none. Kinds are
``text``, ``number``, ``flag``, ``moment``, ``guid`` and ``null``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..resources.tables import ENUMS, field_named
from ..switches import V1Switches
from .lexer import FilterError

Row = Mapping[str, Any]
Read = Callable[[Row], Any]

_KINDS = {"int": "number", "date": "moment", "stamp": "moment", "span": "text"}
EDM = {
    "text": "Edm.String",
    "number": "Edm.Decimal",
    "flag": "Edm.Boolean",
    "moment": "Edm.DateTimeOffset",
    "guid": "Edm.Guid",
    "enum": "Edm.Enum",
    "null": "<null>",
}


class Operand(NamedTuple):
    """
    One side of a comparison.

    :param names: name → number, of an enumeration.
    """

    kind: str
    read: Read
    names: Mapping[str, int] = {}


def _text_function(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: None if None in values else function(*values)


# Name → kinds of the arguments, kind of the result, function. Named by the facts: the first two.
_FUNCTIONS: dict[str, tuple[tuple[str, ...], str, Callable[..., Any]]] = {
    "startswith": (("text", "text"), "flag", lambda text, part: text.startswith(part)),
    "tolower": (("text",), "text", lambda text: text.lower()),
    "toupper": (("text",), "text", lambda text: text.upper()),
    "endswith": (("text", "text"), "flag", lambda text, part: text.endswith(part)),
    "contains": (("text", "text"), "flag", lambda text, part: part in text),
    "substringof": (("text", "text"), "flag", lambda part, text: part in text),
    "trim": (("text",), "text", lambda text: text.strip()),
    "length": (("text",), "number", len),
}
_NAMED = ("startswith", "tolower")


def _fits(given: tuple[str, ...], kinds: tuple[str, ...]) -> bool:
    if len(given) != len(kinds):
        return False
    return all(kind in {want, "null"} for kind, want in zip(given, kinds, strict=True))


def call(name: str, arguments: list[Operand], switches: V1Switches) -> Operand:
    """
    Make the operand of a function.

    :param switches: ``filter_functions`` says which there are.
    :raises FilterError: there is no such function, or not of these arguments.
    """
    known = _NAMED if switches.filter_functions == "named" else tuple(_FUNCTIONS)
    if name not in known:
        raise FilterError(f"An unknown function with name '{name}' was found. There are {', '.join(known)}.")
    kinds, result, function = _FUNCTIONS[name]
    given = tuple(argument.kind for argument in arguments)
    if not _fits(given, kinds):
        wanted, found = (", ".join(EDM[kind] for kind in side) for side in (kinds, given))
        raise FilterError(f"No function signature for '{name}' matches: it takes ({wanted}), not ({found}).")
    safe, reads = _text_function(function), [argument.read for argument in arguments]
    return _folded(Operand(result, lambda row: safe(*(read(row) for read in reads))), switches)


def _folded(operand: Operand, switches: V1Switches) -> Operand:
    """Make texts equal that differ in casing only, if the switch says so."""
    if operand.kind != "text" or switches.text_case == "sensitive":
        return operand
    fold = _text_function(str.casefold)
    return Operand("text", lambda row: fold(operand.read(row)))


def literal(kind: str, value: Any, switches: V1Switches) -> Operand:
    """
    Make the operand of a literal.

    :param switches: ``text_case``.
    """
    return _folded(Operand(kind, lambda _row: value), switches)


def _scalar(name: str, kind: str, switches: V1Switches) -> Read:
    if kind == "date":
        return lambda row: f"{row[name]}T00:00:00.0000000Z" if row.get(name) else None
    if kind == "stamp" and switches.time_fractions == "none":
        return lambda row: f"{row[name][:19]}.0000000Z" if row.get(name) else None
    return lambda row: row.get(name)


def field(entity: str, path: str, switches: V1Switches) -> Operand:
    """
    Make the operand of a field.

    :param entity: name of the type of the rows.
    :param path: the name as written, with ``/`` into the objects inside.
    :param switches: ``filter_names``, ``text_case`` and ``time_fractions``.
    :raises FilterError: there is no such field, or it cannot be compared.
    """
    name, _, rest = path.partition("/")
    found = field_named(entity, name, exact=switches.filter_names == "pascal")
    if found is None:
        raise FilterError(f"Could not find a property named '{name}' on type '{entity}'.")
    if rest and found.is_nested and not found.is_list:
        inner = field(found.kind, rest, switches)
        return inner._replace(read=lambda row: inner.read(row.get(found.name) or {}))
    if rest or not found.is_scalar:
        raise FilterError(f"The property '{path}' on type '{entity}' cannot be compared.")
    kind = _KINDS.get(found.kind, found.kind)
    if found.enum:
        names = {name: number for number, name in ENUMS[found.enum].items()}
        return Operand(kind, _scalar(found.name, found.kind, switches), names)
    return _folded(Operand(kind, _scalar(found.name, found.kind, switches)), switches)
