"""Each switch changes the wire as it says, at the start and while the sandbox runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from poweroffice_sandbox import Switches

if TYPE_CHECKING:
    import requests
    from sandbox_client import Api

TESTED = set()
# Shown by the tests of the flows.
IN_FLOWS = {
    "documentation_put",
    "invoiced_reference",
    "reverse",
    "send_invoice_field",
    "send_lag",
    "send_polls",
    "send_result",
    "send_seconds",
    "unsent_state",
}


def about(*names: str) -> Callable[..., Any]:
    """Note which switches the next test shows."""
    TESTED.update(names)
    return lambda function: function


def header(answer: requests.Response) -> dict[str, Any]:
    """Read X-Pagination."""
    return json.loads(answer.headers["X-Pagination"])


@about("rate_limit", "retry_after")
@pytest.mark.parametrize("form", ["seconds", "date", "absent"])
def test_rate_limit_and_retry_after(start: Callable[..., Api], form: str) -> None:
    """rate_limit sets how many pass; retry_after how the wait is told."""
    api = start(rate_limit=2, retry_after=form, clock=lambda: 1_800_000_000.0)
    api.get("VatCodes")
    refused = api.get("VatCodes")
    assert refused.status_code == 429
    told = refused.headers.get("Retry-After")
    if form == "date":
        assert parsedate_to_datetime(told).timestamp() == 1_800_000_001
    else:
        assert told == {"seconds": "1", "absent": None}[form]


@about("token_lifetime", "expires_in")
def test_token_answer(start: Callable[..., Api]) -> None:
    """token_lifetime and expires_in change the token answer and the token."""
    api = start(token_lifetime=60, expires_in="string")
    assert api.ask_token().json()["expires_in"] == "60"
    api.sandbox.advance(61)
    assert api.get("VatCodes").status_code == 401


@about("bad_keys")
def test_bad_keys(start: Callable[..., Api]) -> None:
    """bad_keys=401 changes the status for wrong keys."""
    answer = start(bad_keys="401").ask_token(auth=("a", "b"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@about("auth_body")
def test_auth_body(start: Callable[..., Api], client_of: type[Api]) -> None:
    """auth_body=problem gives the API's 401 and 403 a body."""
    api = client_of(start(auth_body="problem").sandbox, 2).login()
    assert api.ledger().json()["title"] == "Forbidden"
    api.sandbox.expire_tokens()
    assert api.get("Customers").json()["title"] == "Unauthorized"


@about("pagination")
def test_pagination(start: Callable[..., Api]) -> None:
    """Pagination decides which keys the header has, and whether there is one."""
    api = start(pagination="minimal")
    assert list(header(api.get("Customers", PageSize=100))) == ["nextPageLink"]
    assert header(api.get("Customers", PageSize=100, PageNumber=2)) == {}
    api.sandbox.set(pagination="totals-only")
    assert set(header(api.get("Customers"))) == {"totalCount", "pageSize", "currentPage", "totalPages"}
    api.sandbox.set(pagination="absent")
    assert "X-Pagination" not in api.get("Customers").headers


@about("pagination_links")
def test_pagination_links(api: Api) -> None:
    """Links are absolute, relative, or name a host that does not exist."""
    starts = {"absolute": api.base, "relative": "/v2/Customers?", "internal-host": "http://goapi-backend."}
    for form, beginning in starts.items():
        api.sandbox.set(pagination_links=form)
        assert header(api.get("Customers", PageSize=9))["nextPageLink"].startswith(beginning)


def test_links_keep_filters_and_drop_keys(api: Api) -> None:
    """A link repeats the filters and never the subscription key."""
    answer = api.get("Customers", PageSize=2, customerNos="10000-", **{"subscription-key": "x"})
    link = header(answer)["nextPageLink"]
    assert "customerNos=10000-" in link
    assert "subscription-key" not in link


@about("page_past_end")
def test_page_past_end(api: Api) -> None:
    """A page after the last is 204, an empty array, or 404."""
    seen = []
    for form in ("204", "empty", "404"):
        api.sandbox.set(page_past_end=form)
        answer = api.get("Customers", PageNumber=99)
        seen.append((answer.status_code, answer.content[:2]))
    assert seen == [(204, b""), (200, b"[]"), (404, b'{"')]


