"""
``$filter`` of ``/metadata``: comparisons, ``and``, ``or``, ``not``, and the functions that clients call.

Rule: another grammar than that of ``/data``, which has no functions; a service of its own answers here. Texts
compare exactly, so that clients write ``tolower(Name) eq tolower('X')``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from .literals import LiteralError

Item = Mapping[str, Any]
_Value = Callable[[Item], Any]
_TOKEN = re.compile(
    r"\s*(?:(?P<enum>[A-Za-z_][\w.]*\.\w+'(?P<member>[^']*)')|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<number>-?\d{1,18})|(?P<word>[A-Za-z_]\w*)|(?P<sign>[(),]))"
)
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "contains": (2, lambda text, part: part in text),
    "startswith": (2, lambda text, part: text.startswith(part)),
    "endswith": (2, lambda text, part: text.endswith(part)),
    "tolower": (1, lambda text: text.lower()),
    "toupper": (1, lambda text: text.upper()),
    "trim": (1, lambda text: text.strip()),
    "length": (1, len),
}
_DEEPEST = 100


class _Parser:
    """Recursive descent; every step gives a function from an item to a value."""

    def __init__(self, text: str, fields: frozenset[str]) -> None:
        self._tokens = [*_cut(text), ("end", "")]
        self._fields = fields
        self._depth = 0

    def parse(self) -> _Value:
        """Read the whole expression."""
        value = self._or()
        if self._tokens[0][0] != "end":
            raise LiteralError(f"Syntax error at '{self._tokens[0][1]}' in the $filter.")
        return value

    def _took(self, *words: str) -> str:
        kind, text = self._tokens[0]
        if kind in {"word", "sign"} and text in words:
            del self._tokens[0]
            return str(text)
        return ""

    def _or(self) -> _Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise LiteralError("The $filter expression is nested too deeply.")
        parts = [self._and()]
        while self._took("or"):
            parts.append(self._and())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else lambda item: any(part(item) for part in parts)

    def _and(self) -> _Value:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda item: all(part(item) for part in parts)

    def _not(self) -> _Value:
        turned = False
        while self._took("not"):
            turned = not turned
        value = self._comparison()
        return (lambda item: not value(item)) if turned else value

    def _comparison(self) -> _Value:
        left = self._operand()
        word = self._took(*_COMPARE)
        if not word:
            return left
        right, compare = self._operand(), _COMPARE[word]
        return lambda item: compare(left(item), right(item))

    def _operand(self) -> _Value:
        if self._took("("):
            inner = self._or()
            self._close()
            return inner
        kind, value = self._tokens.pop(0)
        if kind in {"text", "number", "enum"}:
            return lambda _item: value
        if kind != "word":
            raise LiteralError(f"Syntax error at '{value}' in the $filter.")
        if self._tokens[0] == ("sign", "("):
            return self._function(value)
        if value in {"true", "false", "null"}:
            constant = {"true": True, "false": False, "null": None}[value]
            return lambda _item: constant
        if value not in self._fields:
            raise LiteralError(f"Could not find a property named '{value}'.")
        return lambda item: item[value]

    def _function(self, name: str) -> _Value:
        if name not in _FUNCTIONS:
            raise LiteralError(f"An unknown function with name '{name}' was found.")
        wanted, call = _FUNCTIONS[name]
        self._took("(")
        given = [self._operand()]
        while self._took(","):
            given.append(self._operand())
        self._close()
        if len(given) != wanted:
            raise LiteralError(f"No function signature for the function with name '{name}' matches.")
        return lambda item: call(*(part(item) for part in given))

    def _close(self) -> None:
        if not self._took(")"):
            raise LiteralError("A closing parenthesis is missing in the $filter.")


def _cut(text: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise LiteralError(f"Syntax error at position {place} in '{text}'.")
        place, kind = match.end(), str(match.lastgroup)
        values: dict[str, Any] = {
            "text": (match["text"] or "").replace("''", "'"),
            "number": int(match["number"] or 0),
        }
        # The last group of an enumeration is its member, which is what the items hold.
        found.append(("enum", match["member"]) if match["enum"] else (kind, values.get(kind, match[kind])))
    return found


def condition(text: str, fields: frozenset[str]) -> Callable[[Item], bool]:
    """
    Read a ``$filter``.

    :param text: percent-decoded.
    :param fields: the names there are.
    :return: whether an item is chosen; one whose values cannot be compared is not.
    :raises LiteralError: it is outside the grammar.
    """
    value = _Parser(text, fields).parse()

    def chosen(item: Item) -> bool:
        try:
            return value(item) is True
        except (TypeError, AttributeError):
            return False

    return chosen
