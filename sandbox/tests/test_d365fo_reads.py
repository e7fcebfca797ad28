"""Finance & Operations: reading entities over OData."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from d365fo_client import ENUM, Fo


def _all_pages(fo: Fo, path: str, **params: Any) -> list[list[Any]]:
    """Follow the next link to the end; relative links as a browser would."""
    url, pages = fo.base + f"/data/{path}", []
    answer = fo.get(path, **params)
    while True:
        assert answer.status_code == 200
        pages.append(answer.json()["value"])
        link = answer.json().get("@odata.nextLink")
        if link is None:
            return pages
        answer = fo.call("GET", urljoin(url, link).replace(fo.base, ""))


def test_service_document_and_metadata(fo: Fo) -> None:
    """The service document, the CSDL document and the JSON metadata name the same sets."""
    names = {item["name"] for item in fo.get("").json()["value"]}
    document = fo.get("$metadata")
    assert document.headers["Content-Type"] == "application/xml"
    assert set(re.findall(r'EntitySet Name="(\w+)"', document.text)) == names
    public = fo.call("GET", "/metadata/PublicEntities").json()["value"]
    assert {item["EntitySetName"] for item in public} == names
    customer = fo.call("GET", "/metadata/PublicEntities('CustomerV3')").json()
    assert [item["Name"] for item in customer["Properties"] if item["IsKey"]] == [
        "dataAreaId",
        "CustomerAccount",
    ]
    enums = fo.call("GET", "/metadata/PublicEnumerations").json()["value"]
    yes = enums[0]["Members"][1]
    assert (yes["Name"], yes["Value"], yes["ConfigurationEnabled"]) == ("Yes", 1, True)


def test_collection_and_single(fo: Fo) -> None:
    """Both have the context, and rows a weak ETag that is a quoted pair of version and record id."""
    answer = fo.get("CustomersV3", **{"$top": 1, "$select": "CustomerAccount,CreditLimit", "$count": "true"})
    body = answer.json()
    fields = "(CustomerAccount,CreditLimit)"
    assert body["@odata.context"] == f"{fo.base}/data/$metadata#CustomersV3{fields}"
    assert (body["@odata.count"], "@odata.nextLink" in body) == (120, False)
    etag = body["value"][0]["@odata.etag"]
    assert re.fullmatch(r"'0,\d+'", base64.b64decode(etag[3:-1]).decode())
    single = fo.get("CustomersV3(dataAreaId='usmf',CustomerAccount='US-000001')")
    assert single.json()["@odata.context"].endswith("#CustomersV3/$entity")
    assert (single.headers["ETag"], single.json()["@odata.etag"]) == (etag, etag)
    assert re.search(r'"CreditLimit":\d+\.\d\d[,}]', single.text)


@pytest.mark.parametrize(
    "path",
    [
        "CustomerGroups(dataAreaId='usmf',CustomerGroupId='O''Hara%2F50%25%20%26%20%2B')",
        "CustomerGroups(CustomerGroupId='10',dataAreaId='USMF')",
        "LedgerJournalLines(dataAreaId='usmf',JournalBatchNumber='JB-000001',LineNumber=1)",
        "ExchangeRates(RateTypeName='Default',FromCurrency='USD',ToCurrency='EUR',StartDate=2025-02-01T12:00:00Z)",
        "UnitsOfMeasure('m%C2%B2')",
        "UnitsOfMeasure(UnitSymbol='ea')",
        "LedgerJournalLines(dataAreaId='usmf',JournalBatchNumber='JB-000001',LineNumber=1)/LedgerJournalHeader",
    ],
)
def test_keys(fo: Fo, path: str) -> None:
    """Keys are typed, in any order, with quotes doubled and the rest percent-encoded."""
    assert fo.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("CustomersV3(dataAreaId='usmf',CustomerAccount='none')", 404),
        ("CustomersV3(dataAreaId='usrt',CustomerAccount='US-000001')", 404),
        ("CustomersV3(CustomerAccount='US-000001')", 400),
        ("CustomersV3('US-000001')", 400),
        ("LedgerJournalLines(dataAreaId='usmf',JournalBatchNumber='JB-000001',LineNumber='1')", 400),
        ("CustomerGroups(dataAreaId='usmf',CustomerGroupId='O'Hara')", 400),
        ("CustomersV3(dataAreaId='usmf',CustomerAccount='US-000001')/Nope", 404),
        ("customersv3", 404),
        ("CustomersV3/Nope", 404),
    ],
)
def test_bad_paths(fo: Fo, path: str, status: int) -> None:
    """A key that is not there is 404, one that cannot be read 400; set names are case-sensitive."""
    answer = fo.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "")


@pytest.mark.parametrize(
    ("expression", "keeps"),
    [
        ("CustomerGroupId eq '10'", lambda r: r["CustomerGroupId"] == "10"),
        ("CreditLimit gt 50000 and CreditLimit le 70000", lambda r: 50000 < r["CreditLimit"] <= 70000),
        ("not (CustomerGroupId eq '10' or CustomerGroupId eq '20')", lambda r: r["CustomerGroupId"] == "30"),
        ("OrganizationName eq '*hara*'", lambda r: "hara" in r["OrganizationName"].lower()),
        ("OrganizationName ne 'fjord*'", lambda r: not r["OrganizationName"].startswith("Fjord")),
        (f"OnHoldStatus eq {ENUM}.CustVendorBlocked'All'", lambda r: r["OnHoldStatus"] == "All"),
        (f"IsOneTimeCustomer ne {ENUM}.NoYes'Yes'", lambda r: r["IsOneTimeCustomer"] == "No"),
        ("CreditLimit div 2 add 1 gt 25001", lambda r: r["CreditLimit"] / 2 + 1 > 25001),
        ("CreditLimit mod 2 lt 1", lambda r: r["CreditLimit"] % 2 < 1),
        ("CredManCreditLimitDate ge 2024-01-01T00:00:00Z", lambda r: r["CredManCreditLimitDate"] >= "2024"),
        ("CustomerAccount ge 'US-000100'", lambda r: r["CustomerAccount"] >= "US-000100"),
        ("PrimaryContactEmail eq ''", lambda r: r["PrimaryContactEmail"] == ""),
        (
            "OrganizationName eq 'O''Hara Ltd' or SalesCurrencyCode eq 'nok'",
            lambda r: r["SalesCurrencyCode"] == "NOK",
        ),
    ],
)
def test_filters(fo: Fo, expression: str, keeps: Callable[[Any], bool]) -> None:
    """The documented operators choose the rows they should, and at least one."""
    rows = fo.get("CustomersV3").json()["value"]
    found = fo.get("CustomersV3", **{"$filter": expression}).json()["value"]
    assert found == [row for row in rows if keeps(row)]
    assert 0 < len(found) < len(rows)


@pytest.mark.parametrize(
    "params",
    [
        {"$filter": "contains(OrganizationName,'a')"},
        {"$filter": "CustomerGroupId in ('10','20')"},
        {"$filter": f"OnHoldStatus has {ENUM}.CustVendorBlocked'All'"},
        {"$filter": f"OnHoldStatus gt {ENUM}.CustVendorBlocked'All'"},
        {"$filter": f"OnHoldStatus eq {ENUM}.CustVendorBlocked'Some'"},
        {"$filter": "OnHoldStatus eq 'All'"},
        {"$filter": "Nope eq 1"},
        {"$filter": "CreditLimit eq '1'"},
        {"$filter": "CreditLimit"},
        {"$filter": "(CreditLimit eq 1"},
        {"$filter": "CustomerGroupId eq '10' CustomerGroupId"},
        {"$orderby": "Nope"},
        {"$select": "Nope"},
        {"$expand": "Nope"},
        {"$expand": "CustomerGroup($expand=Customers)"},
        {"$top": "-1"},
        {"$count": "yes"},
        {"$search": "x"},
        {"$apply": "x"},
    ],
)
def test_unsupported_options(fo: Fo, params: dict[str, str]) -> None:
    """What is outside the documented subset is 400, in the OData shape without innererror."""
    answer = fo.get("CustomersV3", **params)
    assert (answer.status_code, "innererror" in answer.json()["error"]) == (400, False)


def test_order_expand_and_property(fo: Fo) -> None:
    """$orderby sorts, $expand goes one level down, a property has a path of its own."""
    rows = fo.get("CustomersV3", **{"$orderby": "CustomerGroupId desc,CreditLimit"}).json()["value"]
    assert rows == sorted(rows, key=lambda row: (-int(row["CustomerGroupId"]), row["CreditLimit"]))
    row = fo.get("CustomersV3", **{"$top": 1, "$expand": "CustomerGroup($select=Description)"}).json()[
        "value"
    ][0]
    assert sorted(row["CustomerGroup"]) == ["@odata.etag", "Description"]
    value = fo.get("CustomersV3(dataAreaId='usmf',CustomerAccount='US-000001')/CustomerGroupId").json()[
        "value"
    ]
    assert value == rows[[r["CustomerAccount"] for r in rows].index("US-000001")]["CustomerGroupId"]


def test_companies(fo: Fo) -> None:
    """Reads see the user's default company; with cross-company all the user may see."""
    assert {row["dataAreaId"] for row in fo.get("CustomersV3").json()["value"]} == {"usmf"}
    assert fo.get("CustomersV3", **{"$filter": "dataAreaId eq 'usrt'"}).json()["value"] == []
    wide = {"cross-company": "true"}
    assert fo.get("CustomersV3/$count", **wide).text == "360"
    assert fo.get("CustomersV3/$count", **{"$filter": "dataAreaId eq 'USRT'"}, **wide).text == "120"
    assert fo.get("CustomersV3(dataAreaId='usrt',CustomerAccount='US-000001')", **wide).status_code == 200
    retail = Fo(fo.sandbox, "retail").login()
    assert {row["dataAreaId"] for row in retail.get("CustomersV3", **wide).json()["value"]} == {"usrt"}


