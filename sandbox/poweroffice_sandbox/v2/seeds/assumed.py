"""What a company begins with in the assumed endpoints. Rule: few rows, invented like their fields."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.clock import TICKS, stamp
from ...core.origin import BASE, LOCK_DATE, START, money
from ...core.table import Row
from .seed import Seed, Source

_DAY = 86_400 * TICKS


def _named(first: int, *names: str) -> Iterator[Row]:
    for index, name in enumerate(names):
        yield {"Id": first + index, "Code": str(index + 1), "Name": name, "IsActive": True}


def _entries(source: Source) -> Iterator[Row]:
    employees = source.ids("Employees")
    for index in range(120 if employees else 0):
        yield {
            "Id": 880_001 + index,
            "EmployeeId": employees[index % len(employees)],
            "ActivityTimeId": 1_511 + index % 2,
            "HourTypeId": 1_501,
            "ProjectId": BASE["Projects"] + index % source.sizes.projects if source.sizes.projects else None,
            "EntryDate": stamp(START + (700 + index) * _DAY)[:10],
            "Hours": money(750),
            "IsApproved": index % 3 != 0,
        }


def _prospects(_source: Source) -> Iterator[Row]:
    for index, name in enumerate(("Skjærvik Maskin AS", "Lynglia Hagesenter AS")):
        yield {"Id": 1_541 + index, "Name": name, "EmailAddress": f"lead{index}@kunde.example"}


def _auditors(_source: Source) -> Iterator[Row]:
    yield {"Id": 1_551, "Name": "Havdal Revisjon AS", "OrganizationNumber": "999600100"}


def _lock_dates(_source: Source) -> Iterator[Row]:
    for index, date in enumerate(("2021-12-31", LOCK_DATE)):
        yield {"Id": index + 1, "LockDate": date, "ChangedDateTimeOffset": stamp(START + 380 * index * _DAY)}


ASSUMED_SEEDS = {
    "AuditingCompany": Seed("AuditingCompany", _auditors),
    "BankTransfers": Seed("BankTransfer", lambda _source: ()),
    "CustomerProspects": Seed("CustomerProspect", _prospects),
    "LockDateSettings/history": Seed("LockDateChange", _lock_dates),
    "TimeTracking/HourType": Seed("TimeHourType", lambda _source: _named(1_501, "Normaltid", "Overtid 50 %")),
    "TimeTracking/ActivityTime": Seed(
        "TimeActivityTime", lambda _source: _named(1_511, "Montering", "Befaring")
    ),
    "TimeTracking/ActivityItem": Seed("TimeActivityItem", lambda _source: _named(1_521, "Kjøring", "Bom")),
    "TimeTracking/EntryTime": Seed("TimeEntryTime", _entries),
    "TimeTracking/EntryItem": Seed("TimeEntryItem", lambda _source: ()),
}
