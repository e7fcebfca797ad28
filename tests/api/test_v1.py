"""The v1 dialect: literal values in, values out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.dialects.base import Endpoints, PageInfo, Position
from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
from airflow_provider_poweroffice.errors import (
    BadRequestError,
    DeleteRefusedError,
    InvalidResponseError,
    PaginationError,
    PermissionDeniedError,
    RateLimitError,
    RefusedError,
)

ROOT = Path(__file__).resolve().parents[2]
V1 = DIALECTS["v1"]
KEYS = Credentials(application_key="aaaaaa", client_key="bbbbbb")
SAYS_NO = {
    "success": False,
    "validation": {"errorLogReference": "2sx-08", "summary": "Invalid operator", "exception": "OData"},
}
PROBLEM = {
    "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
    "title": "One or more validation errors occurred.",
    "status": 400,
    "errors": {"contactGroup": ["The contactGroup field is required."]},
    "traceId": "00-63aa",
}


def wire(body: Any) -> bytes:
    """Write a body as JSON."""
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("environment", "host", "base"),
    [
        ("production", None, "https://api.poweroffice.net"),
        ("demo", None, "https://api-demo.poweroffice.net"),
        ("production", "http://127.0.0.1:8099/", "http://127.0.0.1:8099"),
        ("demo", "https://x.example/gateway", "https://x.example/gateway"),
    ],
)
def test_endpoints(environment: str, host: str | None, base: str) -> None:
    """Token and data are at one server; no subscription key is needed, and none is sent."""
    assert V1.endpoints(KEYS, environment, host) == Endpoints(base, f"{base}/OAuth/Token")
    assert V1.headers(KEYS) == {}
    assert V1.token_request(KEYS) == (
        {"Authorization": f"Basic {KEYS.basic}"},
        {"grant_type": "client_credentials"},
    )


def test_bad_endpoints() -> None:
    """An unknown environment, and the address of v2, are refused before any key leaves."""
    with pytest.raises(ValueError, match="production, demo"):
        V1.endpoints(KEYS, "test", None)
    with pytest.raises(ValueError, match="is v2's"):
        V1.endpoints(KEYS, "production", "https://goapi.poweroffice.net/v2")


@pytest.mark.parametrize(
    ("body", "rows", "total"),
    [
        ('{"success":true,"data":[{"a":1.10}, {"a":2}],"count":336}', b'[{"a":1.10}, {"a":2}]', 336),
        ('{"success":true,"count":2,"data":[1,2]}', b"[1,2]", None),
        ('{"success":true,"data":[1,2]}', b"[1,2]", None),
        ('{"success":true,"data":[],"count":7}', b"[]", 7),
        ('{"success":true,"data":[],"count":0}', b"[]", None),
        ('{"success":true,"count":0}', b"[]", None),
        ('{"success":true}', b"[]", None),
        ('{"success":true,"data":null,"count":0}', b"[]", None),
        ('{"success":true,"data":[1,2,3],"count":2}', b"[1,2,3]", 2),
        ('{"success":true,"data":[1],"count":"3"}', b"[1]", 3),
        ('{"success":true,"data":[1],"count":3.0}', b"[1]", 3),
        ('{"success":true,"data":[1],"count":-1}', b"[1]", None),
        ('{"success":true,"data":[1],"count":"many"}', b"[1]", None),
    ],
)
def test_page(body: str, rows: bytes, total: int | None) -> None:
    """Rows are the bytes as sent; a count that may be of the page alone is no total."""
    assert V1.page({}, body.encode()) == (rows, PageInfo(total_rows=total))


@pytest.mark.parametrize(
    "body",
    ['{"success":true,"data":{"id":1}}', '{"success":true,"count":3}', "[1]", '{"error":"x"}', "{}"],
)
def test_no_page(body: str) -> None:
    """A record, rows that are counted and not there, and no envelope at all, are no page."""
    with pytest.raises(PaginationError if "success" in body else InvalidResponseError):
        V1.page({}, body.encode())
    with pytest.raises(InvalidResponseError):
        V1.page({}, body.encode()[:-1])


@pytest.mark.parametrize(
    ("body", "inner", "refused"),
    [
        ({"success": True, "data": {"id": 1}}, b'{"id": 1}', False),
        ({"success": True}, b"null", False),
        ({"success": True, "data": {"status": 400, "title": 7}}, b'{"status": 400, "title": 7}', False),
        ({"success": True, "data": {"status": 3, "title": "x"}}, b'{"status": 3, "title": "x"}', False),
        (SAYS_NO, b"null", True),
        (SAYS_NO | {"count": "0"}, b"null", True),
        (SAYS_NO | {"success": "false"}, b"null", True),
        ({"validation": SAYS_NO["validation"]}, b"null", True),
        ({"success": True, "data": PROBLEM | {"status": "400"}}, None, True),
        ({"success": True, "data": [1], "count": "1"}, b"[1]", False),
        ({"success": True, "data": SAYS_NO}, None, True),
        ({"success": True, "data": PROBLEM}, None, True),
        ([1], None, False),
        ({"access_token": "x"}, None, False),
    ],
)
def test_envelope(body: Any, inner: bytes | None, refused: bool) -> None:
    """What is inside is the answer; a refusal is found wherever it hides."""
    assert (V1.refusal(wire(body)) is not None) == refused
    if inner is not None or not refused:
        assert V1.unwrap(wire(body)) == inner
    assert V1.refusal(b"%PDF-1.4") is V1.unwrap(b"%PDF-1.4") is None


@pytest.mark.parametrize("body", [SAYS_NO, {"success": True, "data": SAYS_NO}])
def test_validation(body: Any) -> None:
    """The vendor's sentence, its reference for support, and the kind of error."""
    fault = V1.fault({}, body)
    assert fault.detail == "Invalid operator"
    assert fault.attributes == {
        "summary": "Invalid operator",
        "error_log_reference": "2sx-08",
        "exception": "OData",
    }


