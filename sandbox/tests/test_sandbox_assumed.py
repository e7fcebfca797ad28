"""The endpoints and filters that are known to exist since the OpenAPI file, with assumed details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox_client import Api

EMPLOYEE = 7_900_001
# As a public client sends them.
ENTRY = {"EmployeeId": EMPLOYEE, "Date": "2025-03-03", "InternalComment": "Kvist", "ProjectId": None}
TIMES = {
    "Quantity": 7,
    "BillableQuantity": 5,
    "FromTime": "08:00",
    "ToTime": "15:30",
    "BreakTime": 30,
    "HourTypeId": 0,
}
AGREED = {
    "CustomerContactPersonId": 3_600_001,
    "CustomerSubledgerAccountId": 8_100_001,
    "ManagerSubledgerAccountId": 8_900_001,
    "NoticePeriod": 3,
    "StartDate": "2025-01-01",
}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("TimeTracking/HourType", {"Name": "Overtid 100 %"}, "Name"),
        ("TimeTracking/ActivityTime", {"Name": "Sveising"}, "Name"),
        ("TimeTracking/ActivityItem", {"Name": "Parkering"}, "Name"),
        ("TimeTracking/EntryTime", {**ENTRY, **TIMES, "ActivityTimeId": 1511}, "InternalComment"),
        ("TimeTracking/EntryItem", {**ENTRY, "ActivityItemId": 1521, "Quantity": 2}, "ExternalComment"),
        ("CustomerProspects", {"Name": "Måkeholmen Kafé AS"}, "Name"),
        ("Assignments", {**AGREED, "Description": "Årsoppgjør"}, "Description"),
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
    assert {row["Date"] for row in rows} <= {f"2024-01-{day:02}" for day in range(1, 32)} | {"2024-02-01"}
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
    (company,) = api.get("AuditingCompany").json()
    assert [set(auditor) for auditor in company["Auditors"]] == [{"Id", "Name"}, {"Id", "Name"}]


def test_what_public_clients_send(api: Api) -> None:
    """Names of clients of 2025 and 2026 are taken: an assignment's revision, regular hours, a flag."""
    assert api.get("TimeTracking/ActivityTime", includeInactive="true").status_code == 200
    assert api.get("TimeTracking/HourType/0").json()["Name"] == "Regular hours"
    made = api.post("Assignments", AGREED).json()
    revised = [{"op": "replace", "path": "/RevisedDate", "value": "2025-06-01"}]
    assert api.patch(f"Assignments/{made['Id']}", revised).json()["RevisionDate"] == "2025-06-01"
    for missing in AGREED:
        refused = api.post("Assignments", {**AGREED, missing: None})
        assert (refused.status_code, missing in refused.text) == (400, True)
    late = api.patch(f"Assignments/{made['Id']}", [{"op": "replace", "path": "/NoticePeriod", "value": 25}])
    assert (late.status_code, late.json()["detail"][:27]) == (400, "AssignmentGeneralPatchDto: ")
    employment = api.get("Employees/Employments").json()[0]
    path = f"Employees/{employment['EmployeeId']}/Employments/{employment['Id']}"
    reported = [{"op": "replace", "path": "/EndedAndReported", "value": True}]
    assert api.patch(path, reported).json()["EndedAndReported"] is True


def test_newer_vouchers(api: Api) -> None:
    """A credit note credits the customer; a cash journal is drafted, read, changed and given lines."""
    customer = api.get("Customers").json()[0]
    account = api.get("GeneralLedgerAccounts", accountNos="3000").json()[0]["Id"]
    note = {
        "CustomerAccountId": customer["SubledgerAccountId"],
        "VoucherDate": "2025-03-01",
        "OutgoingInvoiceLines": [{"AccountId": account, "CurrencyAmount": 125, "VatId": 103}],
    }
    made = api.post("Vouchers/OutgoingCreditNoteJournals", note)
    assert made.status_code == 201, made.text
    assert api.get(f"Vouchers/OutgoingCreditNoteJournals/{made.json()['Id']}").json() == made.json()
    rows = api.ledger(voucherNos=made.json()["VoucherNo"]).json()
    assert {row["VoucherType"] for row in rows} == {"OutgoingCreditNote"}
    assert next(row["Amount"] for row in rows if row["CustomerAccountNo"]) == -125
    draft = api.post(
        "JournalEntryVouchers/CashJournals", {"CurrencyCode": "NOK", "VoucherDate": "2025-03-01"}
    )
    assert draft.status_code == 201, draft.text
    one = f"JournalEntryVouchers/CashJournals/{draft.json()['Id']}"
    changed = api.patch(one, [{"op": "replace", "path": "/Description", "value": "Kasse"}])
    assert (changed.status_code, api.get(one).json()["Description"]) == (200, "Kasse")
    assert (
        api.post(f"{one}/VoucherLines", {"CurrencyAmount": 5, "DebitAccountId": account}).status_code == 201
    )


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
