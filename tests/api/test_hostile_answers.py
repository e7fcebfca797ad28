"""Whatever a server answers, only the drawn tree of errors leaves the client, and no POST is doubled."""

from __future__ import annotations

import gzip
import html
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import FakeClock, Unthrottled
from support.raw_server import RawServer, http

from airflow_provider_poweroffice import errors
from airflow_provider_poweroffice.api import Client, Credentials, RetryOptions
from airflow_provider_poweroffice.api.body import ERROR_BYTES
from airflow_provider_poweroffice.api.connection_options import Timeouts
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.transport import PacedAdapter
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    InvalidResponseError,
    PaginationError,
    PowerOfficeError,
    RefusedError,
)

pytestmark = pytest.mark.wide

KEYS = Credentials(
    application_key="11111111-aaaa-4bbb-8ccc-000000000001",
    client_key="22222222-aaaa-4bbb-8ccc-00000000000f",
    subscription_key="33333333aaaa4bbb8ccc00000000beef",
)
SECRET = "fo-Secret~Value.42"
DEEP = b"[" * 100_000
ENDPOINTS = {"v2": "Customers", "v1": "Customer", "d365fo": "CustomersV3"}
DIALECTS = pytest.mark.parametrize("dialect", ENDPOINTS)


def client_of(dialect: str, server: RawServer, attempts: int = 1) -> Client:
    """Open a client with fake time."""
    keys: Any = KEYS
    if dialect == "d365fo":
        keys = D365FOCredentials(
            url=server.url, token_url=f"{server.url}/oauth2/token", client_id="app", client_secret=SECRET
        )
    return Client(
        keys,
        host=server.url,
        api_version=dialect,
        clock=FakeClock(),
        throttle=Unthrottled(),
        retry=RetryOptions(attempts=attempts),
    )


def caught(action: Callable[[], Any]) -> BaseException | None:
    """Give what an action raises."""
    try:
        action()
    except BaseException as error:  # noqa: BLE001 - this is what is tested
        return error
    return None


def check_tree(error: BaseException | None) -> None:
    """Check that an error is one of those drawn in errors.py, and fit for a log."""
    if error is None:
        return
    assert isinstance(error, PowerOfficeError), repr(error)
    assert type(error).__name__ in (errors.__doc__ or "")
    assert str(error).isprintable()
    assert len(str(error)) < 3000


def check_write(error: BaseException | None) -> None:
    """Check that an error after a POST leaves its outcome open, unless it is a clear refusal."""
    check_tree(error)
    if error is None:
        return
    refused = isinstance(error, APIStatusError) and (
        isinstance(error, RefusedError) or (400 <= error.status < 500 and error.status != 408)
    )
    elsewhere = isinstance(error, APIStatusError) and error.status in {307, 308}
    assert isinstance(error, PowerOfficeError)
    assert error.outcome_unknown != (refused or elsewhere), repr(error)


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    """Run a server for many examples."""
    with RawServer() as one:
        yield one