@pytest.mark.parametrize("body", [PROBLEM, {"success": True, "data": PROBLEM}])
def test_problem(body: Any) -> None:
    """A problem of the new backend is read, inside data too."""
    fault = V1.fault({}, body)
    assert (fault.title, fault.detail) == (
        PROBLEM["title"],
        "contactGroup: The contactGroup field is required.",
    )
    assert fault.attributes["summary"] == f"{fault.title}: {fault.detail}"
    assert fault.trace_id == "00-63aa"


@pytest.mark.parametrize("body", [None, "<html>", [1], {"data": [1]}, {"validation": "odd"}, {"data": None}])
def test_odd_bodies(body: Any) -> None:
    """An odd body does no harm."""
    fault = V1.fault({}, body)
    assert (fault.code, fault.detail, fault.attributes["summary"]) == (None, None, None)


def test_token_error() -> None:
    """Wrong keys are told by their code."""
    assert V1.fault({}, {"error": "invalid_client"}).code == "invalid_client"


@pytest.mark.parametrize(
    ("method", "status", "kind"),
    [
        ("GET", 200, RefusedError),
        ("POST", 201, RefusedError),
        ("DELETE", 200, DeleteRefusedError),
        ("DELETE", 403, PermissionDeniedError),
        ("GET", 400, BadRequestError),
        ("GET", 429, RateLimitError),
    ],
)
def test_kinds_of_errors(method: str, status: int, kind: type[Exception]) -> None:
    """A refusal in a 2xx has a class of its own, that of a DELETE too; else the status decides."""
    assert V1.error_kind(method, status, V1.fault({}, SAYS_NO)) is kind
    assert issubclass(RefusedError, BadRequestError)


@pytest.mark.parametrize(
    ("endpoint", "query"),
    [
        ("Customer", {}),
        ("Customer", {"$filter": "(A eq 1)"}),
        ("Customer", {"$top": "50000", "$orderby": "Id"}),
        ("Customer", {"$top": "10", "$skip": "5", "$orderby": "Name asc"}),
        ("Reporting/InvoiceJournal", {"$top": "5000", "$orderby": "InvoiceNo"}),
        ("Reporting/TrialBalance", {"date": "2026-01-01"}),
    ],
)
def test_queries(endpoint: str, query: dict[str, str]) -> None:
    """What v1 can answer passes."""
    V1.check_query(endpoint, query)


