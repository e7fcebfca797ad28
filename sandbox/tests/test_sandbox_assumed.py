"""The endpoints and filters that are known to exist since the OpenAPI file, with assumed details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox_client import Api

EMPLOYEE = 7_900_001
ENTRY = {"EmployeeId": EMPLOYEE, "EntryDate": "2025-03-03"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("TimeTracking/HourType", {"Name": "Overtid 100 %"}, "Name"),
        ("TimeTracking/ActivityTime", {"Name": "Sveising"}, "Name"),
        ("TimeTracking/ActivityItem", {"Name": "Parkering"}, "Name"),
        ("TimeTracking/EntryTime", {**ENTRY, "ActivityTimeId": 1511, "Hours": 7.5}, "Description"),
        ("TimeTracking/EntryItem", {**ENTRY, "ActivityItemId": 1521, "Quantity": 2}, "Description"),
        ("CustomerProspects", {"Name": "Måkeholmen Kafé AS"}, "Name"),
        ("Assignments", {"Description": "Årsoppgjør", "ManagerSubledgerAccountId": 8_900_001}, "Description"),
    ],
)
def test_life_of_a_row(api: Api, path: str, body: Any, field: str) -> None:
    """Made, listed, read, changed and deleted."""
    made = api.post(path, body)
    assert made.status_code == 201, made.text
    one = f"{path}/{made.json()['Id']}"
    assert made.json()["Id"] in {row["Id"] for row in api.get(path).json()}
    changed = api.patch(one, [{"op": "replace", "path": f"/{field}", "value": "Ny"}])
    assert changed.json()[field] == "Ny"
    assert api.get(one).json() == changed.json()
    assert api.delete(one).status_code == 200
    assert api.get(one).status_code == 404


def test_bank_transfers(api: Api) -> None:
    """Transfers are made and deleted, not changed."""
    body = {
        "Amount": 125.5,
        "ClientBankAccountId": 801,
        "CurrencyCode": "NOK",
        "PaymentDate": "2025-03-03",
        "RecipientBankAccountNumber": "99980000001",
    }
    made = api.post("BankTransfers", body)
    one = f"BankTransfers/{made.json()['Id']}"
    assert made.status_code == 201
    assert api.patch(one, []).json() == {"statusCode": 404, "message": "Resource not found"}
    assert api.delete(one).status_code == 200


def test_time_transactions(api: Api) -> None:
    """They are the time entries between two dates, on request the approved ones only."""
    query = {"fromDate": "2024-01-01", "toDate": "2024-02-01"}
    rows = api.get("TimeTransactions", **query).json()
    approved = api.get("TimeTransactions", **query, onlyApproved="true").json()
    assert {row["EntryDate"] for row in rows} <= {f"2024-01-{day:02}" for day in range(1, 32)} | {
        "2024-02-01"
    }
    assert 0 < len(approved) < len(rows)
    assert api.get("TimeTransactions", fromDate="2024-01-01").status_code == 404


def test_convert_a_prospect(api: Api) -> None:
    """A prospect becomes a customer and is gone."""
    prospect = api.get("CustomerProspects").json()[0]
    customer = api.post(f"CustomerProspects/{prospect['Id']}/ConvertToCustomer", None)
    assert customer.status_code == 201
    assert api.get(f"Customers/{customer.json()['Id']}").json()["Name"] == prospect["Name"]
    assert api.get(f"CustomerProspects/{prospect['Id']}").status_code == 404


def test_small_lists(api: Api) -> None:
    """The history of lock dates ends with the one in force; the auditing company is there."""
    history = api.get("LockDateSettings/history", OrderBy="LockDate desc").json()
    assert history[0]["LockDate"] == api.get("LockDateSettings").json()["LockDate"]
    assert api.get("AuditingCompany").json()[0]["Name"]


@pytest.mark.parametrize(
    ("path", "name", "field"),
    [
        ("Customers", "organizationNumbers", "OrganizationNumber"),
        ("Customers", "phoneNumbers", "PhoneNumber"),
        ("Suppliers", "emailAddresses", "EmailAddress"),
        ("Employees", "employeeEmails", "EmailAddress"),
        ("Employees", "employeePhoneNumbers", "PhoneNumber"),
        ("Employees", "contactIds", "Id"),
        ("Employees", "subLedgerAccountIds", "SubledgerAccountId"),
        ("SalesOrders", "salesOrderNos", "SalesOrderNo"),
    ],
)
def test_newer_filters(api: Api, path: str, name: str, field: str) -> None:
    """The filters of 2026 give the rows with the values asked for."""
    row = next(row for row in api.get(path).json() if row[field])
    found = api.get(path, **{name: row[field]}).json()
    assert row["Id"] in {item["Id"] for item in found}
    assert {item[field] for item in found} == {row[field]}
    assert api.get(path, **{name: "424242"}).status_code == 204