HOSTILE_BODIES = st.sampled_from(
    [
        b"",
        b"ok",
        b"upstream connect error or disconnect/reset before headers",
        b"null",
        b"[]",
        b"{}",
        b'{"success":true}',
        b'{"SUCCESS":false}',
        b'{"success":true,"data":{"title":1e999}}',
        b'{"success":true,"data":{"title":"Kaf\xe9 AS"}}',
        b'{"value":[{"Name":"Kaf\xe9"}],"@odata.context":"c"}',
        b'{"value":[{"Rate":1e400}],"@odata.context":"c"}',
        b'{"error":{"code":"","message":"An error has occurred."}}',
        b'[{"Name":"\\ud83d"}]',
        b'[{"Id":NaN}]',
        b'[{"Id":' + b"9" * 5000 + b"}]",
        DEEP,
        b'{"detail":' + DEEP,
        b"<html><title>" * 300,
        b'{"message":"Quota will be replenished in ' + b"9" * 5000 + b':00:00"}',
        b'{"error_description":"AADSTS' + b"9" * 5000 + b'"}',
        '{"detail":"a\u202e\u2028\x1b[31m'.encode() + b"x" * 50_000 + b'"}',
        '[{"Name":"Sørlandet"}]'.encode("utf-16"),
        gzip.compress(b"[]")[:-9],
    ]
)
BODIES = (
    HOSTILE_BODIES
    | st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "success",
                        "data",
                        "value",
                        "error",
                        "detail",
                        "errors",
                        "title",
                        "Message",
                        "validation",
                    ]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=6,
    ).map(lambda value: json.dumps(value).encode())
)
HEADERS = st.sampled_from(
    [
        b"",
        b"Retry-After: Mon, 01 Jan 2024 00:00:00 +" + b"9" * 40 + b"\r\n",
        b"Retry-After: Wed, 21 Oct 99999999999 07:28:00 GMT\r\n",
        b"Retry-After: " + b"9" * 5000 + b"\r\n",
        b"Date: Mon, 01 Jan 2024 00:" + b"9" * 40 + b"\r\n",
        b"Content-Length: " + b"1" * 5000 + b"\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 3, 4\r\n",
        b"X-Pagination: " + b"[" * 20_000 + b"\r\n",
        b'X-Pagination: {"totalCount":1e999,"totalPages":' + b"9" * 5000 + b"}\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Content-Encoding: gzip, gzip\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"no colon here\r\n",
        b"Location: http://127.0.0.1:1/elsewhere\r\n",
        b"Content-Disposition: attachment\r\n",
    ]
) | st.binary(max_size=30).map(lambda value: b"X-Odd: " + value.replace(b"\n", b"") + b"\r\n")
KINDS = st.sampled_from(
    [
        b"application/json",
        b"application/json; charset=iso-8859-1",
        b"application/json; charset=idna",
        b"application/json; charset=" + b"x" * 3000,
        b"text/plain",
        b"text/html",
        b"application/octet-stream",
        b"",
    ]
)
STATUSES = st.sampled_from(
    [
        "200 OK",
        "201 Created",
        "202 Accepted",
        "204 No Content",
        "206 Partial Content",
        "299 Odd",
        "300 X",
        "301 X",
        "302 X",
        "303 See Other",
        "304 X",
        "307 X",
        "308 X",
        "400 Bad Request",
        "401 X",
        "403 X",
        "404 X",
        "408 X",
        "409 X",
        "412 X",
        "418 X",
        "422 X",
        "429 X",
        "499 X",
        "500 X",
        "501 X",
        "502 X",
        "503 X",
        "504 X",
        "599 X",
        "999 X",
        "100 Continue",
        "101 Switching",
        "two hundred",
        "200",
        "",
    ]
)
ANSWERS = (
    st.builds(
        lambda body, status, headers, kind: http(body, status=status, headers=headers, kind=kind),
        BODIES,
        STATUSES,
        HEADERS,
        KINDS,
    )
    | st.none()
)
FUZZ = settings(
    deadline=None,
    max_examples=150,
    derandomize=True,  # the same examples in every run: a failure is one of the code
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@pytest.mark.finding("D10", "S15", "S3", "D1", "R18", "R19")
@DIALECTS
@FUZZ
@given(answer=ANSWERS)
def test_nothing_else_leaves_a_call(server: RawServer, dialect: str, answer: bytes | None) -> None:
    """A GET ends in an answer or an error of the tree."""
    server.answer = lambda *_: answer
    with client_of(dialect, server, attempts=2) as client:
        check_tree(caught(lambda: client.request("GET", ENDPOINTS[dialect])))


@pytest.mark.finding("D10", "S15", "R18", "R19")
@DIALECTS
@FUZZ
@given(answer=ANSWERS)
def test_nothing_else_leaves_a_read(server: RawServer, dialect: str, answer: bytes | None) -> None:
    """A read by pages, rows decoded, ends in rows or an error of the tree."""
    server.answer = lambda *_: answer
    with client_of(dialect, server) as client:
        pages = client.pages(ENDPOINTS[dialect], concurrency=1, max_pages=3)
        check_tree(caught(lambda: [page.rows for page in pages]))


@pytest.mark.finding("D1", "S3", "D14", "R3")
@DIALECTS
@FUZZ
@given(answer=ANSWERS)
def test_a_post_is_sent_once_and_its_end_is_told(
    server: RawServer, dialect: str, answer: bytes | None
) -> None:
    """A POST is sent once but after a 429 or 401; what is no clear refusal leaves its outcome open."""
    server.answer = lambda *_: answer
    server.calls.clear()
    refused = (answer or b"").partition(b" ")[2][:3] in {b"401", b"429"}
    with client_of(dialect, server, attempts=1 if refused else 4) as client:
        check_write(caught(lambda: client.request("POST", ENDPOINTS[dialect], body={"Name": "x"})))
    assert server.count("POST") == (1 if not refused else server.count("POST"))


@pytest.mark.finding("D10", "S15")
@DIALECTS
@FUZZ
@given(answer=ANSWERS)
def test_nothing_else_leaves_a_token(server: RawServer, dialect: str, answer: bytes | None) -> None:
    """Whatever the token endpoint answers: an error of the tree that says that the call was not sent."""
    server.token = answer or b""
    server.answer = http(b"[]")
    server.calls.clear()
    with client_of(dialect, server) as client:
        error = caught(lambda: client.request("POST", ENDPOINTS[dialect], body={"Name": "x"}))
    server.token = http(b'{"access_token":"tok.en-of-the-raw-server","expires_in":1200}')
    check_tree(error)
    assert isinstance(error, PowerOfficeError)
    assert not error.outcome_unknown
    assert server.calls == []


@pytest.mark.finding("D10")
@pytest.mark.parametrize(
    "life", [b"9" * 400, b'"' + b"9" * 400 + b'"', b"1e400", b"NaN", b"-5", b"[]", b'"soon"']
)
def test_odd_lifetime(server: RawServer, life: bytes) -> None:
    """A lifetime that is no number costs nothing but a token of the usual one."""
    server.token = http(b'{"access_token":"tok.en","expires_in":' + life + b"}")
    server.answer = http(b"[]")
    with client_of("v2", server) as client:
        assert client.request("GET", "Customers").body == []
    server.token = http(b'{"access_token":"tok.en-of-the-raw-server","expires_in":1200}')


ENVELOPES = [
    (b"", "application/json"),
    (b"  ", "application/json"),
    (b"ok", "text/plain"),
    (b"null", "application/json"),
    (b"[]", "application/json"),
    (b"{}", "application/json"),
    (b'{"data":[]}', "application/json"),
    (b'{"success":null,"data":[]}', "application/json"),
    (b'{"success":"perhaps","data":[]}', "application/json"),
    (b'{"message":"timed out"}', "application/json"),
    (b'{"Data":{"success":true}}', ""),
    (b'{"success":true', "application/json"),
    (b'{"success":true,"Success":false,"data":[]}', "application/json"),
    (b'{"SUCCESS":false,"success":true,"data":[]}', "application/json"),
    (b'{"success":false,"success":true,"data":[]}', "application/json"),
    (b'{"success":true,"data":[],"Data":[{"id":1}]}', "application/json"),
    (b'{"success":true,"validation":{"summary":"One was not saved"},"data":[]}', "application/json"),
    (
        b'{"success":true,"data":[{"id":1}],"Validation":{"BatchItemErrors":[{"index":2}]}}',
        "application/json",
    ),
    (b'{"success":"True","validation":{"summary":null,"exception":"OData"}}', "application/json"),
]


@pytest.mark.finding("R3b", "D14")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("dialect", "body", "kind"),
    [
        ("v2", b'{"error":{"code":"x","message":"boom"}}', b"application/json"),
        ("v2", b'{"title":"Bad Gateway","status":502}', b"application/problem+json"),
        ("v2", b'{ "statusCode": 500, "message": "Internal server error" }', b"application/json"),
        ("v2", b'{"success":false,"validation":{"summary":"no"}}', b"application/json"),
        ("v2", b"upstream connect error", b"text/plain"),
        ("d365fo", b"upstream connect error", b"text/plain"),
        ("d365fo", b"no healthy upstream", b""),
    ],
)
def test_an_error_in_place_of_an_answer(
    server: RawServer, dialect: str, body: bytes, kind: bytes, method: str
) -> None:
    """What a gateway says under 200 is no answer: of a writing call nothing is known then."""
    server.answer, before = http(body, kind=kind), server.count(method)
    sent: Any = {"Name": "x"} if dialect == "d365fo" else [{"op": "replace", "path": "/Name", "value": "x"}]
    with client_of(dialect, server) as client:
        given = {"body": sent} if method == "PATCH" else {}
        error = caught(lambda: client.request(method, ENDPOINTS[dialect], **given))
    assert isinstance(error, InvalidResponseError)
    assert error.outcome_unknown
    assert server.count(method) == before + 1


