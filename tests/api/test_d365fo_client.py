"""Finance & Operations over real sockets: tokens, rows, keys, writes, errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import Unthrottled
from support.d365fo import TEST, fo_client

from airflow_provider_poweroffice.api import Client, RetryOptions
from airflow_provider_poweroffice.api.d365fo.entities import entity_path
from airflow_provider_poweroffice.api.d365fo.services import near_names, service_path, services
from airflow_provider_poweroffice.api.limits.throttle import NoSlotError, Slot
from airflow_provider_poweroffice.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    IncompleteReadError,
    NotFoundError,
    PaginationError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    UntrustedHostError,
    XppError,
)
from poweroffice_sandbox.d365fo import D365FOSandbox
from poweroffice_sandbox.d365fo.keys import HR_AUDIENCE, OTHER_TENANT

if TYPE_CHECKING:
    from support import FakeClock

ONCE = RetryOptions(attempts=1)


def call(client: Client, operation: str, body: Any = None, **options: Any) -> Any:
    """Run an operation of the sandbox."""
    path = service_path([*TEST.split("/"), operation])
    return client.request("POST", path, body={} if body is None else body, **options).body


def rows(client: Client, entity: str, **options: Any) -> list[Any]:
    """Read a set."""
    return [row for page in client.pages(entity, **options) for row in page.rows]


@pytest.mark.parametrize("version", ["v1", "v2", "adfs"])
@pytest.mark.parametrize("odd", [False, True])
def test_token_endpoints(fo: D365FOSandbox, clock: FakeClock, version: str, *, odd: bool) -> None:
    """All three endpoints give tokens that work, whatever JSON type the lifetime has."""
    if odd:
        fo.set(expires_in_v1="number", expires_in_v2="string", adfs_answer="like-v1")
    url = fo.base_url("/namespaces/AXSF") if version == "adfs" else fo.url
    with fo_client(fo, clock, url=url, token_url=fo.token_url(version)) as client:
        assert call(client, "getBoolean") is True
        assert len(rows(client, "CustomersV3")) == 120
        clock.sleep(3599 * 0.9)
        call(client, "getBoolean")
    assert fo.count("POST", "*/token") == 1
    paths = {entry.path for entry in fo.journal() if "/token" not in entry.path}
    assert all(path.startswith("/namespaces/AXSF/") for path in paths) == (version == "adfs")


def test_token_is_renewed_early(fo: D365FOSandbox, clock: FakeClock) -> None:
    """A token is renewed a minute before its end, so that none dies on its way."""
    with fo_client(fo, clock) as client:
        call(client, "getBoolean")
        clock.sleep(3599 - 59)
        call(client, "getBoolean")
    assert fo.count("POST", "*/token") == 2


def test_token_renewed_once_on_401(fo_api: Client, fo: D365FOSandbox) -> None:
    """A 401 in the middle of pages costs one new token and no row."""
    fo.set(page_size=50)
    pages = fo_api.pages("CustomersV3")
    seen = [row["CustomerAccount"] for row in next(pages).rows]
    fo.expire_tokens()
    seen += [row["CustomerAccount"] for page in pages for row in page.rows]
    assert len(set(seen)) == len(seen) == 120
    assert fo.count("POST", "*/token") == 2


@pytest.mark.parametrize(
    ("changed", "app", "explained"),
    [
        ({"client_secret": "wrong"}, 0, ("AADSTS7000215", "client secret.*often the secret's id")),
        ({}, "expired", ("AADSTS7000222", "client secret.*expired")),
        ({"client_id": "c11e4700-0000-4000-8000-000000000099"}, 0, ("AADSTS700016", "client id.*tenant_id")),
        ({"tenant_id": "nobody.example"}, 0, ("AADSTS90002", "tenant.*authority")),
        ({"resource": "https://other.operations.dynamics.com"}, 0, ("AADSTS500011", "resource")),
    ],
)
def test_sign_in_refusals(
    fo: D365FOSandbox, clock: FakeClock, changed: dict[str, str], app: Any, explained: Any
) -> None:
    """Each refusal of the token endpoint says which key and what to do, and is not repeated."""
    code, says = explained
    with (
        fo_client(fo, clock, app, **changed) as client,
        pytest.raises(AuthenticationError, match=says) as caught,
    ):
        call(client, "getBoolean")
    assert code in str(caught.value)
    assert fo.keys(app).client_secret not in str(caught.value)
    assert (fo.count("POST", "*/token"), clock.naps) == (1, [])


@pytest.mark.parametrize(
    ("changed", "app"),
    [({}, "unregistered"), ({"tenant_id": OTHER_TENANT}, 0), ({"token": "Bearer stale"}, 0)],
)
@pytest.mark.parametrize("body", ["empty", "message"])
def test_valid_token_refused(
    fo: D365FOSandbox, clock: FakeClock, changed: dict[str, str], app: Any, body: str
) -> None:
    """A token that F&O refuses gives the advice to register the app, whether the 401 has a body or not."""
    fo.set(unauthorized_body=body)
    with (
        fo_client(fo, clock, app, **changed) as client,
        pytest.raises(PermissionDeniedError, match="registered inside it"),
    ):
        call(client, "getBoolean")
    assert fo.count("POST", "*/token") == (0 if "token" in changed else 4)
    assert len(clock.naps) == (0 if "token" in changed else 2)


def test_handed_in_token(fo: D365FOSandbox, clock: FakeClock) -> None:
    """A token that was handed in is used as it is, without keys and without the token endpoint."""
    with fo_client(fo, clock) as client:
        token = client.auth.token()
    keyless = {"client_id": None, "client_secret": None, "tenant_id": None}
    with fo_client(fo, clock, token=f"Bearer {token}", **keyless) as client:
        assert call(client, "getBoolean") is True
        assert token in client.auth.secrets
    assert fo.count("POST", "*/token") == 1


def test_old_human_resources(fo: D365FOSandbox, clock: FakeClock) -> None:
    """Audience and address are two settings, and the namespace in the path stays."""
    url = fo.base_url("/namespaces/7e4a9700-0000-4000-8000-00000000000a")
    with fo_client(fo, clock, url=url, resource=HR_AUDIENCE) as client:
        assert call(client, "getBoolean") is True


def test_system_url_serves_odata(fo: D365FOSandbox, clock: FakeClock) -> None:
    """Entities are read at the system URL, services called at the environment URL."""
    with fo_client(
        fo, clock, url=fo.url, system_url=fo.url.replace("127.0.0.1", "localhost") + "/"
    ) as client:
        assert len(rows(client, "UnitsOfMeasure")) == fo.totals()["UnitsOfMeasure"]
        assert call(client, "getBoolean") is True
        assert "localhost" in client.dialect.url(client.connection.endpoints, "data/X")
        assert "localhost" not in client.dialect.url(client.connection.endpoints, "api/services/X")


@pytest.mark.sample(6)
@pytest.mark.parametrize("size", [1, 7, 119, 120, 121, 10_000])
@pytest.mark.parametrize("form", ["absolute", "relative"])
@pytest.mark.parametrize("empty", ["no", "yes"])
def test_every_row_once(fo_api: Client, fo: D365FOSandbox, size: int, form: str, empty: str) -> None:
    """Every row comes once, whatever the page size, the form of the link, and an empty page at the end."""
    fo.set(page_size=size, next_link_form=form, empty_next_page=empty, default_order="shuffled")
    found = [row["CustomerAccount"] for row in rows(fo_api, "CustomersV3")]
    assert len(set(found)) == len(found) == 120
    limited = [row["CustomerAccount"] for row in rows(fo_api, "CustomersV3", max_pages=200)]  # by links alone
    assert len(set(limited)) == len(limited) == 120


@pytest.mark.parametrize(
    ("filters", "count"),
    [([("CustomerAccount", "==", "none")], 0), ([("CustomerAccount", "==", "US-000007")], 1)],
)
def test_few_rows(fo_api: Client, filters: Any, count: int) -> None:
    """No row gives no page, one row gives one."""
    pages = list(fo_api.pages("CustomersV3", filters=filters))
    assert [len(page) for page in pages] == [1] * count


def test_query_options(fo_api: Client) -> None:
    """$select, $expand, $top and filters reach the server; $top is a limit, not a page."""
    query = {"$select": ["CustomerAccount", "CreditLimit"], "$top": 30}
    found = rows(
        fo_api, "CustomersV3", query=query, filters=[("CreditLimit", ">", 10)], order_by="CreditLimit desc"
    )
    assert len(found) == 30
    assert {"CustomerAccount", "CreditLimit"} == {name for name in found[0] if "@" not in name}
    limits = [row["CreditLimit"] for row in found]
    assert limits == sorted(limits, reverse=True)
    one = rows(fo_api, "CustomersV3", query={"$top": 1, "$expand": "CustomerGroup"})
    assert one[0]["CustomerGroup"]["CustomerGroupId"]


def test_top_above_a_page(fo_api: Client, fo: D365FOSandbox) -> None:
    """A $top that needs several pages is kept to."""
    fo.set(page_size=20)
    assert len(rows(fo_api, "CustomersV3", query={"$top": 50})) == 50


def test_companies(fo: D365FOSandbox, clock: FakeClock) -> None:
    """The user's own company is read; a named one, the default one or all of them when asked."""
    with fo_client(fo, clock) as client:
        assert {row["dataAreaId"] for row in rows(client, "CustomersV3")} == {"usmf"}
        assert len(rows(client, "CustomersV3", query={"cross_company": True})) == fo.totals()["CustomersV3"]
        assert {
            row["dataAreaId"] for row in rows(client, "CustomersV3", filters=[("dataAreaId", "==", "usrt")])
        } == {"usrt"}
        path = entity_path("CustomersV3", {"dataAreaId": "usrt", "CustomerAccount": "US-000001"})
        assert client.request("GET", path).body["dataAreaId"] == "usrt"
    with fo_client(fo, clock, company="dat") as client:
        assert {row["dataAreaId"] for row in rows(client, "CustomersV3")} == {"dat"}
        assert len(rows(client, "UnitsOfMeasure")) == fo.totals()["UnitsOfMeasure"], "units have no company"
        assert {row["dataAreaId"] for row in rows(client, "CustomersV3", query={"cross-company": False})} == {
            "usmf"
        }


