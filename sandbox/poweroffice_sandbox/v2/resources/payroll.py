"""
Employments, salaries, pay items and what belongs to them.

Rule: an entry says what a resource is, the function before it which rows it begins with. Every fifth employee
has no employment, as :mod:`..ledger.pattern` pays none, so that it can be deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core.origin import (
    account_id,
    money,
)
from ...core.table import Row
from ..schema.dto import schema_of
from ..schema.filters import Filter
from ..schema.resource import Parent, Resource, Seed, Tables
from ..seeds import Source
from .entries import Rows, entry

_EMPLOYEE = Parent(("Employees",), "EmployeeId", "Employee")


_EMPLOYMENT = Parent(("Employees/Employments",), "EmploymentId", "Employment", ("EmployeeId",))


_EMPLOYMENTS = "Employees/Employments"


_PAYOUT = ("ExpenseBankAccountId", "SalaryBankAccountId", "TravelExpenseBankAccountId")


_COUNTS = {
    "FixedSalaryCount": "FixedSalaries",
    "FtePercentageCount": "FtePercentages",
    "LayoffCount": "Layoffs",
    "LeaveCount": "Leaves",
    "SalaryCount": "Salaries",
}


_FIRST_ENTERPRISE = 501


_PAY_ITEMS = (
    ("1", "Fastlønn"),
    ("2", "Timelønn"),
    ("3", "Overtid 50 %"),
    ("4", "Overtid 100 %"),
    ("5", "Bonus"),
)


_LEAVE = ("Maternity", "Military", "OtherStatutory")


def _enterprises(source: Source) -> Iterator[Row]:
    for index, name in enumerate((source.company.name, f"{source.company.name}, avd. Voss")):
        yield {
            "Id": _FIRST_ENTERPRISE + index,
            "EnterpriseNo": f"99980{source.company.index}10{index}",
            "Name": name,
            "Municipality": "4601" if not index else "4621",
            "IsDefault": not index,
            "MailAddress": {
                "AddressLine1": "Sjøgata 1",
                "AddressLine2": None,
                "City": "Bergen",
                "CountryCode": "NO",
                "ZipCode": "5014",
            },
        }


def _pay_items(source: Source) -> Iterator[Row]:
    for code, name in _PAY_ITEMS:
        known = {"AccountId": account_id(5000), "IsActive": code != "4", "HolidayPayBasis": True}
        yield {"Id": source.uuid(), "Code": code, "Name": name, **known}


def _pension_schemes(_source: Source) -> Iterator[Row]:
    known = {"PensionProviderName": "Fjord Pensjon AS", "PensionProviderOrganizationNo": "999700100"}
    yield {"Id": 1, "IsActive": True, **known}


def _employments(source: Source) -> Iterator[Row]:
    for index, employee in enumerate(source.ids("Employees")):
        if not (index + 1) % 5:
            continue
        yield {
            "Id": 810_001 + index,
            "EmployeeId": employee,
            "EnterpriseId": _FIRST_ENTERPRISE,
            "EmploymentForm": "Temporary" if index % 4 == 3 else "Permanent",  # noqa: PLR2004 - every fourth
            "EndDate": "2025-06-30" if index % 8 == 7 else None,  # noqa: PLR2004 - every eighth
            "StartDate": "2022-08-01",
            "FullTimeHoursPerWeek": money(3_750),
            "IsDefault": True,
            "ProfessionCode": "7233101",
            "ReportingId": str(index + 1),
            "TaxCountryCode": "NO",
        }


def _of_each(source: Source, **fields: Any) -> Iterator[Row]:
    for index, row in enumerate(source.table("Employees/Employments").rows.values()):
        identity = {"EmploymentId": row["Id"], "EmployeeId": row["EmployeeId"]}
        yield {"Id": 820_001 + index, **identity, "FromDate": "2022-08-01", **fields}


def _salaries(source: Source) -> Iterator[Row]:
    yield from _of_each(source, AnnualSalary=money(52_000_000), RemunerationType="FixedWage")


def _percentages(source: Source) -> Iterator[Row]:
    yield from _of_each(source, FtePercentage=money(10_000))


def _fixed_salaries(source: Source) -> Iterator[Row]:
    item = next(iter(source.table("PayItems").rows))
    for row in _of_each(source, PayItemId=item, Amount=money(4_333_333), IsActive=True):
        yield {**row, "Id": source.uuid()}


def _leaves(source: Source) -> Iterator[Row]:
    for index, row in enumerate(_of_each(source, StartDate="2024-02-01", EndDate="2024-04-30")):
        if index % 3 == 0:
            kind = {"TypeOfLeave": _LEAVE[index // 3 % 3], "LeavePercentage": money(10_000)}
            yield {**_undated(row), "Id": source.uuid(), **kind}


def _layoffs(source: Source) -> Iterator[Row]:
    for index, row in enumerate(_of_each(source, StartDate="2023-01-09", EndDate="2023-02-03")):
        if index % 4 == 0:
            yield {**_undated(row), "Id": source.uuid(), "LayoffPercentage": money(5_000)}


def _undated(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "FromDate"}


def _hourly_rates(source: Source) -> Iterator[Row]:
    for index, employee in enumerate(source.ids("Employees")):
        for year, last in (("2022", "2023-12-31"), ("2024", "9999-12-31")):
            yield {
                "Id": 830_001 + 2 * index + (year == "2024"),
                "EmployeeId": employee,
                "CostRate": money(41_000),
                "BillableRate": money(125_000),
                "ValidFromDate": f"{year}-01-01",
                "ValidToDate": last,
            }


def _salary_lines(source: Source) -> Iterator[Row]:
    items = list(source.table("PayItems").rows)
    for index, employee in enumerate(source.ids("Employees")[:20]):
        yield {
            "Id": 840_001 + index,
            "EmployeeId": employee,
            "PayItemId": items[index % len(items)],
            "Quantity": money(100 * (index % 7 + 1)),
            "Rate": money(31_000),
            "ExternalImportReference": f"lonn-{index}",
        }


def _per_employee(source: Source) -> Iterator[Row]:
    for employee in source.ids("Employees"):
        yield {"Id": employee}


def _counted(tables: Tables, row: Row) -> Row:
    """Count what belongs to an employment."""
    lines = {field: tables(f"{_EMPLOYMENTS}/{name}").rows.values() for field, name in _COUNTS.items()}
    return {
        **row,
        **{field: sum(line["EmploymentId"] == row["Id"] for line in made) for field, made in lines.items()},
    }


def _part(name: str, label: str, rows: Rows) -> Resource:
    model = f"Employment{label.title().replace(' ', '')}"
    return entry(f"{_EMPLOYMENTS}/{name}", label, parent=_EMPLOYMENT, seed=Seed(rows), model=model)


PAYROLL = (
    entry(
        "Enterprises", "Enterprise", named_by=(("EnterpriseId", "", "EnterpriseNo"),), seed=Seed(_enterprises)
    ),
    entry(
        "PayItems", "Pay item", unique=("Code",), named_by=(("PayItemId", "", "Code"),), seed=Seed(_pay_items)
    ),
    entry("PayrollSettings/PensionSchemes", "Pension scheme", seed=Seed(_pension_schemes)),
    entry(
        "SalaryLines",
        "Salary line",
        unique=("ExternalImportReference",),
        defaults={"IsDeletedByUser": False},
        seed=Seed(_salary_lines),
    ),
    entry(
        _EMPLOYMENTS,
        "Employment",
        entity="Employment",
        only=(
            "/Employees/{employeeId}/Employments",
            "/Employees/{employeeId}/Employments/{employmentId}",
        ),
        filters={},
        parent=_EMPLOYEE,
        marks={"EndedAndReported": "~"},  # EmploymentPatchDto of June 2025 has it, the body of a POST has not
        view=_counted,
        seed=Seed(_employments),
    ),
    entry(
        _EMPLOYMENTS,
        "Employment",
        name="Employees/EmploymentsOfAll",
        entity="EmploymentLight",
        only=("/Employees/Employments",),
        filters={
            "activeEmployments": Filter("active", "EndDate"),
            "employmentForm": Filter("enums", "EmploymentForm", "EmploymentFormType"),
        },
        rows=_EMPLOYMENTS,
    ),
    _part("FixedSalaries", "Fixed salary", _fixed_salaries),
    _part("FtePercentages", "FTE percentage", _percentages),
    _part("Layoffs", "Layoff", _layoffs),
    _part("Leaves", "Leave", _leaves),
    _part("Salaries", "Salary", _salaries),
    entry(
        "Employees/HourlyRates",
        "Hourly rate",
        model="EmployeeHourlyRates",
        filters={"validNow": Filter("valid_now", "ValidFromDate/ValidToDate")},
        parent=_EMPLOYEE,
        defaults={"ValidToDate": "9999-12-31"},
        seed=Seed(_hourly_rates),
    ),
    entry(
        "Employees/BankAccounts",
        "Employee bank accounts",
        marks={
            **{field.name: "-" for field in schema_of("Employee").fields if field.mark != ">"},
            **dict.fromkeys(_PAYOUT, ""),
        },
        rows="Employees",
    ),
    entry("Employees/PayrollSettings", "Employee payroll settings", seed=Seed(_per_employee)),
    entry("Employees/PensionSettings", "Employee pension settings", seed=Seed(_per_employee)),
)
