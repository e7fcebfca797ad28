"""Finance & Operations: pure functions from values to values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from airflow_provider_poweroffice.api.charsets import charset_of, encode_text
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.d365fo.entities import entity_path
from airflow_provider_poweroffice.api.d365fo.services import service_parts, service_path
from airflow_provider_poweroffice.api.dialects.d365fo import with_company
from airflow_provider_poweroffice.api.dialects.d365fo_faults import read_fault
from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
from airflow_provider_poweroffice.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    XppError,
)
from airflow_provider_poweroffice.tasks.service_call import read_retry_timeout

KEYS: dict[str, Any] = {
    "url": "https://Contoso.Operations.Dynamics.com/",
    "tenant_id": "contoso.com",
    "client_id": "id",
    "client_secret": "a+b/c=&%å d",
}


@pytest.mark.parametrize(
    ("changed", "endpoint", "wanted"),
    [
        ({}, "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token", "scope"),
        ({"token_version": "v1"}, "https://login.microsoftonline.com/contoso.com/oauth2/token", "resource"),
        ({"tenant_id": "adfs", "authority": "https://fs.x/"}, "https://fs.x/adfs/oauth2/token", "resource"),
        ({"token_url": "https://fs.x/adfs/oauth2/token"}, "https://fs.x/adfs/oauth2/token", "resource"),
        ({"token_url": "https://l.x/t/oauth2/v2.0/token"}, "https://l.x/t/oauth2/v2.0/token", "scope"),
        ({"token_url": "https://gate.x/t", "token_version": "v2"}, "https://gate.x/t", "scope"),
    ],
)
def test_token_endpoints(changed: dict[str, str], endpoint: str, wanted: str) -> None:
    """Each kind of endpoint is found, and asked by the field it takes."""
    credentials = D365FOCredentials(**(KEYS | changed))
    assert credentials.token_endpoint == endpoint
    form = credentials.token_form
    assert {"scope", "resource"} & set(form) == {wanted}
    audience = "https://contoso.operations.dynamics.com"
    assert form[wanted] == (audience if wanted == "resource" else f"{audience}/.default")


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://AOS.contoso.com/namespaces/AXSF", "https://aos.contoso.com"),
        ("https://aos.contoso.com:443", "https://aos.contoso.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://aos.contoso.com:8443/x", "https://aos.contoso.com:8443"),
    ],
)
def test_audience(url: str, audience: str) -> None:
    """The audience is the origin alone, lower case, without slash and usual port; a given one stays."""
    assert D365FOCredentials(**(KEYS | {"url": url})).audience == audience
    odd = "http://hr.talent.dynamics.com/"
    assert D365FOCredentials(**(KEYS | {"url": url, "resource": odd})).audience == odd


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"tenant_id": ""}, "tenant_id"),
        ({"client_id": None}, "client_id"),
        ({"client_secret": ""}, "client_secret"),
        ({"url": "contoso"}, "url"),
        ({"tenant_id": "common"}, "common"),
        ({"token_version": "v3"}, "v3"),
        ({"token": "Bearer "}, "token"),
        ({"token": "a b"}, "token"),
    ],
)
def test_bad_credentials(changed: dict[str, Any], named: str) -> None:
    """What is missing or odd is named; no message shows a secret."""
    with pytest.raises(ValueError, match=named) as caught:
        D365FOCredentials(**(KEYS | changed))
    assert KEYS["client_secret"] not in str(caught.value)


def test_secrets_are_hidden() -> None:
    """Secret and token are in no repr, and every spelling on the wire, or in an echo, is known."""
    credentials = D365FOCredentials(**KEYS, token="Bearer abc.def")
    assert credentials.bearer == "abc.def"
    assert KEYS["client_secret"] not in repr(credentials)
    assert "abc.def" not in repr(credentials)
    sent = {"a%2Bb%2Fc%3D%26%25%C3%A5+d", "a%2Bb%2Fc%3D%26%25%C3%A5%20d"}
    echoed = {"a+b/c=&%\\u00e5 d", "a+b/c=&%\u00c3\u00a5 d", "a+b\\/c=&%\u00e5 d", "a+b/c=&amp;%\u00e5 d"}
    assert set(credentials.secrets) == {KEYS["client_secret"], "abc.def"} | sent | echoed


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (
            {"dataAreaId": "usmf", "CustomerAccount": "O'Hara"},
            "X(dataAreaId='usmf',CustomerAccount='O''Hara')",
        ),
        ({"JournalLineNumber": 1}, "X(JournalLineNumber=1)"),
        ({"LineNumber": ("1.50", "number")}, "X(LineNumber=1.50)"),
        ({"LeaveDate": date(2019, 10, 4)}, "X(LeaveDate=2019-10-04T12:00:00Z)"),
        ({"At": datetime(2019, 10, 4, 1, 2, tzinfo=UTC)}, "X(At=2019-10-04T01:02:00Z)"),
        ({"Rate": Decimal("1.10"), "Is": True}, "X(Rate=1.10,Is=true)"),
        (
            {"Kind": ("Yes", "Microsoft.Dynamics.DataEntities.NoYes")},
            "X(Kind=Microsoft.Dynamics.DataEntities.NoYes'Yes')",
        ),
        ({"Id": "a/b?c#d&e%f+g å"}, "X(Id='a/b?c#d&e%f+g å')"),
    ],
)
def test_keys(key: dict[str, Any], text: str) -> None:
    """Values are typed, quotes doubled, and nothing in them can end the path or the key."""
    path = entity_path("X", key)
    assert unquote(path) == text
    inside = path[path.index("(") + 1 : -1]
    assert not set("/?#&+ ") & set(inside)


def test_actions() -> None:
    """An action has the vendor's namespace unless it is written out."""
    assert entity_path("X", action="post") == "X/Microsoft.Dynamics.DataEntities.post"
    assert entity_path("X", {"Id": 1}, action="A.b") == "X(Id=1)/A.b"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("X", {}), "key"),
        (("X", {"Id": ""}), "Id"),
        (("X", {"Id": None}), "Id"),
        (("X", {"I d": 1}), "I d"),
        (("X(1)",), "entity"),
        (("../X",), "entity"),
        (("X", {"Id": [1]}), "Id"),
        (("X", {"At": datetime(2019, 10, 4)}), "time zone"),  # noqa: DTZ001 - the naive one is refused
    ],
)
def test_bad_keys(arguments: tuple[Any, ...], named: str) -> None:
    """A key that cannot be written is refused before any request."""
    with pytest.raises(ValueError, match=named):
        entity_path(*arguments)