@pytest.mark.finding("R8")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'"a/b"', b'"a\\/b"'),
        ('"bilag \u00f8"'.encode(), b'"bilag \\u00f8"'),
        (b'"\\ud83d"', b'"\\uD83D"'),
        (b"7", b"7.0"),
    ],
)
def test_one_row_of_two_periods_in_two_spellings(server: RawServer, one: bytes, other: bytes) -> None:
    """Neighbouring periods share a day: its rows count once, however the server spells their keys."""
    whole = b'X-Pagination: {"totalPages":1,"nextPageLink":null}\r\n'
    server.answer = lambda _method, _path, number: http(
        b'[{"Id":' + (one if number % 2 else other) + b"}]", headers=whole
    )
    query = {"fromDate": "2026-01-01", "toDate": "2026-01-04"}
    with client_of("v2", server) as client:
        pages = client.periods("AccountTransactions", query=query, split_days=2)
        assert sum(len(page) for page in pages) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"Id":1,"Status":500,"Message":"x","Error":"e"}', b"application/json"),
        (b'{"title":"a field of its own"}', b"application/json"),
        (b'[{"error":"x"}]', b"application/json"),
    ],
)
def test_records_that_look_like_errors(server: RawServer, body: bytes, kind: bytes) -> None:
    """Fields of records are told from those of an error by their case, and rows from an answer."""
    server.answer = http(body, kind=kind)
    with client_of("v2", server) as client:
        assert client.request("POST", "Customers").is_success


