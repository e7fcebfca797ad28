"""
A stored row as it goes out: names in order, nulls left out, values in their forms.

Rule: stored times are ticks texts, days are ``YYYY-MM-DD``, amounts are decimals with two digits or more,
enumerations are numbers. What is never null has a value even if none is stored, as a value type of .NET has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ..resources.entries import Resource
from ..resources.tables import ENUMS, TYPES, Field
from ..switches import V1Switches

Row = Mapping[str, Any]
_NOTHING = "0001-01-01T00:00:00.0000000Z"
_DEFAULTS: Mapping[str, Any] = {
    "int": 0,
    "number": Decimal(0),
    "flag": False,
    "enum": 0,
    "date": _NOTHING[:10],
    "stamp": _NOTHING,
    "guid": "00000000-0000-0000-0000-000000000000",
}
_HIDDEN = "hidden"
# The reference's newer and older spelling of one name.
_CID = "cid"
_LEDGER_PARTIES = frozenset({"customer", "supplier"})


def _time(value: str, form: str) -> str:
    # Official documentation shows 2023-10-25T07:58:57 +00:00, with the space.
    return value[:19] + {"spaced": " +00:00", "offset": "+00:00", "z": "Z"}[form]


def _amount(value: Decimal | int, form: str) -> Decimal | int:
    if value == int(value):
        return int(value) if form == "short" else Decimal(f"{int(value)}.0")
    return Decimal(value).normalize()


class Writer:
    """
    Writes rows of one type.

    :param entity: name of the type.
    :param switches: ``timestamps``, ``dates``, ``decimals``, ``enums``, ``cid`` and ``ledger_party`` say
        the forms.
    :param resource: of the rows; says what is hidden or masked.
    :param is_light: whether what a list leaves out is left out.
    """

    def __init__(
        self,
        entity: str,
        switches: V1Switches,
        resource: Resource | None = None,
        *,
        is_light: bool = False,
    ) -> None:
        self._switches = switches
        self._masked = resource.masked if resource else ()
        left_out = {
            *(resource.hidden if resource else ()),
            *(resource.light if resource and is_light else ()),
        }
        if switches.ledger_party == "absent" and entity.endswith("LedgerEntry"):
            left_out |= _LEDGER_PARTIES
        self._fields = [
            (field, self._name(field), self._form(field))
            for field in TYPES[entity].values()
            if field.name not in left_out
        ]

    def row(self, row: Row) -> dict[str, Any]:
        """Write a row."""
        written = {}
        for field, name, form in self._fields:
            value = row.get(field.name)
            if value is None:
                if not field.is_always or field.is_list:
                    continue
                value = _DEFAULTS[field.kind]
            written[name] = [form(item) for item in value] if field.is_list else form(value)
        return written

    def _name(self, field: Field) -> str:
        return "cID" if field.name == _CID and self._switches.cid == "cID" else field.name

    def _form(self, field: Field) -> Callable[[Any], Any]:
        switches = self._switches
        if field.name in self._masked:
            return lambda _value: _HIDDEN
        if field.is_nested:
            return Writer(field.kind, switches).row
        forms: dict[str, Callable[[Any], Any]] = {
            "stamp": lambda value: _time(value, switches.timestamps),
            "number": lambda value: _amount(value, switches.decimals),
        }
        if switches.enums == "names":
            forms["enum"] = lambda value: ENUMS[field.enum].get(value, str(value))
        if switches.dates == "timestamp":
            forms["date"] = lambda value: _time(f"{value}T00:00:00", switches.timestamps)
        return forms.get(field.kind, lambda value: value)
