"""
PowerOffice Go v1, the legacy API: envelopes with ``success``, OData query options, no subscription key.

Source: the official v1 documentation, pages "Filtering", "API calls", "Limitations", "Backend changes".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.dialects.base import Endpoints, Fault, PageInfo, Paging, Position
from airflow_provider_poweroffice.api.dialects.odata import ODataDialect
from airflow_provider_poweroffice.api.filters import Literals
from airflow_provider_poweroffice.api.poweroffice.addresses import v1_endpoints
from airflow_provider_poweroffice.api.poweroffice.envelope import (
    archived,
    data_of,
    is_refusal,
    is_success,
    read_validation,
    refusal_kind,
    split_envelope,
)
from airflow_provider_poweroffice.api.poweroffice.options import MOST, check_options, row_cap
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.response import is_success as has_succeeded
from airflow_provider_poweroffice.errors import APIStatusError, RefusedError

_HINTS = {
    401: "the token was new, so the integration was switched off or the keys belong to another environment",
    403: "the integration lacks the privilege, or the company lacks the Go module behind it; the claim "
    "goInvalidPrivileges of the token lists what it lacks",
}


class PowerOfficeV1(ODataDialect[Credentials]):
    """PowerOffice Go v1."""

    name: ClassVar[str] = "v1"
    requests_per_second: ClassVar[float] = 50.0  # per integration key: page "Limitations"
    default_page_size: ClassVar[int] = 5000
    max_page_size: ClassVar[int] = MOST
    changed_field: ClassVar[str] = "lastChanged"
    catalogue_name: ClassVar[str] = "poweroffice_v1"
    paging: ClassVar[Paging] = Paging.OFFSET
    archives: ClassVar[bool] = True
    read_lag: ClassVar[float] = 2.0  # reads go to a replica: page "Limitations"
    literals: ClassVar[Literals] = Literals(
        moment="DateTimeOffset'{}'",
        day="DateTime'{}'",
        guid="guid'{}'",  # OData V3, as the other two
        functions={"startswith": "startswith({field}, '{text}') eq true"},
        pascal_case=True,
    )

    def endpoints(self, credentials: Credentials, environment: str, host: str | None) -> Endpoints:  # noqa: ARG002
        """Find production or demo at the vendor's, or below another base URL."""
        return v1_endpoints(environment, host)

    def token_request(self, credentials: Credentials) -> tuple[dict[str, str], dict[str, str]]:
        """Ask by client credentials; a refresh token in the answer is not needed, and obsolete since 2025."""
        return {"Authorization": f"Basic {credentials.basic}"}, {"grant_type": "client_credentials"}

    def token_advice(self, status: int, fault: Fault) -> tuple[str, str]:  # noqa: ARG002 - always the same
        """Name both keys: the answer does not tell which."""
        return (
            "application key or client key",
            "check login (application key), password (client key) and that both belong to the environment",
        )

    def check_body(self, method: str, body: Any) -> None:  # noqa: ARG002 - any JSON
        """Refuse PATCH, which v1 does not have."""
        if method == "PATCH":
            raise ValueError("v1 has no PATCH: POST the record with its id, which updates it")

    def key_field(self, endpoint: str) -> str:
        """Name the key in camelCase, as rows have it; filters and orders spell it in PascalCase."""
        key = super().key_field(endpoint)
        return key[:1].lower() + key[1:]

    def page_limit(self, endpoint: str) -> int:
        """Give the cap on rows of one call."""
        return row_cap(endpoint)

    def check_query(self, endpoint: str, query: Mapping[str, str]) -> None:
        """Refuse options that v1 does not have, paging without an order, and ``$top`` above the cap."""
        check_options(endpoint, query)

    def page_query(self, at: Position, size: int) -> dict[str, str]:
        """Ask by rows already read, so that a server that caps the page loses none."""
        return {"$top": str(size), "$skip": str(at.offset)}

    def page(self, headers: Mapping[str, str], content: bytes) -> tuple[bytes, PageInfo]:  # noqa: ARG002
        """Take ``data`` and ``count`` out of the envelope."""
        return split_envelope(content)

    def unwrap(self, content: bytes) -> bytes | None:
        """Give ``data``, or null."""
        return data_of(content)

    def refusal(self, content: bytes) -> Fault | None:
        """Find ``success: false``, also inside ``data``, or a problem there."""
        return Fault() if is_refusal(content) else None

    def no_answer(self, response: Response) -> str:
        """Find an answer that does not say success: v1 wraps whatever it says, but a file that is read."""
        if response.method == "GET" and response.is_file:
            return ""
        if not response.content.strip():
            return "with no content, so that it does not say success"
        return "" if is_success(response.content) else "with a body that does not say success"

    def is_missing(self, error: APIStatusError) -> bool:
        """Tell whether a DELETE was refused as there is no such record."""
        gone = isinstance(error, RefusedError) and refusal_kind("DELETE", Fault(detail=error.detail))
        return gone is RefusedError or super().is_missing(error)

    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read ``validation``, wherever it is; else a problem, a gateway's message or a token error."""
        return read_validation(headers, body)

    def error_kind(self, method: str, status: int, fault: Fault) -> type[APIStatusError]:
        """Tell refusals in a 2xx, and among them those of DELETE of a record that is there."""
        return (
            refusal_kind(method, fault)
            if has_succeeded(status)
            else super().error_kind(method, status, fault)
        )

    def archiving(self, endpoint: str, content: bytes) -> tuple[str, str, bytes]:
        """POST the whole record as it is, archived."""
        return "POST", endpoint.rpartition("/")[0], archived(endpoint, content)

    def hint(self, status: int) -> str:
        """Explain a 401 or 403 without a body."""
        return _HINTS.get(status, "")

    def docs_url(self, endpoint: str) -> str:  # noqa: ARG002 - its pages have no addresses of their own
        """Give the documentation's front page."""
        return "https://api-legacy.poweroffice.net/"