@pytest.mark.parametrize(("body", "kind"), [(b"42", b"text/plain"), (b"<a/>", b"application/xml")])
def test_text_that_is_an_answer(server: RawServer, body: bytes, kind: bytes) -> None:
    """A ``$count`` is a number, and ``$metadata`` XML."""
    server.answer = http(body, kind=kind)
    with client_of("d365fo", server) as client:
        assert client.request("GET", "CustomersV3/$count").content == body


@pytest.mark.finding("R3", "R3b")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(("body", "kind"), ENVELOPES)
def test_no_success_is_no_success(server: RawServer, method: str, body: bytes, kind: str) -> None:
    """v1: a 2xx that does not say success is no success; of a write the outcome is not known."""
    server.answer = http(body, kind=kind.encode())
    sent = {} if method in {"GET", "DELETE"} else {"body": {"name": "x"}}
    with client_of("v1", server) as client, pytest.raises(InvalidResponseError) as error:
        client.request(method, "Customer", **sent)  # type: ignore[arg-type]
    assert error.value.outcome_unknown


@pytest.mark.finding("R3b")
@pytest.mark.parametrize(
    "data", ['{"Success":false}', '{"success":"False"}', '{"Status":"400","Title":"no"}', '{"SUCCESS":0}']
)
@pytest.mark.parametrize("name", ["data", "Data"])
def test_refusals_inside_data(server: RawServer, name: str, data: str) -> None:
    """v1 may say success and wrap a refusal, in any casing: it is no result."""
    server.answer = http(f'{{"success":true,"{name}":{data}}}'.encode())
    with client_of("v1", server) as client, pytest.raises(RefusedError):
        client.request("POST", "Customer", body={"name": "x"})


