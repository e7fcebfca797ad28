"""
The fields of a list's rows and their types, from the official description.

Rule: pure; facts for typed targets. What is not described here has no type, and is never refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from airflow_provider_poweroffice.api.catalogue import table_of
from airflow_provider_poweroffice.api.catalogue.bodies import type_of

KINDS = ("integer", "decimal", "boolean", "date", "timestamp", "text", "json")
"""Types of a field; ``json`` is any nested value, kept as it was sent."""

_ENUM = "enum"
_NOT_FILTERABLE = {("Reporting/SupplierLedger", "isCreatedFromEhf")}
"""Source: the vendor's reference of v1, type SupplierLedgerEntry."""
_NONE: Mapping[str, str] = MappingProxyType({})


@cache
def _lists(name: str) -> dict[str, str]:
    return {path.strip("/ ").lower(): text for path, text in table_of(f"{name}_fields").items()}


def row_type(endpoint: str, name: str = "poweroffice_v2") -> type:
    """
    Make the type of a list's rows, for ``response=`` of an operator.

    Money is ``Decimal``; dates and moments are the text that was sent; any field may be missing or null.

    :param endpoint: path of a list, such as ``Customers``.
    :param name: of the catalogue: ``"poweroffice_v2"`` or ``"poweroffice_v1"``.
    :raises ValueError: the list is not described.
    """
    import msgspec  # noqa: PLC0415 - a DAG file that needs no types does without

    fields = _described(name, endpoint)
    if not fields:
        raise ValueError(f"the rows of {endpoint!r} are not described")
    types = {"integer": int, "decimal": Decimal, "boolean": bool, _ENUM: int | str}
    kinds = [
        (field, types.get(kind, str) | None | msgspec.UnsetType if kind != "json" else Any, msgspec.UNSET)
        for field, kind in fields.items()
    ]
    return msgspec.defstruct(re.sub(r"\W", "", endpoint), kinds)


def fields_of(name: str, endpoint: str) -> Mapping[str, str]:
    """Give the fields of a list's rows, name to one of :data:`KINDS`; none if the list is not described."""
    return {field: "text" if kind == _ENUM else kind for field, kind in _described(name, endpoint).items()}


def filterable(endpoint: str) -> tuple[str, ...]:
    """Name what ``$filter`` and ``$orderby`` of a list of v1 take: its plain fields, in PascalCase."""
    fields = _described("poweroffice_v1", endpoint).items()
    names = (name for name, kind in fields if kind != "json" and (endpoint, name) not in _NOT_FILTERABLE)
    return tuple(name[:1].upper() + name[1:] for name in names)


def _described(name: str, endpoint: str) -> Mapping[str, str]:
    """Give the fields as the file has them; ``enum`` is a number or a name, as v1 sends both."""
    text = _lists(name).get(endpoint.strip("/").lower())
    if text and text.startswith(">"):  # a type that bodies have too
        fields = type_of(name, text[1:]).values()
        return {
            item.name: "json" if item.is_list else _ENUM if item.choices else item.kind for item in fields
        }
    return dict(item.split(":") for item in text.split(",")) if text else _NONE
