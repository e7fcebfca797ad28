"""POST and DELETE, and what they refuse."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from poweroffice_sandbox.core.table import Table

if TYPE_CHECKING:
    from sandbox_client import Api

NEW = {
    "Customers": {"Name": "Ny Kunde AS"},
    "Suppliers": {"Name": "Ny Leverandør AS"},
    "Employees": {"FirstName": "Åse", "LastName": "Ås"},
    "Products": {"Name": "Nytt produkt"},
    "Projects": {"Name": "Nytt prosjekt"},
    "Departments": {"Name": "Ny avdeling"},
    "GeneralLedgerAccounts": {"AccountNo": 3055, "IsActive": True, "Name": "Salg, øvrig"},
    "ContactGroups": {"Name": "Nye"},
}


@pytest.mark.parametrize("path", NEW)
def test_life_of_a_row(api: Api, path: str) -> None:
    """A row is made (201; products 200), read, changed, deleted, and then gone."""
    before = api.sandbox.totals()[path]
    made = api.post(path, NEW[path])
    assert made.status_code == (200 if path == "Products" else 201)
    row = made.json()
    assert api.get(f"{path}/{row['Id']}").json() == row
    assert api.sandbox.totals()[path] == before + 1
    name = "LastName" if path == "Employees" else "Name"
    changed = api.patch(f"{path}/{row['Id']}", [{"op": "replace", "path": f"/{name}", "value": "Endret"}])
    assert (changed.status_code, changed.json()[name]) == (200, "Endret")
    assert changed.json()["LastChangedDateTimeOffset"] > row["LastChangedDateTimeOffset"]
    assert api.delete(f"{path}/{row['Id']}").status_code == 200
    assert api.get(f"{path}/{row['Id']}").status_code == 404
    assert api.sandbox.totals()[path] == before


def test_numbers_are_assigned(api: Api) -> None:
    """Number is assigned when left out, the next of the series."""
    assert api.post("Customers", {"Name": "A"}).json()["Number"] == 10120
    assert api.post("Customers", {"Name": "B", "Number": 15000}).json()["Number"] == 15000
    assert api.post("Suppliers", {"Name": "C"}).json()["Number"] == 20060
    assert api.patch("Employees/7900003", [{"op": "remove", "path": "/Number"}]).json()["Number"] is None
    assert api.post("Employees", {"FirstName": "D", "LastName": "E"}).json()["Number"] == 26


def test_external_reference_is_unique(api: Api) -> None:
    """A second POST with the same ExternalImportReference is 400 and names the first one's id."""
    first = api.post("Customers", {"Name": "A", "ExternalImportReference": "ABC123"}).json()
    again = api.post("Customers", {"Name": "A", "ExternalImportReference": "ABC123"})
    assert again.status_code == 400
    assert again.json() == {
        "title": "Customer validation error(s)",
        "detail": "ExternalImportReference is already in use. 'ABC123' is used on "
        f"(contact) Id = {first['Id']}.",
    }
    assert api.post("Suppliers", {"Name": "A", "ExternalImportReference": "ABC123"}).status_code == 201


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("Customers", {}),
        ("Customers", {"IsPerson": True, "FirstName": "Åse"}),
        ("Customers", {"Name": "A", "InvoiceDeliveryType": 1}),
        ("Customers", {"Name": "A", "InvoiceDeliveryType": "Pigeon"}),
        ("Customers", {"Name": "A", "ExternalImportReference": "x" * 51}),
        ("Customers", {"Name": "A", "MailAddress": {"AddressLine1": "Torget 1"}}),
        ("Customers", {"Name": "A", "Number": 10005}),
        ("Customers", {"Name": "A", "ExternalNumber": 30004}),
        ("Customers", {"Name": "A", "Allowance": "mye"}),
        ("Customers", {"Name": "A", "DateOfBirth": "i går"}),
        ("Customers", []),
        ("Employees", {"FirstName": "Åse"}),
        ("Products", {"Name": "x" * 401}),
        ("Products", {"Name": "A", "Code": "V-0001"}),
        ("GeneralLedgerAccounts", {"AccountNo": 3056, "Name": "Uten aktiv"}),
        ("Departments", {"Code": "99"}),
        ("SalesOrders/Complete", {"CustomerId": 7300001, "SalesOrderLines": 5}),
        (
            "SalesOrders/Complete",
            {"CustomerId": 7300001, "SalesOrderLines": [{"Quantity": 9, "ProductUnitPrice": 10**30}]},
        ),
    ],
)
def test_validation(api: Api, path: str, body: Any) -> None:
    """What a POST must not carry is 400 with the resource's title, and makes nothing."""
    before = api.sandbox.totals()
    answer = api.post(path, body)
    assert answer.status_code == 400
    assert answer.json()["title"].endswith("validation error(s)")
    assert api.sandbox.totals() == before


def test_integer_enums_are_named_in_the_refusal(api: Api) -> None:
    """An enum given as an integer is refused in the documented words."""
    detail = api.post("Customers", {"Name": "A", "InvoiceDeliveryType": 1}).json()["detail"]
    assert "Enums is not allowed to be represented as integers" in detail