@pytest.mark.finding("R3b")
def test_a_success_that_is_there_twice(server: RawServer) -> None:
    """v1: one that says the same twice, and rows that have such a field, are read."""
    rows = b'[{"id":1,"success":false},{"id":2,"success":true}]'
    server.answer = http(b'{"success":true,"Success":true,"success":true,"data":' + rows + b"}")
    with client_of("v1", server) as client:
        assert [row["id"] for row in client.request("GET", "Customer").body] == [1, 2]


@pytest.mark.finding("R3b")
@pytest.mark.parametrize(
    "validation", ["null", "{}", '{"summary":"","exception":null,"batchItemErrors":[ ]}']
)
def test_a_validation_without_errors(server: RawServer, validation: str) -> None:
    """v1: one that tells of nothing does not contradict a success; of rows, one with errors does."""
    server.answer = http(f'{{"success":true,"data":[{{"id":1}}],"validation":{validation}}}'.encode())
    with client_of("v1", server) as client:
        assert client.request("POST", "Customer", body={"name": "x"}).body == [{"id": 1}]
        assert [page.rows for page in client.pages("Customer", max_pages=1)] == [[{"id": 1}]]
        server.answer = http(b'{"success":true,"data":[{"id":1}],"validation":{"summary":"no"}}')
        with pytest.raises(InvalidResponseError, match="beside a validation"):
            list(client.pages("Customer", max_pages=1))


@pytest.mark.finding("R3")
def test_an_empty_204_is_no_success(server: RawServer) -> None:
    """v1 wraps whatever it says: nothing is no answer of it."""
    server.answer = http(status="204 No Content", kind=b"")
    with client_of("v1", server) as client, pytest.raises(InvalidResponseError):
        client.request("DELETE", "Customer/1")


@pytest.mark.finding("R3")
@pytest.mark.parametrize("name", ["success", "Success", "SUCCESS"])
@pytest.mark.parametrize("yes", ["true", '"True"', "1"])
def test_success_in_any_casing(server: RawServer, name: str, yes: str) -> None:
    """The names of the envelope count in any casing."""
    server.answer = http(f'{{"{name}":{yes},"DATA":[{{"id":7}}]}}'.encode())
    with client_of("v1", server) as client:
        assert client.request("GET", "Customer").body == [{"id": 7}]
        assert [row["id"] for page in client.pages("Customer", max_pages=1) for row in page.rows] == [7]


@pytest.mark.finding("D14")
@pytest.mark.parametrize(
    ("body", "kind"), [(b"", b""), (b" ", b"application/json"), (b"upstream error", b"text/plain")]
)
@pytest.mark.parametrize("dialect", ["v2", "d365fo"])
def test_get_answered_with_nothing(server: RawServer, dialect: str, body: bytes, kind: bytes) -> None:
    """A GET answered 200 with nothing found nothing out; 204 is the empty answer."""
    if dialect == "d365fo" and body.strip():
        return
    server.answer = http(body, kind=kind)
    with client_of(dialect, server) as client:
        with pytest.raises(InvalidResponseError):
            client.request("GET", ENDPOINTS[dialect])
        server.answer = http(status="204 No Content", kind=b"")
        assert client.request("GET", ENDPOINTS[dialect]).body is None


@pytest.mark.finding("D14")
@pytest.mark.parametrize(
    ("dialect", "missing"),
    [
        ("v2", http(b'{"title":"Not Found"}', status="404 Not Found")),
        ("v2", http(status="410 Gone", kind=b"")),
        ("d365fo", http(b'{"error":{"code":"","message":"No HTTP resource"}}', status="404 Not Found")),
        ("v1", http(b'{"success":false,"validation":{"summary":"Customer does not exist"}}')),
    ],
)
def test_delete_repeated_into_nothing(dialect: str, missing: bytes) -> None:
    """A DELETE whose reply was lost, and that then finds nothing, did what it should; a first one did not."""
    endpoint = f"{ENDPOINTS[dialect]}(1)" if dialect == "d365fo" else f"{ENDPOINTS[dialect]}/1"
    with RawServer(lambda *request: None if request[2] == 1 else missing) as server:
        with client_of(dialect, server, attempts=3) as client:
            assert client.request("DELETE", endpoint).status_code == 204
            with pytest.raises(APIStatusError):
                client.request("DELETE", endpoint)
        assert server.count("DELETE") == 3


