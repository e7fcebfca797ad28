"""
Endpoints known to exist in 2026 whose details are not: **assumed**.

Rule: paths and verbs are known (facts 3.3). Of time tracking and auditing companies the fields' names are
those that public clients send or declare; all other fields, and privileges, filters and rows, are made up, so
that a client can be tried, not trusted. Nothing else of the sandbox depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from ...core.clock import TICKS, stamp
from ...core.origin import (
    BASE,
    LOCK_DATE,
    START,
    money,
)
from ...core.table import Row
from ..schema.filters import Filter
from ..schema.resource import NO_ROWS, Resource, Seed
from ..seeds import Source
from .entries import entry, invented

_INACTIVE = {"includeInactive": Filter("ignored", "")}
_CHANGES = ("createdDateTimeOffsetGreaterThan", "lastChangedDateTimeOffsetGreaterThan")
_DAY = 86_400 * TICKS


def _named(first: int, texts: tuple[str, ...], _source: Source) -> Iterator[Row]:
    for index, text in enumerate(texts):
        yield {"Id": first + index, "Code": str(index + 1), "Name": text, "IsActive": True}


def _entries(source: Source) -> Iterator[Row]:
    employees = source.ids("Employees")
    for index in range(120 if employees else 0):
        yield {
            "Id": 880_001 + index,
            "EmployeeId": employees[index % len(employees)],
            "ActivityTimeId": 1_511 + index % 2,
            "HourTypeId": 1_501,
            "ProjectId": BASE["Projects"] + index % source.sizes.projects if source.sizes.projects else None,
            "Date": stamp(START + (700 + index) * _DAY)[:10],
            "Quantity": money(750),
            "BillableQuantity": money(750 if index % 4 else 0),
            "FromTime": "08:00",
            "ToTime": "16:00",
            "BreakTime": 30,
            "IsApproved": index % 3 != 0,
        }


def _hour_types(source: Source) -> Iterator[Row]:
    yield {"Id": 0, "Code": "0", "Name": "Regular hours", "IsActive": True}  # as one client has seen it
    yield from _named(1_501, ("Normaltid", "Overtid 50 %"), source)


def _prospects(_source: Source) -> Iterator[Row]:
    for index, name in enumerate(("Skjærvik Maskin AS", "Lynglia Hagesenter AS")):
        yield {"Id": 1_541 + index, "Name": name, "EmailAddress": f"lead{index}@kunde.example"}


def _auditors(_source: Source) -> Iterator[Row]:
    people = [{"Id": 1_561, "Name": "Sunniva Havdal"}, {"Id": 1_562, "Name": "Eirik Lothe"}]
    yield {"Id": 1_551, "Name": "Havdal Revisjon AS", "Auditors": people}


def _lock_dates(_source: Source) -> Iterator[Row]:
    for index, date in enumerate(("2021-12-31", LOCK_DATE)):
        yield {"Id": index + 1, "LockDate": date, "ChangedDateTimeOffset": stamp(START + 380 * index * _DAY)}


def _of(
    collection: str,
    label: str,
    privilege: str,
    verbs: str,
    fields: str,
    *,
    queries: tuple[str, ...] = (),
    **rules: Any,
) -> Resource:
    operations = invented(collection, privilege, verbs, queries)
    return entry(collection, label, operations=operations, fields=fields, **rules)


ASSUMED = (
    _of(
        "AuditingCompany",
        "Auditing company",
        "QualityAssignmentGeneral",
        "list",
        "-Auditors:Auditor[]? -Id:int -Name:string?",
        seed=Seed(_auditors),
    ),
    _of(
        "BankTransfers",
        "Bank transfer",
        "BankTransfer",
        "list get post delete",
        """
        !Amount:number Cid:string? !ClientBankAccountId:int -CreatedDateTimeOffset:timestamp
        !CurrencyCode:string -Id:uuid -LastChangedDateTimeOffset:timestamp Message:string<=140?
        !PaymentDate:date !RecipientBankAccountNumber:string<=50 RecipientName:string?
        """,
        queries=_CHANGES,
        seed=NO_ROWS,
    ),
    _of(
        "CustomerProspects",
        "Customer prospect",
        "CustomerProspect",
        "list get post patch delete",
        """
        -CreatedDateTimeOffset:timestamp EmailAddress:string? -Id:int -LastChangedDateTimeOffset:timestamp
        !Name:string? OrganizationNumber:string? PhoneNumber:string?
        """,
        queries=_CHANGES,
        unique=("OrganizationNumber",),
        seed=Seed(_prospects),
    ),
    _of(
        "LockDateSettings/history",
        "Lock date change",
        "CommonServices",
        "list",
        """
        -ChangedDateTimeOffset:timestamp -LockDate:date?
        """,
        seed=Seed(_lock_dates),
    ),
    _of(
        "TimeTracking/HourType",
        "Hour type",
        "TimeTracking",
        "list get post patch delete",
        """
        Code:string? -CreatedDateTimeOffset:timestamp -Id:int IsActive:bool?
        -LastChangedDateTimeOffset:timestamp !Name:string? Percentage:number?
        """,
        queries=("isActive", *_CHANGES),
        named_by=(("HourTypeId", "", "Code"),),
        unique=("Code",),
        defaults={"IsActive": True},
        seed=Seed(_hour_types),
    ),
    _of(
        "TimeTracking/ActivityTime",
        "Activity",
        "TimeTracking",
        "list get post patch delete",
        """
        Code:string? -CreatedDateTimeOffset:timestamp -Id:int IsActive:bool? IsBillable:bool?
        -LastChangedDateTimeOffset:timestamp !Name:string? ProductId:int? ProjectId:int?
        """,
        queries=("includeInactive", *_CHANGES),
        filters=_INACTIVE,
        named_by=(("ActivityTimeId", "", "Code"),),
        unique=("Code",),
        defaults={"IsActive": True},
        seed=Seed(partial(_named, 1_511, ("Montering", "Befaring"))),
    ),
    _of(
        "TimeTracking/ActivityItem",
        "Activity",
        "TimeTracking",
        "list get post patch delete",
        """
        Code:string? -CreatedDateTimeOffset:timestamp -Id:int IsActive:bool?
        -LastChangedDateTimeOffset:timestamp !Name:string? ProductId:int? ProjectId:int?
        UnitOfMeasureCode:UnitOfMeasureType UnitPrice:number?
        """,
        queries=("includeInactive", *_CHANGES),
        filters=_INACTIVE,
        named_by=(("ActivityItemId", "", "Code"),),
        unique=("Code",),
        defaults={"IsActive": True},
        seed=Seed(partial(_named, 1_521, ("Kjøring", "Bom"))),
    ),
    _of(
        "TimeTracking/EntryTime",
        "Time entry",
        "TimeTracking",
        "list get post patch delete",
        """
        !ActivityTimeId:int BillableQuantity:number? BreakTime:int? -CreatedDateTimeOffset:timestamp
        CustomerId:int? !Date:date DepartmentId:int? !EmployeeId:int ExternalComment:string?
        ExternalImportReference:string<=50? FromTime:string? HourTypeId:int? -Id:int
        InternalComment:string? -IsApproved:bool -LastChangedDateTimeOffset:timestamp ProjectId:int?
        Quantity:number? ToTime:string?
        """,
        queries=_CHANGES,
        unique=("ExternalImportReference",),
        seed=Seed(_entries),
    ),
    _of(
        "TimeTracking/EntryItem",
        "Item entry",
        "TimeTracking",
        "list get post patch delete",
        """
        !ActivityItemId:int -CreatedDateTimeOffset:timestamp CustomerId:int? !Date:date DepartmentId:int?
        !EmployeeId:int ExternalComment:string? ExternalImportReference:string<=50? -Id:int
        InternalComment:string? -IsApproved:bool -LastChangedDateTimeOffset:timestamp ProjectId:int?
        !Quantity:number
        """,
        queries=_CHANGES,
        unique=("ExternalImportReference",),
        seed=NO_ROWS,
    ),
    _of(
        "TimeTransactions",
        "Time transaction",
        "TimeTransaction",
        "list",
        """
        -ActivityTimeId:int -BillableQuantity:number? -CreatedDateTimeOffset:timestamp -CustomerId:int?
        -Date:date -DepartmentId:int? -EmployeeId:int -ExternalComment:string? -HourTypeId:int? -Id:int
        -InternalComment:string? -IsApproved:bool -LastChangedDateTimeOffset:timestamp -ProjectId:int?
        -Quantity:number?
        """,
        queries=("fromDate!", "toDate!", "onlyApproved"),
        filters={
            "fromDate": Filter("from", "Date"),
            "toDate": Filter("to", "Date"),
            "onlyApproved": Filter("only", "IsApproved"),
        },
        rows="TimeTracking/EntryTime",
        seed=NO_ROWS,
    ),
)