def test_malformed_json(api: Api) -> None:
    """A body that is no JSON is 400."""
    answer = api.session.post(f"{api.base}/Customers", data="{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_lookup_by_code(api: Api) -> None:
    """DepartmentCode finds the department; an unknown one is 404 with the customer's title."""
    row = api.post("Customers", {"Name": "A", "DepartmentCode": "20"}).json()
    assert (row["DepartmentId"], row["DepartmentCode"]) == (602, "20")
    answer = api.post("Customers", {"Name": "A", "DepartmentCode": "Avdeling10"})
    assert answer.status_code == 404
    assert answer.json() == {
        "title": "Customer validation error(s)",
        "detail": "Department with code = 'Avdeling10' not found.",
    }
    assert api.post("Customers", {"Name": "A", "DepartmentId": 1}).status_code == 404
    assert api.post("Projects", {"Name": "A", "CustomerNo": 10003}).json()["CustomerId"] == 7300004


def test_unknown_properties_are_ignored(api: Api) -> None:
    """Unknown properties and read-only ones have no effect; names bind in any case."""
    row = api.post("Customers", {"name": "A", "Nonsense": 1, "Id": 5, "SubledgerAccountId": 1}).json()
    assert row["Name"] == "A"
    assert row["Id"] != 5
    assert "Nonsense" not in row


def test_money_comes_back_with_its_digits(api: Api) -> None:
    """A price is given back with the digits it was sent with."""
    made = api.session.post(
        f"{api.base}/Products",
        data='{"Name": "A", "UnitPrice": 1.10}',
        headers={"Content-Type": "application/json"},
    )
    assert b'"UnitPrice":1.10' in made.content


def test_delete_in_use(api: Api) -> None:
    """A row others refer to is 409; an unknown one 404."""
    answer = api.delete("Customers/7300001")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "Customer with id = 7300001 is in use and cannot be deleted."
    assert api.delete("Customers/1").status_code == 404
    assert api.delete("GeneralLedgerAccounts/40005").status_code == 409
    assert api.delete("ContactGroups/5").status_code == 409


def test_sales_order(api: Api) -> None:
    """An order is made whole, with amounts, and can be read with its lines."""
    body = {
        "CustomerId": 7300001,
        "ProjectCode": "P-102",
        "ExternalImportReference": "af-1",
        "SalesOrderLines": [
            {"ProductCode": "V-0001", "Quantity": 4, "ProductUnitPrice": 1190.0, "SortOrder": 1},
            {"LineType": "Text", "Description": "Takk", "SortOrder": 2},
        ],
    }
    made = api.post("SalesOrders/Complete", body)
    row = made.json()
    assert made.status_code == 201
    assert (row["NetAmount"], row["TotalAmount"], row["LineCount"]) == (4760.0, 5950.0, 2)
    assert (row["CustomerNo"], row["SalesOrderStatus"]) == (10000, "Draft")
    whole = api.get(f"SalesOrders/{row['Id']}/Complete").json()
    assert [line["LineType"] for line in whole["SalesOrderLines"]] == ["Normal", "Text"]
    assert "SalesOrderLines" not in api.get(f"SalesOrders/{row['Id']}").json()
    assert api.post("SalesOrders/Complete", body).status_code == 400
    assert api.post("SalesOrders/Complete", {"CustomerId": 1}).status_code == 404
    assert api.delete(f"SalesOrders/{row['Id']}").status_code == 200


def test_only_drafts(api: Api) -> None:
    """A confirmed order can be neither changed nor deleted; a draft can be both."""
    confirmed = api.get("SalesOrders", orderStatus="Confirmed").json()[0]["Id"]
    draft = api.get("SalesOrders", orderStatus="Draft").json()[0]["Id"]
    change = [{"op": "replace", "path": "/CustomerReference", "value": "Åse"}]
    assert api.patch(f"SalesOrders/{confirmed}", change).status_code == 400
    assert api.delete(f"SalesOrders/{confirmed}").status_code == 409
    assert api.patch(f"SalesOrders/{draft}", change).json()["CustomerReference"] == "Åse"
    assert api.delete(f"SalesOrders/{draft}").status_code == 200
    assert api.get(f"SalesOrders/{draft}/Complete").status_code == 404


def test_companies_do_not_share_writes(api: Api, client_of: type[Api]) -> None:
    """A row made in one company is not seen in another."""
    other = client_of(api.sandbox, 1).login()
    identifier = api.post("Customers", {"Name": "A"}).json()["Id"]
    assert other.get(f"Customers/{identifier}").status_code == 404
    assert json.loads(other.get("Customers", PageSize=1).headers["X-Pagination"])["totalCount"] == 120


def test_a_row_is_found_as_by_looking_at_all() -> None:
    """Whatever was put, replaced and removed, and in whatever casing."""
    rng = random.Random(1)  # noqa: S311 - the same steps in every run
    table = Table()
    for step in range(2000):
        key = rng.randrange(40)
        if key in table.rows and rng.random() < 0.4:
            table.remove(key, step)
        else:
            code = rng.choice(["a", "A", "b", None])
            table.put({"Id": key, "Code": code, "Number": rng.choice([None, step])}, step)
        wanted = rng.choice("aAb")
        rows = list(table.rows.values())
        assert table.find("Code", wanted) == next(
            (row for row in rows if str(row["Code"]).casefold() == wanted.casefold()), None
        )
        assert table.highest("Number") == max((row["Number"] or 0 for row in rows), default=0)
