"""
A stored row as it goes out: names in order, nulls left out, times, days and amounts in their forms.

Rule: stored times are ticks texts, days are ``YYYY-MM-DD``, amounts are decimals with
two digits or more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ..resources.fields import FIELDS, Field
from ..switches import V1Switches

Row = Mapping[str, Any]


def _time(value: str, form: str) -> str:
    # Official documentation shows 2023-10-25T07:58:57 +00:00, with the space.
    return value[:19] + {"spaced": " +00:00", "offset": "+00:00", "z": "Z"}[form]


def _amount(value: Decimal, form: str) -> Decimal | int:
    if value == value.to_integral_value():
        return int(value) if form == "short" else Decimal(f"{int(value)}.0")
    return value.normalize()


class Writer:
    """
    Writes rows of one type.

    :param entity: name of the type.
    :param switches: ``timestamps``, ``dates`` and ``decimals`` say the forms.
    """

    def __init__(self, entity: str, switches: V1Switches) -> None:
        self._switches = switches
        self._fields = [(field, self._form(field)) for field in FIELDS[entity].values()]

    def row(self, row: Row) -> dict[str, Any]:
        """Write a row."""
        written = {}
        for field, form in self._fields:
            value = row.get(field.name)
            if value is not None:
                inner = [form(item) for item in value] if field.is_list else form(value)
                written[field.name] = inner
        return written

    def _form(self, field: Field) -> Callable[[Any], Any]:
        switches = self._switches
        if field.kind == "stamp":
            return lambda value: _time(value, switches.timestamps)
        if field.kind == "date":
            if switches.dates == "date":
                return str
            return lambda value: _time(f"{value}T00:00:00", switches.timestamps)
        if field.kind == "number":
            return lambda value: _amount(value, switches.decimals)
        if field.kind in FIELDS:
            return Writer(field.kind, switches).row
        return lambda value: value
