"""v1 over real sockets: every row once, refusals in a 200, and calls that may not be doubled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from support import FakeClock, v1_client_of

from airflow_provider_poweroffice.api import Client, Credentials, Page
from airflow_provider_poweroffice.api.archive import delete_or_archive
from airflow_provider_poweroffice.api.dialects.base import PageInfo
from airflow_provider_poweroffice.api.pages.periods import split_query, unique_rows
from airflow_provider_poweroffice.api.surrogates import split_rows
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    DeleteRefusedError,
    NotFoundError,
    PaginationError,
    PermissionDeniedError,
    RateLimitError,
    RefusedError,
    ServerError,
)
from poweroffice_sandbox import V1Sandbox

IN_USE = "Customer/1000001"
TOTAL = 120


@pytest.fixture
def sandbox(v1_sandbox: V1Sandbox) -> V1Sandbox:
    """Give the sandbox of v1."""
    return v1_sandbox


@pytest.fixture
def client(v1_client: Client) -> Client:
    """Give a client of its first company."""
    return v1_client


def ids(client: Client, endpoint: str = "Customer", **options: Any) -> list[int]:
    """Read a collection, and give its ids."""
    return [row["id"] for page in client.pages(endpoint, **options) for row in page.rows]


@pytest.mark.sample(6)
@pytest.mark.parametrize("count", ["total", "page", "absent"])
@pytest.mark.parametrize("page_size", [1, 50, 60, 119, 120, 121, None])
def test_every_row_once(client: Client, sandbox: V1Sandbox, count: str, page_size: int | None) -> None:
    """Whatever ``count`` means, and wherever pages end, each row comes once and in order."""
    sandbox.set(count=count)
    found = ids(client, page_size=page_size)
    assert found == sorted(set(found))
    assert len(found) == TOTAL == sandbox.totals()["Customer"]


def test_total_ends_the_read(client: Client, sandbox: V1Sandbox) -> None:
    """Where the count says that all rows have come, no empty page is asked for."""
    pages = client.pages("Customer", page_size=50)
    assert [len(page) for page in pages] == [50, 50, 20]
    assert (pages.total_rows, pages.complete) == (TOTAL, True)
    assert sandbox.count("GET", "/Customer") == 3


@pytest.mark.parametrize("mutation", ["insert", "touch"])
def test_changes_meanwhile(client: Client, sandbox: V1Sandbox, mutation: str) -> None:
    """Rows that are added or changed while others are read are lost to nobody."""
    before = set(ids(client))
    sandbox.set(mutation=mutation)
    found = ids(client, page_size=50)
    assert before <= set(found)
    assert len(set(found)) == len(found)


def test_deleted_meanwhile(client: Client, sandbox: V1Sandbox) -> None:
    """Rows deleted while others are read shift those behind them: those are read again."""
    sandbox.set(mutation="delete")
    found = ids(client, page_size=50)
    sandbox.set(mutation="off")
    assert set(ids(client)) <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"page_size": 50_001}, "from 1 to 50000"),
        ({"endpoint": "Reporting/InvoiceJournal", "page_size": 5_001}, "from 1 to 5000"),
        ({"order_by": None}, "needs an order"),
        (
            {"endpoint": "Reporting/Usage", "query": {"fromDate": "2026-01-01", "toDate": "2026-02-01"}},
            "needs an order",
        ),
        ({"query": {"$select": "Id"}}, "v1 knows"),
        ({"query": {"$top": 5}}, "use page_size"),
        ({"query": {"$filter": "(Id gt 1)"}, "filters": ("Id", ">", 1)}, "exclude each other"),
        ({"filters": ("name", "==", "a")}, "PascalCase"),
        ({"endpoint": "Reporting/AccountTransactions"}, "query lacks fromDate, toDate"),
        ({"endpoint": "VatCode", "changed_since": "2026-01-01"}, "cannot be read by changed_since"),
    ],
)
def test_refused_before_a_request(
    client: Client, sandbox: V1Sandbox, options: dict[str, Any], says: str
) -> None:
    """What cannot be read whole is refused before anything is sent."""
    with pytest.raises(ValueError, match=says):
        list(client.pages(**({"endpoint": "Customer"} | options)))
    assert sandbox.count() == 0


def test_default_page_fits_the_cap(client: Client) -> None:
    """A resource with a small cap is read with pages that fit it."""
    assert ids(client, "OutgoingInvoice/List", page_size=10_000)
    query = {"fromDate": "2000-01-01", "toDate": "2030-01-01"}
    pages = client.pages("Reporting/InvoiceJournal", order_by="InvoiceNo asc", query=query)
    assert sum(len(page) for page in pages) == 150


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("Name", "startswith", "O'"), 4),
        (("tolower(Name)", "startswith", "o'"), 4),
        (("Code", "in", [10_003, 10_004]), 2),
        ({"not": ("Code", "<=", 10_003)}, TOTAL - 4),
        ([("IsArchived", "==", True), ("Code", "<", 10_020)], 2),
        ({"any": [("Code", "==", 10_003), ("Name", "==", "x'y")]}, 1),
        (("Since", ">=", "2000-01-01", "date"), TOTAL),
        (("LastChanged", "<", "2000-01-01T00:00:00+02:00", "datetime"), 0),
        (("PhoneNumber", "==", None), 80),
    ],
)
def test_filters(client: Client, filters: Any, found: int) -> None:
    """Filters made from values are what the server reads, quotes included."""
    assert len(ids(client, filters=filters)) == found
    answer = client.request("GET", "Customer", filters=filters)
    assert len(answer.body) == found


def test_changed_since(client: Client, sandbox: V1Sandbox, clock: FakeClock) -> None:
    """What changed since the last read comes, the lag of the replica allowed for; a filter holds too."""
    clock.lead(sandbox)
    sandbox.set(read_lag=1.0)
    began = clock.time()
    client.request("POST", "Customer", body={"id": 1_000_001, "name": "O'Changed"})
    client.request("POST", "Customer", body={"id": 1_000_010, "name": "Changed"})
    clock.sleep(2)
    since = client.narrow("Customer", None, changed_since="2026-01-01T00:00:02Z")
    assert since == {"$filter": "(LastChanged gt DateTimeOffset'2025-12-31T23:59:59.0000000Z')"}
    moment = datetime.fromtimestamp(began, UTC)
    assert set(ids(client, changed_since=moment)) == {1_000_001, 1_000_010}
    assert ids(client, changed_since=moment, filters=("Name", "startswith", "O'")) == [1_000_001]


@pytest.mark.sample(2)
@pytest.mark.parametrize("to_date", ["inclusive", "exclusive"])
@pytest.mark.parametrize("days", [2, 9, 400, 4000])
def test_periods(client: Client, sandbox: V1Sandbox, to_date: str, days: int) -> None:
    """A report in periods has the rows of the whole, each once, whether the last day counts or not."""
    sandbox.set(to_date=to_date)
    query = {"fromDate": "2025-12-01", "toDate": "2025-12-21"}
    whole = ids(client, "Reporting/AccountTransactions", query=query)
    if days < 400:
        sandbox.set(long_period="refused")
    pages = client.periods("Reporting/AccountTransactions", query=query, split_days=days, page_size=4)
    found = [row["id"] for page in pages for row in page.rows]
    assert len(whole) >= 20
    assert sorted(found) == sorted(whole)
    assert (pages.rows, pages.complete, pages.truncated) == (len(whole), True, False)


@pytest.mark.parametrize(
    ("first", "last", "days", "periods"),
    [
        ("2024-02-28", "2024-03-01", 2, ["28 to 29", "29 to 01"]),
        ("2024-02-29", "2024-02-29", 2, ["29 to 29"]),
        ("9999-12-29", "9999-12-31", 2, ["29 to 30", "30 to 31"]),
        ("2026-01-01", "2026-01-31", 10**12, ["01 to 31"]),
    ],
)
def test_borders_of_periods(first: str, last: str, days: int, periods: list[str]) -> None:
    """Neighbours share their border day, also at a leap day and at the end of all days."""
    found = split_query({"fromDate": first, "toDate": last}, days)
    assert [f"{part['fromDate'][-2:]} to {part['toDate'][-2:]}" for part in found] == periods


def test_periods_that_go_wrong(client: Client, sandbox: V1Sandbox) -> None:
    """A page left out is named with its period, and the read is not complete."""
    sandbox.add_fault(action="status", status=500, path="/Reporting/AccountTransactions", times=0, every=1)
    query = {"fromDate": "2025-12-01", "toDate": "2025-12-21"}
    pages = client.periods("Reporting/AccountTransactions", query=query, split_days=31)
    with pytest.raises(ServerError):
        list(pages)
    sandbox.clear_faults()
    limited = client.periods(
        "Reporting/AccountTransactions", query=query, split_days=11, page_size=1, max_pages=1
    )
    assert len(list(limited)) == limited.pages == limited.rows == 2
    assert (limited.truncated, limited.complete) == (True, False)


@pytest.mark.parametrize(
    ("endpoint", "options", "says"),
    [
        ("Reporting/AccountTransactions", {"query": {"fromDate": "2026-01-01"}}, "query lacks toDate"),
        (
            "Reporting/AccountTransactions",
            {"query": {"fromDate": "2026-01-32", "toDate": "x"}},
            "is not a date",
        ),
        (
            "Reporting/AccountTransactions",
            {"query": {"fromDate": "2026-02-01", "toDate": "2026-01-01"}},
            "is before",
        ),
        (
            "Reporting/AccountTransactions",
            {"split_days": 1},
            "split_days must be a whole number from 2, not 1",
        ),
        ("Reporting/Usage", {}, "have no key"),
        ("Reporting/AccountTransactions", {"first_page": 2}, "first_page"),
    ],
)
def test_bad_periods(client: Client, endpoint: str, options: dict[str, Any], says: str) -> None:
    """Periods that cannot be read whole are refused."""
    given: dict[str, Any] = {"split_days": 31, "query": {"fromDate": "2026-01-01", "toDate": "2026-03-01"}}
    with pytest.raises(ValueError, match=says):
        client.periods(endpoint, **(given | options))


@pytest.mark.parametrize("content", [b'[{"id":1},{"no":2}]', b'[{"id":null},{"id":null}]'])
def test_periods_of_rows_without_a_key(content: bytes) -> None:
    """Rows that cannot be told apart are an error, not doubled, and none is left out as if it came before."""
    with pytest.raises(PaginationError, match="a row has no 'id'"):
        unique_rows("id").only_new(Page(1, content, split_rows(content), PageInfo()))


def test_refusal(client: Client, sandbox: V1Sandbox) -> None:
    """``success: false`` with 200 is an error with the vendor's words; nothing was carried out."""
    with pytest.raises(RefusedError, match=r"POST /Customer: 200 Customer\.name is required") as caught:
        client.request("POST", "Customer", body={"externalCode": 5})
    error = caught.value
    assert error.summary == "Customer.name is required."
    assert error.exception == error.code == "AggregatedValidation"
    assert error.errorLogReference == error.error_log_reference == error.trace_id
    assert error.error_log_reference
    assert (error.status, error.outcome_unknown) == (200, False)
    assert error.error_content["success"] is False
    assert sandbox.count("POST", "/Customer") == 1
    answer = client.request("POST", "Customer", body={}, fail_on_error=False)
    assert (answer.status_code, answer.is_success) == (200, False)
    assert answer.error_content["validation"]["exception"] == "AggregatedValidation"


