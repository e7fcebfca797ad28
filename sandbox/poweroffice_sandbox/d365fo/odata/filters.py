"""
``$filter``: the grammar Finance & Operations documents, and nothing more.

Rule: eq ne gt ge lt le, and or not, add sub mul div divby mod, parentheses, wildcards in ``eq`` and ``ne``,
enum literals with ``eq`` and ``ne`` only. ``has``, ``in`` and every function are refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

from ..model import COMPANY, ENUMS, Entity, Field, Row
from .literals import LiteralError, member_of, normal_date, tokens

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_SUM: dict[str, Callable[[Any, Any], Any]] = {"add": operator.add, "sub": operator.sub}
_PRODUCT: dict[str, Callable[[Any, Any], Any]] = {
    "mul": operator.mul,
    "div": operator.truediv,
    "divby": operator.truediv,
    "mod": operator.mod,
}
_OPERATORS = {*_COMPARE, *_SUM, *_PRODUCT, "and", "or", "not"}


_Value = Callable[[Row], Any]


@dataclass(frozen=True)
class _Term:
    """A part of the expression: its kind, and its value for a row; ``text`` is that of a text literal."""

    kind: str
    value: Callable[[Row], Any]
    text: str | None = None


def _either(first: _Value, second: _Value) -> _Value:
    return lambda row: first(row) or second(row)


def _both(first: _Value, second: _Value) -> _Value:
    return lambda row: first(row) and second(row)


def _calculated(do: Callable[[Any, Any], Any], first: _Value, second: _Value) -> _Value:
    return lambda row: do(Decimal(first(row)), Decimal(second(row)))


class _Parser:
    """Recursive descent over the tokens, weakest operator first."""

    def __init__(self, expression: str, entity: Entity, *, any_case: bool) -> None:
        self._tokens = [*tokens(expression), ("end", "")]
        self._place = 0
        self._entity = entity
        self._any_case = any_case

    def parse(self) -> Callable[[Row], Any]:
        """Read the whole expression."""
        term = self._or()
        if self._kind != "end":
            raise LiteralError(f"Syntax error at '{self._tokens[self._place][1]}' in the $filter.")
        return self._bool(term).value

    @property
    def _kind(self) -> str:
        return self._tokens[self._place][0]

    def _next(self) -> tuple[str, Any]:
        self._place += 1
        return self._tokens[self._place - 1]

    def _took(self, *words: str) -> str:
        kind, value = self._tokens[self._place]
        if kind in {"word", "sign"} and value in words:
            self._place += 1
            return str(value)
        return ""

    @staticmethod
    def _bool(term: _Term) -> _Term:
        if term.kind != "bool":
            raise LiteralError("The $filter expression must evaluate to a single boolean value.")
        return term

    def _or(self) -> _Term:
        left = self._and()
        while self._took("or"):
            first, second = self._bool(left).value, self._bool(self._and()).value
            left = _Term("bool", _either(first, second))
        return left

    def _and(self) -> _Term:
        left = self._not()
        while self._took("and"):
            first, second = self._bool(left).value, self._bool(self._not()).value
            left = _Term("bool", _both(first, second))
        return left

    def _not(self) -> _Term:
        if self._took("not"):
            value = self._bool(self._not()).value
            return _Term("bool", lambda row: not value(row))
        return self._comparison()

    def _comparison(self) -> _Term:
        left = self._chain(_SUM, lambda: self._chain(_PRODUCT, self._primary))
        word = self._took(*_COMPARE)
        if not word:
            if self._kind == "word" and self._tokens[self._place][1] not in _OPERATORS:
                raise LiteralError(
                    f"The operator '{self._tokens[self._place][1]}' is not supported in $filter."
                )
            return left
        right = self._chain(_SUM, lambda: self._chain(_PRODUCT, self._primary))
        return _compared(word, left, right, any_case=self._any_case)

    def _chain(self, table: dict[str, Callable[[Any, Any], Any]], inner: Callable[[], _Term]) -> _Term:
        left = inner()
        while word := self._took(*table):
            right = inner()
            if {left.kind, right.kind} != {"number"}:
                raise LiteralError(f"The operator '{word}' needs two numbers.")
            left = _Term("number", _calculated(table[word], left.value, right.value))
        return left

    def _primary(self) -> _Term:
        if self._took("("):
            inner = self._or()
            if not self._took(")"):
                raise LiteralError("A closing parenthesis is missing in the $filter.")
            return inner
        kind, value = self._next()
        if kind == "word":
            return self._word(value)
        if kind == "enum":
            if value[0] not in ENUMS:
                raise LiteralError(f"The enumeration '{value[0]}' is not known.")
            return _Term(f"enum {value[0]}", lambda _row: value[1], value[1])
        if kind == "date":
            moment = normal_date(value)
            return _Term("date", lambda _row: moment)
        if kind not in {"text", "number"}:
            raise LiteralError(f"Syntax error at '{value}' in the $filter.")
        return _Term(kind, lambda _row: value, value if kind == "text" else None)

    def _word(self, name: str) -> _Term:
        if self._kind == "sign" and self._tokens[self._place][1] == "(":
            raise LiteralError(f"The function '{name}' is not supported in $filter.")
        if name in {"true", "false"}:
            return _Term("bool", lambda _row: name == "true")
        if name == "null":
            return _Term("null", lambda _row: None)
        field = self._entity.by_name.get(name)
        if field is None:
            raise LiteralError(f"Could not find a property named '{name}' on type '{self._entity.name}'.")
        if field.is_enum:
            return _Term(f"enum {field.kind}", lambda row: row[name])
        kind = field.kind if field.kind in {"text", "date"} else "number"
        return _Term("company" if name == COMPANY else kind, lambda row: row[name])


def _compared(word: str, left: _Term, right: _Term, *, any_case: bool) -> _Term:
    kinds = {"text" if term.kind == "company" else term.kind for term in (left, right)}
    if len(kinds) > 1 or kinds & {"null", "bool"}:
        raise LiteralError(f"The operator '{word}' cannot compare {left.kind} with {right.kind}.")
    kind = kinds.pop()
    if kind.startswith("enum"):
        return _Term("bool", _enums(word, left, right, kind.partition(" ")[2]))
    do, first, second = _COMPARE[word], left.value, right.value
    if kind != "text":
        return _Term("bool", lambda row: do(first(row), second(row)))
    if right.text is not None and "*" in right.text and word in {"eq", "ne"}:
        pattern = re.compile(
            ".*".join(map(re.escape, right.text.split("*"))), re.DOTALL | (re.IGNORECASE if any_case else 0)
        )
        wanted = word == "eq"
        return _Term("bool", lambda row: (pattern.fullmatch(first(row)) is not None) == wanted)
    if any_case or "company" in {left.kind, right.kind}:
        return _Term("bool", lambda row: do(first(row).lower(), second(row).lower()))
    return _Term("bool", lambda row: do(first(row), second(row)))


def _enums(word: str, left: _Term, right: _Term, kind: str) -> Callable[[Row], Any]:
    if word not in {"eq", "ne"}:
        raise LiteralError(f"The operator '{word}' cannot be used with enumerations; use eq or ne.")
    for term in (left, right):
        if term.text is not None:
            member_of(Field("", kind), term.text)
    do, first, second = _COMPARE[word], left.value, right.value
    return lambda row: do(first(row), second(row))


def condition(expression: str, entity: Entity, *, any_case: bool) -> Callable[[Row], bool]:
    """
    Read a ``$filter``.

    :param expression: percent-decoded.
    :param any_case: whether texts are compared without regard to case.
    :return: whether a row is chosen.
    :raises LiteralError: it is outside the grammar.
    """
    try:
        value = _Parser(expression, entity, any_case=any_case).parse()
    except RecursionError:
        raise LiteralError("The $filter expression is nested too deeply.") from None

    def chosen(row: Row) -> bool:
        try:
            return bool(value(row))
        except DecimalException:  # a division by zero chooses nothing
            return False

    return chosen