@pytest.mark.finding("D14")
@pytest.mark.parametrize("status", [300, 301, 302, 303, 304])
def test_redirect_after_a_post(server: RawServer, status: int) -> None:
    """A redirect may follow the work."""
    server.answer = http(status=f"{status} X", headers=b"Location: /v2/Customers/7\r\n")
    with client_of("v2", server) as client, pytest.raises(APIStatusError) as error:
        client.request("POST", "Customers", body={"Name": "x"})
    assert error.value.outcome_unknown


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"code":"","message":"An error has occurred."}}',
        b'{"Error":{"Message":"An error has occurred."}}',
        b'{"odata.error":{"code":"1","message":{"value":"no"}}}',
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.finding("R3b")
def test_error_of_odata_in_a_200(server: RawServer, body: bytes, method: str) -> None:
    """F&O: an error object without a value is no result."""
    server.answer = http(body)
    sent = {"body": {"a": 1}} if method == "POST" else {}
    with client_of("d365fo", server) as client:
        with pytest.raises(RefusedError):
            client.request(method, "CustomersV3", **sent)  # type: ignore[arg-type]
        with pytest.raises(RefusedError):
            list(client.pages("CustomersV3"))


@pytest.mark.finding("R3b")
def test_rows_with_an_error_beside_them(server: RawServer) -> None:
    """F&O: rows that end in an error are not all rows."""
    server.answer = http(b'{"@odata.context":"c","value":[{"a":1}],"error":{"code":"x","message":"cut"}}')
    with client_of("d365fo", server) as client, pytest.raises(PaginationError):
        list(client.pages("CustomersV3"))


@pytest.mark.finding("R19")
@DIALECTS
def test_rows_in_another_charset(server: RawServer, dialect: str) -> None:
    """Rows are what the declared charset says, and are handed on in UTF-8."""
    rows = '[{"Name":"Sørlandet æøå"}]'
    whole = {"v2": rows, "v1": f'{{"success":true,"data":{rows}}}', "d365fo": f'{{"value":{rows}}}'}[dialect]
    for charset in ("iso-8859-1", "windows-1252", "utf-16", "utf-8-sig"):
        server.answer = http(whole.encode(charset), kind=f"application/json; charset={charset}".encode())
        with client_of(dialect, server) as client:
            (page,) = client.pages(ENDPOINTS[dialect], max_pages=1)
            assert page.content.decode() == rows
            assert page.rows == [{"Name": "Sørlandet æøå"}]
            client.request("GET", ENDPOINTS[dialect])


@pytest.mark.finding("R19", "D10")
@pytest.mark.parametrize("row", [b'{"Name":"Kaf\xe9"}', b'{"Rate":1e400}', b'{"No":' + b"9" * 5000 + b"}"])
def test_a_row_that_cannot_be_read(server: RawServer, row: bytes) -> None:
    """A row that no reader takes is an error that says which one it is."""
    server.answer = http(b'[{"Name":"ok"},' + row + b"]")
    with client_of("v2", server) as client, pytest.raises(InvalidResponseError, match="row 2"):
        _ = [page.rows for page in client.pages("Customers", max_pages=1)]


def disguises(secret: str) -> dict[str, bytes]:
    """Write a secret in the ways a server may repeat it."""
    escaped = "".join(f"\\u{ord(character):04x}" for character in secret)
    one = f"\\u{ord(secret[0]):04X}{secret[1:]}"
    return {
        "plain": f'{{"detail":"x {secret} y"}}'.encode(),
        "upper": f'{{"detail":"{secret.upper()}"}}'.encode(),
        "escaped": f'{{"detail":"{escaped}"}}'.encode(),
        "one letter": f'{{"detail":"{one}"}}'.encode(),
        "name": f'{{"{secret}":"{escaped}"}}'.encode(),
        "nested": f'{{"errors":{{"a":["{one}"]}},"title":"{escaped}"}}'.encode(),
        "utf-16": f'{{"detail":"{secret}"}}'.encode("utf-16"),
        "utf-16-le": f'{{"detail":"{secret}"}}'.encode("utf-16-le"),
        "utf-32": f'{{"detail":"{one}"}}'.encode("utf-32"),
        "html": f"<html><title>{''.join(f'&#{ord(c)};' for c in secret)}</title></html>".encode(),
        "url": f'{{"detail":"{"".join(f"%{ord(c):02X}" for c in secret)}"}}'.encode(),
    }


