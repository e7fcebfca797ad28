"""Hours and wages."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ...core.clock import stamp
from ...core.origin import START
from ...core.table import Row
from ..books import Source
from ..seeds import registers
from .entries import Asking, entry

_LATEST = stamp(START)
_BILLABLE, _HOUR = 100, 60
_HOURS = Decimal("0.0001")


def _activities(_source: Source) -> Iterator[Row]:
    for place, (code, name, kind) in enumerate(registers.ACTIVITIES):
        row = {"id": 54_001 + place, "code": code, "name": name, "activityType": kind, "isActive": True}
        yield {**row, "hourlyRate": Decimal(1_250), "lastChanged": _LATEST}


def _hour_types(_source: Source) -> Iterator[Row]:
    for place, label in enumerate(registers.HOUR_TYPES):
        row = {"id": 55_001 + place, "description": label, "payItemCode": "120", "isActive": True}
        yield {**row, "costPriceFactor": Decimal(1), "flexTimeFactor": Decimal(1), "lastChanged": _LATEST}


def _pay_items(source: Source) -> Iterator[Row]:
    for code, label, kind in (("100", "Fastlønn", 20), ("120", "Timelønn", 30), ("800", "Utlegg", 80)):
        yield {"id": source.guid(), "code": code, "name": label, "isActive": True, "processingType": kind}


def _salary_lines(source: Source) -> Iterator[Row]:
    for place, person in enumerate(list(source.table("Employee").rows.values())[:6]):
        row = {"id": 56_001 + place, "employeeCode": person["code"], "payItemCode": "120"}
        yield {
            **row,
            "quantity": Decimal(10),
            "rate": Decimal(250),
            "isLocked": place == 0,
            "isDeletedByUser": False,
        }


def _check_activity(_call: Asking, row: Row, _old: Row | None) -> Iterator[str]:
    if row.get("productCode") and row["activityType"] != _BILLABLE:
        yield "productCode goes with billable activities."


def _minutes(text: str) -> int:
    hours, minutes = (int(part) for part in text.split(":")[:2])
    return _HOUR * hours + minutes


def _check_hours(call: Asking, row: Row, old: Row | None) -> Iterator[str]:
    start, end = row.get("fromTime"), row.get("toTime")
    if bool(start) != bool(end):
        yield "fromTime and toTime go together."
    elif start and end:
        # An entry may go on after midnight.
        lasted = (_minutes(end) - _minutes(start)) % (24 * _HOUR) - (row.get("breakTime") or 0)
        if "minutes" in row and row["minutes"] != lasted:
            yield f"minutes is {row['minutes']}, but from {start} to {end} it is {lasted}."
    if old is not None and old.get("isInvoiced") and old.get("billableHours") != row.get("billableHours"):
        yield "billableHours of an invoiced entry cannot change."
    projects = call.books.table("Project").rows.values()
    project = next((item for item in projects if item["code"] == row.get("projectCode")), None)
    customer = project.get("customerCode") if project else None
    if row.get("customerCode") and customer and customer != row["customerCode"]:
        yield f"The project {row['projectCode']} is not of the customer {row['customerCode']}."


def _with_hours(call: Asking, row: Row, old: Row | None) -> None:
    """Complete minutes from obsolete hours and the other way round, and what follows from them."""
    sent_hours = row.get("hours") is not None and (old is None or row["hours"] != old.get("hours"))
    sent_minutes = bool(row.get("minutes")) and (old is None or row["minutes"] != old["minutes"])
    if sent_hours and not sent_minutes:
        row["minutes"] = int(row["hours"] * _HOUR)
    if "minutes" not in row and row.get("fromTime") and row.get("toTime"):
        row["minutes"] = (_minutes(row["toTime"]) - _minutes(row["fromTime"])) % (24 * _HOUR)
    row.setdefault("minutes", 0)
    row["hours"] = (Decimal(row["minutes"]) / _HOUR).quantize(_HOURS)
    row.setdefault("date", stamp(int(call.now) * 10_000_000)[:10])
    row.setdefault("hourType", registers.HOUR_TYPES[0])
    activities = call.books.table("Activity").rows.values()
    activity = next(item for item in activities if item["code"] == row["activityCode"])
    if activity["activityType"] == _BILLABLE:
        row.setdefault("billableHours", row["hours"])
        rate = row.get("hourlyRate") or activity.get("hourlyRate") or Decimal(0)
        row["hourlyRate"] = rate
        row["billableAmount"] = (row["billableHours"] * rate).quantize(Decimal("0.01"))


ENTRIES = (
    entry(
        "Activity",
        "TimeTracking/Activity",
        required=("activityType", "code", "name"),
        refused={"activityType": (0,)},
        lengths={"code": 50, "name": 400},
        check=_check_activity,
        seed=_activities,
    ),
    entry(
        "HourType",
        "TimeTracking/HourType",
        required=("description",),
        unique=("description",),
        defaults={"costPriceFactor": Decimal(1)},
        seed=_hour_types,
    ),
    entry(
        "TimeTrackingEntry",
        "TimeTracking/TimeTrackingEntry",
        required=("activityCode", "employeeCode"),
        check=_check_hours,
        prepare=_with_hours,
        seed=registers.time_entries,
    ),
    entry("PayItem", "Payroll/PayItem", seed=_pay_items),
    entry("SalaryLine", "Payroll/SalaryLine", required=("employeeCode", "payItemCode"), seed=_salary_lines),
)