@pytest.mark.parametrize(
    ("endpoint", "query", "company", "expected"),
    [
        ("data/X", {}, None, {}),
        (
            "data/X",
            {"$filter": "DATAAREAID eq 'usmf'"},
            None,
            {"$filter": "DATAAREAID eq 'usmf'", "cross-company": "true"},
        ),
        ("data/X", {"$filter": "Name eq 'dataAreaId'"}, None, {"$filter": "Name eq 'dataAreaId'"}),
        ("data/X(dataAreaId='usmf',Id='1')", {}, None, {"cross-company": "true"}),
        ("data/X", {"cross_company": "true"}, None, {"cross-company": "true"}),
        ("data/X(dataAreaId='usmf')", {"cross-company": "false"}, None, {}),
        ("data/X", {}, "usmf", {"$filter": "dataAreaId eq 'usmf'", "cross-company": "true"}),
        (
            "data/X",
            {"$filter": "a eq 1"},
            "usmf",
            {"$filter": "(a eq 1) and dataAreaId eq 'usmf'", "cross-company": "true"},
        ),
        (
            "data/X",
            {"$filter": "dataAreaId eq 'b'"},
            "usmf",
            {"$filter": "dataAreaId eq 'b'", "cross-company": "true"},
        ),
        ("data/X", {"cross-company": "false"}, "usmf", {}),
        (
            "data/X",
            {"$filter": " "},
            "us'mf",
            {"$filter": "dataAreaId eq 'us''mf'", "cross-company": "true"},
        ),
        ("data/X(Id='1')", {}, "usmf", {}),
        ("api/services", {}, "usmf", {}),
    ],
)
def test_companies(
    endpoint: str, query: dict[str, str], company: str | None, expected: dict[str, str]
) -> None:
    """Whoever names a company reaches it; the default one is added to reads; false turns both off."""
    assert with_company("GET", endpoint, query, company) == expected