def test_odd_key_reaches_its_row(fo_api: Client) -> None:
    """A key of quotes, slashes and signs is found, changed and read back."""
    key = {"dataAreaId": "usmf", "CustomerGroupId": "O'Hara/50% & +"}
    path = entity_path("CustomerGroups", key)
    assert fo_api.request("PATCH", path, body={"Description": "æ"}).status_code == 204
    assert fo_api.request("GET", path).body["Description"] == "æ"
    found = rows(fo_api, "CustomerGroups", filters=[("CustomerGroupId", "==", key["CustomerGroupId"])])
    assert [row["Description"] for row in found] == ["æ"]


def test_create_change_delete(fo_api: Client) -> None:
    """A row is created, changed with its ETag, refused with an old one, and deleted."""
    body = {"dataAreaId": "usmf", "CustomerGroupId": "99", "Description": "x"}
    made = fo_api.request("POST", "CustomerGroups", body=body)
    assert made.status_code == 201
    path = entity_path("CustomerGroups", {"dataAreaId": "usmf", "CustomerGroupId": "99"})
    old = fo_api.request("GET", path).body["@odata.etag"]
    fo_api.request("PATCH", path, body={"Description": "y"}, headers={"If-Match": old})
    with pytest.raises(ConflictError):
        fo_api.request("PATCH", path, body={"Description": "z"}, headers={"If-Match": old})
    new = fo_api.request("GET", path).body
    assert (new["Description"], new["@odata.etag"] != old) == ("y", True)
    fo_api.request("DELETE", path, headers={"If-Match": new["@odata.etag"]})
    with pytest.raises(NotFoundError):
        fo_api.request("GET", path)


