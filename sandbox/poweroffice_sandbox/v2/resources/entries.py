"""
Entries of the resource table.

Rule: a resource is one :func:`entry`: fields, verbs, status codes, privilege and filters come from the
official tables in ``schema/data/``, or are given where those have none; so is what the OpenAPI file does not
say in a form a program can read (error labels, parents, what is unique, defaults), and the first rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from ...core.origin import BASE
from ...core.table import Row
from ..schema.dto import Schema, marked, schema, schema_of
from ..schema.filters import Filter
from ..schema.resource import CHANGED_FILTER, CREATED_FILTER, DIMENSION_FILTERS, Resource, Seed
from ..schema.tables import Operation
from ..schema.tables import operations as official
from ..seeds import Source

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
    for operation in official():
        name = _PLACEHOLDER.sub("", operation.path).removeprefix("/")
        found[name] = (*found.get(name, ()), operation)
    return found


def invented(
    collection: str, privilege: str, verbs: str, queries: tuple[str, ...] = ()
) -> tuple[Operation, ...]:
    """
    Make the operations of a collection that the official description does not have.

    :param privilege: its name without ``_Full``.
    :param verbs: of ``list get post patch delete``, with blanks between.
    :param queries: parameters of the list; ``!`` marks one that it cannot do without.
    """
    row, one = f"/{collection}", f"/{collection}/{{id}}"
    made = {
        "list": Operation("GET", row, 200, privilege, f"[{collection}]", "-", queries),
        "get": Operation("GET", one, 200, privilege, collection, "-", ()),
        "post": Operation("POST", row, 201, privilege, collection, collection, ()),
        "patch": Operation("PATCH", one, 200, privilege, collection, "JsonPatchDocument", ()),
        "delete": Operation("DELETE", one, 200, privilege, "-", "-", ()),
    }
    return tuple(made[verb] for verb in verbs.split())


def entry(
    collection: str,
    label: str,
    *,
    name: str = "",
    operations: tuple[Operation, ...] = (),
    fields: str = "",
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
    :param label: its name in error texts.
    :param operations: besides the official ones, from :func:`invented`.
    :param fields: where the official table has none, in the notation of :mod:`..schema.tables`.
    :param filters: those that :data:`_FILTERS` does not explain.
    :param marks: other marks for single fields, by name.
    :param entity: when the operations do not agree on one, or name none.
    :param only: paths, or methods and paths; leave the collection's other operations out.
    :param stored: whether it has a table, and so the plain handlers.
    :param rules: further fields of :class:`..schema.resource.Resource`.
    """
    every = (*_by_collection().get(collection, ()), *operations)
    found = [
        item for item in every if not only or not {item.path, f"{item.method} {item.path}"}.isdisjoint(only)
    ]
    known = {**_FILTERS, **(filters or {})}
    statuses = {item.verb: item.status for item in found}
    return Resource(
        name or collection,
        label,
        found[0].privilege or "",
        marked(_schema(fields, entity, found), marks or {}),
        {query.rstrip("!"): known[query.rstrip("!")] for item in found for query in item.filters},
        verbs=tuple(dict.fromkeys(item.verb for item in found)) if stored else (),
        post_status=statuses.get("post", 201),
        delete_status=statuses.get("delete", 200),
        operations=tuple(found),
        required=tuple(query[:-1] for item in found for query in item.filters if query.endswith("!")),
        **rules,
    )


def _schema(fields: str, entity: str, found: list[Operation]) -> Schema:
    if fields:
        return schema(fields)
    return schema_of(entity or next(item.entity for item in found if item.entity))


Rows = Callable[[Source], Iterable[Row]]
Make = Callable[[Source, int], Row]
"""Makes the row at a position."""


def register(name: str, entity: str, make: Make, count: str | int) -> Seed:
    """
    Make the seed of a table whose ids ascend from a known one.

    :param count: how many rows, or the name of the size that says so.
    """

    def rows(source: Source) -> Iterator[Row]:
        blank: Row = dict.fromkeys(schema_of(entity).names)
        for index in range(getattr(source.sizes, count) if isinstance(count, str) else count):
            identity = {"Id": BASE[name] + index} if name in BASE else {}
            yield {**blank, **make(source, index), **identity}

    return Seed(rows, is_complete=True)


def department_of(source: Source, index: int) -> Row:
    """Give three rows of four a department."""
    if not source.sizes.departments or index % 4 == 0:
        return {}
    position = index % source.sizes.departments
    return {"DepartmentId": BASE["Departments"] + position, "DepartmentCode": str(10 * (position + 1))}