@pytest.mark.parametrize(
    ("bad_parameters", "status", "kind"),
    [
        ("problem-in-data", 400, BadRequestError),
        ("problem", 400, BadRequestError),
        ("failure", 200, RefusedError),
    ],
)
def test_bad_parameters(
    client: Client, sandbox: V1Sandbox, bad_parameters: str, status: int, kind: type[BadRequestError]
) -> None:
    """A value that cannot be bound is one kind of error in each of its shapes."""
    sandbox.set(bad_parameters=bad_parameters)
    query = {"fromDate": "x", "toDate": "2026-01-01"}
    with pytest.raises(kind, match="The value 'x' is not valid") as caught:
        client.request("GET", "Reporting/AccountTransactions", query=query)
    assert caught.value.status == status
    answer = client.request("GET", "Reporting/AccountTransactions", query=query, fail_on_error=False)
    assert not answer.is_success


def test_bad_filter(client: Client) -> None:
    """A filter of the caller's own making that the server cannot read is a typed error."""
    with pytest.raises(RefusedError) as caught:
        client.request("GET", "Customer", query={"$filter": "(Nothing eq 1)"})
    assert caught.value.exception == "OData"


@pytest.mark.parametrize("auth_body", ["envelope", "empty"])
def test_module_missing(sandbox: V1Sandbox, clock: FakeClock, auth_body: str) -> None:
    """A company without the module gets a 403 that says so, whatever the body."""
    sandbox.set(auth_body=auth_body)
    with v1_client_of(sandbox, clock, company=2) as client, pytest.raises(PermissionDeniedError) as caught:
        client.request("GET", "Product")
    if auth_body == "empty":
        assert "the company lacks the Go module" in str(caught.value)