@pytest.mark.parametrize("status", ["409", "412"])
def test_stale_etag(fo_api: Client, fo: D365FOSandbox, status: str) -> None:
    """Both statuses that are told of for a stale ETag are a conflict."""
    fo.set(stale_etag=status)
    with pytest.raises(ConflictError):
        fo_api.request(
            "PATCH",
            entity_path("UnitsOfMeasure", {"UnitSymbol": "ea"}),
            body={"DecimalPrecision": 1},
            headers={"If-Match": 'W/"x"'},
        )


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_writing_to_no_row(fo_api: Client, method: str) -> None:
    """The 400 of a write to a row that is not there is a NotFoundError."""
    path = entity_path("CustomerGroups", {"dataAreaId": "usmf", "CustomerGroupId": "none"})
    with pytest.raises(NotFoundError, match="No resources were found") as caught:
        fo_api.request(method, path, body={"Description": "x"} if method == "PATCH" else None)
    assert caught.value.status == 400


@pytest.mark.parametrize("status", ["400", "500"])
def test_refused_write(fo_api: Client, fo: D365FOSandbox, status: str, clock: FakeClock) -> None:
    """A refused write tells the infolog once, and is not repeated, as it was not carried out."""
    fo.set(write_errors=status)
    with pytest.raises((BadRequestError, ServerError), match="CustomerGroup: ") as caught:
        fo_api.request("POST", "CustomerGroups", body={"dataAreaId": "usmf", "CustomerGroupId": "10"})
    assert "stacktrace" not in str(caught.value)
    assert caught.value.inner_type.endswith("AxODataWriteException")  # type: ignore[attr-defined]
    assert (caught.value.outcome_unknown, clock.naps) == (False, [])


