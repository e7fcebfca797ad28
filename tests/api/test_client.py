"""The client over a real socket: every method, every body, every answer, every error."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from support import FakeClock, Unthrottled, client_of, credentials

from airflow_provider_poweroffice.api import Client, RetryOptions, Timeouts
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    BadRequestError,
    ConflictError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
    ServerError,
    UntrustedHostError,
)
from poweroffice_sandbox import Sandbox

CUSTOMER = {"Name": "Kråke & Sønn AS", "ExternalImportReference": "t-1"}
ADDRESS = {"City": "Bø", "ZipCode": "3800"}


def test_company(client: Client) -> None:
    """A GET gives the whole answer, decoded."""
    answer = client.request("get", "/ClientIntegrationInformation")
    assert (answer.status_code, answer.is_success, answer.error_content) == (200, True, None)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.body["ClientName"]
    assert json.loads(answer.text) == json.loads(answer.content) == answer.body


def test_create_read_change_delete(client: Client, sandbox: Sandbox) -> None:
    """POST, GET, PATCH and DELETE reach the server as it documents them."""
    made = client.request("POST", "Customers", body={**CUSTOMER, "MailAddress": ADDRESS})
    assert made.status_code == 201
    path = f"Customers/{made.body['Id']}"
    assert client.request("GET", path).body["Name"] == CUSTOMER["Name"]
    sandbox.set(patch_media_type="strict")
    patch = [
        {"op": "replace", "path": "/Name", "value": "Ny"},
        {"op": "replace", "path": "/MailAddress/City", "value": "Voss"},
    ]
    changed = client.request("PATCH", path, body=patch).body
    assert (changed["Name"], changed["MailAddress"]["City"]) == ("Ny", "Voss")
    assert client.request("DELETE", path).is_success
    with pytest.raises(NotFoundError) as caught:
        client.request("GET", path)
    assert caught.value.status == 404
    assert str(caught.value).startswith(f"GET /v2/{path}: 404 Object(s) not found: Customer with id")


def test_text_body_keeps_its_digits(client: Client) -> None:
    """A text body goes out as it stands, as JSON."""
    made = client.request("POST", "Products", body='{"Name": "x", "UnitPrice": 1.10}')
    assert made.status_code == 200  # the API's oddity
    assert made.body["UnitPrice"] == 1.10
    assert client.request("POST", "Products", body=b'{"Name": "y"}').body["Name"] == "y"


def test_nothing_found(client: Client) -> None:
    """204 is an answer without a body, not a JSON error."""
    answer = client.request("GET", "Customers", query={"customerNos": "99999998-99999999"})
    assert (answer.status_code, answer.content, answer.body) == (204, b"", None)


def test_query_reaches_the_server(client: Client, sandbox: Sandbox) -> None:
    """Lists, booleans and dates arrive as the filters the API documents."""
    everyone = client.request("GET", "Customers", query={"OrderBy": "Id asc"}).body
    numbers = sorted(row["Number"] for row in everyone)[:2]
    some = client.request("GET", "Customers", query={"customerNos": numbers, "Fields": "Number"}).body
    assert sorted(row["Number"] for row in some) == numbers
    sent = sandbox.journal()[-1]
    assert "customerNos" in str(sent)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, APIStatusError),
        (400, BadRequestError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (412, ConflictError),
        (418, APIStatusError),
        (422, BadRequestError),
        (429, RateLimitError),
        (500, ServerError),
        (501, ServerError),
    ],
)
def test_error_classes(client: Client, sandbox: Sandbox, status: int, kind: type[APIStatusError]) -> None:
    """Each status has its class; a gateway's HTML never hides the status; the query is never shown."""
    sandbox.add_fault(action="status", path="/Customers", status=status, body="<html>gateway</html>", times=0)
    with pytest.raises(PowerOfficeError) as caught:
        client.request("GET", "Customers", query={"externalNos": "31415926"})
    error = caught.value
    assert type(error) is kind
    assert isinstance(error, APIStatusError)
    assert (error.status, error.response.status_code) == (status, status)
    assert str(error).startswith(f"GET /v2/Customers: {status}")
    assert "31415926" not in str(error)