@pytest.mark.parametrize("link", ["skip", "skiptoken"])
@pytest.mark.parametrize("form", ["absolute", "relative"])
def test_pages(start_fo: Callable[..., Fo], link: str, form: str) -> None:
    """The next link leads to every row once, with the other options kept, whatever its form."""
    fo = start_fo(page_size=50, next_link=link, next_link_form=form)
    pages = _all_pages(
        fo, "CustomersV3", **{"$select": "CustomerAccount", "$orderby": "CustomerAccount desc"}
    )
    assert [len(page) for page in pages] == [50, 50, 20]
    accounts = [row["CustomerAccount"] for page in pages for row in page]
    assert accounts == [f"US-{number:06d}" for number in range(120, 0, -1)]
    assert [len(page) for page in _all_pages(fo, "CustomersV3", **{"$top": "70", "$skip": "10"})] == [50, 20]
    fo.sandbox.set(top_over_page="clamp")
    assert [len(page) for page in _all_pages(fo, "CustomersV3", **{"$top": "70"})] == [50]


def test_page_limits(start_fo: Callable[..., Fo]) -> None:
    """A full last page has no link, or one to an empty page; a link can name a host behind the gateway."""
    fo = start_fo(page_size=60)
    assert [len(page) for page in _all_pages(fo, "CustomersV3")] == [60, 60]
    fo.sandbox.set(empty_next_page="yes")
    assert [len(page) for page in _all_pages(fo, "CustomersV3")] == [60, 60, 0]
    fo.sandbox.set(next_link_form="internal-host")
    assert (
        fo.get("CustomersV3").json()["@odata.nextLink"].startswith("http://aos-internal.example:8101/data/")
    )
    assert fo.get("PurchaseOrderHeadersV2").json()["value"] == []


