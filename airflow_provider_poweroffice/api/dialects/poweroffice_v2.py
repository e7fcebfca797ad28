"""PowerOffice Go v2: PascalCase JSON behind Azure API Management."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.dialects.base import Dialect, Endpoints, Fault, PageInfo, Position
from airflow_provider_poweroffice.api.poweroffice.addresses import v2_endpoints, v2_page
from airflow_provider_poweroffice.api.poweroffice.json_patch import MEDIA_TYPE, check_patch
from airflow_provider_poweroffice.api.poweroffice.pagination import read_pagination
from airflow_provider_poweroffice.api.problem import read_problem
from airflow_provider_poweroffice.api.response import Response

_HINTS = {
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
        return v2_endpoints(environment, host)

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
            return "subscription key", "check subscription_api_key"
        return (
            "application key or client key",
            "check login (application key), password (client key) and that both belong to the environment",
        )

    def body_type(self, method: str) -> str:
        """Name JSON, or JSON Patch."""
        return MEDIA_TYPE if method == "PATCH" else super().body_type(method)

    def check_body(self, method: str, body: Any) -> None:
        """Check that PATCH carries a list of RFC 6902 operations."""
        if method == "PATCH":
            check_patch(body)

    def page_query(self, at: Position, size: int) -> dict[str, str]:
        """Ask by page number, from 1."""
        return {"PageNumber": str(at.number), "PageSize": str(size)}

    def page(self, headers: Mapping[str, str], content: bytes) -> tuple[bytes, PageInfo]:
        """Read ``X-Pagination``; the body is the array."""
        return content, read_pagination(headers.get("X-Pagination"))

    def no_answer(self, response: Response) -> str:
        """Find a GET answered with nothing under another status than 204, and text in place of JSON."""
        if not response.content.strip():
            empty = response.method == "GET" and response.status_code != HTTPStatus.NO_CONTENT
            return "with no content" if empty else ""
        text = not (response.is_json or response.is_file) and isinstance(response.body, str)
        return "with text in place of JSON" if text else ""

    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read problem details, a gateway message or a token error; keys in any case."""
        return read_problem(headers, body)

    def renewable(self, body: Any) -> bool:
        """Tell a stale token from the gateway's refusal of the subscription key."""
        message = str(body.get("message", "")) if isinstance(body, dict) else ""
        return "subscription key" not in message.lower()

    def hint(self, status: int) -> str:
        """Explain a 401 or 403 without a body, as the API often sends them."""
        return _HINTS.get(status, "")

    def docs_url(self, endpoint: str) -> str:
        """Give the portal's page of a resource, or its front page."""
        return v2_page(endpoint)