def test_company_is_for_reading() -> None:
    """A write is never widened or narrowed behind the caller's back."""
    assert with_company("POST", "data/X", {}, "usmf") == {}
    with pytest.raises(ValueError, match="cross-company"):
        with_company("GET", "data/X", {"cross-company": "perhaps"}, None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("00:01:30", 90),
        ("0:00:01", 1),
        ("23:59:59", 86399),
        (60, 60),
        (1.5, 1.5),
        (timedelta(days=2), 172800),
        ("00:00:00", None),
        (0, None),
        (None, None),
    ],
)
def test_durations(value: Any, seconds: float | None) -> None:
    """Clock texts, numbers and timedeltas are spans; nothing, and zero, set no limit."""
    assert read_retry_timeout(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "60",
        "24:00:00",
        "00:60:00",
        "00:00:60",
        "1:2:3",
        "00:10",
        "1.00:00:00",
        -1,
        float("inf"),
        True,
        timedelta(-1),
    ],
)
def test_bad_durations(value: Any) -> None:
    """What could mean another unit is refused, by the argument's name."""
    with pytest.raises(ValueError, match="retry_timeout must be 'hh:mm:ss'"):
        read_retry_timeout(value)


@pytest.mark.parametrize(
    ("name", "registered", "content"),
    [
        ("UTF8", "utf-8", "å€".encode()),
        ("utf-8", "utf-8", "å€".encode()),
        ("ANSI", "windows-1252", b"\xe5\x80"),
        ("Windows-1252", "windows-1252", b"\xe5\x80"),
        ("utf-16le", "utf-16le", b"\xe5\x00\xac\x20"),
    ],
)
def test_charsets(name: str, registered: str, content: bytes) -> None:
    """A body is really encoded as its content type says."""
    assert encode_text("å€", name) == (content, registered)


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("sjis", "shift_jis"),
        ("Windows-31J", "windows-31j"),
        ("ISO-2022-JP", "iso-2022-jp"),
        ("Big5-HKSCS", "big5-hkscs"),
        ("EUC-KR", "euc-kr"),
        ("ISO-8859-15", "iso-8859-15"),
        ("utf-7", "utf-7"),
    ],
)
def test_registered_names(name: str, registered: str) -> None:
    """The content type has the name that is registered, not Python's own; it is taken back, too."""
    assert charset_of(name)[0] == charset_of(registered)[0] == registered


@pytest.mark.parametrize(
    ("name", "registered"), [("ISO-8859-1", "iso-8859-1"), ("latin1", "iso-8859-1"), ("ASCII", "us-ascii")]
)
def test_unencodable(name: str, registered: str) -> None:
    """A character that a charset lacks is shown, and never becomes a question mark."""
    with pytest.raises(ValueError, match=rf"{registered} has no '€' \(U\+20AC, character 2 "):
        encode_text("a€", name)
    assert encode_text("a", name) == (b"a", registered)


@pytest.mark.parametrize("name", ["", "utf-9", "rot13", "base64", "idna", "unicode_escape"])
def test_unknown_charset(name: str) -> None:
    """What is no charset of the Internet is refused."""
    with pytest.raises(ValueError, match="unknown charset"):
        charset_of(name)


@pytest.mark.parametrize("name", ["G/S/O", "/G/S/O", "api/services/G/S/O", "/api/services/G/S/O"])
def test_service_names(name: str) -> None:
    """The path's beginning may be there or not."""
    assert service_path(service_parts(name)) == "api/services/G/S/O"


def test_service_parts_are_encoded() -> None:
    """Each part is percent-encoded by itself."""
    assert service_path(service_parts("G é/S%/O+")) == "api/services/G%20%C3%A9/S%25/O%2B"
    assert service_path(service_parts("", discovery=True)) == "api/services"


@pytest.mark.parametrize(
    "name", ["G", "G/S", "G/S/O/P", "G//O", "G/../O", "https://x/G/S/O", "G/S/O?x=1", "", None]
)
def test_bad_service_names(name: Any) -> None:
    """A name without three parts is refused."""
    with pytest.raises(ValueError, match="service_name"):
        service_parts(name)


WRITE = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"


