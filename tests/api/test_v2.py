"""The v2 dialect: literal values in, values out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.dialects.base import Dialect, Endpoints, PageInfo
from airflow_provider_poweroffice.api.dialects.registry import DIALECTS

V2 = DIALECTS["v2"]
KEYS = Credentials(application_key="aaaaaa", client_key="bbbbbb", subscription_key="cccccc")


@pytest.mark.parametrize(
    ("environment", "host", "root"),
    [
        ("production", None, "https://goapi.poweroffice.net"),
        ("demo", None, "https://goapi.poweroffice.net/Demo"),
        ("production", "http://127.0.0.1:8099", "http://127.0.0.1:8099"),
        ("demo", "http://127.0.0.1:8099/", "http://127.0.0.1:8099/Demo"),
        ("demo", "https://x.example/demo/v2/", "https://x.example/demo"),
        ("production", "https://x.example/gateway/V2", "https://x.example/gateway"),
    ],
)
def test_endpoints(environment: str, host: str | None, root: str) -> None:
    """Base and token URL always come from the same environment."""
    assert V2.endpoints(KEYS, environment, host) == Endpoints(root + "/v2", root + "/OAuth/Token")


@pytest.mark.parametrize(
    ("environment", "host", "says"),
    [
        ("test", None, "production, demo"),
        ("production", "https://x.example/Demo/v2", "/Demo/v2"),
        ("demo", "https://x.example/v2", "/Demo/v2"),
        ("production", "https://x.example/api", "/v2"),
    ],
)
def test_bad_endpoints(environment: str, host: str | None, says: str) -> None:
    """A mixed-up environment is refused before any key leaves."""
    with pytest.raises(ValueError, match=says):
        V2.endpoints(KEYS, environment, host)


@pytest.mark.parametrize(
    ("header", "info"),
    [
        (None, PageInfo()),
        ("", PageInfo()),
        ("broken{", PageInfo()),
        ("[]", PageInfo()),
        ({}, PageInfo()),
        (
            {"totalCount": 11, "pageSize": 5, "currentPage": 3, "totalPages": 3, "nextPageLink": None},
            PageInfo(total_rows=11, total_pages=3, number=3, is_last=True, size=5),
        ),
        ({"nextPageLink": "http://internal/x"}, PageInfo(is_last=False)),
        ({"nextPageLink": None}, PageInfo(is_last=True)),
        ({"TotalCount": "11", "PageSize": "5"}, PageInfo(total_rows=11, size=5)),
        ({"totalPages": "many", "totalCount": True}, PageInfo()),
    ],
)
def test_page_info(header: object, info: PageInfo) -> None:
    """X-Pagination is read as far as it can be; what is not said is None, never a guess."""
    text = header if isinstance(header, str) else json.dumps(header)
    rows, said = V2.page({} if header is None else {"X-Pagination": text}, b"[]")
    assert (rows, said) == (b"[]", info)


@pytest.mark.parametrize(
    ("endpoint", "order"),
    [
        ("Customers", "Id asc"),
        ("accounttransactions", "Id asc"),
        ("SomethingNew", "Id asc"),
        ("Currencies", "Code asc"),
        ("Customerledger/CustomerBalances", "CustomerId asc"),
        ("TrialBalance", "AccountId asc"),
        ("VoucherDocumentation", "VoucherId asc"),
        ("PayrollSettings/PensionSchemes", None),
        ("ClientAdmin/0e7d/AccessRoles", None),
    ],
)
def test_default_order(endpoint: str, order: str | None) -> None:
    """Pages are ordered by a key that no two rows share, where the resource has one."""
    assert V2.default_order(endpoint) == order


@pytest.mark.parametrize(
    ("body", "code", "title", "detail", "wait"),
    [
        ({"title": "T", "detail": "D"}, None, "T", "D", None),
        ({"Title": "T", "Detail": "D"}, None, "T", "D", None),
        ({"error": "invalid_client", "error_description": "D"}, "invalid_client", None, "D", None),
        (
            {"statusCode": "429", "message": "Rate limit is exceeded. Try again in 7 seconds."},
            None,
            None,
            "Rate limit is exceeded. Try again in 7 seconds.",
            7.0,
        ),
        (
            {
                "statusCode": 403,
                "message": "Out of call volume quota. Quota will be replenished in 01:02:03.",
            },
            None,
            None,
            "Out of call volume quota. Quota will be replenished in 01:02:03.",
            3723.0,
        ),
        (
            {"title": "T", "errors": {"Name": ["is required", "is short"]}},
            None,
            "T",
            "Name: is required, is short",
            None,
        ),
        (None, None, None, None, None),
        ("<html>", None, None, None, None),
        ([1], None, None, None, None),
    ],
)
def test_fault(body: object, code: object, title: object, detail: object, wait: object) -> None:
    """Every known error body is read, and an odd one does no harm."""
    fault = V2.fault({"Request-Id": "r-1"}, body)
    assert (fault.code, fault.title, fault.detail, fault.retry_after) == (code, title, detail, wait)
    assert fault.trace_id == "r-1"


def test_trace_id_of_the_body_wins() -> None:
    """The trace id of problem details is the one that support asks for."""
    assert V2.fault({}, {"traceId": "00-abc"}).trace_id == "00-abc"


@pytest.mark.parametrize(
    ("endpoint", "page"),
    [
        ("AccountTransactions", "https://developer.poweroffice.net/endpoints/reporting/account-transactions"),
        (
            "/voucherapproval/0e7d",
            "https://developer.poweroffice.net/endpoints/voucher-workflows/voucherapproval",
        ),
        ("Customers/1", "https://developer.poweroffice.net/"),
    ],
)
def test_docs_url(endpoint: str, page: str) -> None:
    """A resource leads to its page where that is known, else to the front page."""
    assert V2.docs_url(endpoint) == page


def test_a_missing_class_value_is_told() -> None:
    """A dialect that lacks a value of the contract complains when it is made, by the value's name."""
    unfinished: Any = type("Unfinished", (Dialect,), {"name": "x"})
    unfinished.__abstractmethods__ = frozenset()
    with pytest.raises(TypeError, match="Unfinished lacks the class values requests_per_second"):
        unfinished()