@pytest.mark.parametrize("throttle_body", ["envelope", "gateway", "empty"])
@pytest.mark.parametrize("retry_after", ["absent", "seconds", "date"])
def test_throttled(sandbox: V1Sandbox, clock: FakeClock, throttle_body: str, retry_after: str) -> None:
    """A 429 waits a second or more, and the call is repeated, a POST too: it was not carried out."""
    clock.lead(sandbox)
    sandbox.set(throttle_body=throttle_body, retry_after=retry_after)
    with v1_client_of(sandbox, clock) as client:
        client.auth.token()
        sandbox.add_fault(action="throttle", seconds=0.5)
        assert client.request("POST", "Customer", body={"name": "a"}).body["name"] == "a"
    assert sum(clock.naps) >= 1
    assert sandbox.totals()["Customer"] == TOTAL + 1


def test_too_often(sandbox: V1Sandbox, clock: FakeClock) -> None:
    """A server that refuses for ever is a rate limit error in the end."""
    sandbox.add_fault(action="status", status=429, path="/Customer", times=0)
    with v1_client_of(sandbox, clock) as client, pytest.raises(RateLimitError):
        client.request("GET", "Customer")


@pytest.mark.parametrize("fault", [{"action": "status", "status": 500}, {"action": "reset_after"}])
def test_post_is_not_repeated(client: Client, sandbox: V1Sandbox, fault: dict[str, Any]) -> None:
    """A POST without a clear answer is sent once, one with an id too, unless the caller allows more."""
    for body in ({"name": "a"}, {"id": 1_000_001, "name": "a"}):
        sandbox.add_fault(**fault, path="/Customer", method="POST")
        before = sandbox.count("POST", "/Customer")
        with pytest.raises((ServerError, Exception)) as caught:
            client.request("POST", "Customer", body=body)
        assert getattr(caught.value, "outcome_unknown", False)
        assert sandbox.count("POST", "/Customer") == before + 1
    sandbox.add_fault(**fault, path="/Customer", method="POST")
    assert client.request("POST", "Customer", body=body, idempotent=True).body["id"] == 1_000_001