@pytest.mark.parametrize(
    ("endpoint", "query", "says"),
    [
        ("Customer", {"$skip": "10", "$top": "10"}, r"\$skip needs an order.*order_by"),
        ("Customer", {"$top": "10"}, r"\$top needs an order"),
        ("Customer", {"$skip": "10", "$orderby": "Id"}, r"\$skip does not work without \$top"),
        ("Customer", {"$top": "50001", "$orderby": "Id"}, "up to 50000 for Customer, not '50001'"),
        ("customer", {"$top": "all", "$orderby": "Id"}, "not 'all'"),
        ("Reporting/CustomerLedger", {"$top": "20001", "$orderby": "Id"}, "20000"),
        ("outgoinginvoice/list", {"$top": "10001", "$orderby": "Id"}, "10000"),
        ("Reporting/InvoiceJournal", {"$top": "5001", "$orderby": "InvoiceNo"}, "5000"),
        ("Customer", {"$select": "Id"}, r"'\$select': v1 knows \$filter"),
        ("Customer", {"$OrderBy": "Id"}, "in lower case"),
    ],
)
def test_bad_queries(endpoint: str, query: dict[str, str], says: str) -> None:
    """What v1 would answer with a refusal, with too many rows or in no order is refused at once."""
    with pytest.raises(ValueError, match=says):
        V1.check_query(endpoint, query)


def test_pages_go_by_rows_read() -> None:
    """A server that caps the page size loses no row: the next page begins after the rows that came."""
    assert V1.page_query(Position(number=3, offset=1234), 500) == {"$top": "500", "$skip": "1234"}


@pytest.mark.parametrize(
    ("endpoint", "order", "field"),
    [
        ("Customer", "Id asc", "id"),
        ("Reporting/TrialBalance", "AccountCode asc", "accountCode"),
        ("Reporting/InvoiceJournal", "Id asc", "id"),
        ("Reporting/Usage", None, ""),
        ("Currency", "Code asc", "code"),
        ("customdimensiondefinition", "Ordinal asc", "ordinal"),
        ("SomethingNew", "Id asc", "id"),
    ],
)
def test_order_and_key(endpoint: str, order: str | None, field: str) -> None:
    """Orders are in PascalCase, rows in camelCase."""
    assert (V1.default_order(endpoint), V1.key_field(endpoint)) == (order, field)


def test_filters_are_joined() -> None:
    """A filter of ours and the caller's hold both, each in its own parentheses."""
    since = V1.since("LastChanged", "changed", "2026-05-02T13:09:55.0000000Z")
    assert since == {"$filter": "(LastChanged gt DateTimeOffset'2026-05-02T13:09:55.0000000Z')"}
    assert V1.with_filter({"a": "1"}, since) == {"a": "1", **since}
    joined = V1.with_filter({"$filter": "A eq 1 or B eq 2", "$top": "1"}, since)
    assert joined == {"$filter": f"((A eq 1 or B eq 2) and {since['$filter']})", "$top": "1"}


def test_patch_is_refused() -> None:
    """There is no PATCH in v1."""
    with pytest.raises(ValueError, match="POST the record with its id"):
        V1.check_body("PATCH", {})


def test_archiving() -> None:
    """The whole record goes back as it came, digits included, archived and without masked numbers."""
    record = (
        '{"success":true,"data":{"id":7,"name":"a","discountPercent":1.10,"isArchived":false,'
        '"socialSecurityNumber":"hidden"}}'
    )
    method, endpoint, body = V1.archiving("Customer/7", record.encode())
    assert (method, endpoint) == ("POST", "Customer")
    assert body == b'{"id":7,"name":"a","discountPercent":1.10,"isArchived":true}'
    with pytest.raises(ValueError, match="Voucher/X/7 has no isArchived"):
        V1.archiving("Voucher/X/7", b'{"success":true,"data":{"id":7}}')