@about("page_size_over_max", "page_size_cap")
def test_page_sizes(api: Api) -> None:
    """A page size above the maximum is clamped; a cap holds whatever was asked, and the header tells it."""
    api.sandbox.set(page_size_over_max="clamp")
    assert header(api.get("Customers", PageSize=99999))["pageSize"] == 20000
    api.sandbox.set(page_size_cap=10)
    answer = api.get("Customers", PageSize=50)
    assert (len(answer.json()), header(answer)["pageSize"], header(answer)["totalPages"]) == (10, 10, 12)


@about("empty_list")
def test_empty_list(start: Callable[..., Api]) -> None:
    """An empty list can be 200 with an empty array."""
    answer = start(empty_list="empty-array").get("Customers", customerNos="1")
    assert (answer.status_code, answer.json()) == (200, [])


@about("default_order")
def test_default_order(start: Callable[..., Api]) -> None:
    """default_order=id orders rows and ledger by id without OrderBy."""
    api = start(default_order="id")
    for rows in (api.get("Customers").json(), api.ledger().json()):
        ids = [row["Id"] for row in rows]
        assert ids == sorted(ids)


@about("mutation")
@pytest.mark.parametrize(("kind", "change"), [("insert", 1), ("delete", -1), ("touch", 0)])
def test_mutation(start: Callable[..., Api], kind: str, change: int) -> None:
    """After each page a row is inserted, deleted or touched."""
    api = start(mutation=kind)
    before = api.get("Customers", OrderBy="Id").json()
    api.sandbox.set(mutation="off")
    after = api.get("Customers", OrderBy="Id").json()
    assert len(after) - len(before) == change
    assert before != after


@about("read_lag")
def test_read_lag(start: Callable[..., Api]) -> None:
    """Reads see a write only after the lag."""
    api = start(read_lag=2)
    identifier = api.post("Customers", {"Name": "A"}).json()["Id"]
    api.patch("Customers/7300001", [{"op": "replace", "path": "/Name", "value": "Ny"}])
    assert api.get(f"Customers/{identifier}").status_code == 404
    assert api.get("Customers/7300001").json()["Name"] != "Ny"
    api.sandbox.advance(3)
    assert api.get(f"Customers/{identifier}").status_code == 200
    assert api.get("Customers/7300001").json()["Name"] == "Ny"


@about("nulls")
def test_nulls(start: Callable[..., Api]) -> None:
    """nulls=omitted leaves out every null, in stored rows, ledger rows and single objects."""
    api = start(nulls="omitted")
    for answer in (api.get("Customers"), api.ledger(), api.get("Customers/7300001")):
        assert b"null" not in answer.content
        assert answer.json()


@about("timestamps")
@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("7-digits-z", r"\.\d{7}Z"),
        ("6-digits-z", r"\.\d{6}Z"),
        ("offset", r"\.\d{7}\+00:00"),
        ("naive", r"\.\d{7}"),
    ],
)
def test_timestamps(start: Callable[..., Api], form: str, pattern: str) -> None:
    """Timestamps take the form asked for everywhere."""
    api = start(timestamps=form)
    for answer in (api.get("Customers", PageSize=3), api.ledger(PageSize=3), api.get("FinancialSettings")):
        for text in re.findall(r'DateTimeOffset":"([^"]*)"', answer.text):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d" + pattern, text)


@about("unknown_query")
def test_unknown_query(start: Callable[..., Api]) -> None:
    """unknown_query=ignore lets any name pass."""
    assert start(unknown_query="ignore").get("Customers", foo="1").status_code == 200


@about("patch_names")
def test_patch_names(api: Api) -> None:
    """Pointers are found in any case; with patch_names=exact another casing is silently ignored."""
    body = [{"op": "replace", "path": "/phoneNumber", "value": "1"}]
    assert api.patch("Customers/7300001", body).json()["PhoneNumber"] == "1"
    api.sandbox.set(patch_names="exact")
    body[0]["value"] = "2"
    assert api.patch("Customers/7300001", body).json()["PhoneNumber"] == "1"
    body[0]["path"] = "/PhoneNumber"
    assert api.patch("Customers/7300001", body).json()["PhoneNumber"] == "2"