@pytest.mark.parametrize(
    ("body", "detail", "kind", "attributes"),
    [
        (
            {
                "Message": "An exception occured when invoking the operation - No.\nWay.",
                "ExceptionType": "ErrorException",
                "ActivityId": "a1",
            },
            "No.\nWay.",
            XppError,
            {
                "exception_type": "ErrorException",
                "activity_id": "a1",
                "message": "No.\nWay.",
                "inner_type": None,
            },
        ),
        (
            {"Message": "An exception occurred when invoking the operation - x"},
            "x",
            XppError,
            {"activity_id": "d1"},
        ),
        (
            {
                "Message": "Parameter '_c' is not found within the request content body.",
                "ExceptionType": "XppServicesDeserializationException",
            },
            "Parameter '_c' is not found within the request content body.",
            BadRequestError,
            {},
        ),
        (
            {
                "error": {
                    "code": "",
                    "message": "An error has occurred.",
                    "innererror": {
                        "message": "No resources were found when selecting for update.",
                        "type": WRITE,
                        "stacktrace": "at X",
                    },
                }
            },
            "No resources were found when selecting for update.",
            NotFoundError,
            {"inner_type": WRITE},
        ),
        (
            {
                "error": {
                    "message": "An error has occurred.",
                    "innererror": {
                        "message": "Write failed for table row of type 'CustomerV3'. Infolog: Warning: "
                        "Field 'Name' must be filled in.; Error: Field 'Name' must be filled in.; Error: "
                        "validateWrite failed on data source 'CustTable (CustTable)'.",
                        "type": WRITE,
                    },
                }
            },
            "CustomerV3: Field 'Name' must be filled in.",
            None,
            {"inner_type": WRITE},
        ),
        (
            {
                "error": {
                    "message": "x",
                    "innererror": {
                        "message": "y",
                        "internalexception": {
                            "message": "An update conflict occurred due to another user process"
                        },
                    },
                }
            },
            "An update conflict occurred due to another user process",
            ConflictError,
            {},
        ),
        ({"error": {"code": "1", "message": "plain"}}, "plain", None, {}),
        (
            {"Message": "No HTTP resource was found.", "MessageDetail": "No type."},
            "No HTTP resource was found.: No type.",
            None,
            {},
        ),
        ({"Message": "Authorization has been denied for this request."}, None, None, {}),
        ("Too many.", "Too many.", None, {}),
        ("<html><head><title>502 Bad\n Gateway</title></head></html>", "502 Bad Gateway", None, {}),
        (b"\x00", None, None, {}),
        (None, None, None, {}),
        ([1], None, None, {}),
        ({}, None, None, {}),
    ],
)
def test_faults(body: Any, detail: str | None, kind: Any, attributes: dict[str, Any]) -> None:
    """The useful sentence is found in every shape, with its class and ids."""
    fault = read_fault({"ms-dyn-aid": "d1"}, body)
    refused = bool(attributes.get("inner_type"))
    assert (fault.detail, fault.kind, fault.final) == (detail, kind, kind is not None or refused)
    assert attributes.items() <= dict(fault.attributes).items()
    assert fault.trace_id == (attributes.get("activity_id") or "d1")


@pytest.mark.parametrize(
    "body",
    [
        {"ExceptionType": 5, "ActivityId": {}, "Message": [1]},
        {"error": {"message": None, "code": {}, "innererror": {"type": 7, "message": [1]}}},
        {"error": [1], "error_codes": {}},
        {"error": 1, "correlation_id": 2},
        [1],
        5,
        b"\x00",
    ],
)
def test_odd_faults(body: Any) -> None:
    """A body of any shape gives a fault, whose facts are texts."""
    fault = read_fault({}, body)
    facts = (fault.code, fault.detail, fault.trace_id, *fault.attributes.values())
    assert all(fact is None or isinstance(fact, str) for fact in facts)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, PermissionDeniedError), (403, PermissionDeniedError), (429, RateLimitError)]
)
def test_no_operation_threw(status: int, kind: type[Exception]) -> None:
    """A call that was refused before an operation ran is that, whatever exception its body names."""
    fault = read_fault({}, {"Message": "slow down", "ExceptionType": "ThrottledException"})
    assert DIALECTS["d365fo"].error_kind("POST", status, fault) is kind
    assert DIALECTS["d365fo"].error_kind("POST", 500, fault) is XppError


def test_long_text_is_cut() -> None:
    """A page of text does not fill the log."""
    assert len(read_fault({}, "x" * 100_000).detail or "") == 1000
