"""PowerOffice Go v2: PascalCase JSON behind Azure API Management."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlsplit

from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.decoding import parsing, whole_number
from airflow_provider_poweroffice.api.dialects.base import (
    Dialect,
    Endpoints,
    Fault,
    PageInfo,
    Position,
    of_environment,
)
from airflow_provider_poweroffice.api.dialects.problem import read_problem
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.errors import InvalidResponseError

_ORIGIN = "https://goapi.poweroffice.net"
_PREFIX = {"production": "", "demo": "/Demo"}

# Pages of the portal that are known by name; the others are reached from its front page.
_PORTAL = "https://developer.poweroffice.net"
_PAGES = {
    "accounttransactions": "/endpoints/reporting/account-transactions",
    "clientintegrationinformation": "/workflows/client-settings/client-integration-information",
    "voucherapproval": "/endpoints/voucher-workflows/voucherapproval",
    "voucherdocumentation": "/workflows/endpoints/voucher-workflow/voucher-documentation",
}
_PATCH_TYPE = "application/json-patch+json"
"""The only type that the OpenAPI file declares for PATCH."""

_LARGEST_ERROR = 64 * 1024  # bytes
_BEGINNING = 64
_PATCH_OPS = frozenset({"add", "remove", "replace", "copy", "move", "test"})
_PATCH_EXAMPLE = '[{"op": "replace", "path": "/Name", "value": "..."}]'
_ADVICE = {
    401: "the token was new, so the integration was switched off or the keys belong to another environment",
    403: "the integration lacks the privilege for this call, or the company lacks the module; "
    "GET ClientIntegrationInformation lists both",
}


class PowerOfficeV2(Dialect[Credentials]):
    """
    PowerOffice Go v2.

    Sources: the official OpenAPI file (paging, PATCH), portal pages "Requests" (limit),
    "Authentication and authorization" (keys, URLs).
    """

    name: ClassVar[str] = "v2"
    requests_per_second: ClassVar[float] = 10.0  # per subscription key: portal page "Requests"
    default_page_size: ClassVar[int] = 5000  # OpenAPI ResourceParameters
    max_page_size: ClassVar[int] = 20000  # OpenAPI ResourceParameters.MaxPageSize
    changed_field: ClassVar[str] = "LastChangedDateTimeOffset"
    page_keys: ClassVar[tuple[str, ...]] = ("PageNumber", "PageSize")
    order_key: ClassVar[str] = "OrderBy"
    fields_key: ClassVar[str] = "Fields"  # OpenAPI ResourceParameters
    catalogue_name: ClassVar[str] = "poweroffice_v2"

    def endpoints(self, credentials: Credentials, environment: str, host: str | None) -> Endpoints:
        """Find production or demo at the vendor's, or below another host."""
        if not credentials.subscription_key:
            raise ValueError("the subscription key is missing: set subscription_key")
        return _endpoints(environment, host)

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Give the subscription key's header; it goes with the token request too."""
        return {"Ocp-Apim-Subscription-Key": credentials.subscription_key or ""}

    def token_request(self, credentials: Credentials) -> tuple[dict[str, str], dict[str, str]]:
        """Ask by client credentials (RFC 6749 §4.4), application key and client key as Basic."""
        return (
            {"Authorization": f"Basic {credentials.basic}", **self.headers(credentials)},
            {"grant_type": "client_credentials"},
        )

    def token_advice(self, status: int, fault: Fault) -> tuple[str, str]:  # noqa: ARG002 - the text tells
        """Tell the gateway's refusal from the token endpoint's."""
        if "subscription key" in (fault.detail or "").lower():
            return "subscription key", "check subscription_api_key, and that it belongs to the environment"
        return (
            "application key or client key",
            "check login (application key), password (client key) and that both belong to the environment",
        )

    def body_type(self, method: str) -> str:
        """Name JSON, or JSON Patch."""
        return _PATCH_TYPE if method == "PATCH" else super().body_type(method)

    def check_body(self, method: str, body: Any) -> None:
        """Check that PATCH carries a list of RFC 6902 operations."""
        if method == "PATCH":
            _check_patch(body)

    def page_query(self, at: Position, size: int) -> dict[str, str]:
        """Ask by page number, from 1."""
        return {"PageNumber": str(at.number), "PageSize": str(size)}

    def page(self, headers: Mapping[str, str], content: bytes) -> tuple[bytes, PageInfo]:
        """Read ``X-Pagination``; the body is the array."""
        return content, _read_pagination(headers.get("X-Pagination"))

    def no_answer(self, response: Response) -> str:
        """Find a GET answered with nothing but 204, and text, or an error, in place of an answer."""
        if not response.content.strip():
            empty = response.method == "GET" and response.status_code != HTTPStatus.NO_CONTENT
            return "with no content" if empty else ""
        text = not (response.is_json or response.is_file) and isinstance(response.body, str)
        if text:
            return "with text in place of JSON"
        return "with an error in place of an answer" if _is_error(response) else ""

    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read problem details, a gateway message or a token error; keys in any case."""
        return read_problem(headers, body)

    def token_expired(self, body: Any) -> bool:
        """Tell a stale token from the gateway's refusal of the subscription key."""
        message = str(body.get("message", "")) if isinstance(body, dict) else ""
        return "subscription key" not in message.lower()

    def advice(self, status: int) -> str:
        """Explain a 401 or 403 without a body, as the API often sends them."""
        return _ADVICE.get(status, "")

    def docs_url(self, endpoint: str) -> str:
        """Give the portal's page of a resource, or its front page."""
        return _portal_page(endpoint)