@pytest.mark.parametrize("status", ["500", "400"])
@pytest.mark.parametrize("idempotent", [None, True])
def test_xpp_exception(
    fo_api: Client, fo: D365FOSandbox, status: str, idempotent: bool | None, clock: FakeClock
) -> None:
    """An exception in X++ is final, and carries its class and ids; the known prefix is gone."""
    fo.set(service_error=status)
    with pytest.raises(XppError, match=r"500|400") as caught:
        call(fo_api, "throwException", {"_kind": "error"}, idempotent=idempotent)
    error: Any = caught.value
    assert error.message == "Journal JB-000001 could not be posted.\nThe voucher does not balance."
    assert error.exception_type == "ErrorException"
    assert error.trace_id == error.activity_id
    assert error.request_id == error.response.headers["x-ms-client-request-id"]
    assert (error.outcome_unknown, clock.naps) == (False, [])


def test_conflict_in_a_service(fo_api: Client) -> None:
    """An update conflict is a conflict here too."""
    with pytest.raises(ConflictError):
        call(fo_api, "throwException", {"_kind": "conflict"})


@pytest.mark.parametrize("status", ["400", "500"])
def test_missing_parameter(fo_api: Client, fo: D365FOSandbox, status: str) -> None:
    """A parameter that the body lacks is named."""
    fo.set(missing_parameter=status)
    with pytest.raises(BadRequestError, match="'_request' is not found"):
        call(fo_api, "echo", {})


@pytest.mark.parametrize("privilege", ["403", "500"])
def test_without_privilege(fo: D365FOSandbox, clock: FakeClock, privilege: str) -> None:
    """An app whose user may not do it gets a final error."""
    fo.set(no_privilege=privilege)
    with (
        fo_client(fo, clock, "powerless") as client,
        pytest.raises((PermissionDeniedError, XppError), match="Access denied"),
    ):
        call(client, "getBoolean")
    assert clock.naps == []


