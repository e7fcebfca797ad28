"""Bad input is refused before any request, and good input is encoded exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_poweroffice.api.call import build_call, check_endpoint, encode_query
from airflow_provider_poweroffice.api.dialects.registry import DIALECTS

V2 = DIALECTS["v2"]


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("", "must name a resource"),
        ("  / ", "must name a resource"),
        (None, "must name a resource"),
        ("https://evil.example/v2/Customers", "absolute URL"),
        ("//evil.example/Customers", "absolute URL"),
        ("Customers/../../OAuth/Token", "'..'"),
        ("Customers/%2e%2E/x", "'..'"),
        ("Customers\\..\\x", "'..'"),
        ("Customers?PageSize=1", "query="),
        ("Customers#top", "query="),
        ("Customers/", "was an id empty"),
        ("Customers//Lines", "was an id empty"),
        ("Customers\n/1", "control"),
    ],
)
def test_bad_endpoint(endpoint: str, says: str) -> None:
    """An endpoint that leaves the base URL or hides a query is refused, and the message says why."""
    with pytest.raises(ValueError, match="endpoint") as caught:
        check_endpoint(endpoint)
    assert says in str(caught.value)


def test_good_endpoint() -> None:
    """A leading slash does not matter; everything inside does."""
    assert check_endpoint(" /SalesOrders/6a5d/Lines ") == "SalesOrders/6a5d/Lines"
    assert check_endpoint("Customers/a..b") == "Customers/a..b"


@pytest.mark.parametrize("method", ["FETCH", "", "HEAD", None, 1])
def test_unknown_method(method: str) -> None:
    """A method the API does not have is named, with those it has."""
    with pytest.raises(ValueError, match="GET, POST, PUT, PATCH, DELETE"):
        build_call(V2, method, "Customers")


def test_body_kinds_exclude_each_other() -> None:
    """No body on GET, and not both kinds of body."""
    with pytest.raises(ValueError, match="GET"):
        build_call(V2, "GET", "Customers", body={})
    with pytest.raises(ValueError, match="exclude each other"):
        build_call(V2, "POST", "x", body={}, files={"file": ("a.pdf", b"")})


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("a=1", TypeError),
        ([("a", 1)], TypeError),
        ({"a": {"b": 1}}, TypeError),
        ({"a": [{"b": 1}]}, TypeError),
        ({"a": float("nan")}, TypeError),
        ({1: "a"}, ValueError),
        ({"codes": ["A,B", "C"]}, ValueError),
        ({"codes": []}, ValueError),
        ({"since": datetime(2026, 1, 1)}, ValueError),  # noqa: DTZ001 - naive is the point
    ],
)
def test_bad_query(query: object, error: type[Exception]) -> None:
    """A query that cannot be written without guessing is refused by name."""
    with pytest.raises(error, match="query"):
        encode_query(query)  # type: ignore[arg-type]


def test_query_values() -> None:
    """Each type is written the API's way; None is left out, and zero and false are not."""
    cet = timezone(timedelta(hours=1))
    assert encode_query(
        {
            "codes": ["10", 20, "-1"],
            "day": date(2026, 1, 31),
            "since": datetime(2026, 1, 31, 13, 0, 0, 123456, tzinfo=cet),
            "whole": datetime(2026, 1, 31, tzinfo=UTC),
            "isActive": False,
            "amount": Decimal("1.10"),
            "zero": 0,
            "id": UUID(int=1),
            "off": None,
            "text": "a+b & c",
        }
    ) == {
        "codes": "10,20,-1",
        "day": "2026-01-31",
        "since": "2026-01-31T12:00:00.123456Z",
        "whole": "2026-01-31T00:00:00Z",
        "isActive": "false",
        "amount": "1.10",
        "zero": "0",
        "id": "00000000-0000-0000-0000-000000000001",
        "text": "a+b & c",
    }


def test_money_keeps_its_digits() -> None:
    """A Decimal goes out as an exact number, never through float."""
    call = build_call(
        V2, "POST", "x", body={"Amount": Decimal("0.10"), "Big": Decimal("12345678901234567890.12")}
    )
    assert call.content == b'{"Amount":0.10,"Big":12345678901234567890.12}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN")])