def test_problem_details(client: Client, sandbox: Sandbox) -> None:
    """Title, detail and trace id are attributes, and the message says the vendor's sentence."""
    problem = {"title": "Customer validation error(s)", "detail": "Name is required.", "traceId": "00-1"}
    sandbox.add_fault(action="status", status=400, body=json.dumps(problem), path="/Customers")
    with pytest.raises(BadRequestError) as caught:
        client.request("POST", "Customers", body={})
    error = caught.value
    assert (error.title, error.detail, error.trace_id) == tuple(problem.values())
    assert error.error_content == problem
    assert str(error) == "POST /v2/Customers: 400 Customer validation error(s): Name is required."


def test_not_failing(client: Client, sandbox: Sandbox) -> None:
    """fail_on_error=False gives the server's no as an answer, after the retries."""
    answer = client.request("GET", "Customers/1", fail_on_error=False)
    assert (answer.is_success, answer.status_code, answer.body["title"]) == (
        False,
        404,
        "Object(s) not found",
    )
    assert answer.error_content["detail"] == "Customer with id = 1 not found."
    sandbox.add_fault(action="status", status=503, body="<html>", times=0, path="/Customers")
    answer = client.request("GET", "Customers", fail_on_error=False)
    assert (answer.is_success, answer.status_code, answer.error_content) == (False, 503, "<html>")
    assert sandbox.count("GET", "/Customers") == RetryOptions().attempts


def test_empty_403_explains_itself(sandbox: Sandbox, clock: FakeClock) -> None:
    """The API's empty 403 is turned into a sentence a person can act on."""
    with (
        Client(
            credentials(sandbox, company=2), host=sandbox.url, clock=clock, throttle=Unthrottled()
        ) as poor,
        pytest.raises(PermissionDeniedError, match="lacks the privilege"),
    ):
        poor.request("GET", "AccountTransactions", query={"fromDate": "2024-01-01", "toDate": "2024-01-02"})


def test_multipart(client: Client, sandbox: Sandbox) -> None:
    """A multipart body arrives as one, with the file's name."""
    with pytest.raises(APIStatusError):
        client.request(
            "PUT", "VoucherDocumentation", query={"id": "x"}, files={"file": ("a.pdf", b"%PDF-1.4")}
        )
    assert sandbox.count("PUT", "/VoucherDocumentation") == 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_lost_reply_is_not_repeated(client: Client, sandbox: Sandbox, method: str) -> None:
    """A write whose reply was lost is sent once, and the error says that it may have been carried out."""
    sandbox.add_fault(action="reset_after", method=method, path="/Customers*", times=0)
    body: Any = CUSTOMER if method == "POST" else [{"op": "replace", "path": "/Name", "value": "x"}]
    with pytest.raises(APIConnectionError, match="may have been carried out") as caught:
        client.request(method, "Customers" if method == "POST" else "Customers/1", body=body)
    assert caught.value.outcome_unknown
    assert sandbox.count(method, "/Customers*") == 1


def test_write_answered_by_5xx_is_not_repeated(client: Client, sandbox: Sandbox) -> None:
    """A POST answered 503 reaches the server exactly once, unless the caller declares it idempotent."""
    sandbox.add_fault(action="status", status=503, method="POST", path="/Customers", times=1)
    with pytest.raises(ServerError) as caught:
        client.request("POST", "Customers", body=CUSTOMER)
    assert caught.value.outcome_unknown
    assert sandbox.count("POST", "/Customers") == 1
    sandbox.add_fault(action="status", status=503, method="POST", path="/Customers", times=1)
    assert client.request("POST", "Customers", body=CUSTOMER, idempotent=True).status_code == 201
    assert sandbox.count("POST", "/Customers") == 3


def test_repeated_write_owns_up(client: Client, sandbox: Sandbox) -> None:
    """An error after a lost reply notes that an earlier attempt may have been carried out."""
    sandbox.add_fault(action="reset_after", method="POST", path="/Customers", times=1)
    with pytest.raises(BadRequestError, match="already in use") as caught:
        client.request("POST", "Customers", body=CUSTOMER, idempotent=True)
    assert "may have been carried out" in caught.value.__notes__[0]


def test_throttled_write_is_repeated(client: Client, sandbox: Sandbox, clock: FakeClock) -> None:
    """A 429 was not carried out, so a POST is sent again after the server's wait."""
    gateway = '{"statusCode":429,"message":"Rate limit is exceeded. Try again in 7 seconds."}'
    sandbox.add_fault(action="status", status=429, method="POST", path="/Customers", times=2, body=gateway)
    assert client.request("POST", "Customers", body=CUSTOMER).status_code == 201
    assert [7 <= nap <= 7.5 for nap in clock.naps] == [True, True]