@pytest.mark.parametrize("form", ["message", "text", "odata", "empty"])
@pytest.mark.parametrize("header", ["seconds", "date", "absent"])
def test_throttled(fo: D365FOSandbox, clock: FakeClock, form: str, header: str) -> None:
    """A 429 of any form is waited out for any method; one that names no wait by 10 s, doubled."""
    clock.lead(fo)
    fo.set(throttle_body=form, resource_retry_after=header, resource_seconds=30)
    fo.add_fault(action="throttle", seconds=25, times=0)
    with fo_client(fo, clock) as client:
        assert call(client, "getBoolean") is True
    first, *others = clock.naps
    assert (10 <= first < 11) if header == "absent" else (23 <= first < 32)
    assert header != "absent" or [round(nap) for nap in others] == [20]
    assert fo.executed() == {f"{TEST}/getBoolean": 1}


def test_own_deadline_of_429(fo: D365FOSandbox, clock: FakeClock) -> None:
    """429s may be waited out for longer, and more often, than other errors."""
    clock.lead(fo)
    fo.set(resource_seconds=100)
    fo.add_fault(action="throttle", seconds=2000, times=0)
    forever = RetryOptions(attempts=2, deadline=50, rate_limit_deadline=float("inf"))
    with fo_client(fo, clock, retry=forever) as client:
        assert call(client, "getBoolean") is True
    assert sum(clock.naps) >= 2000
    fo.add_fault(action="throttle", seconds=2000, times=0)
    before = len(clock.naps)
    with (
        fo_client(fo, clock, retry=RetryOptions(rate_limit_deadline=99)) as client,
        pytest.raises(RateLimitError) as caught,
    ):
        call(client, "getBoolean")
    assert len(clock.naps) == before, "a wait beyond the deadline is not slept"
    assert caught.value.retry_after is not None


class Impatient(Unthrottled):
    """A throttle that refuses who may wait no longer, as the shared ones do."""

    def acquire(self, patience: float | None = None) -> Slot:
        """Let pass who has time left."""
        assert patience is not None
        if patience <= 0:
            raise NoSlotError(1.0)
        return super().acquire(patience)


def test_waiting_for_ever_at_the_throttle(fo: D365FOSandbox, clock: FakeClock) -> None:
    """Who may wait for ever after 429s is not sent away by the throttle at the deadline of other errors."""
    clock.lead(fo)
    fo.add_fault(action="status", status=429, headers={"Retry-After": "400"}, path="/api/*", times=3)
    forever = RetryOptions(deadline=50, rate_limit_deadline=float("inf"))
    with fo_client(fo, clock, retry=forever, throttle=Impatient()) as client:
        assert call(client, "getBoolean") is True
    assert len(clock.naps) == 3


@pytest.mark.parametrize("fault", ["reset_after", "truncate"])
def test_lost_reply(fo_api: Client, fo: D365FOSandbox, fault: str) -> None:
    """A read is repeated after a lost reply; a call that may have been carried out is not."""
    fo.add_fault(action=fault, path="/data/*")
    assert len(rows(fo_api, "CustomersV3")) == 120
    fo.add_fault(action=fault, path="/api/*")
    with pytest.raises(Exception, match=r"may have been carried out|not complete JSON") as caught:
        call(fo_api, "getBoolean")
    assert getattr(caught.value, "outcome_unknown", False)
    assert fo.executed() == {f"{TEST}/getBoolean": 1}


def test_gateway_page(fo_api: Client, fo: D365FOSandbox, clock: FakeClock) -> None:
    """A 502 with a page for people is repeated for a read, and its title is told."""
    fo.add_fault(
        action="status", status=502, body="<html><title>Bad Gateway</title></html>", path="/data/*", times=2
    )
    assert len(rows(fo_api, "CustomersV3")) == 120
    assert len(clock.naps) == 2


