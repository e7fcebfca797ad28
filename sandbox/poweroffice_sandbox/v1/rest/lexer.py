"""
The words of a ``$filter``: names, literals, signs.

Rule: knows the writing of OData 3 and 4, nothing of fields or rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from .times import moment


class FilterError(ValueError):
    """A filter that cannot be read; the text is for the user."""


class Word(NamedTuple):
    """
    One word.

    :param kind: ``name``, ``sign``, ``end``, or the kind of a literal: ``text``, ``number``, ``flag``,
        ``null``, ``moment``, ``bare`` (a moment without its type) or ``guid``.
    """

    kind: str
    value: Any
    position: int


_QUOTED = r"'(?:[^']|'')*'"
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DAY = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?(?:Z|[+-]\d\d:\d\d)?)?"
_WORD = re.compile(
    rf"""\s*(?:
      (?P<moment>(?:DateTimeOffset|DateTime|datetimeoffset|datetime){_QUOTED})
    | (?P<guid>(?:guid|Guid){_QUOTED}|{_GUID}(?![\w-]))
    | (?P<text>{_QUOTED})
    | (?P<bare>{_DAY}(?![\w-]))
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[mMdDfFlL]?(?![\w.]))
    | (?P<name>[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)
    | (?P<sign>[(),])
    )""",
    re.VERBOSE,
)
_CONSTANTS = {"true": ("flag", True), "false": ("flag", False), "null": ("null", None)}


def _inside(text: str) -> str:
    """Give what is between the quotes, doubled quotes being one."""
    return text[text.index("'") + 1 : -1].replace("''", "'")


def _moment(text: str, position: int) -> str:
    try:
        return moment(text)
    except ValueError:
        raise FilterError(f"'{text}' at position {position} is no date and time.") from None


def _guid(text: str, position: int) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise FilterError(f"'{text}' at position {position} is no guid.") from None


_READ: Mapping[str, Callable[[str, int], Any]] = {
    "moment": lambda text, position: _moment(_inside(text), position),
    "bare": _moment,
    "guid": lambda text, position: _guid(_inside(text) if "'" in text else text, position),
    "text": lambda text, _position: _inside(text),
    "number": lambda text, _position: Decimal(text.rstrip("mMdDfFlL")),
    "name": lambda text, _position: text,
    "sign": lambda text, _position: text,
}


def _word(kind: str, text: str, position: int) -> Word:
    if kind == "name" and text in _CONSTANTS:
        return Word(*_CONSTANTS[text], position)
    return Word(kind, _READ[kind](text, position), position)


def words(text: str) -> list[Word]:
    """
    Split a filter; the last word is of kind ``end``.

    :param text: as received, percent-decoded.
    :raises FilterError: something in it is no word.
    """
    found: list[Word] = []
    position, stop = 0, len(text.rstrip())
    while position < stop:
        match = _WORD.match(text, position)
        if match is None or match.lastgroup is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            what = "an unterminated string literal" if text[at] == "'" else f"a syntax error at '{text[at]}'"
            raise FilterError(f"There is {what} at position {at} in '{text}'.")
        kind = match.lastgroup
        found.append(_word(kind, match.group(kind), match.start(kind)))
        position = match.end()
    return [*found, Word("end", "", stop)]
