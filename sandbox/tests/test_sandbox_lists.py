"""Paging, order, fields and filters of stored resources."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox_client import Api

PAGED = [
    "Customers",
    "Suppliers",
    "Employees",
    "Products",
    "Projects",
    "Departments",
    "GeneralLedgerAccounts",
]
PAGED += ["OutgoingInvoices", "SalesOrders", "ContactGroups"]


def pages(api: Api, path: str, size: int, **params: Any) -> Iterator[Any]:
    """Follow nextPageLink from the first page."""
    answer = api.get(path, PageSize=size, **params)
    while True:
        yield answer.json()
        link = json.loads(answer.headers["X-Pagination"])["nextPageLink"]
        if link is None:
            return
        answer = api.session.get(link)


@pytest.mark.parametrize("path", PAGED)
def test_pages_hold_every_id_once(api: Api, path: str) -> None:
    """The pages of a list, concatenated, are all rows once, as many as the sandbox says it holds."""
    ids = [row["Id"] for page in pages(api, path, 7) for row in page]
    assert len(ids) == len(set(ids)) == api.sandbox.totals()[path]


def test_pagination_header(api: Api) -> None:
    """X-Pagination carries six keys; the links are null at the ends."""
    header = json.loads(api.get("Customers", PageSize=50, PageNumber=3).headers["X-Pagination"])
    assert header["nextPageLink"] is None
    assert "PageNumber=2" in header.pop("previousPageLink")
    assert header == {
        "totalCount": 120,
        "pageSize": 50,
        "currentPage": 3,
        "totalPages": 3,
        "nextPageLink": None,
    }


def test_default_order_is_not_by_id(api: Api) -> None:
    """Without OrderBy a list is in a fixed order that is not the order of the ids."""
    ids = [row["Id"] for row in api.get("Customers").json()]
    assert ids != sorted(ids)
    assert ids == [row["Id"] for row in api.get("Customers").json()]


def test_order_by(api: Api) -> None:
    """OrderBy takes several fields, asc by default, names in any case."""
    rows = api.get("Customers", OrderBy="isperson desc, Id").json()
    keys = [(not row["IsPerson"], row["Id"]) for row in rows]
    assert keys == sorted(keys)


def test_change_times_do_not_follow_ids(api: Api) -> None:
    """The last row by id has not the latest change, so it is no watermark."""
    stamps = [row["LastChangedDateTimeOffset"] for row in api.get("Customers", OrderBy="Id").json()]
    assert stamps[-1] != max(stamps)


def test_fields(api: Api) -> None:
    """Fields gives only the properties named."""
    assert set(api.get("Customers", Fields="id, Name").json()[0]) == {"Id", "Name"}


@pytest.mark.parametrize(
    "params",
    [
        {"Fields": "Id,Nope"},
        {"OrderBy": "Nope"},
        {"OrderBy": "Id sideways"},
        {"PageSize": 20001},
        {"PageSize": 0},
        {"PageNumber": 0},
        {"PageNumber": "x"},
    ],
)
def test_bad_resource_parameter(api: Api, params: dict[str, Any]) -> None:
    """A bad paging parameter is 400 Invalid resourceParameter."""
    answer = api.get("Customers", **params)
    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid resourceParameter")


@pytest.mark.parametrize("name", ["$top", "$skip", "$filter", "foo"])
def test_unknown_query_name(api: Api, name: str | None) -> None:
    """A query name the list does not take is 400."""
    assert api.get("Customers", **{name: "1"}).status_code == 400


def test_query_names_in_any_case(api: Api) -> None:
    """Query names are insensitive to case."""
    assert len(api.get("Customers", pagesize=3).json()) == 3
    assert len(api.get("Customers", CUSTOMERNOS="10003").json()) == 1


@pytest.mark.parametrize(
    ("path", "params", "test"),
    [
        (
            "Customers",
            {"customerNos": "10000-10002, 10007, 10117-"},
            lambda r: r["Number"] in {10000, 10001, 10002, 10007, 10117, 10118, 10119},
        ),
        ("Customers", {"externalNos": "30004"}, lambda r: r["ExternalNumber"] == 30004),
        (
            "Customers",
            {"externalImportReference": "crm-3"},
            lambda r: r["ExternalImportReference"] == "crm-3",
        ),
        ("Customers", {"contactGroupIds": "6, 8"}, lambda r: {6, 8} & set(r["ContactGroupIds"])),
        ("Suppliers", {"supplierNos": "-"}, None),
        ("Suppliers", {"supplierNos": "20003-20004"}, lambda r: r["Number"] in (20003, 20004)),
        ("Employees", {"employeeNos": "1, 3-5"}, lambda r: r["Number"] in (1, 3, 4, 5)),
        ("Products", {"type": "service"}, lambda r: r["ProductType"] == "Service"),
        ("Products", {"type": "rubbish"}, None),
        ("Products", {"codes": "v-0001, V-0002"}, lambda r: r["Code"] in ("V-0001", "V-0002")),
        ("Products", {"isArchived": "TRUE"}, lambda r: r["IsArchived"]),
        ("Products", {"isArchived": "maybe"}, None),
        ("Projects", {"departmentCodes": "-1"}, lambda r: r["DepartmentCode"] is None),
        ("Projects", {"departmentCodes": "20"}, lambda r: r["DepartmentCode"] == "20"),
        ("Projects", {"name": "åsen"}, lambda r: "åsen" in r["Name"].lower()),
        ("Projects", {"status": "active"}, lambda r: r["ProjectStatus"] == "Active"),
        ("Projects", {"excludeArchivedProject": "true"}, lambda r: r["ProjectStatus"] != "Archived"),
        ("Projects", {"projectCodes": "P-101"}, lambda r: r["Code"] == "P-101"),
        (
            "Projects",
            {"projectCodes": "P-101", "includeSubProjects": "true"},
            lambda r: "P-101" in (r["Code"], r["ParentProjectCode"]),
        ),
        ("Departments", {"managerEmployeeNo": "1"}, lambda r: r["ManagerEmployeeNo"] == 1),
        ("Departments", {"isActive": "false"}, lambda r: not r["IsActive"]),
        (
            "GeneralLedgerAccounts",
            {"accountNos": "1500, 3000-3999"},
            lambda r: r["AccountNo"] == 1500 or 3000 <= r["AccountNo"] <= 3999,
        ),
        ("OutgoingInvoices", {"onlyUnpaidInvoices": "true"}, lambda r: r["Balance"] != 0),
        (
            "OutgoingInvoices",
            {"fromDate": "2022-06-01T23:00:00+02:00", "toDate": "2023-01-31"},
            lambda r: "2022-06-01" <= r["VoucherDate"] <= "2023-01-31",
        ),
        ("OutgoingInvoices", {"invoiceNos": "20001-20003"}, lambda r: r["InvoiceNo"] <= 20003),
        ("SalesOrders", {"orderStatus": "draft"}, lambda r: r["SalesOrderStatus"] == "Draft"),
        ("SalesOrders", {"fromDate": "2022-01-01"}, None),
        ("ContactGroups", {"names": "Kommuner"}, lambda r: r["Name"] == "Kommuner"),
        ("VatCodes", {"isActive": "false"}, lambda r: not r["IsActive"]),
        ("Customers", {"customerNos": "  "}, bool),
    ],
)
def test_filters(
    api: Api, path: str, params: dict[str, Any], test: Callable[[dict[str, Any]], bool] | None
) -> None:
    """A filter gives exactly the rows that meet it; a value that cannot be read is 400."""
    answer = api.get(path, **params)
    if test is None:
        assert answer.status_code == 400
        return
    rows = api.get(path, **({"includeExpired": "false"} if path == "VatCodes" else {})).json()
    wanted = {row["Id"] for row in rows if test(row)}
    assert wanted
    assert {row["Id"] for row in answer.json()} == wanted


@pytest.mark.parametrize("form", ["{}T{}Z", "{} {}+00:00", "{}T{}"])
def test_changed_filter_is_strict(api: Api, form: str) -> None:
    """…GreaterThan leaves out the very time it names, whatever the form of the timestamp."""
    rows = api.get("Customers").json()
    stamps = sorted(row["LastChangedDateTimeOffset"] for row in rows)
    text = form.format(*stamps[60].rstrip("Z").split("T"))
    answer = api.get("Customers", lastChangedDateTimeOffsetGreaterThan=text)
    assert sorted(row["LastChangedDateTimeOffset"] for row in answer.json()) == stamps[61:]


def test_offset_in_changed_filter(api: Api) -> None:
    """An offset is taken into account."""
    stamp = sorted(row["LastChangedDateTimeOffset"] for row in api.get("Customers").json())[60]
    utc = api.get("Customers", lastChangedDateTimeOffsetGreaterThan=f"{stamp[:19]}Z").json()
    hour = f"{(int(stamp[11:13]) + 1) % 24:02}"
    if hour != "00":
        local = f"{stamp[:11]}{hour}{stamp[13:19]}+01:00"
        assert len(api.get("Customers", lastChangedDateTimeOffsetGreaterThan=local).json()) == len(utc)


def test_unknown_contact_group(api: Api) -> None:
    """Unknown contact groups are 404, all named; a range is 400."""
    answer = api.get("Customers", contactGroupIds="5, 41345, 21445")
    assert (answer.status_code, answer.json()["title"]) == (404, "Object(s) not found")
    assert answer.json()["detail"] == "Could not find contact group(s) with id = 21445, 41345."
    assert api.get("Customers", contactGroupIds="5-6").json()["title"] == "Unable to cast object(s)"


def test_nothing_matches(api: Api) -> None:
    """A list without rows is 204 without body and without X-Pagination."""
    answer = api.get("Customers", customerNos="5")
    assert (answer.status_code, answer.content, "X-Pagination" in answer.headers) == (204, b"", False)


def test_one_row(api: Api) -> None:
    """A row by id is the row of the list; an unknown id is 404."""
    row = api.get("Customers", PageSize=1).json()[0]
    assert api.get(f"Customers/{row['Id']}").json() == row
    missing = api.get("Customers/12345")
    assert missing.status_code == 404
    assert missing.json() == {"title": "Object(s) not found", "detail": "Customer with id = 12345 not found."}


def test_expired_vat_codes(api: Api) -> None:
    """VAT codes that have expired are listed only on request."""
    assert len(api.get("VatCodes", includeExpired="true").json()) == len(api.get("VatCodes").json()) + 1


def test_hidden_identity_number(api: Api) -> None:
    """A national identity number is never shown."""
    assert {row["NationalIdNumber"] for row in api.get("Employees").json()} == {"hidden"}


def test_settings(api: Api) -> None:
    """Settings are single objects with the documented fields."""
    assert api.get("LockDateSettings").json() == {"LockDate": "2022-12-31"}
    assert api.get("FinancialSettings").json()["CurrencyCode"] == "NOK"


def test_date_header(api: Api) -> None:
    """Every answer tells the sandbox's own time, which moves when it is moved."""
    before = parsedate_to_datetime(api.get("VatCodes").headers["Date"])
    api.sandbox.advance(3600)
    assert 3590 < (parsedate_to_datetime(api.get("VatCodes").headers["Date"]) - before).total_seconds() < 3700
