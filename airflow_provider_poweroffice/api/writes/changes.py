"""
From a dict of changes to the JSON Patch of PowerOffice v2.

Rule: pure. Pointers are written in PascalCase, as the API may ignore another case without a word, and records
are named by ids: a POST takes codes too, a PATCH does not.

Source: the OpenAPI file's types of POST and of PATCH, compared.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_poweroffice.api.catalogue import catalogue
from airflow_provider_poweroffice.api.catalogue.bodies import BodyField, body_of
from airflow_provider_poweroffice.api.catalogue.fields import fields_of

_CLOSE = 0.6  # how alike a field's name must be to be suggested
_ENDS = ("Code", "Number", "No")
_FIXED = {
    "customers": "SubLedgerNumberSeriesId DeliveryTerm PaymentTerm",
    "suppliers": "SubLedgerNumberSeriesId",
    "employees": "SubLedgerNumberSeriesId",
    "products": "StandardSalesAccount OptionalSalesAccount StandardSalesAccountAgricultureDepartment "
    "OptionalSalesAccountAgricultureDepartment",
    "projects": "DeliveryTerm PaymentTerms",
    "generalledgeraccounts": "AccountNo AgricultureDepartment VatCode",
    "salesorders": "SalesOrderLines",
}
"""Fields that a POST takes and a PATCH does not, those beside an ``…Id`` aside."""


def patch_of(name: str, endpoint: str, changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Make the operations that change a record.

    :param name: of the catalogue, such as ``poweroffice_v2``.
    :param endpoint: of the record, such as ``Customers/42``.
    :param changes: field to new value: a dict changes the fields within, a list replaces the whole list.
    :raises ValueError: a field that cannot be changed, or none is given.
    """
    if not isinstance(changes, Mapping) or not changes:
        raise ValueError(f"changes must map fields to their new values, not {changes!r}")
    kind, known = _known(name, endpoint)
    operations: list[dict[str, Any]] = []
    for field, value in changes.items():
        operations += _operations(_spelled(kind, str(field), known), value, known)
    return operations


def _operations(path: str, value: Any, known: Mapping[str, BodyField | None]) -> list[dict[str, Any]]:
    if not isinstance(value, Mapping):
        return [{"op": "replace", "path": f"/{path}", "value": value}]
    field = known.get(path)
    inner: dict[str, BodyField | None] = dict(field.inner) if field else {}
    found: list[dict[str, Any]] = []
    for name, item in value.items():
        pointer = f"{path}/{_spelled(path, str(name), inner)}"
        found += _operations(pointer, item, {})
    return found


def _known(name: str, endpoint: str) -> tuple[str, dict[str, BodyField | None]]:
    """Give the first part of the path, and the fields of the record as far as they are described."""
    resource = catalogue(name).find(endpoint)
    above = (resource.path if resource else endpoint).strip("/").rpartition("/")[0]
    created = {"SalesOrders": "SalesOrders/Complete"}.get(above, above)
    known: dict[str, BodyField | None] = dict(body_of(name, "POST", created))
    return above, dict.fromkeys(fields_of(name, above) if known else ()) | known


def _spelled(kind: str, field: str, known: Mapping[str, BodyField | None]) -> str:
    """
    Spell a field as the API does.

    :raises ValueError: it cannot be changed.
    """
    if not known:
        return _escaped(field[:1].upper() + field[1:])
    names = {name.lower(): name for name in known}
    name = names.get(field.lower())
    if name is None:
        close = difflib.get_close_matches(field.lower(), names, n=1, cutoff=_CLOSE)
        meant = f"did you mean {names[close[0]]!r}? " if close else ""
        raise ValueError(
            f"changes[{field!r}] is not a field of {kind}: {meant}"
            "An operation of your own is sent as it stands by body=[...]"
        )
    fixed = name in _FIXED.get(kind.lower(), "").split()
    if sibling := next((names[one] for one in _siblings(name, fixed=fixed) if one in names), None):
        raise ValueError(
            f"changes[{field!r}] cannot be changed: a PATCH takes ids where a POST takes codes; "
            f"give {sibling!r}"
        )
    if fixed or name == "Id":
        raise ValueError(f"changes[{field!r}] cannot be changed: it is set when the record is created")
    return name


def _siblings(name: str, *, fixed: bool) -> Iterator[str]:
    """Name the ids that may stand for the same record as a code or a number, in lower case."""
    for end in (*_ENDS, *(("s", "") if fixed else ())):
        stem = name.removesuffix(end)
        if name.endswith(end) and stem:
            yield f"{stem}id".lower()


def _escaped(name: str) -> str:
    """Write a name as a part of a pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")