@pytest.mark.parametrize("form", ["seconds", "date", "absent"])
def test_rate_limit_forms(sandbox: Sandbox, clock: FakeClock, form: str) -> None:
    """The server's wait is understood as seconds, as a date, and from the body alone."""
    sandbox.set(rate_limit=1, retry_after=form)
    with client_of(sandbox, clock) as client:
        clock.lead(sandbox)
        for _ in range(3):
            assert client.request("GET", "VatCodes").status_code == 200
    assert len(clock.naps) >= 3
    assert all(nap >= 1 for nap in clock.naps)


def test_long_wait_is_raised_not_slept(sandbox: Sandbox, clock: FakeClock) -> None:
    """A wait beyond the deadline is raised at once, and the error says how long the server wanted."""
    sandbox.add_fault(action="status", status=429, headers={"Retry-After": "3600"}, path="/Customers")
    with (
        client_of(
            sandbox,
            clock,
            retry=RetryOptions(deadline=60),
        ) as client,
        pytest.raises(RateLimitError) as caught,
    ):
        client.request("GET", "Customers")
    assert caught.value.retry_after == 3600
    assert clock.naps == []


def test_attempts_and_deadline(sandbox: Sandbox, clock: FakeClock) -> None:
    """Retrying ends by attempts or by time, whichever comes first."""
    sandbox.add_fault(action="status", status=500, path="/Customers", times=0)
    for options, tries in ((RetryOptions(attempts=3), 3), (RetryOptions(attempts=99, deadline=7), None)):
        before = sandbox.count("GET", "/Customers")
        started = clock.now
        with (
            client_of(sandbox, clock, retry=options) as client,
            pytest.raises(ServerError),
        ):
            client.request("GET", "Customers")
        made = sandbox.count("GET", "/Customers") - before
        assert made == tries if tries else 3 <= made <= 5
        assert clock.now - started <= options.deadline


@pytest.mark.parametrize("action", ["truncate", "garbage", "reset_before", "reset_after"])
def test_broken_answer_is_read_again(client: Client, sandbox: Sandbox, action: str) -> None:
    """A GET whose answer breaks off, in any way, is made again."""
    sandbox.add_fault(action=action, path="/Customers", times=1)
    assert len(client.request("GET", "Customers").body) == sandbox.totals()["Customers"]
    assert sandbox.count("GET", "/Customers") == 2


def test_broken_answer_of_a_write(client: Client, sandbox: Sandbox) -> None:
    """A POST whose answer cannot be read was carried out; it is not sent again."""
    sandbox.add_fault(action="garbage", method="POST", path="/Customers", times=1)
    with pytest.raises(InvalidResponseError) as caught:
        client.request("POST", "Customers", body=CUSTOMER)
    assert caught.value.outcome_unknown
    assert sandbox.count("POST", "/Customers") == 1


def test_nobody_there(sandbox: Sandbox, clock: FakeClock) -> None:
    """A refused connection is provably not sent: any method is tried again, and the error says so."""
    with (
        Client(
            credentials(sandbox), host="http://127.0.0.1:9", clock=clock, throttle=Unthrottled()
        ) as client,
        pytest.raises(APIConnectionError, match="was not sent") as caught,
    ):
        client.request("POST", "Customers", body=CUSTOMER)
    assert not caught.value.outcome_unknown
    assert len(clock.naps) == RetryOptions().attempts - 1


def test_read_timeout(sandbox: Sandbox, clock: FakeClock) -> None:
    """A silent server is given up after the read timeout, a writing call with an unknown outcome."""
    with client_of(
        sandbox,
        clock,
        timeouts=Timeouts(read=0.1),
    ) as client:
        client.auth.token()
        sandbox.add_fault(action="delay", seconds=0.3, path="/Customers", times=1)
        with pytest.raises(APITimeoutError, match="may have been carried out"):
            client.request("POST", "Customers", body=CUSTOMER)


def test_redirects_are_not_followed(client: Client, sandbox: Sandbox) -> None:
    """A redirect is a fault: requests would carry the subscription key to the new host."""
    with Sandbox(port=0, rate_limit=0) as other:
        sandbox.add_fault(
            action="status", status=307, path="/Customers", headers={"Location": other.url}, times=0
        )
        with pytest.raises(APIStatusError, match="redirects are not followed"):
            client.request("GET", "Customers")
        assert client.session.get("Customers").status_code == 307
        assert other.journal() == []