@about("taken_text", "taken_status", "unique_check")
@pytest.mark.parametrize("text", ["id", "no-id", "exists", "norwegian", "bare"])
def test_a_unique_value_in_use(api: Api, text: str) -> None:
    """A second record with a reference is refused as taken_text and taken_status say, or taken."""
    body = {"Name": "x", "ExternalImportReference": "r-1"}
    first = api.post("Customers", body).json()["Id"]
    api.sandbox.set(taken_text=text, taken_status="422")
    refused = api.post("Customers", body)
    assert refused.status_code == 422
    assert (str(first) in refused.text) is (text == "id")
    assert ("r-1" in refused.text) is (text in {"id", "exists", "norwegian"})
    api.sandbox.set(unique_check="off")
    assert api.post("Customers", body).status_code == 201


@about("long_urls")
def test_long_urls(api: Api) -> None:
    """A URL of more than 2000 characters is a misleading 404, unless long_urls says otherwise."""
    numbers = ",".join(str(number) for number in range(10_000, 10_400))
    assert api.get("Customers", customerNos=numbers).json()["message"] == "Resource not found"
    api.sandbox.set(long_urls="served")
    assert len(api.get("Customers", customerNos=numbers).json()) == 120


@about("missing_date")
def test_missing_date(start: Callable[..., Api]) -> None:
    """missing_date=400 changes the status."""
    assert start(missing_date="400").get("AccountTransactions").status_code == 400


@about("invoice_dates")
def test_invoice_dates(start: Callable[..., Api]) -> None:
    """invoice_dates=required makes the dates of OutgoingInvoices required."""
    api = start(invoice_dates="required")
    assert api.get("OutgoingInvoices").status_code == 404
    assert api.get("OutgoingInvoices", fromDate="2022-01-01", toDate="2030-01-01").status_code == 200


@about("patch_media_type")
def test_patch_media_type(api: Api) -> None:
    """JSON is taken for a JSON Patch unless patch_media_type is strict."""
    body = [{"op": "replace", "path": "/Name", "value": "A"}]
    assert api.patch("Customers/7300001", body, "application/json").status_code == 200
    api.sandbox.set(patch_media_type="strict")
    assert api.patch("Customers/7300001", body, "application/json").status_code == 415
    assert (
        api.patch("Customers/7300001", body, "application/json-patch+json; charset=utf-8").status_code == 200
    )


@about("body_media_type")
def test_body_media_type(api: Api) -> None:
    """A body that does not say it is JSON is 415, as the description lists JSON types only."""
    kinds = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "")
    url, body = f"{api.base}/Locations", b'{"Name": "Brygge"}'

    def statuses() -> set[int]:
        return {
            api.session.post(url, data=body, headers={"Content-Type": kind}).status_code for kind in kinds
        }

    assert statuses() == {415}
    for kind in ("application/json; charset=utf-8", "text/json", "application/problem+json"):
        assert api.session.post(url, data=body, headers={"Content-Type": kind}).status_code == 200
    assert api.patch("Customers/7300001", [], "text/plain").status_code == 415
    api.sandbox.set(body_media_type="any")
    assert statuses() == {200}


@about("problem_type", "bad_parameters", "www_authenticate")
def test_forms_of_errors(api: Api) -> None:
    """Media type, shape and headers of errors have a switch each."""
    bad = api.get("Departments", isActive="maybe")
    assert (bad.status_code, bad.headers["Content-Type"]) == (400, "application/json; charset=utf-8")
    assert (bad.json()["status"], list(bad.json()["errors"])) == (400, ["isActive"])
    token = api.session.headers.pop("Authorization")
    assert api.get("Departments").headers["WWW-Authenticate"].startswith("Bearer")
    key = api.session.headers.pop("Ocp-Apim-Subscription-Key")
    assert api.get("Departments").headers["WWW-Authenticate"].startswith("AzureApiManagementKey")
    api.sandbox.set(problem_type="problem-json", bad_parameters="detail", www_authenticate="absent")
    assert "WWW-Authenticate" not in api.get("Customers").headers
    api.session.headers.update({"Authorization": token, "Ocp-Apim-Subscription-Key": key})
    bad = api.get("Departments", isActive="maybe")
    assert bad.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert set(bad.json()) == {"title", "detail"}


def test_every_switch_is_tested() -> None:
    """No switch is without a test that shows the wire changing."""
    assert set(Switches.names()) == TESTED | IN_FLOWS