def test_no_number_is_refused(value: object) -> None:
    """JSON has no NaN: it would become null, and an amount would be gone."""
    with pytest.raises(ValueError, match=r"body\['Lines'\]\[0\]\['Amount'\]"):
        build_call(V2, "POST", "x", body={"Lines": [{"Amount": value}]})


def test_unwritable_body() -> None:
    """A body with an object JSON does not know is refused."""
    with pytest.raises(TypeError, match="body"):
        build_call(V2, "POST", "x", body={"a": object()})


def test_media_types() -> None:
    """PATCH is JSON Patch, the others are JSON, text goes as it stands, and a header wins."""
    patch = [{"op": "replace", "path": "/Name", "value": "x"}]
    assert build_call(V2, "PATCH", "x", body=patch).headers == {"Content-Type": "application/json-patch+json"}
    assert build_call(V2, "POST", "x", body={}).headers == {"Content-Type": "application/json"}
    text = build_call(V2, "POST", "x", body="æ", headers={"content-type": "text/csv"})
    assert (text.content, text.headers) == ("æ".encode(), {"content-type": "text/csv"})
    assert build_call(V2, "DELETE", "x").headers == {}


@pytest.mark.parametrize(
    "body",
    [
        {"Name": "x"},
        [],
        [{"op": "replace"}],
        [{"op": "swap", "path": "/a"}],
        [{"op": "add", "path": "Name"}],
        [1],
    ],
)
def test_patch_must_be_json_patch(body: object) -> None:
    """An object as PATCH body is silently ignored by some servers; it is refused here."""
    with pytest.raises(ValueError, match="PATCH"):
        build_call(V2, "PATCH", "x", body=body)


@pytest.mark.parametrize("name", ["Authorization", "ocp-apim-subscription-key", "Host"])
def test_headers_with_keys_are_ours(name: str) -> None:
    """Keys come from the connection; a header cannot replace them."""
    with pytest.raises(ValueError, match="made from the connection"):
        build_call(V2, "GET", "x", headers={name: "x"})


def test_bad_headers() -> None:
    """Headers are text without line breaks."""
    with pytest.raises(TypeError, match="mapping"):
        build_call(V2, "GET", "x", headers="a: b")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be text"):
        build_call(V2, "GET", "x", headers={"a": 1})  # type: ignore[dict-item]
    for name, value in (("a", "b\r\nc: d"), ("a", " b"), ("a b", "c"), ("", "c"), ("a", "\u20ac")):
        with pytest.raises(ValueError, match="cannot be sent"):
            build_call(V2, "GET", "x", headers={name: value})


@pytest.mark.parametrize("files", [{}, [], {"file": b"x"}, {"file": ("a.pdf",)}, {"file": ("a.pdf", "text")}])
def test_bad_files(files: object) -> None:
    """A multipart part is a name and bytes."""
    with pytest.raises(TypeError, match="files"):
        build_call(V2, "PUT", "x", files=files)  # type: ignore[arg-type]


@pytest.mark.finding("S9")
@pytest.mark.parametrize(
    ("files", "headers"),
    [
        ({"file": ("a.pdf", b"x", "text/plain\r\nX-Own: 1")}, None),
        ({"file": ("a.pdf", b"x", "text/plain\r\n\r\nanother body")}, None),
        ({"file": ("a.pdf", b"x", 5)}, None),
        ({"file": ("a\r\nX-Own: 1", b"x")}, None),
        ({"fi\nle": ("a", b"x")}, None),
        ({"file": ("cut \ud83d.pdf", b"x")}, None),
        ({5: ("a", b"x")}, None),
        ({"file": ("a.pdf", b"x")}, {"content-TYPE": "application/json"}),
    ],
)
def test_parts_that_make_another_message(files: Any, headers: dict[str, str] | None) -> None:
    """No name and no media type of a part writes headers of its own."""
    with pytest.raises(ValueError, match="files"):
        build_call(V2, "POST", "x", files=files, headers=headers)
    assert build_call(
        V2, "POST", "x", files={"file": ("Kvittering \u00e5.pdf", b"x", "application/pdf; v=1")}
    )