def test_failure_on_a_later_page(fo: D365FOSandbox, clock: FakeClock) -> None:
    """A read is whole or an error; a page cannot be skipped, as its link leads on."""
    fo.set(page_size=50)
    with fo_client(fo, clock, retry=ONCE) as client:
        pages = client.pages("CustomersV3", on_page_error=lambda _error, _page: True)
        next(pages)
        fo.add_fault(action="status", status=500, path="/data/*")
        with pytest.raises(Exception, match="500"):
            list(pages)
        fo.add_fault(action="status", status=404, path="/data/*", every=2)
        assert len(rows(client, "CustomersV3")) == 120  # asked once more
        fo.add_fault(action="status", status=404, path="/data/*", every=2, times=0)
        fo.add_fault(action="status", status=404, path="/data/*", every=3, times=0)
        with pytest.raises((IncompleteReadError, NotFoundError)):
            rows(client, "CustomersV3")


@pytest.mark.finding("R20")
@pytest.mark.parametrize("entity", ["CustomersV3", "UnitsOfMeasure"])
def test_link_to_an_inner_host(fo_api: Client, fo: D365FOSandbox, entity: str) -> None:
    """A next link that names a host behind a proxy is followed at our own: no token leaves, all rows come."""
    total = len(rows(fo_api, entity))
    fo.set(page_size=2, next_link_form="internal-host")
    assert len(rows(fo_api, entity)) == total > 2


@pytest.mark.finding("R20")
@pytest.mark.parametrize("name", ["@odata.nextLink", "odata.nextLink", "@nextLink"])
@pytest.mark.parametrize("origin", ["https://{host}", "http://{host}:80", "http://inner-aos:8080", ""])
def test_link_behind_a_proxy(fo_api: Client, fo: D365FOSandbox, name: str, origin: str) -> None:
    """However the link is spelt, and whichever server it names, our own is asked for its path and query."""
    link = (
        origin.replace("{host}", fo.url.partition("//")[2].partition(":")[0]) + "/data/Nothing?$skiptoken=x"
    )
    body = f'{{"@odata.context":"c","value":[{{"a":1}}],"{name}":"{link}"}}'
    json_type = {"Content-Type": "application/json"}
    fo.add_fault(
        action="status", status=200, body=body, headers=json_type, path="/data/UnitsOfMeasure", times=1
    )
    last = '{"@odata.context":"c","value":[{"a":2}]}'
    fo.add_fault(action="status", status=200, body=last, headers=json_type, path="/data/Nothing", times=1)
    assert rows(fo_api, "UnitsOfMeasure") == [{"a": 1}, {"a": 2}]
    assert [entry.query for entry in fo.journal() if entry.path == "/data/Nothing"] == ["$skiptoken=x"]


@pytest.mark.parametrize("link", ["?again", "http://127.0.0.1:1/data/CustomersV3"])
def test_link_in_a_circle(fo_api: Client, fo: D365FOSandbox, link: str) -> None:
    """A link that was followed before ends the read; one to another port is another server."""
    body = f'{{"@odata.context":"c","value":[{{"a":1}}],"@odata.nextLink":"{link}"}}'
    fo.add_fault(
        action="status",
        status=200,
        body=body,
        headers={"Content-Type": "application/json"},
        path="/data/*",
        times=0,
    )
    with pytest.raises((PaginationError, UntrustedHostError)):
        rows(fo_api, "CustomersV3")


@pytest.mark.finding("R20")
@pytest.mark.parametrize(
    "link",
    [
        "//127.0.0.1:1/elsewhere/CustomersV3",
        "/elsewhere",
        "/data",
        "/data/../elsewhere",
        "/data/%2e%2e/elsewhere",
        "http://127.0.0.1:99999/data/x",
        "http://[::1/data/x",
        "https://{netloc}/x",
        "http://{netloc}@127.0.0.1:1/data/x",
        "http://127.0.0.1:1\\\\@{netloc}/data/x",
        "http://127.0.0.1:1#@{netloc}/data/x",
        "http://bl\u00e5.example/data/x",
        "file:///etc/passwd",
    ],
)
def test_hostile_links(fo_api: Client, fo: D365FOSandbox, link: str) -> None:
    """A link that leads out of the API's own paths, or is written to be misread, is refused."""
    link = link.replace("{netloc}", fo.url.partition("//")[2])
    body = f'{{"@odata.context":"c","value":[{{"a":1}}],"@odata.nextLink":"{link}"}}'
    json_type = {"Content-Type": "application/json"}
    fo.add_fault(action="status", status=200, body=body, headers=json_type, path="/data/*", times=0)
    with pytest.raises(UntrustedHostError):
        rows(fo_api, "CustomersV3")
    assert fo.count("GET", "/data/*") == 1


