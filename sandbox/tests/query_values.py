"""
Values for query parameters: such that a filter with data must change the answer.

Rule: by type and name; a table names the exceptions.
"""

from __future__ import annotations

from typing import Any

from openapi import Operation, target

# Parameters that only widen another one, are always given, or cannot show in the data of the beginning.
UNCHANGED: set[str | tuple[str, str]] = {
    "includeSubProject",
    "includeSubProjects",
    "showInherited",
    ("/Supplierledger/SupplierBalances", "includeOnlyOpenItems"),
}
_VALUES: dict[str, list[Any]] = {
    "contactGroupIds": ["5"],
    "toDate": ["1990-01-01"],
    "date": ["2022-03-01"],
    "fromDate": ["2029-01-01"],
    "asOnDate": ["2025-03-10"],
    "fromCurrency": ["USD"],
    "toCurrency": ["SEK"],
}


# The fields a filter of this name compares; the first one a row has.
_FIELDS: dict[str, tuple[str, ...]] = {
    "accountNos": ("AccountNo",),
    "bankAccountNumbers": ("BankAccountNumber",),
    "codes": ("Code",),
    "contactIds": ("ContactId",),
    "currencyCode": ("Code",),
    "customerNos": ("CustomerNo", "CustomerAccountNo", "Number"),
    "departmentCodes": ("DepartmentCode",),
    "employeeNos": ("Number",),
    "employmentForm": ("EmploymentForm",),
    "enterpriseNos": ("EnterpriseNo",),
    "externalCodes": ("ExternalCode",),
    "externalImportReference": ("ExternalImportReference",),
    "externalNos": ("ExternalNumber", "CustomerExternalNo", "SupplierExternalNo"),
    "generalLedgerAccountNos": ("GeneralLedgerAccountNo",),
    "invoiceNos": ("InvoiceNo",),
    "isActive": ("IsActive",),
    "isArchived": ("IsArchived",),
    "isDefault": ("IsDefault",),
    "managerEmployeeNo": ("ManagerEmployeeNo",),
    "ordinal": ("Ordinal",),
    "productCodes": ("ProductCode",),
    "productGroupCodes": ("ProductGroupCode",),
    "projectCodes": ("ProjectCode", "Code"),
    "status": ("Status", "ProjectStatus"),
    "subLedgerNumberSeriesType": ("SubLedgerNumberSeriesType",),
    "supplierNos": ("SupplierNo", "SupplierAccountNo", "Number"),
    "type": ("ProductType",),
    "userIds": ("UserId",),
    "vatCodes": ("VatCode",),
    "voucherNos": ("VoucherNo",),
    "voucherTypes": ("VoucherType",),
}


def known_value(name: str, rows: list[dict[str, Any]]) -> tuple[str, Any] | None:
    """Give a field and a value of it that a filter of this name must find."""
    field = next((item for item in _FIELDS.get(name, ()) if item in rows[0]), "")
    value = next((row[field] for row in rows if field and row[field] is not None), None)
    return None if value is None else (field, value)


def choices(operation: Operation, parameter: dict[str, Any]) -> list[Any]:
    """Give one or more values to try."""
    schema = target(parameter["schema"])
    name = parameter["name"]
    if name in _VALUES:
        return _VALUES[name]
    if "enum" in schema:
        return list(schema["enum"])
    if schema["type"] == "boolean":
        return ["true", "false"]
    if name.lower().endswith("greaterthan"):
        return ["2024-06-30T00:00:00Z", "2100-01-01T00:00:00Z"]
    return _enums(operation, name) or ["424242"]


def _enums(operation: Operation, name: str) -> list[str]:
    """Give values of parameters that the file has as texts although they are enums."""
    return {
        "agricultureDepartments": ["Farming"],
        "documentationType": ["Pdf", "Ehf", "All"],
        "employmentForm": ["Temporary"],
        "id": ["0a000000-0000-4000-8000-000000000001"],
        "orderStatus": ["Confirmed"],
        "status": ["Draft"],
        "subLedgerNumberSeriesType": ["Supplier"],
        "voucherTypes": ["IncomingCreditNote"] if "Incoming" in operation.path else ["ManualJournal"],
    }.get(name, [])
