"""
The query of a list: ``$filter``, ``$orderby``, ``$top``, ``$skip``, and what else may stand there.

Rule: reading and refusing only; :mod:`.lists` applies it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..reply import ODATA, bad_parameters, refuse
from ..resources.tables import Route
from ..switches import V1Switches
from .filters import filter_test
from .lexer import FilterError
from .operands import Operand, Row, field
from .times import moment

_KNOWN = ("$filter", "$orderby", "$top", "$skip")
_NAMES_ARCHIVED = re.compile(r"\bIsArchived\b", re.IGNORECASE)


class Options(NamedTuple):
    """
    What a list is asked for.

    :param test: of a row; ``None`` for all.
    :param order: by which operands, and whether descending, the first one first.
    :param top: rows at most; ``None`` for all.
    :param skip: rows left out at the beginning.
    :param names_archived: whether the filter speaks of archived rows.
    """

    test: Callable[[Row], bool] | None
    order: list[tuple[Operand, bool]]
    top: int | None
    skip: int
    names_archived: bool


def read_options(pairs: Sequence[tuple[str, str]], route: Route, switches: V1Switches) -> Options:
    """
    Read the query of a list.

    :raises RefusedError: something in it cannot be served.
    """
    refuse_blank(pairs, switches)
    given = {name.lower(): value for name, value in pairs}
    _refuse_unknown(given, route, switches)
    if switches.unordered == "refused" and given.keys() & {"$top", "$skip"} and "$orderby" not in given:
        raise refuse("$top and $skip need an $orderby: without it the rows have no order.", ODATA)
    text = given.get("$filter")
    try:
        return Options(
            test=None if text is None else filter_test(text, route.row, switches),
            order=_order(given.get("$orderby", ""), route.row, switches),
            top=_count(given, "$top"),
            skip=_count(given, "$skip") or 0,
            names_archived=bool(_NAMES_ARCHIVED.search(text or "")),
        )
    except FilterError as error:
        raise refuse(str(error), ODATA) from None


def refuse_blank(pairs: Sequence[tuple[str, str]], switches: V1Switches) -> None:
    """
    Refuse names without a value.

    :raises RefusedError: there are some.
    """
    # Official documentation, "Backend changes": empty string parameters are refused by ASP.NET.
    blank = {name: f"The {name} field is required." for name, value in pairs if not value.strip()}
    if blank:
        raise bad_parameters(blank, switches)


def _refuse_unknown(given: dict[str, str], route: Route, switches: V1Switches) -> None:
    own = {name.lower() for name in route.query}
    for name in given:
        if name in _KNOWN or name in own:
            continue
        policy = switches.unsupported_options if name.startswith("$") else switches.unknown_query
        if policy == "refused":
            raise refuse(f"The query option '{name}' is not supported.", ODATA)


def day_of(query: Mapping[str, str], name: str, switches: V1Switches) -> str:
    """
    Read a day of the query; an empty text where none was given.

    :param query: by lower-case name.
    :raises RefusedError: it is no date.
    """
    text = query.get(name.lower(), "")
    try:
        return moment(text)[:10] if text else ""
    except ValueError:
        raise bad_parameters({name: f"The value '{text}' is not valid for {name}."}, switches) from None


def _count(given: dict[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise FilterError(f"Invalid value '{text}' for {name}: give a whole number from 0.")
    return int(text)


def _order(text: str, entity: str, switches: V1Switches) -> list[tuple[Operand, bool]]:
    if switches.orderby_separator == "blank":
        text = re.sub(r"(?<![,\s])\s+(?!(?:asc|desc)\b|,)", ",", text.strip())
    return [_term(term, entity, switches) for term in text.split(",")] if text else []


def _term(term: str, entity: str, switches: V1Switches) -> tuple[Operand, bool]:
    match = re.fullmatch(r"\s*([\w/]+)(?:\s+(asc|desc))?\s*", term)
    if match is None:
        raise FilterError(f"Syntax error in $orderby at '{term.strip()}': write Name asc, Code desc.")
    return field(entity, match[1], switches), match[2] == "desc"


def sort_key(operand: Operand) -> Callable[[Row], Any]:
    """
    Give the key rows are sorted by; rows without a value come first.

    :param operand: from :class:`Options`.
    """

    def key(row: Row) -> Any:
        value = operand.read(row)
        return (value is not None, value) if value is not None else (False,)

    return key
