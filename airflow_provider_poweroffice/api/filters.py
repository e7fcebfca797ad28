"""
OData filters made from values, so that nobody pastes text into a filter.

Rule: pure. A filter is data: it survives JSON, templates and mapped tasks. How a value is written is told
by :class:`Literals`, one for each API.

::

    ("Name", "==", "O'Neill")                                     Name eq 'O''Neill'
    ("LastChanged", ">", "{{ data_interval_start }}", "datetime")  LastChanged gt DateTimeOffset'...'
    ("Code", "in", [1, 2])                                        (Code eq 1 or Code eq 2)
    [condition, condition]                                        both
    {"any": [condition, condition]}, {"not": condition}           either; not
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from airflow_provider_poweroffice.api.timestamps import text_of, ticks_of_iso

FILTER = "$filter"
_WORDS = {"==": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_LISTS = {"in": ("==", " or "), "not in": ("!=", " and ")}
_GROUPS = {"all": " and ", "any": " or "}
_NAME = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*|(tolower|toupper)\([A-Za-z_]\w*\)", re.ASCII)
_ENUM = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Literals:
    """
    How one API writes values in a filter; ``{}`` stands for the value.

    :param moment: of a time with zone, ISO 8601, UTC with ``Z``.
    :param day: of a date, ``YYYY-MM-DD``.
    :param guid: of a GUID.
    :param functions: comparisons of text beyond the common ones, such as ``startswith``, with ``{field}``
        and ``{text}`` (quotes doubled).
    :param enums: values of an enumeration can be named, as ``Namespace.Type'Value'``.
    :param pascal_case: names of fields must begin with a capital.
    """

    moment: str = "{}"
    day: str = "{}"
    guid: str = "{}"
    functions: Mapping[str, str] = field(default_factory=dict)
    enums: bool = False
    pascal_case: bool = False


def filter_text(filters: Any, literals: Literals) -> str:
    """
    Write a filter, in parentheses.

    :param filters: a condition ``(field, comparison, value[, type])``; a list of filters that must all hold;
        or a mapping of one name: ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": filter}``. A comparison is
        one of ``== != > >= < <= in "not in"`` or a function of the API, such as ``startswith``. The type says
        what a text stands for, as templates render to text: ``"datetime"``, ``"date"``, ``"number"``,
        ``"boolean"``, ``"guid"``, ``"text"``, or the full name of an enumeration.
    :raises ValueError: names the place in the filter, the value and the way out.
    """
    if isinstance(filters, str):
        raise ValueError(  # noqa: TRY004 - as all bad arguments of a filter
            f"filters is data, such as [('Name', '==', 'a')], not the text {filters!r}; text goes to query"
        )
    text = _write(filters, literals, "filters")
    return text if text.startswith("(") and _closes_at_end(text) else f"({text})"


def with_filters(literals: Literals | None, query: Mapping[str, str], filters: Any) -> dict[str, str]:
    """
    Add a filter to an encoded query; None adds nothing.

    :param literals: None for an API without ``$filter``.
    :raises ValueError: such an API, a query that has a filter of its own, or see :func:`filter_text`.
    """
    if filters is None:
        return dict(query)
    if literals is None:
        raise ValueError("filters: this API has no $filter; its filters are names of their own in query")
    if any(name.lower() == FILTER for name in query):
        raise ValueError(f"filters and query[{FILTER!r}] exclude each other: give one of them")
    return {**query, FILTER: filter_text(filters, literals)}


def _closes_at_end(text: str) -> bool:
    """Tell whether the first parenthesis is closed by the last character; quoted ones do not count."""
    depth = 0
    for number, character in enumerate(re.sub(r"'[^']*'", lambda found: "x" * len(found[0]), text), 1):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return number == len(text)
    return False


def _write(node: Any, literals: Literals, where: str) -> str:
    if isinstance(node, Mapping):
        return _group(node, literals, where)
    if isinstance(node, (list, tuple)) and node:
        if isinstance(node[0], str):
            return _condition(node, literals, where)
        return _joined(node, " and ", literals, where)
    raise ValueError(
        f"{where} must be a condition (field, comparison, value) or a list of them, not {node!r}"
    )


def _group(node: Mapping[str, Any], literals: Literals, where: str) -> str:
    name, inner = next(iter(node.items())) if len(node) == 1 else ("", None)
    if name == "not":
        return f"not ({_write(inner, literals, f'{where}[{name!r}]')})"
    if name not in _GROUPS or not isinstance(inner, (list, tuple)) or not inner or isinstance(inner[0], str):
        raise ValueError(
            f"{where} must be {{'all': [...]}}, {{'any': [...]}} or {{'not': ...}} around conditions, "
            f"not {dict(node)!r}"
        )
    return _joined(inner, _GROUPS[name], literals, f"{where}[{name!r}]")


def _joined(nodes: Any, word: str, literals: Literals, where: str) -> str:
    parts = [_write(node, literals, f"{where}[{number}]") for number, node in enumerate(nodes)]
    return parts[0] if len(parts) == 1 else f"({word.join(parts)})"


def _condition(node: Any, literals: Literals, where: str) -> str:
    if len(node) not in {3, 4}:
        raise ValueError(f"{where} must be (field, comparison, value) or with a type after it, not {node!r}")
    name, comparison, value, *rest = node
    _check_name(name, literals, where)
    kind = rest[0] if rest else None
    _check_kind(kind, literals, where)
    if comparison in _LISTS:
        return _list((name, comparison, value, kind), literals, where)
    if comparison in _WORDS:
        if value is None and comparison not in {"==", "!="}:
            raise ValueError(f"{where}: {name} {comparison} None has no meaning; use == or !=")
        return f"{name} {_WORDS[comparison]} {literal(value, literals, kind, where)}"
    if comparison not in literals.functions:
        known = ", ".join((*_WORDS, *_LISTS, *literals.functions))
        raise ValueError(f"{where}: unknown comparison {comparison!r}; use one of: {known}")
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where}: {comparison} compares with a text, not {value!r}")
    return literals.functions[comparison].format(field=name, text=value.replace("'", "''"))


def _check_name(name: str, literals: Literals, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{where}: {name!r} is not the name of a field, such as Name or tolower(Name)")
    plain = name.partition("(")[2] or name
    if literals.pascal_case and not plain[0].isupper():
        raise ValueError(f"{where}: fields are written in PascalCase here: {plain[0].upper() + plain[1:]}")


def _list(node: tuple[str, str, Any, str | None], literals: Literals, where: str) -> str:
    name, comparison, value, kind = node
    if not isinstance(value, (list, tuple, set, frozenset)) or not value:
        raise ValueError(f"{where}: {comparison!r} needs a list with at least one value, not {value!r}")
    items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
    word, joiner = _LISTS[comparison]
    return f"({joiner.join(_condition((name, word, item, kind), literals, where) for item in items)})"


def literal(value: Any, literals: Literals, kind: str | None = None, where: str = "value") -> str:
    """
    Write one value.

    :param kind: what a text stands for, see :func:`filter_text`; None takes it as text.
    :param where: name of the value in messages.
    :raises ValueError: the value cannot be written, or is not of its type.
    """
    if isinstance(value, str) and kind not in {None, "text"}:
        _check_kind(kind, literals, where)
        value = _typed(value, str(kind), where)
        if isinstance(value, str):
            return value
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value, literals, where)
    raise ValueError(
        f"{where}: cannot compare with a {type(value).__name__} ({value!r}); use text, a number, a boolean, "
        "a date, an aware datetime, a UUID or None"
    )


def _check_kind(kind: Any, literals: Literals, where: str) -> None:
    if kind in {None, "text", *_READERS} or (literals.enums and _ENUM.fullmatch(str(kind))):
        return
    more = ", or the full name of an enumeration" if literals.enums else ""
    raise ValueError(f"{where}: unknown type {kind!r}; use one of: {', '.join(_READERS)}, text{more}")


def _typed(text: str, kind: str, where: str) -> Any:
    """Read a text as what it stands for; that of an enumeration is written at once."""
    if kind not in _READERS:
        if not re.fullmatch(r"\w+", text):
            raise ValueError(f"{where}: {text!r} is not a value of the enumeration {kind}")
        return f"{kind}'{text}'"
    try:
        return _READERS[kind](text.strip())
    except (ValueError, KeyError, InvalidOperation):
        raise ValueError(f"{where}: {text!r} is not a {kind}") from None


@dataclass(frozen=True, slots=True)
class _Moment:
    """A moment that is finer than a datetime: 100 ns since 1970."""

    ticks: int


_READERS: dict[str, Callable[[str], Any]] = {
    "datetime": lambda text: _Moment(ticks_of_iso(text)),
    "date": lambda text: datetime.fromisoformat(text).date(),
    "number": Decimal,
    "boolean": lambda text: _BOOLEANS[text.lower()],
    "guid": UUID,
}


def _number(value: float | Decimal, _: Literals, where: str) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{where}: {value!r} is not a number that can be compared with")
    return format(Decimal(str(value)), "f")  # no exponent, no digit lost


def _datetime(value: datetime, literals: Literals, where: str) -> str:
    if value.tzinfo is None:
        raise ValueError(
            f"{where}: {value!r} has no time zone, so the moment is not known; use an aware datetime"
        )
    return literals.moment.format(value.astimezone(UTC).isoformat().replace("+00:00", "Z"))


# In this order: a boolean is an integer too, and a datetime a date.
_WRITERS: tuple[tuple[Any, Callable[[Any, Literals, str], str]], ...] = (
    (type(None), lambda *_: "null"),
    (str, lambda value, *_: "'" + value.replace("'", "''") + "'"),
    (bool, lambda value, *_: str(value).lower()),
    (int, lambda value, *_: str(int(value))),
    ((float, Decimal), _number),
    (_Moment, lambda value, literals, _: literals.moment.format(text_of(value.ticks))),
    (datetime, _datetime),
    (date, lambda value, literals, _: literals.day.format(value.isoformat())),
    (UUID, lambda value, literals, _: literals.guid.format(value)),
)
