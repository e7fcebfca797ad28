"""Registers, nested resources and settings: what the OpenAPI file says beyond schemas and status codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox_client import Api

EMPLOYEE, EMPLOYMENT, CUSTOMER = 7_900_001, 810_001, 7_300_001
PERSON = {"FirstName": "Liv", "LastName": "Ås"}


def test_odd_status_codes(api: Api) -> None:
    """POST Locations and Products answer 200, DELETE PaymentTerms 201."""
    assert api.post("Locations", {"Name": "Ulvik"}).status_code == 200
    assert api.post("Products", {"Name": "Skrue"}).status_code == 200
    term = api.post("PaymentTerms", {"Name": "0 dager", "CreditDays": 0})
    assert term.status_code == 201
    assert api.delete(f"PaymentTerms/{term.json()['Id']}").status_code == 201


def test_assigned_values(api: Api) -> None:
    """What a client leaves out is assigned as documented: a code, IsActive, the country."""
    location = api.post("Locations", {"Name": "Ulvik"}).json()
    assert location["Code"]
    assert location["IsActive"] is False
    assert api.post("PaymentTerms", {"Name": "5 dager", "CreditDays": 5}).json()["IsActive"] is True
    address = {"City": "Voss", "ZipCode": "5700"}
    assert api.post(f"ContactDeliveryAddresses/{CUSTOMER}", address).json()["CountryCode"] == "NO"


def test_parts_of_a_contact(api: Api) -> None:
    """A contact's parts are listed for all, and reached only below their contact."""
    made = api.post(f"ContactPersons/{CUSTOMER}", PERSON).json()
    assert made["ContactId"] == CUSTOMER
    assert made in api.get("ContactPersons", contactIds=CUSTOMER).json()
    assert api.get(f"ContactPersons/{CUSTOMER}/{made['Id']}").json() == made
    other = api.get(f"ContactPersons/{CUSTOMER + 2}/{made['Id']}")
    unknown = api.get(f"ContactPersons/1/{made['Id']}")
    assert (other.status_code, unknown.status_code) == (404, 404)
    assert unknown.json()["detail"] == "Contact with id = 1 not found."
    assert api.get("ContactPersons", contactIds="1-9").status_code == 400


def test_parts_of_an_employment(api: Api) -> None:
    """A salary belongs to an employment and its employee; the employment counts it."""
    body = {"FromDate": "2025-01-01", "RemunerationType": "FixedWage", "AnnualSalary": 610_000}
    made = api.post(f"Employees/Employments/{EMPLOYMENT}/Salaries", body).json()
    assert (made["EmploymentId"], made["EmployeeId"]) == (EMPLOYMENT, EMPLOYEE)
    employment = api.get(f"Employees/{EMPLOYEE}/Employments/{EMPLOYMENT}").json()
    assert employment["SalaryCount"] == len(
        api.get(f"Employees/Employments/{EMPLOYMENT}/Salaries").json()
    )  # fmt: skip
    assert api.get("Employees/Employments/1/Salaries").status_code == 404
    assert api.post("Employees/Employments/1/Salaries", body).status_code == 404
    assert api.get(f"Employees/{EMPLOYEE + 1}/Employments/{EMPLOYMENT}").status_code == 404


def test_light_employments(api: Api) -> None:
    """The list of all employments is the same rows with fewer fields, and knows who is employed now."""
    rows = api.get("Employees/Employments").json()
    active = api.get("Employees/Employments", activeEmployments="true").json()
    ended = api.get("Employees/Employments", activeEmployments="false").json()
    assert "SalaryCount" not in rows[0]
    assert {row["EndDate"] for row in active} == {None}
    assert len(active) + len(ended) == len(rows)


def test_settings_of_an_employee(api: Api) -> None:
    """Each employee has payroll settings, one made a moment ago too; they are patched in place."""
    made = api.post("Employees", {"FirstName": "Pål", "LastName": "Ås"}).json()["Id"]
    path = f"Employees/{made}/PayrollSettings"
    assert api.get(path).json()["NumberOfHolidays"] is None
    assert api.patch(path, [{"op": "replace", "path": "/NumberOfHolidays", "value": 30}]).status_code == 200
    assert api.get(path).json()["NumberOfHolidays"] == 30
    assert "Id" not in api.get(path).json()
    assert api.get("Employees/1/PayrollSettings").status_code == 404


