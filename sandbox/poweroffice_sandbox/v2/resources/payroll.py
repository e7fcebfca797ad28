"""
Employments, salaries, pay items and what belongs to them as resources.

Rule: data only; see :mod:`.entries`.
"""

from __future__ import annotations

from ...core.table import Row
from ..rest.filters import Filter
from .entries import entry
from .resource import Parent, Resource, Tables
from .schema import schema_of

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


def _counted(tables: Tables, row: Row) -> Row:
    """Count what belongs to an employment."""
    lines = {field: tables(f"{_EMPLOYMENTS}/{name}").rows.values() for field, name in _COUNTS.items()}
    return {
        **row,
        **{field: sum(line["EmploymentId"] == row["Id"] for line in made) for field, made in lines.items()},
    }


def _part(name: str, label: str) -> Resource:
    return entry(f"{_EMPLOYMENTS}/{name}", label, parent=_EMPLOYMENT)


PAYROLL = (
    entry("Enterprises", "Enterprise"),
    entry("PayItems", "Pay item", unique=("Code",)),
    entry("PayrollSettings/PensionSchemes", "Pension scheme"),
    entry(
        "SalaryLines", "Salary line", unique=("ExternalImportReference",), defaults={"IsDeletedByUser": False}
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
        view=_counted,
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
    _part("FixedSalaries", "Fixed salary"),
    _part("FtePercentages", "FTE percentage"),
    _part("Layoffs", "Layoff"),
    _part("Leaves", "Leave"),
    _part("Salaries", "Salary"),
    entry(
        "Employees/HourlyRates",
        "Hourly rate",
        filters={"validNow": Filter("valid_now", "ValidFromDate/ValidToDate")},
        parent=_EMPLOYEE,
        defaults={"ValidToDate": "9999-12-31"},
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
    entry("Employees/PayrollSettings", "Employee payroll settings"),
    entry("Employees/PensionSettings", "Employee pension settings"),
)
