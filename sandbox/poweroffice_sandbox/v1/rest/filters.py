"""
``$filter``: from its text to a test of a row.

Rule: operators of OData as the documentation of v1 shows them: eq ne gt ge lt le, and or not, parentheses,
functions. Kinds are checked when the filter is read, so a wrong one is refused even if no row is there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from ..switches import V1Switches
from .lexer import FilterError, Word, words
from .operands import EDM, Operand, Read, Row, call, field, literal

_DEEPEST = 50
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_OPERATORS = ("eq", "ne", *_ORDER)


class _Parser:
    """Reads one filter from left to right."""

    def __init__(self, text: str, entity: str, switches: V1Switches) -> None:
        self._text, self._entity, self._switches = text, entity, switches
        self._words, self._place, self._depth = words(text), 0, 0

    @property
    def _word(self) -> Word:
        return self._words[self._place]

    def _take(self, *values: str) -> bool:
        """Step over a word if it is one of these."""
        if self._word.kind in {"name", "sign"} and self._word.value in values:
            self._place += 1
            return True
        return False

    def _wrong(self) -> FilterError:
        word = self._word
        if word.kind == "end":
            return FilterError(f"The filter '{self._text}' ends too early: something is expected after it.")
        return FilterError(f"Syntax error at position {word.position} in '{self._text}': '{word.value}'.")

    def whole(self) -> Operand:
        """Read all of it."""
        condition = self._flag(self._either())
        if self._word.kind != "end":
            raise self._wrong()
        return condition

    def _flag(self, operand: Operand) -> Operand:
        if operand.kind != "flag":
            raise FilterError(f"A condition is expected in '{self._text}', not {EDM[operand.kind]}.")
        return operand

    def _either(self) -> Operand:
        left = self._both()
        while self._take("or"):
            left = _or(self._flag(left).read, self._flag(self._both()).read)
        return left

    def _both(self) -> Operand:
        left = self._compared()
        while self._take("and"):
            left = _and(self._flag(left).read, self._flag(self._compared()).read)
        return left

    def _compared(self) -> Operand:
        if self._take("not"):
            inner = self._flag(self._primary()).read
            return Operand("flag", lambda row: not inner(row))
        left, name = self._primary(), self._word.value
        if not self._take(*_OPERATORS):
            return left
        return _comparison(name, left, self._primary())

    def _primary(self) -> Operand:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FilterError(f"The filter is nested deeper than {_DEEPEST} levels.")
        try:
            return self._inner()
        finally:
            self._depth -= 1

    def _inner(self) -> Operand:
        word = self._word
        if self._take("("):
            inner = self._either()
            self._close()
            return inner
        if word.kind in {"sign", "end"}:
            raise self._wrong()
        self._place += 1
        if word.kind == "name":
            return self._call(word.value) if self._take("(") else self._field(word.value)
        if word.kind == "bare":
            return self._bare(word)
        return literal(word.kind, word.value, self._switches)

    def _field(self, path: str) -> Operand:
        return field(self._entity, path, self._switches)

    def _bare(self, word: Word) -> Operand:
        if self._switches.bare_dates == "refused":
            raise FilterError(
                f"Syntax error at position {word.position}: write DateTimeOffset'{word.value}'."
            )
        return literal("moment", word.value, self._switches)

    def _call(self, name: str) -> Operand:
        arguments = [self._either()]
        while self._take(","):
            arguments.append(self._either())
        self._close()
        return call(name, arguments, self._switches)

    def _close(self) -> None:
        if not self._take(")"):
            raise self._wrong()


def _or(left: Read, right: Read) -> Operand:
    return Operand("flag", lambda row: bool(left(row) or right(row)))


def _and(left: Read, right: Read) -> Operand:
    return Operand("flag", lambda row: bool(left(row) and right(row)))


def _numbered(left: Operand, right: Operand) -> tuple[Operand, Operand]:
    """Compare an enumeration by its numbers; a text is the name of one."""
    if left.kind != "enum" or right.kind not in {"text", "number"}:
        return left, right
    if right.kind == "number":
        return left._replace(kind="number"), right
    name = right.read({})
    if name not in left.names:
        raise FilterError(f"'{name}' is no value of the enumeration: {', '.join(left.names)}.")
    return left._replace(kind="number"), Operand("number", lambda _row: left.names[name])


def _comparison(name: str, left: Operand, right: Operand) -> Operand:
    left, right = _numbered(left, right)
    right, left = _numbered(right, left)
    if left.kind != right.kind and "null" not in {left.kind, right.kind}:
        raise FilterError(
            "A binary operator with incompatible types was detected. "
            f"Found operand types '{EDM[left.kind]}' and '{EDM[right.kind]}' for '{name}'."
        )
    if name in {"eq", "ne"}:
        return Operand("flag", lambda row: (left.read(row) == right.read(row)) is (name == "eq"))
    compare = _ORDER[name]

    def test(row: Row) -> bool:
        sides = left.read(row), right.read(row)
        return None not in sides and compare(*sides)

    return Operand("flag", test)


def filter_test(text: str, entity: str, switches: V1Switches) -> Callable[[Row], bool]:
    """
    Make the test of a filter.

    :param text: as received, percent-decoded.
    :param entity: name of the type of the rows.
    :param switches: ``filter_names``, ``filter_functions``, ``text_case``, ``bare_dates`` and
        ``time_fractions``.
    :raises FilterError: the filter cannot be read; the text says where and why.
    """
    return _Parser(text, entity, switches).whole().read