def _is_error(response: Response) -> bool:
    """
    Find an error under a status of success: problem details, a gateway's message, or an envelope of v1.

    The names of records begin with capitals.
    """
    if (
        response.is_file
        or len(response.content) > _LARGEST_ERROR
        or b"{" not in response.content[:_BEGINNING]
    ):
        return False
    body = response.body
    if not isinstance(body, dict):
        return False
    status = max(whole_number(body.get(name)) or 0 for name in ("status", "statusCode"))
    said = isinstance(body.get("error"), (dict, str)) or body.get("success") is False
    return said or (status >= HTTPStatus.BAD_REQUEST and bool({"title", "message"} & body.keys()))


def _endpoints(environment: str, host: str | None) -> Endpoints:
    """
    Find production or demo of v2 at the vendor's, or below another host.

    :raises ValueError: an unknown environment, or a host that does not fit it.
    """
    prefix = of_environment(_PREFIX, environment)
    root = host or _ORIGIN
    path = urlsplit(root).path.rstrip("/")
    if not path:
        root = root.rstrip("/") + prefix
    elif path.lower().endswith("/v2"):
        root = root.rstrip("/")[: -len("/v2")]
        if path.lower().endswith("/demo/v2") != (environment == "demo"):
            raise ValueError(
                f"the host {shown(host)} does not belong to the environment {shown(environment)}: "
                "the demo environment is the one below /Demo/v2"
            )
    else:
        raise ValueError(
            f"the host {shown(host)} has the path {shown(path)}: give the server alone "
            "(https://host) or the whole base URL ending in /v2"
        )
    return Endpoints(base=root + "/v2", token=root + "/OAuth/Token")


def _portal_page(endpoint: str) -> str:
    """Give the portal's page of a resource of v2, or its front page."""
    return _PORTAL + _PAGES.get(endpoint.strip("/").split("/")[0].lower(), "/")


def _check_patch(body: Any) -> None:
    """
    Check that a body is a list of operations.

    :raises ValueError: with an example.
    """
    if not isinstance(body, (list, tuple)) or not body:
        raise ValueError(f"body of PATCH must be a list of JSON Patch operations such as {_PATCH_EXAMPLE}")
    for operation in body:
        known = isinstance(operation, Mapping) and operation.get("op") in _PATCH_OPS
        if not known or not str(operation.get("path", "")).startswith("/"):
            raise ValueError(
                f"body of PATCH has an operation without a known op and path; use {_PATCH_EXAMPLE}"
            )


class _Pairs(list[tuple[str, Any]]):
    """An object with all its names, those that are there twice included."""


def _read_pagination(header: str | None) -> PageInfo:
    """
    Read the header: JSON text, keys in any case.

    The links are only looked at for being there: behind the gateway they may name another host.
    """
    try:
        with parsing("X-Pagination"):
            loaded = json.loads(header or "", object_pairs_hook=_Pairs)
    except InvalidResponseError:
        return PageInfo()
    if not isinstance(loaded, _Pairs):
        return PageInfo()
    facts: dict[str, list[Any]] = {}
    for key, value in loaded:
        facts.setdefault(str(key).lower(), []).append(value)
    links = facts.get("nextpagelink", [])
    return PageInfo(
        total_rows=_largest(facts.get("totalcount")),
        total_pages=_largest(facts.get("totalpages")),
        number=_largest(facts.get("currentpage")),
        size=_largest(facts.get("pagesize")),
        # A link that is left out proves nothing: the server may never send one.
        is_last=not any(links) if links else None,
    )


def _largest(values: list[Any] | None) -> int | None:
    """Read a count that may be there more than once, in other spellings: never resolve towards fewer rows."""
    counts = [count for value in values or () if (count := whole_number(value)) is not None]
    return max(counts, default=None)