def test_bank_accounts_of_an_employee(api: Api) -> None:
    """Only the three payout accounts can be patched there, only to accounts that exist; nowhere else."""
    account = api.post(f"ContactBankAccounts/{EMPLOYEE}", {"BankAccountNumber": "99950000001"}).json()["Id"]

    def patched(path: str, name: str, value: Any) -> Any:
        return api.patch(path, [{"op": "replace", "path": f"/{name}", "value": value}])

    path = f"Employees/{EMPLOYEE}/BankAccounts"
    assert patched(path, "SalaryBankAccountId", account).json()["SalaryBankAccountId"] == account
    assert patched(path, "SalaryBankAccountId", 1).status_code == 404
    assert patched(path, "JobTitle", "Sjef").status_code == 400
    assert patched(f"Employees/{EMPLOYEE}", "SalaryBankAccountId", account).status_code == 400
    assert api.delete(f"ContactBankAccounts/{EMPLOYEE}/{account}").status_code == 409


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("DeliveryTerms", {"Name": "T" * 128}),
        ("PaymentTerms", {"Name": "T", "CreditDays": 1}),
        ("ProductGroups", {"Code": "9", "Name": "G"}),
        ("Locations", {"Code": "99", "Name": "L"}),
        ("CustomDimensions", {"Ordinal": 1, "Name": "D", "ExternalImportReference": "d-1"}),
        (f"ContactPersons/{CUSTOMER}", {**PERSON, "ExternalCode": "k-1"}),
        (
            "ClientBankAccounts",
            {
                "BankAccountNumber": "99940000001",
                "BicSwift": "B",
                "CountryCode": "NO",
                "CurrencyCode": "NOK",
                "GeneralLedgerAccountId": 40_009,
            },
        ),
    ],
)
def test_unique(api: Api, path: str, body: Any) -> None:
    """The same name, code, number or reference a second time is 400 and names the first row's id."""
    first = api.post(path, body)
    assert first.ok, first.text
    second = api.post(path, body)
    assert second.status_code == 400
    assert f"Id = {first.json()['Id']}." in second.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("DeliveryTerms", {"Name": "T" * 129}, 400),
        ("DeliveryTerms", {}, 400),
        ("PaymentTerms", {"Name": "T"}, 400),
        ("CustomDimensions", {"Name": "D"}, 400),
        ("CustomDimensions", {"Ordinal": 1, "Name": "D", "Code": "C" * 41}, 400),
        (f"ContactDeliveryAddresses/{CUSTOMER}", {"City": "Voss"}, 400),
        (
            f"ContactPersons/{CUSTOMER}",
            {"FirstName": "A", "LastName": "B", "MailAddress": {"City": "C"}},
            400,
        ),
        ("SalaryLines", {"EmployeeId": 1, "PayItemId": "0a000000-0000-4000-8000-000000000001"}, 404),
        ("ClientBankAccounts/BankApprovers", {"BankAccountId": 1, "UserId": "x"}, 400),
        ("ProductGroups", {"Name": "G", "ProductType": 1}, 400),
    ],
)
def test_refused(api: Api, path: str, body: Any, status: int) -> None:
    """Required fields, greatest lengths, enums and references hold for every resource."""
    answer = api.post(path, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["title"].endswith("validation error(s)")


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("Products/52001", "ProductGroupCode"),
        ("ProductGroups/651", "StandardSalesAccount"),
        ("Employees/7900001", "LocationCode"),
        ("ContactDeliveryAddresses/7300001/3700001", "IsPrimary"),
        ("ClientBankAccounts/801", "GeneralLedgerAccountNo"),
        ("Employees/7900001/Employments/810001", "SalaryCount"),
    ],
)
def test_not_patchable(api: Api, path: str, segment: str) -> None:
    """What an answer shows and a PATCH does not take is 400."""
    answer = api.patch(path, [{"op": "replace", "path": f"/{segment}", "value": "1"}])
    assert answer.status_code == 400
    assert f"path segment '{segment}' was not found" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["PaymentTerms/31", "ProductGroups/651", "Enterprises/501"])
def test_in_use(api: Api, path: str) -> None:
    """A row another row refers to is not deleted; enterprises cannot be deleted at all."""
    assert api.delete(path).status_code == (404 if path.startswith("Enterprises") else 409)


def test_one_privilege_of_several(start: Callable[..., Api], client_of: type[Api]) -> None:
    """Contact persons need one of three privileges; delivery addresses are written with any _Full of four."""
    reduced = client_of(start().sandbox, 2).login()
    assert reduced.get("ContactPersons").status_code == 200
    assert reduced.get("PayItems").status_code == 403
    address = {"City": "Voss", "ZipCode": "5700"}
    assert reduced.post(f"ContactDeliveryAddresses/{CUSTOMER}", address).status_code == 403


def test_seeds_do_not_depend_on_writes(start: Callable[..., Api]) -> None:
    """A register made after a client has written is the same as one made before."""
    early, late = start(), start()
    late.post("Employees", {"FirstName": "Pål", "LastName": "Ås"})
    late.delete("Customers/7300005")
    for name in ("SalaryLines", "ContactPersons", "Employees/Employments"):
        assert late.get(name, OrderBy="Id").content == early.get(name, OrderBy="Id").content


def test_currency_rates(api: Api) -> None:
    """A rate and its reverse; the three parameters are required and the currencies must be known."""
    query = {"fromCurrency": "EUR", "toCurrency": "NOK", "asOnDate": "2025-03-03T10:00:00Z"}
    rate = api.get("CurrencyRates", **query).json()
    assert rate["RateDate"] == "2025-03-03"
    assert rate["ExchangeRate"] * rate["ReverseExchangeRate"] == pytest.approx(1, abs=1e-5)
    assert api.get("CurrencyRates", **{**query, "toCurrency": "EUR"}).json()["ExchangeRate"] == 1
    assert api.get("CurrencyRates", fromCurrency="EUR").status_code == 400
    assert api.get("CurrencyRates", **{**query, "toCurrency": "ABC"}).status_code == 400
