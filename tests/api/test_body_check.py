"""A body held against the description: what is found, and that the sandbox refuses just that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.api.body_check import check_body, is_described
from airflow_provider_poweroffice.api.catalogue import catalogue
from poweroffice_sandbox import Sandbox

V2 = "poweroffice_v2"
CUSTOMER: dict[str, Any] = {"Name": "Havblikk AS"}
LINES = [{"Quantity": 1, "Description": "a"}, {"Quantity": "2.5"}, {"Quantity": Decimal("1.10")}]


def found(method: str, path: str, body: Any) -> list[str]:
    """List the problems as text."""
    return [str(problem) for problem in check_body(V2, method, path, body)]


def replaced(pointer: str, value: Any) -> list[dict[str, Any]]:
    """Make a JSON Patch of one operation."""
    return [{"op": "replace", "path": pointer, "value": value}]


def test_all_problems_at_once() -> None:
    """Every problem of a body is named with its place, those within objects and lists too."""
    body = {
        "Nmae": "x",
        "isPerson": 1,
        "ContactGroupIds": ["a", 5],
        "InvoiceDeliveryType": "PdfByEmial",
        "MailAddress": {"City": "Oslo", "Zip": "0155"},
        "CustomerSince": "31.01.2026",
        "ExternalImportReference": "x" * 51,
        "CurrencyCode": 5,
    }
    assert found("POST", "Customers", body) == [
        "Nmae is not known; did you mean Name?",
        "IsPerson takes true or false, not 1",
        "ContactGroupIds[0] takes a whole number, not 'a'",
        (
            "InvoiceDeliveryType takes one of PdfByEmail, Print, EHF, AvtaleGiro, External, Efaktura, "
            "Factoring, not 'PdfByEmial'; did you mean PdfByEmail?"
        ),
        "MailAddress.Zip is not known; did you mean ZipCode?",
        "MailAddress.ZipCode is required",
        "CustomerSince takes a date such as 2026-01-31, not '31.01.2026'",
        "ExternalImportReference takes at most 50 characters, not 51",
        "CurrencyCode takes text, not 5",
        "Name is required",
    ]
    lines = [*LINES, {"Quantity": "1,5", "Qty": 1}, 5]
    assert found("POST", "SalesOrders/Complete", {"SalesOrderLines": lines}) == [
        "SalesOrderLines[3].Quantity takes a number, not '1,5'",
        "SalesOrderLines[3].Qty is not known",
        "SalesOrderLines[4] takes an object of fields, not 5",
    ]


def test_all_problems_of_a_patch() -> None:
    """Pointers that cannot be patched are named with what can, and values are checked as in a body."""
    operations: list[Any] = [
        *replaced("/DepartmentCode", "10"),
        *replaced("/emailAddress", "a@b.example"),
        {"op": "remove", "path": "/Name"},
        {"op": "add", "path": "/ContactGroupIds/-", "value": "x"},
        {"op": "add", "path": "/ContactGroupIds/last", "value": 1},
        *replaced("/MailAddress/Cty", "Oslo"),
        {"op": "put", "path": "/Name", "value": ""},
        *replaced("Name", "x"),
        {"op": "replace", "path": "/Name"},
        {"op": "copy", "from": "/Nme", "path": "/LegalName"},
        *replaced("/Id", 5),
        "x",
    ]
    assert found("PATCH", "Customers/42", operations) == [
        "/DepartmentCode cannot be patched: a PATCH takes ids only, here /DepartmentId",
        "/emailAddress is written in another casing, which the server may ignore; did you mean EmailAddress?",
        "/Name is required, and cannot be emptied",
        "/ContactGroupIds/- takes a whole number, not 'x'",
        "/ContactGroupIds/last names 'last' in the list ContactGroupIds; use an index, or - for its end",
        "/MailAddress/Cty cannot be patched; did you mean /MailAddress/City?",
        "[6] has the op 'put', not one of add, replace, remove, copy, move, test",
        "[7] needs a path that begins with a slash, such as /Name, not 'Name'",
        "/Name needs a value for the op replace",
        "/Name is required, and cannot be emptied",
        "/Nme cannot be patched; did you mean /Name?",
        "/Id cannot be patched",
        "[11] has the op None, not one of add, replace, remove, copy, move, test",
    ]
    assert found("PATCH", "SalesOrders/1", replaced("/SalesOrderLines", [])) == [
        "/SalesOrderLines cannot be patched: lines have paths of their own"
    ]
    for body in ({"Name": "x"}, [], None):
        assert "a list of operations" in found("PATCH", "Customers/42", body)[0]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("Customers/1", "DeliveryTerm PaymentTerm InvoiceBrandingThemeCode SalesPersonEmployeeNumber"),
        ("Employees/1", "DepartmentCode LocationCode ManagerEmployeeNo"),
        ("Products/1", "ProductGroupCode StandardSalesAccount OptionalSalesAccount"),
        (
            "Projects/1",
            "CustomerNo PaymentTerms ParentProjectCode ProjectManagerEmployeeNo BrandingThemeCode",
        ),
        ("Departments/1", "ManagerEmployeeNo"),
        ("GeneralLedgerAccounts/1", "DepartmentCode VatCode"),
        ("SalesOrders/1", "CustomerNo Dim1Code ProjectCode SalesPersonEmployeeNumber"),
        ("SalesOrders/1/Lines/2", "ProductCode Dim3Code SellersReferenceEmployeeNo"),
    ],
)
def test_a_code_has_an_id(path: str, names: str) -> None:
    """For each code or number that a POST takes and a PATCH does not, the id is named that it takes."""
    for name in names.split():
        (text,) = found("PATCH", path, replaced(f"/{name}", 1))
        pointer = text.removeprefix(f"/{name} cannot be patched: a PATCH takes ids only, here ")
        assert found("PATCH", path, replaced(pointer, 1)) == [], text


def test_what_is_not_described_is_not_spoken_of() -> None:
    """Unknown paths, Finance & Operations, DELETE and GET have no problems, whatever the body."""
    for name, method, path in (
        (V2, "POST", "Nothing"),
        (V2, "DELETE", "Customers/1"),
        (V2, "GET", "Customers"),
        (V2, "PATCH", "Nothing/1"),
        ("poweroffice_v1", "POST", "Nothing"),
        ("d365fo", "POST", "CustomersV3"),
    ):
        assert check_body(name, method, path, {"Nmae": object()}) == []
        assert not is_described(name, method, path)
    assert is_described(V2, "POST", "/customers/")


def test_as_it_will_be_sent() -> None:
    """A body is checked as its JSON: text, bytes, dates, decimals, dataclasses; what is no JSON is said."""

    @dataclass
    class Customer:
        Name: str
        CustomerSince: date

    assert found("POST", "Customers", Customer("A", date(2026, 1, 31))) == []
    assert found("POST", "Customers", b'{"Name": "A", "IsPerson": "false"}') == []
    assert found("POST", "Customers", '[{"Name": "A"}, {}]') == ["[1].Name is required"]
    assert found("POST", "Customers", CUSTOMER | {"Allowance": Decimal("1.5")}) == []
    for body in ('{"Name":', b"\xff", {"Name": object()}, {"Name": float("nan")}, [float("inf")]):
        (text,) = found("POST", "Customers", body)
        assert text.startswith("the body is not JSON: ")
    assert found("POST", "Customers", None) == ["Name is required"]
    # .NET counts characters beyond the first 65,536 twice.
    assert found("POST", "Customers", CUSTOMER | {"ExternalImportReference": "\U0001f40b" * 26}) == [
        "ExternalImportReference takes at most 50 characters, not 52"
    ]


PERSON = {"IsPerson": True, "FirstName": "Kari", "LastName": "Nordmann"}
ORDER: dict[str, Any] = {"SalesOrderLines": LINES}
WRITES: list[tuple[str, Any]] = [
    ("Customers", CUSTOMER),
    ("Customers", PERSON),
    ("Customers", PERSON | {"LastName": None}),
    ("Customers", CUSTOMER | {"Name": ""}),
    ("Customers", CUSTOMER | {"NAME": "x", "Colour": "red"}),
    ("Customers", CUSTOMER | {"ContactGroupIds": 5}),
    ("Customers", CUSTOMER | {"CustomerSince": "2026-02-30"}),
    ("Customers", CUSTOMER | {"CustomerSince": datetime(2026, 1, 31, tzinfo=UTC)}),
    ("Customers", CUSTOMER | {"IsArchived": "True", "PaymentTermId": None}),
    ("Customers", CUSTOMER | {"IsArchived": "yes"}),
    ("Customers", CUSTOMER | {"InvoiceDeliveryType": "ehf"}),
    ("Customers", CUSTOMER | {"InvoiceDeliveryType": 1}),
    ("Customers", CUSTOMER | {"MailAddress": {"City": "Oslo"}}),
    ("Customers", CUSTOMER | {"MailAddress": "Oslo"}),
    ("Customers", CUSTOMER | {"MailAddress": {"City": "Oslo", "ZipCode": "0" * 51}}),
    ("Products", {"Name": "Skrue", "UnitPrice": "12.50"}),
    ("Products", {"Name": "Skrue", "UnitPrice": "12,50"}),
    ("Products", {"Name": "x" * 401}),
    ("Products", {"Name": 5}),
    ("SalesOrders/Complete", ORDER),
    ("SalesOrders/Complete", {"SalesOrderLines": [{"Quantity": True}]}),
    ("SalesOrders/Complete", {"SalesOrderLines": {"Quantity": 1}}),
]


@pytest.mark.parametrize("index", range(len(WRITES)))
def test_the_server_refuses_the_same(client: Client, sandbox: Sandbox, index: int) -> None:
    """The sandbox, which was not written from the check, takes and refuses the same bodies."""
    path, body = WRITES[index]
    if path.startswith("SalesOrders"):
        body = body | {"CustomerId": client.request("GET", "Customers", query={"PageSize": 1}).body[0]["Id"]}
    problems = check_body(V2, "POST", path, body)
    answer = client.request("POST", path, body=body, fail_on_error=False)
    assert answer.is_success is not any(item.kind != "unknown" for item in problems), (problems, answer.text)
    assert sandbox.count("POST", f"/{path}") == 1


def test_the_server_patches_the_same(client: Client) -> None:
    """The sandbox takes and refuses the same patches, of every field that either knows."""
    row = client.request("GET", "Customers", query={"PageSize": 1}).body[0]
    path = f"Customers/{row['Id']}"
    for name, value in row.items():
        body = replaced(f"/{name}", value)
        # Null is no problem: which fields may be emptied is not in the catalogue.
        refused = [item for item in check_body(V2, "PATCH", path, body) if item.kind == "patch"]
        answer = client.request("PATCH", path, body=body, fail_on_error=False)
        no_target = "was not found" in answer.text
        assert no_target is bool(refused), (name, refused, answer.text)


def test_every_path_of_a_body_is_one_of_the_catalogue() -> None:
    """Each described PATCH is of a path that has one, and takes its own documented fields."""
    patched = [item for item in catalogue(V2).resources if "PATCH" in item.verbs]
    described = [item.path for item in patched if is_described(V2, "PATCH", item.path)]
    assert len(patched) - len(described) == 3, {item.path for item in patched} - set(described)


def test_the_client_warns_of_what_is_dropped(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A field that the server drops, or a pointer that it may ignore, is warned of once."""
    client.request("POST", "Customers", body=CUSTOMER | {"Nmae": "x"})
    row = client.request("GET", "Customers", query={"PageSize": 1}).body[0]
    client.request("PATCH", f"Customers/{row['Id']}", body=replaced("/emailAddress", "a@b.example"))
    lines = [line for line in caplog.messages if "drops without a word" in line]
    assert [line.partition("without a word: ")[2] for line in lines] == [
        "Nmae is not known; did you mean Name?",
        "/emailAddress is written in another casing, which the server may ignore; did you mean EmailAddress?",
    ]
