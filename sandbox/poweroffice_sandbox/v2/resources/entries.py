"""
Entries of the resource table made from the official tables.

Rule: a new endpoint is one :func:`entry`; its fields, verbs, status codes, privileges and filters come from
``data/``. What is given here is only what the OpenAPI file does not say in a form a program can read: error
labels, parents, what is unique, defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..rest.filters import Filter
from .resource import CHANGED_FILTER, CREATED_FILTER, DIMENSION_FILTERS, Resource
from .schema import schema_of
from .tables import Operation, operations

_PLACEHOLDER = re.compile(r"/\{\w+\}")

# What a query parameter means wherever no entry says otherwise.
_FILTERS: dict[str, Filter] = {
    "accountNos": Filter("numbers", "AccountNo"),
    "agricultureDepartments": Filter("enums", "AgricultureDepartment", "AgricultureDepartment"),
    "bankAccountNumbers": Filter("codes", "BankAccountNumber"),
    "codes": Filter("codes", "Code"),
    "contactGroupIds": Filter("groups", "ContactGroupIds"),
    "contactIds": Filter("codes", "ContactId"),
    "createdFromImportJournalId": Filter("text", "CreatedFromImportJournalId"),
    "customerNos": Filter("numbers", "CustomerNo"),
    "enterpriseNos": Filter("codes", "EnterpriseNo"),
    "externalCodes": Filter("codes", "ExternalCode"),
    "externalImportReference": Filter("text", "ExternalImportReference"),
    "externalNos": Filter("numbers", "ExternalNumber"),
    "generalLedgerAccountNos": Filter("numbers", "GeneralLedgerAccountNo"),
    "isActive": Filter("flag", "IsActive"),
    "isArchived": Filter("flag", "IsArchived"),
    "isDefault": Filter("flag", "IsDefault"),
    "names": Filter("codes", "Name"),
    "onlyUnpaidInvoices": Filter("only", "Balance"),
    "ordinal": Filter("numbers", "Ordinal"),
    "productGroupCodes": Filter("codes", "ProductGroupCode"),
    "type": Filter("enums", "ProductType", "ProductType"),
    "userIds": Filter("codes", "UserId"),
    "voucherNos": Filter("numbers", "VoucherNo"),
    **CREATED_FILTER,
    **CHANGED_FILTER,
    **DIMENSION_FILTERS,
}


@cache
def _by_collection() -> Mapping[str, tuple[Operation, ...]]:
    found: dict[str, tuple[Operation, ...]] = {}
    for operation in operations():
        name = _PLACEHOLDER.sub("", operation.path).removeprefix("/")
        found[name] = (*found.get(name, ()), operation)
    return found


def entry(
    collection: str,
    label: str,
    *,
    name: str = "",
    filters: Mapping[str, Filter] | None = None,
    marks: Mapping[str, str] | None = None,
    entity: str = "",
    only: tuple[str, ...] = (),
    stored: bool = True,
    **rules: Any,
) -> Resource:
    """
    Make a resource.

    :param collection: its path without ids, e.g. ``Employees/HourlyRates``.
    :param filters: those that :data:`_FILTERS` does not explain.
    :param marks: see :func:`.schema.schema_of`.
    :param entity: when the operations do not agree on one, or name none.
    :param only: paths, or methods and paths; leave the collection's other operations out.
    :param stored: whether it has a table, and so the plain handlers.
    :param rules: further fields of :class:`.resource.Resource`.
    """
    every = _by_collection()[collection]
    found = [
        item for item in every if not only or not {item.path, f"{item.method} {item.path}"}.isdisjoint(only)
    ]
    entity = entity or next(item.entity for item in found if item.entity)
    known = {**_FILTERS, **(filters or {})}
    statuses = {item.verb: item.status for item in found}
    return Resource(
        name or collection,
        label,
        found[0].privilege or "",
        schema_of(entity, **(marks or {})),
        {query.rstrip("!"): known[query.rstrip("!")] for item in found for query in item.filters},
        verbs=tuple(dict.fromkeys(item.verb for item in found)) if stored else (),
        post_status=statuses.get("post", 201),
        delete_status=statuses.get("delete", 200),
        operations=tuple(found),
        required=tuple(query[:-1] for item in found for query in item.filters if query.endswith("!")),
        **rules,
    )
