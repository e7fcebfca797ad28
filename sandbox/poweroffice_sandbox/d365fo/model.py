"""
What an entity is: its fields, key, enumerations and labels.

Rule: types and what follows from them; which entities there are is :mod:`.entities`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Row = dict[str, Any]
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
NAMESPACE = "Microsoft.Dynamics.DataEntities"
EMPTY_DATE = "1900-01-01T12:00:00Z"
"""A date that is not set."""
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
    "MainAccountType": (
        "ProfitAndLoss",
        "Revenue",
        "Expense",
        "BalanceSheet",
        "Asset",
        "Liability",
        "Equity",
    ),
    "DMFOperationType": ("Import", "Export"),
    "DMFProjectCategory": ("Project", "Integration", "Configuration"),
    "DMFRefreshType": ("IncrementalPush", "FullPush"),
    "DMFExecutionSummaryStatus": (
        "Unknown",
        "NotRun",
        "Executing",
        "Succeeded",
        "PartiallySucceeded",
        "Failed",
        "Canceled",
    ),
    "DMFMessageStatus": (
        "Enqueued",
        "Dequeued",
        "Acked",
        "Preprocessing",
        "Processing",
        "Processed",
        "PreProcessingError",
        "ProcessedWithErrors",
        "PostProcessingFailed",
    ),
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
    :param label: the text of its label; empty for the set's name, word by word.
    :param category: as in ``/metadata/DataEntities``.
    :param read_only: whether writes are refused.
    """

    set_name: str
    name: str
    table: str
    fields: tuple[Field, ...]
    sequence: str = ""
    links: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    label: str = ""
    category: str = "Master"
    read_only: bool = False

    @property
    def title(self) -> str:
        """The text of its label, such as ``Customers V3``; also its name in data management."""
        first, *others = _WORD.sub(" ", self.set_name).split()
        return self.label or " ".join(
            [first, *(word if word[-1].isdigit() else word.lower() for word in others)]
        )

    @property
    def aot_name(self) -> str:
        """Its name in the application, under which ``/metadata/DataEntities`` lists it."""
        return f"{self.table}{self.name}Entity" if self.table != self.name else f"{self.name}Entity"

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


def label_id(text: str) -> str:
    """Give the id of a label by its text: ``@Sandbox:CustomerAccount``."""
    return "@Sandbox:" + "".join(word[:1].upper() + word[1:] for word in re.findall(r"\w+", text))


def _literal(item: Field, value: Any) -> str:
    if item.is_enum:
        return f"{item.edm}'{value}'"
    return "'" + value.replace("'", "''") + "'" if item.kind == "text" else str(value)
