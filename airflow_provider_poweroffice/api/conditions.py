"""
Conditions on an answer that are data, so that they mean the same in a worker and in the triggerer.

Rule: pure; a condition survives JSON.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow_provider_poweroffice.api.timestamps import ticks

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
COMPARISONS = (*_COMPARISONS, "in", "not in")
_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """
    What to wait for.

    Without ``field``: the answer has at least one record. With it: in at least one record the field
    compares to the value. A record that lacks the field does not match.

    :param field: dotted path in a record, such as ``MailAddress.City`` or ``Lines.0.ProductCode``.
    :param comparison: one of ``== != > >= < <= in "not in"``.
    :param value: what to compare with; a list for ``in``. Numbers are compared exactly whether they come
        as numbers or text, timestamps as moments whatever their form.
    """

    field: str | None = None
    comparison: str = "=="
    value: Any = None

    def __post_init__(self) -> None:
        check_comparison(self.comparison)
        if self.comparison in {"in", "not in"} and not isinstance(self.value, (list, tuple)):
            raise ValueError(
                f"value must be a list for the comparison {self.comparison!r}, not {self.value!r}"
            )

    def first_match(self, body: Any) -> Any:
        """Give the first record that fulfils the condition, or None."""
        return next((record for record in _records(body) if self._matches(record)), None)

    def _matches(self, record: Any) -> bool:
        if self.field is None:
            return True
        found = _dig(record, self.field)
        if found is _MISSING:
            return False
        if self.comparison in {"in", "not in"}:
            among = any(_compare("==", found, item) for item in self.value)
            return among == (self.comparison == "in")
        return _compare(self.comparison, found, self.value)


def check_comparison(comparison: str) -> None:
    """
    Check the ``comparison`` argument.

    :raises ValueError: it is none of ``COMPARISONS``.
    """
    if comparison not in COMPARISONS:
        raise ValueError(f"unknown comparison {comparison!r}; use one of: {', '.join(COMPARISONS)}")


def _records(body: Any) -> Iterator[Any]:
    if isinstance(body, list):
        yield from body
    elif body is not None:
        yield body


def _dig(record: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(record, dict) and part in record:
            record = record[part]
        elif isinstance(record, list) and part.isdecimal() and int(part) < len(record):
            record = record[int(part)]
        else:
            return _MISSING
    return record


def _compare(comparison: str, found: Any, value: Any) -> bool:
    left, right = _alike(found, value)
    try:
        return bool(_COMPARISONS[comparison](left, right))
    except TypeError:  # null against a number: neither above nor below
        return False


def _alike(found: Any, value: Any) -> tuple[Any, Any]:
    """Bring both sides to numbers or moments where both are such; templates render to text."""
    if isinstance(found, bool) and isinstance(value, str):
        return str(found).lower(), value.strip().lower()
    if isinstance(found, bool) or isinstance(value, bool):
        return found, value
    convert = _moment if isinstance(found, str) and isinstance(value, str) else _number
    left, right = convert(found), convert(value)
    return (found, value) if left is None or right is None else (left, right)


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value)) if isinstance(value, (int, float, str)) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _moment(value: str) -> int | None:
    try:
        return ticks(value)
    except ValueError:
        return None
