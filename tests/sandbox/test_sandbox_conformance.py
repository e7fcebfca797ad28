"""
Every row the sandbox serves, against the official OpenAPI file.

Skipped where that file is not beside the checkout, and in CI.
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_poweroffice.sandbox.resources import RESOURCES

if TYPE_CHECKING:
    from sandbox_client import Api

SPEC = Path(__file__).parents[3] / "shared" / "facts" / "poweroffice-openapi-v2-2025.yaml"

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("CI")) or not SPEC.exists(), reason="the OpenAPI file is not beside the checkout"
)

LISTS = {
    "Customers": "CustomerDto",
    "Suppliers": "SupplierDto",
    "Employees": "EmployeeDto",
    "Products": "ProductDto",
    "Projects": "ProjectDto",
    "Departments": "DepartmentDto",
    "GeneralLedgerAccounts": "GeneralLedgerAccountDto",
    "ContactGroups": "ContactGroupDto",
    "SalesOrders": "SalesOrderDto",
    "OutgoingInvoices": "OutgoingInvoiceDto",
    "VatCodes": "VatCodeDto",
    "AccountTransactions?fromDate=2022-01-01&toDate=2030-01-01": "AccountTransactionDto",
    "TrialBalance?date=2030-01-01": "TrialBalanceLineDto",
}
SINGLE = {
    "LockDateSettings": "LockDateSettingsDto",
    "FinancialSettings": "FinancialSettingsDto",
    "ClientIntegrationInformation": "ClientIntegrationInformationDto",
}
FORMATS = {
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z",
}
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


@pytest.fixture(scope="module")
def spec() -> Any:
    """Read the OpenAPI file once."""
    yaml = pytest.importorskip("yaml")
    return yaml.load(SPEC.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def check(spec: dict[str, Any], schema: dict[str, Any], value: Any, where: str) -> None:
    """Assert that a value is what its schema says; unknown and missing properties count as wrong."""
    if "$ref" in schema:
        target = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if value is None and "properties" in target:
            return  # an object by reference is null when there is none; OpenAPI 3.0 cannot say so
        schema = target
    if value is None:
        assert schema.get("nullable"), f"{where} is null"
        return
    if "enum" in schema:
        assert value in schema["enum"], f"{where} = {value!r}"
        return
    assert isinstance(value, TYPES[schema["type"]]), f"{where} = {value!r}"
    assert len(str(value)) <= schema.get("maxLength", 10**9), f"{where} is too long"
    check_format(schema.get("format"), value, where)
    for name in set(schema.get("properties", {})) ^ set(value if isinstance(value, dict) else ()):
        pytest.fail(f"{where}.{name} is missing or unknown")
    for name, inner in schema.get("properties", {}).items():
        check(spec, inner, value[name], f"{where}.{name}")
    for item in value if isinstance(value, list) else ():
        check(spec, schema["items"], item, f"{where}[]")


def check_format(name: str | None, value: Any, where: str) -> None:
    """Assert the text form of dates, times and ids."""
    if name in FORMATS:
        assert re.fullmatch(FORMATS[name], value), f"{where} = {value!r}"
    if name == "date":
        date.fromisoformat(value)


@pytest.mark.parametrize("path", LISTS)
def test_rows(api: Api, spec: dict[str, Any], path: str) -> None:
    """Every row of a list has exactly the DTO's properties, with its types, enums, lengths and nulls."""
    rows = api.get(path).json()
    assert rows
    for row in rows[:200]:
        check(spec, {"$ref": f"#/{LISTS[path]}"}, row, LISTS[path])


@pytest.mark.parametrize("path", SINGLE)
def test_single(api: Api, spec: dict[str, Any], path: str) -> None:
    """Single objects too."""
    check(spec, {"$ref": f"#/{SINGLE[path]}"}, api.get(path).json(), SINGLE[path])


@pytest.mark.parametrize(
    ("path", "body", "dto"),
    [
        ("Customers", {"Name": "A", "MailAddress": {"City": "Voss", "ZipCode": "5700"}}, "CustomerDto"),
        ("Suppliers", {"Name": "A"}, "SupplierDto"),
        ("Employees", {"FirstName": "A", "LastName": "B"}, "EmployeeDto"),
        ("Products", {"Name": "A"}, "ProductDto"),
        ("Projects", {"Name": "A"}, "ProjectDto"),
        ("Departments", {"Name": "A"}, "DepartmentDto"),
        (
            "GeneralLedgerAccounts",
            {"AccountNo": 3999, "IsActive": True, "Name": "A"},
            "GeneralLedgerAccountDto",
        ),
        ("ContactGroups", {"Name": "A"}, "ContactGroupDto"),
        (
            "SalesOrders/Complete",
            {"CustomerId": 7300001, "SalesOrderLines": [{"ProductId": 52001, "Quantity": 2}]},
            "SalesOrderCompleteDto",
        ),
    ],
)
def test_made_rows(api: Api, spec: dict[str, Any], path: str, body: Any, dto: str) -> None:
    """A row made by the smallest POST is a whole DTO."""
    check(spec, {"$ref": f"#/{dto}"}, api.post(path, body).json(), dto)


@pytest.mark.parametrize("path", [path for path in LISTS if path != "VatCodes"])
def test_filter_names(spec: dict[str, Any], path: str) -> None:
    """A list takes exactly the query names of the OpenAPI file."""
    name = path.partition("?")[0]
    documented = {item["name"] for item in spec["paths"][f"/{name}"]["get"]["parameters"]}
    assert set(RESOURCES[name].filters) == documented - {"resourceParameter"}
