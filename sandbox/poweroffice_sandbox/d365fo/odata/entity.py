"""
What an OData entity is: its set, its fields, its keys.

Rule: values only. Texts, numbers, dates and enums are stored as they appear in JSON; a decimal is a
:class:`~decimal.Decimal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Row = dict[str, Any]
NAMESPACE = "Microsoft.Dynamics.DataEntities"
COMPANY = "dataAreaId"
EDM = {
    "text": "Edm.String",
    "int": "Edm.Int32",
    "long": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "date": "Edm.DateTimeOffset",
}
ENUMS: Mapping[str, tuple[str, ...]] = {
    "NoYes": ("No", "Yes"),
    "CustVendorBlocked": ("No", "Invoice", "All", "Payment", "Requisition", "Never"),
    "LedgerPostingType": ("None", "LedgerJournal", "CustBalance", "VendBalance", "Tax"),
}


@dataclass(frozen=True)
class Field:
    """
    One field.

    :param kind: one of :data:`EDM`, or the name of an enum.
    :param label: as in the messages of the service.
    :param mandatory: whether a new row needs it.
    :param refers: the set whose key the value must be, if there is one.
    """

    name: str
    kind: str = "text"
    key: bool = False
    label: str = ""
    mandatory: bool = False
    refers: str = ""

    @property
    def edm(self) -> str:
        """The type as in the metadata."""
        return EDM.get(self.kind, f"{NAMESPACE}.{self.kind}")

    @property
    def is_enum(self) -> bool:
        """Whether its values are the members of an enum."""
        return self.kind in ENUMS


@dataclass(frozen=True)
class Entity:
    """
    One entity.

    :param set_name: as in the URL.
    :param name: as in messages and metadata.
    :param table: of X++, as in messages.
    :param sequence: the prefix of the number sequence that fills the last key, if there is one.
    :param links: navigation properties: the other set, and its key fields by ours.
    """

    set_name: str
    name: str
    table: str
    fields: tuple[Field, ...]
    sequence: str = ""
    links: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def keys(self) -> tuple[Field, ...]:
        """The key fields, in order."""
        return tuple(item for item in self.fields if item.key)

    @property
    def has_company(self) -> bool:
        """Whether its rows belong to companies."""
        return COMPANY in self.by_name

    def key_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the key of a row; the company in lower case."""
        return tuple(row[item.name].lower() if item.name == COMPANY else row[item.name] for item in self.keys)


def key_text(entity: Entity, row: Mapping[str, Any]) -> str:
    """Write a row's key as in a URL, not percent-encoded."""
    return ",".join(f"{item.name}={_literal(item, row[item.name])}" for item in entity.keys)


def _literal(item: Field, value: Any) -> str:
    if item.is_enum:
        return f"{item.edm}'{value}'"
    return "'" + value.replace("'", "''") + "'" if item.kind == "text" else str(value)