@pytest.mark.parametrize("fault", [{"action": "truncate"}, {"action": "status", "status": 503}])
def test_pages_are_repeated(client: Client, sandbox: V1Sandbox, fault: dict[str, Any]) -> None:
    """A page that is cut or fails is asked for again."""
    sandbox.add_fault(**fault, path="/Customer", method="GET", every=2, times=1)
    assert len(set(ids(client, page_size=50))) == TOTAL


@pytest.mark.parametrize("refresh_token", ["absent", "reusable", "single-use"])
@pytest.mark.parametrize("lifetime", [600, 1200])
def test_token(sandbox: V1Sandbox, clock: FakeClock, refresh_token: str, lifetime: int) -> None:
    """The answer's lifetime counts; a new token takes the keys again, refresh token or not."""
    clock.lead(sandbox)
    sandbox.set(refresh_token=refresh_token, token_lifetime=lifetime, expires_in="one-less")
    with v1_client_of(sandbox, clock) as client:
        client.request("GET", "VatCode")
        clock.sleep(lifetime * 0.7)
        client.request("GET", "VatCode")
        assert sandbox.count("POST", "*/OAuth/Token") == 1
        clock.sleep(lifetime * 0.3)
        client.request("GET", "VatCode")
        assert sandbox.count("POST", "*/OAuth/Token") == 2
        sandbox.add_fault(action="expire_tokens")
        client.request("GET", "VatCode")
        assert sandbox.count("POST", "*/OAuth/Token") == 3


