"""
From a dict of changes to the JSON Patch of PowerOffice v2.

Rule: pure. Pointers are written in PascalCase, as the API may ignore another case without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_poweroffice.api.body_check import check_body
from airflow_provider_poweroffice.api.catalogue.bodies import BodyField, body_of


def patch_of(name: str, endpoint: str, changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Make the operations that change a record.

    :param name: of the catalogue, such as ``poweroffice_v2``.
    :param endpoint: of the record, such as ``Customers/42``.
    :param changes: field to new value: a dict changes the fields within, a list replaces the whole list.
    :raises ValueError: none is given, or a field that a PATCH does not take: a code whose id it takes, an
        unknown one, lines.
    """
    if not isinstance(changes, Mapping) or not changes:
        raise ValueError(f"changes must map fields to their new values, not {changes!r}")
    operations = list(_operations("", changes, body_of(name, "PATCH", endpoint)))
    found = check_body(name, "PATCH", endpoint, operations)
    if refused := [f"{item.pointer} {item.message}" for item in found if item.kind in {"patch", "unknown"}]:
        raise ValueError(
            f"changes that cannot be made: {'; '.join(refused)} (an operation of your own is sent as it is "
            "by body=[...])"
        )
    return operations


def _operations(
    above: str, changes: Mapping[str, Any], fields: Mapping[str, BodyField]
) -> Iterator[dict[str, Any]]:
    names = {name.lower(): name for name in fields}
    for field, value in changes.items():
        name = names.get(str(field).lower()) or f"{str(field)[:1].upper()}{str(field)[1:]}"
        place = f"{above}/{name.replace('~', '~0').replace('/', '~1')}"  # RFC 6901 §3
        if isinstance(value, Mapping) and value:
            known = fields.get(name)
            yield from _operations(place, value, known.inner if known else {})
        else:
            yield {"op": "replace", "path": place, "value": value}