def test_redirect_to_the_login_page(fo: D365FOSandbox, clock: FakeClock) -> None:
    """On premises a refused token leads to a login page: it is not followed, and not taken for data."""
    with (
        fo_client(fo, clock, url=fo.base_url("/namespaces/AXSF"), token="stale") as client,
        pytest.raises(Exception, match=r"302.*redirects are not followed.*on premises a refused token"),
    ):
        rows(client, "CustomersV3")


def test_one_entity_is_no_list(fo_api: Client) -> None:
    """Pages of one row are refused rather than read as an empty list."""
    with pytest.raises(PaginationError, match="not a list of rows"):
        rows(fo_api, entity_path("UnitsOfMeasure", {"UnitSymbol": "ea"}))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"page_size": 500}, "page_size=500 can ?not be asked for"),
        ({"first_page": 2}, "first_page"),
        ({"changed_since": "2026-01-01T00:00:00Z"}, "changed_since.*filters"),
        ({"created_since": "2026-01-01T00:00:00Z"}, "created_since.*filters"),
        ({"query": {"$skiptoken": "x"}}, "skiptoken"),
    ],
)
def test_what_pages_can_not_do(fo_api: Client, options: dict[str, Any], says: str) -> None:
    """An argument that would do nothing is refused, before any request."""
    with pytest.raises(ValueError, match=says):
        rows(fo_api, "CustomersV3", **options)


def test_patch_is_an_object(fo_api: Client) -> None:
    """JSON Patch is PowerOffice's; here a PATCH is the fields to change."""
    with pytest.raises(ValueError, match="fields to change"):
        fo_api.request("PATCH", "CustomersV3", body=[{"op": "replace"}])


def test_discovery(fo_api: Client) -> None:
    """Each level of services can be asked for; near names are told for a part that is not there."""
    assert "SandboxServices" in services(fo_api)
    assert services(fo_api, "SandboxServices") == ["SandboxTestService"]
    assert "echo" in services(fo_api, TEST)
    assert services(fo_api, f"{TEST}/echo")["Parameters"][0]["Name"] == "_request"
    assert (
        near_names(fo_api, ["SandboxService", "x", "y"])
        == "no such service group: 'SandboxService'; near names: SandboxServices"
    )
    assert near_names(fo_api, [*TEST.split("/"), "ecco"]) == "no such operation: 'ecco'; near names: echo"
    assert "there are 1: SandboxTestService" in str(near_names(fo_api, ["SandboxServices", "Zzz", "y"]))
    assert near_names(fo_api, [*TEST.split("/"), "echo"]) is None


def test_no_cookies(fo_api: Client, fo: D365FOSandbox) -> None:
    """The affinity cookie is not sent back, so that calls spread over the servers."""
    for _ in range(3):
        seen = call(fo_api, "requestInfo")
        names = {header["Name"] for header in seen["Headers"]}
        assert "cookie" not in names
        assert "x-ms-client-request-id" in names
    assert fo.count() == 4


@pytest.mark.parametrize("escaped", [True, False])
def test_echoed_secret(fo_api: Client, fo: D365FOSandbox, *, escaped: bool) -> None:
    """A server that echoes the secret, plain or escaped, does not bring it into the error."""
    secret = fo.keys().client_secret
    body = json.dumps({"Message": f"sent {secret}"}, ensure_ascii=escaped)
    headers = {"Content-Type": "application/json"}
    fo.add_fault(action="status", status=400, body=body, headers=headers, path="/api/*")
    with pytest.raises(BadRequestError, match=r"sent \*\*\*") as caught:
        call(fo_api, "getBoolean")
    assert secret not in f"{caught.value} {caught.value.error_content} {caught.value.response.text}"