def everything(error: APIStatusError) -> str:
    """Write all that can be seen of an error."""
    seen = {name: value for name, value in vars(error).items() if name != "response"}
    response = error.response
    return repr(
        (str(error), seen, error.error_content, response.text, response.content, dict(response.headers))
    )


SECRETS = [
    KEYS.application_key,
    KEYS.client_key,
    KEYS.subscription_key,
    KEYS.basic,
    "tok.en-of-the-raw-server",
]


@pytest.mark.finding("D4")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("disguise", disguises("x"))
def test_no_secret_shows_in_an_error(server: RawServer, secret: str, disguise: str) -> None:
    """However a server repeats a key in an error, it is blanked out of all that can be seen."""
    body = disguises(secret)[disguise]
    kind = b"text/html" if disguise == "html" else b"application/json"
    server.answer = http(body, status="400 Bad Request", headers=f"X-Echo: {secret}\r\n".encode(), kind=kind)
    with client_of("v2", server) as client, pytest.raises(APIStatusError) as error:
        client.request("GET", "Customers")
    assert secret.lower() not in everything(error.value).lower()


@pytest.mark.finding("D4")
@pytest.mark.parametrize("secret", SECRETS)
def test_half_a_secret_shows_in_no_error(server: RawServer, secret: str) -> None:
    """A body that breaks off within a key, or is read up to a bound there, shows no part of it."""
    half = secret[:10]
    bodies = [
        (f'{{"detail":"{half}'.encode(), b"Content-Length: 9999\r\n"),
        (b'{"detail":"' + b"x" * (ERROR_BYTES - 11 - len(half)) + secret.encode() + b'"}', b""),
    ]
    for body, headers in bodies:
        server.answer = http(body, status="400 Bad Request", headers=headers)
        with client_of("v2", server) as client, pytest.raises(APIStatusError) as error:
            client.request("GET", "Customers")
        assert half.lower() not in everything(error.value).lower()
    for kind in ("application/json; charset=", "application/json\r\nContent-Encoding: "):
        server.answer = http(b'{"a":"\xe9"}', kind=f"{kind}{'x' * 85}{secret}".encode())
        with client_of("v2", server) as client, pytest.raises(InvalidResponseError) as unreadable:
            client.request("POST", "Customers", body={})
        assert half.lower() not in str(unreadable.value).lower()


@pytest.mark.finding("D4")
def test_the_spellings_of_a_secret(server: RawServer) -> None:
    """A secret of Finance & Operations may have characters that a page or a serializer escapes."""
    secret = "s3cret/with&odd<chars>'quoted'+\"=0"
    keys = D365FOCredentials(
        url=server.url, token_url=f"{server.url}/oauth2/token", client_id="app", client_secret=secret
    )
    spellings = (html.escape(secret), secret.replace("/", "\\/"), json.dumps(secret), quote(secret, safe=""))
    with Client(keys, api_version="d365fo", host=server.url, throttle=Unthrottled()) as client:
        for spelling in spellings:
            server.answer = http(
                f"{spelling} was sent".encode(), status="400 Bad Request", kind=b"text/plain"
            )
            with pytest.raises(APIStatusError) as error:
                client.request("GET", "CustomersV3")
            assert "s3cret" not in everything(error.value)