def test_large_entity(start_fo: Callable[..., Fo]) -> None:
    """25,000 rows come in pages of 10,000, and their amounts sum to zero."""
    fo = start_fo(ledger_entries=25_000)
    path = {"$select": "SourceKey,AccountingCurrencyAmount"}
    pages = _all_pages(fo, "GeneralJournalAccountEntries", **path)
    assert [len(page) for page in pages] == [10_000, 10_000, 5_000]
    rows = [row for page in pages for row in page]
    assert len({row["SourceKey"] for row in rows}) == 25_000
    assert round(sum(row["AccountingCurrencyAmount"] for row in rows), 2) == 0


def test_metadata_levels_and_dates(fo: Fo) -> None:
    """Accept chooses how much metadata there is; dates without a time are at noon, or midnight."""
    full = fo.call("GET", "/data/UnitsOfMeasure", headers={"Accept": "application/json;odata.metadata=full"})
    row = full.json()["value"][0]
    assert row["@odata.id"] == f"{fo.base}/data/UnitsOfMeasure(UnitSymbol='ea')"
    none = fo.call("GET", "/data/UnitsOfMeasure", headers={"Accept": "application/json; odata.metadata=none"})
    assert not any(name.startswith("@") for name in (*none.json(), *none.json()["value"][0]))
    assert fo.get("VendorsV2").json()["value"][0]["OnHoldReleaseDate"] == "1900-01-01T12:00:00Z"
    fo.sandbox.set(empty_date="midnight", default_order="shuffled", count_path="404", text_compare="exact")
    assert fo.get("VendorsV2").json()["value"][0]["OnHoldReleaseDate"] == "1900-01-01T00:00:00Z"
    assert fo.get("VendorsV2").json()["value"][0]["VendorAccountNumber"] != "V-000001"
    assert fo.get("VendorsV2/$count").status_code == 404
    assert fo.get("CustomersV3", **{"$filter": "SalesCurrencyCode eq 'nok'"}).json()["value"] == []


@pytest.mark.parametrize(("case", "shown"), [("own", "usmf"), ("query", "USMF")])
def test_case_of_the_company(fo: Fo, case: str, shown: str) -> None:
    """A company is found in any case, and is answered as its own ID, or as the query spells it."""
    fo.sandbox.set(company_case=case)
    query = {"$filter": "dataAreaId eq 'USMF'", "$top": 1, "cross-company": "true"}
    row = fo.get("CustomersV3", **query).json()["value"][0]
    one = fo.get("CustomersV3(dataAreaId='USMF',CustomerAccount='US-000001')").json()
    assert (row["dataAreaId"], one["dataAreaId"]) == (shown, shown)
    assert fo.get("CustomersV3", **{"$top": 1}).json()["value"][0]["dataAreaId"] == "usmf"