@pytest.mark.parametrize("bad_keys", ["400", "401"])
def test_wrong_keys(sandbox: V1Sandbox, clock: FakeClock, bad_keys: str) -> None:
    """Wrong keys are told as such, and are in no message."""
    sandbox.set(bad_keys=bad_keys)
    with v1_client_of(sandbox, clock) as client:
        wrong = Credentials(application_key="1" * 32, client_key="2" * 32)
        bad = Client(wrong, host=sandbox.base_url(), api_version="v1", clock=clock)
        with pytest.raises(AuthenticationError, match="application key or client key") as caught:
            bad.request("GET", "Customer")
        assert "1" * 32 not in str(caught.value)
        assert client.request("GET", "VatCode").body


def test_misspelt(client: Client) -> None:
    """The name that v2 uses is answered with the one that v1 has."""
    with pytest.raises(NotFoundError, match="did you mean Customer"):
        client.request("GET", "Customers")


@pytest.mark.parametrize("update", ["merge", "replace"])
def test_archive_instead(client: Client, sandbox: V1Sandbox, update: str) -> None:
    """A record in use is archived and keeps all else, however updates work; a repetition changes nothing."""
    sandbox.set(update=update)
    before = client.request("GET", IN_USE).body
    for _ in range(2):
        archived = delete_or_archive(client, IN_USE).body
        after = client.request("GET", IN_USE).body
        assert after == archived
        assert after == {**before, "isArchived": True, "lastChanged": after["lastChanged"]}
    assert before["isArchived"] is False


def test_archive_survives_bad_moments(client: Client, sandbox: V1Sandbox) -> None:
    """Each of its calls may be repeated."""
    for method in ("DELETE", "GET", "POST"):
        sandbox.add_fault(action="reset_after", method=method, path="/Customer*")
    assert delete_or_archive(client, IN_USE).body["isArchived"] is True
    assert sandbox.totals()["Customer"] == TOTAL


def test_delete(client: Client, sandbox: V1Sandbox) -> None:
    """What is not in use is deleted; a refused delete says what to do instead."""
    made = client.request("POST", "Customer", body={"name": "a"}).body
    assert delete_or_archive(client, f"Customer/{made['id']}").body is None
    assert sandbox.totals()["Customer"] == TOTAL
    with pytest.raises(DeleteRefusedError, match="related data; a record in use is archived instead"):
        client.request("DELETE", IN_USE)
    with pytest.raises(RefusedError, match="Customer with id 1 was not found") as caught:
        delete_or_archive(client, "Customer/1")
    assert not isinstance(caught.value, DeleteRefusedError)
    assert "archive" not in str(caught.value)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_archive_is_disturbed(client: Client, sandbox: V1Sandbox, method: str) -> None:
    """A disturbance that does not end is that, not a refusal for good: a task may try the whole again."""
    sandbox.add_fault(action="status", status=503, method=method, path="/Customer*", times=0)
    with pytest.raises(ServerError):
        delete_or_archive(client, IN_USE)


def test_archive_of_an_odd_record(client: Client, sandbox: V1Sandbox) -> None:
    """What is no record is not sent back."""
    json_type = {"Content-Type": "application/json"}
    for body in ('{"success":true,"data":[1]}', '{"success":true}'):
        sandbox.add_fault(
            action="status", method="GET", status=200, headers=json_type, body=body, path="/Customer/*"
        )
        with pytest.raises(DeleteRefusedError) as caught:
            delete_or_archive(client, IN_USE)
        assert "It was not archived either" in caught.value.__notes__[0]
    assert sandbox.count("POST", "/Customer*") == 0


def test_archive_of_what_has_none(client: Client, sandbox: V1Sandbox) -> None:
    """A record without an archive stays as it was, and nothing is sent back."""
    group = next(
        row["id"] for row in client.request("GET", "ContactGroup").body if row["title"] == "Kommuner"
    )
    with pytest.raises(DeleteRefusedError) as caught:
        delete_or_archive(client, f"ContactGroup/{group}")
    assert "has no isArchived" in caught.value.__notes__[0]
    assert sandbox.count("POST", "/ContactGroup*") == 0


def test_put(client: Client, sandbox: V1Sandbox) -> None:
    """A PUT is sent as asked and may be repeated; registers of v1 have none, which is an error."""
    sandbox.add_fault(action="reset_after", method="PUT", path="/Customer*")
    with pytest.raises(APIStatusError, match="405"):
        client.request("PUT", IN_USE, body={"id": 1_000_001, "name": "b"})
    assert sandbox.count("PUT", "/Customer*") == 2