@pytest.mark.finding("S18", "D4")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("disguise", ["plain", "escaped", "one letter", "name", "utf-16", "utf-16-le"])
def test_no_secret_shows_in_a_good_answer(server: RawServer, secret: str, disguise: str) -> None:
    """A 2xx that repeats a key is blanked too, headers included; a row of a page likewise."""
    body = disguises(secret)[disguise]
    server.answer = http(body, headers=f"X-Echo: Bearer {secret}\r\n".encode())
    with client_of("v2", server) as client:
        answer = client.request("GET", "Customers/1")
        seen = repr((answer.body, answer.text, answer.content, dict(answer.headers)))
        assert secret not in seen
        assert "***" in seen
        server.answer = http(f'[{{"Name":"{secret}"}}]'.encode())
        assert [page.rows for page in client.pages("Customers", max_pages=1)] == [[{"Name": "***"}]]


@pytest.mark.finding("S17")
@DIALECTS
def test_text_of_a_server_is_one_short_line(server: RawServer, dialect: str) -> None:
    """A message holds one printable line of a server's text."""
    said = "refused\r\n\x1b[2J\u202e" + "x" * 2_000_000
    shapes = {
        "v2": {"title": said, "detail": said, "errors": {said: [said]}},
        "v1": {"success": False, "validation": {"summary": said, "exception": said}},
        "d365fo": {"error": {"code": said, "message": said, "innererror": {"message": said}}},
    }
    server.answer = http(json.dumps(shapes[dialect]).encode(), status="400 Bad Request")
    with client_of(dialect, server) as client, pytest.raises(APIStatusError) as error:
        client.request("GET", ENDPOINTS[dialect])
    for text in (str(error.value), error.value.code, error.value.title, error.value.detail):
        assert text is None or (text.isprintable() and len(text) < 1200)


@pytest.mark.finding("S4")
@DIALECTS
@pytest.mark.parametrize(
    "body",
    [
        b"<title>" * 40_000,
        b"<html>" + b"<title>" * 40_000,
        b'{"message":"' + b"try again in " * 20_000 + b'"}',
        b'{"error_description":"' + b"AADSTS1" * 40_000 + b'"}',
        b'{"error":{"message":"Write failed for table row of type ' + b"'" * 200_000 + b'"}}',
        b'{"detail":"' + b"\\\\" * 150_000 + b'"}',
        b'{"detail":"' + b"&#" * 100_000 + b'"}',
        b'{"message":"replenished in ' + b"1" * 200_000 + b'"}',
    ],
)
def test_no_expression_takes_long(server: RawServer, dialect: str, body: bytes) -> None:
    """300 KB of hostile text are read in the time that 300 KB take."""
    server.answer = http(
        body, status="403 Forbidden", kind=b"text/html" if body[:1] == b"<" else b"application/json"
    )
    with client_of(dialect, server) as client:
        began = time.process_time()
        with pytest.raises(PowerOfficeError):
            client.request("GET", ENDPOINTS[dialect])
        assert time.process_time() - began < 3


@pytest.mark.finding("D1", "S3")
def test_what_never_left_was_not_carried_out() -> None:
    """Where nothing listens, the call was not sent, whatever the class of the error."""
    with RawServer() as server:
        client = client_of("v2", server)
        client.auth.token()
    with client, pytest.raises(APIConnectionError) as error:
        client.request("POST", "Customers", body={"Name": "x"})
    assert not error.value.outcome_unknown


@pytest.mark.finding("D10")
def test_a_refused_key_is_told(server: RawServer) -> None:
    """The status of a token's refusal counts, however odd its body."""
    server.token = http(DEEP, status="401 Unauthorized")
    with client_of("v2", server) as client, pytest.raises(AuthenticationError):
        client.request("GET", "Customers")
    server.token = http(b'{"access_token":"tok.en-of-the-raw-server","expires_in":1200}')


@pytest.mark.finding("D1")
def test_another_protocol_leaves_nothing_to_the_next_call() -> None:
    """What comes after a 101, for which nobody asked, never becomes the answer to another call."""
    listener = socket.create_server(("127.0.0.1", 0))
    ends: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")
            ends.append(connection.recv(65_536))  # nothing: the client closed it

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    with requests.Session() as session:
        session.mount("http://", PacedAdapter(Unthrottled(), Timeouts()))
        answer = session.get(f"http://127.0.0.1:{listener.getsockname()[1]}/x")
        server.join(10)
    assert answer.status_code == 101
    listener.close()
    assert ends == [b""]