def test_foreign_host_gets_nothing(client: Client) -> None:
    """A session lent to a user refuses to sign a request to another origin."""
    with Sandbox(port=0, rate_limit=0) as other:
        for url in (f"{other.url}/v2/Customers", other.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(UntrustedHostError):
                client.session.get(url)
        assert other.journal() == []


def test_borrowed_session(client: Client, sandbox: Sandbox) -> None:
    """The session works with relative and absolute URLs of the API's own server."""
    assert client.session.get("VatCodes").ok
    assert client.session.get(f"{sandbox.base_url()}/VatCodes", params={"PageSize": 1}).ok


def test_long_url_is_hinted_at(client: Client) -> None:
    """A 404 on a very long URL names the length: the server's own message misleads."""
    with pytest.raises(NotFoundError, match="characters long"):
        client.request("GET", "Nope", query={"codes": "x" * 2500})


def test_retries_are_logged_without_secrets_or_values(
    client: Client, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Each retry is a line with reason and wait; no query value, no body, no header."""
    sandbox.add_fault(action="status", status=503, path="/Customers", times=1)
    with caplog.at_level(logging.DEBUG):
        client.request("GET", "Customers", query={"externalNos": "31415926"})
    line = next(record.getMessage() for record in caplog.records if "attempt 1" in record.getMessage())
    assert line.startswith("GET /v2/Customers: attempt 1 of 6: status 503; next try in")
    ours = [record for record in caplog.records if record.name.startswith("airflow_provider_poweroffice")]
    assert not any("31415926" in record.getMessage() for record in ours)


def test_one_connection(client: Client, sandbox: Sandbox) -> None:
    """All calls of a client share one connection and one token."""
    before = sandbox.connections
    for _ in range(5):
        client.request("GET", "VatCodes")
    assert sandbox.connections - before <= 2
    assert sandbox.count("POST", "/OAuth/Token") == 1


def test_unknown_version(sandbox: Sandbox) -> None:
    """A version this release does not speak is refused, with those it does."""
    with pytest.raises(ValueError, match=r"'v3'.*v2"):
        Client(credentials(sandbox), api_version="v3")


def test_rate_must_be_positive(sandbox: Sandbox) -> None:
    """A limit of nothing would wait for ever."""
    with pytest.raises(ValueError, match="requests_per_second"):
        Client(credentials(sandbox), requests_per_second=0)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_page_for_people(client: Client, sandbox: Sandbox, method: str) -> None:
    """A log-in or maintenance page with status 200 is no answer; a write is not taken as carried out."""
    sandbox.add_fault(action="status", status=200, body="<html>Sign in</html>", path="/Customers", times=0)
    with pytest.raises(InvalidResponseError, match="HTML") as caught:
        client.request(method, "Customers", body=CUSTOMER if method == "POST" else None)
    assert caught.value.outcome_unknown
    assert sandbox.count(method, "/Customers") == (1 if method == "POST" else RetryOptions().attempts)


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=utf-8", ""])
def test_json_by_another_name(client: Client, sandbox: Sandbox, kind: str) -> None:
    """JSON that a gateway declares as text, or not at all, is JSON."""
    sandbox.add_fault(
        action="status",
        status=200,
        body='{"Id": 1}',
        headers={"Content-Type": kind},
        path="/Customers",
        times=0,
    )
    assert client.request("GET", "Customers").body == {"Id": 1}


@pytest.mark.parametrize("path", ["/Customers", "/OAuth/Token"])
def test_last_refusal_pauses_the_others(sandbox: Sandbox, clock: FakeClock, path: str) -> None:
    """A 429, of the API or the token endpoint, is told to all who share the limit, even the last."""
    throttle = Unthrottled()
    sandbox.add_fault(action="status", status=429, headers={"Retry-After": "7"}, path=path, times=0)
    with (
        Client(
            credentials(sandbox),
            host=sandbox.url,
            clock=clock,
            throttle=throttle,
            retry=RetryOptions(attempts=1),
        ) as client,
        pytest.raises(RateLimitError),
    ):
        client.request("GET", "Customers")
    assert throttle.pauses == [7]
