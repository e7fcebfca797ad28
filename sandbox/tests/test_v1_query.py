"""The query options of v1: filter, order, top, skip, count, caps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from v1_client import V1Api

FILTERS: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("Code eq 10003", lambda row: row["code"] == 10003),
    ("Code ne 10003", lambda row: row["code"] != 10003),
    ("Code ge 10010 and Code lt 10020", lambda row: 10010 <= row["code"] < 10020),
    ("Code gt 10110 or Code le 10001", lambda row: row["code"] > 10110 or row["code"] <= 10001),
    ("Code eq 10003M or Code eq 10004.0", lambda row: row["code"] in {10003, 10004}),
    ("IsArchived eq true", lambda row: row["isArchived"]),
    ("not IsArchived", lambda row: not row["isArchived"]),
    ("not (IsArchived eq true or Code lt 10060)", lambda row: not row["isArchived"] and row["code"] >= 10060),
    ("Name eq 'O''Hara & Sønner AS 3'", lambda row: row["name"] == "O'Hara & Sønner AS 3"),
    ("startswith(Name,'O''')", lambda row: row["name"].startswith("O'")),
    ("startswith(tolower(Name), 'ås''')", lambda row: row["name"].lower().startswith("ås'")),
    ("tolower(Name) eq 'o''hara & sønner as 3'", lambda row: row["name"].lower() == "o'hara & sønner as 3"),
    ("contains(Name,'\"Ærlig')", lambda row: '"Ærlig' in row["name"]),
    ("substringof('AS',Name) eq false", lambda row: "AS" not in row["name"]),
    ("endswith(toupper(Name),'AS 9')", lambda row: row["name"].upper().endswith("AS 9")),
    ("length(trim(Name)) gt 28", lambda row: len(row["name"].strip()) > 28),
    ("ExternalCode eq null", lambda row: "externalCode" not in row),
    ("ExternalCode gt 70050", lambda row: row.get("externalCode", 0) > 70050),
    ("MailAddress/City eq 'Tromsø'", lambda row: row["mailAddress"]["city"] == "Tromsø"),
    ("PhoneNumber eq null", lambda row: "phoneNumber" not in row),
    ("InvoiceDeliveryType eq 2", lambda row: row["invoiceDeliveryType"] == 2),
    ("InvoiceDeliveryType eq 'Print'", lambda row: row["invoiceDeliveryType"] == 2),
    ("(LastChanged gt DateTimeOffset'2025-06-01')", lambda row: row["lastChanged"] >= "2025-06-01"),
    ("Since lt DateTime'2023-01-01T00:00:00'", lambda row: row["since"] < "2023"),
    ("Since ge 2024-01-01", lambda row: row["since"] >= "2024"),
    ("LastChanged lt 2024-01-01T01:00:00+01:00", lambda row: row["lastChanged"] < "2024"),
]
BAD = {
    "Foo eq 1": "Could not find a property named 'Foo' on type 'Customer'.",
    "Name eq 1": "Found operand types 'Edm.String' and 'Edm.Decimal' for 'eq'.",
    "LastChanged gt 'x'": "Found operand types 'Edm.DateTimeOffset' and 'Edm.String' for 'gt'.",
    "LastChanged gt DateTimeOffset'x'": "'x' at position 15 is no date and time.",
    "Name eq 'O'Hara'": "There is an unterminated string literal at position 15",
    "LastChanged gt DateTimeOffset'0001-01-01T00:00+14:00'": "is no date and time.",
    "LastChanged gt 2023-13-01": "'2023-13-01' at position 15 is no date and time.",
    "Name eq 'x": "There is an unterminated string literal at position 8",
    "(Code eq 1": "ends too early",
    "Code eq": "ends too early",
    "Code eq 1 and": "ends too early",
    "Code eq 1)": "Syntax error at position 9",
    "Code = 1": "There is a syntax error at '=' at position 5",
    "Code": "A condition is expected",
    "Code eq 1 or Name": "A condition is expected",
    "soundex(Name) eq 'x'": "An unknown function with name 'soundex' was found.",
    "startswith(Name)": "it takes (Edm.String, Edm.String), not (Edm.String)",
    "startswith(Code,'1')": "not (Edm.Decimal, Edm.String)",
    "MailAddress eq null": "The property 'MailAddress' on type 'Customer' cannot be compared.",
    "Name/City eq 'x'": "The property 'Name/City' on type 'Customer' cannot be compared.",
    "ContactGroups eq '5'": "cannot be compared",
    "(" * 60 + "IsArchived" + ")" * 60: "nested deeper than 50 levels",
    "guid'x' eq guid'x'": "'x' at position 0 is no guid.",
    "InvoiceDeliveryType eq 'Pigeon'": "'Pigeon' is no value of the enumeration: None, PdfByEmail",
    "InvoiceDeliveryType eq true": "Found operand types 'Edm.Enum' and 'Edm.Boolean' for 'eq'.",
}


@pytest.mark.parametrize(("text", "test"), FILTERS, ids=[text for text, _ in FILTERS])
def test_filter(v1: V1Api, text: str, test: Callable[[dict[str, Any]], bool]) -> None:
    """A filter gives the rows it says, neither none nor all."""
    rows = v1.rows("Customer")
    wanted = {row["id"] for row in rows if test(row)}
    found = [row["id"] for row in v1.rows("Customer", filter=text)]
    assert set(found) == wanted
    assert len(found) == len(wanted)
    assert 0 < len(wanted) < len(rows)


@pytest.mark.parametrize("text", BAD)
def test_bad_filter(v1: V1Api, text: str) -> None:
    """A bad filter is success false with HTTP 200, and the summary says what is wrong with it."""
    validation = v1.failed("Customer", filter=text)
    assert BAD[text] in validation["summary"]
    assert validation["exception"] == "OData"
    assert validation["errorLogReference"]


def test_filter_guid(v1: V1Api) -> None:
    """A guid is compared as guid'…', bare and in any casing."""
    key = v1.rows("OutgoingInvoice/List")[0]["id"]
    for literal in (f"guid'{key}'", key, f"guid'{key.upper()}'"):
        assert [row["id"] for row in v1.rows("OutgoingInvoice/List", filter=f"Id eq {literal}")] == [key]
    assert "Edm.Guid" in v1.failed("OutgoingInvoice/List", filter=f"Id eq '{key}'")["summary"]


def test_order(v1: V1Api) -> None:
    """$orderby sorts by several fields, each way."""
    rows = v1.rows("Customer", orderby="PaymentTerms desc,Name asc")
    assert rows == sorted(rows, key=lambda row: (-row["paymentTerms"], row["name"]))
    assert "Could not find a property" in v1.failed("Customer", orderby="Foo")["summary"]
    assert "Syntax error in $orderby" in v1.failed("Customer", orderby="Name up")["summary"]
    assert "Syntax error in $orderby" in v1.failed("Customer", orderby="Code Name")["summary"]


def test_pages(v1: V1Api) -> None:
    """With an order, $top and $skip give every row once, and count the total."""
    pages = [v1.get("Customer", orderby="Id", top=50, skip=skip).json() for skip in (0, 50, 100, 150)]
    assert [len(page["data"]) for page in pages] == [50, 50, 20, 0]
    assert {page["count"] for page in pages} == {v1.sandbox.totals()["Customer"]} == {120}
    assert len({row["id"] for page in pages for row in page["data"]}) == 120
    assert v1.get("Customer", filter="Code lt 10010", orderby="Id", top=3).json()["count"] == 10


def test_pages_without_order(v1: V1Api) -> None:
    """Without an order, pages overlap and rows are missing; so they are with an order that leaves ties."""
    for options in ({}, {"orderby": "PaymentTerms"}):
        pages = [v1.rows("Customer", top=60, skip=skip, **options) for skip in (0, 60)]
        assert len({row["id"] for page in pages for row in page}) < 120


@pytest.mark.parametrize("name", ["top", "skip"])
@pytest.mark.parametrize("value", ["-1", "x", "1.5", "99999999999"])
def test_bad_numbers(v1: V1Api, name: str, value: str) -> None:
    """$top and $skip take whole numbers from 0."""
    assert f"Invalid value '{value}' for ${name}" in v1.failed("Customer", **{name: value})["summary"]


def test_blank_parameter(v1: V1Api) -> None:
    """A blank parameter is 400, success true, with the problem inside data."""
    answer = v1.get("Customer", filter="")
    assert answer.status_code == 400
    assert answer.json()["success"] is True
    assert answer.json()["data"]["errors"] == {"$filter": ["The $filter field is required."]}
    answer = v1.get("Reporting/AccountTransactions", fromDate="", toDate="2025-01-01")
    assert answer.json()["data"]["errors"] == {"fromDate": ["The fromDate field is required."]}


def test_empty(v1: V1Api) -> None:
    """An empty resource, and a filter nothing matches, are an empty list and a count of 0."""
    assert v1.get("Import").json() == {"success": True, "data": [], "count": 0}
    assert v1.get("Customer", filter="Code eq 1").json() == {"success": True, "data": [], "count": 0}


@pytest.mark.parametrize(
    ("path", "options", "cap"),
    [
        ("Customer", {"customers": 501, "row_cap": 500}, 500),
        ("OutgoingInvoice/List", {"voucher_cycles": 12_502}, 10_000),
    ],
)
def test_row_cap(start_v1: Callable[..., V1Api], path: str, options: dict[str, int], cap: int) -> None:
    """More rows than a call may give are success false; a page of the limit is served."""
    api = start_v1(**options)
    assert f"at most {cap} per call" in api.failed(path)["summary"]
    assert len(api.rows(path, orderby="Id", top=cap)) == cap


def test_same_seed_same_rows(start_v1: Callable[..., V1Api]) -> None:
    """The seed decides the rows, and the latest change is not on the last row."""
    one, two, other = (start_v1(seed=seed).rows("Customer", orderby="Id") for seed in (1, 1, 2))
    assert one == two != other
    assert max(row["lastChanged"] for row in one) > one[-1]["lastChanged"]
    assert {"æ", "ø", "å", "'", '"'} <= set("".join(row["name"] for row in one).lower())
