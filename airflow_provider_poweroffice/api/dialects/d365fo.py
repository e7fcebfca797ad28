"""Dynamics 365 Finance & Operations: OData below ``data/``, service operations below ``api/services/``."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from airflow_provider_poweroffice.api.d365fo.collections import (
    cut_field,
    holds_error,
    split_collection,
    value_of,
)
from airflow_provider_poweroffice.api.d365fo.companies import with_company
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.d365fo.entities import LITERALS
from airflow_provider_poweroffice.api.d365fo.faults import HINTS, read_fault
from airflow_provider_poweroffice.api.d365fo.sign_in import explain
from airflow_provider_poweroffice.api.dialects.base import Endpoints, Fault, PageInfo, Paging, Position
from airflow_provider_poweroffice.api.dialects.odata import ODataDialect
from airflow_provider_poweroffice.api.filters import Literals
from airflow_provider_poweroffice.api.response import Response, is_success
from airflow_provider_poweroffice.errors import APIStatusError, RefusedError, error_class

_DOCS = "https://learn.microsoft.com/dynamics365/fin-ops-core/dev-itpro/data-entities"
_NOT_RUN = frozenset({401, 403, 429})  # an ASP.NET server may name an exception there too
_ROOTS = ("data/", "api/", "metadata/")


class D365FO(ODataDialect[D365FOCredentials]):
    """Finance & Operations; sources: Microsoft's pages "Open Data Protocol (OData)" and "Custom services"."""

    name: ClassVar[str] = "d365fo"
    asset_scheme: ClassVar[str] = "d365fo"
    requests_per_second: ClassVar[float] = 20.0  # none is published; the former limit was 6,000 in 300 s
    default_page_size: ClassVar[int] = 10_000  # the server's own: "OData"
    max_page_size: ClassVar[int] = 10_000
    page_keys: ClassVar[tuple[str, ...]] = ("$skiptoken",)
    catalogue_name: ClassVar[str] = "d365fo"
    paging: ClassVar[Paging] = Paging.LINKED
    request_id_header: ClassVar[str | None] = "x-ms-client-request-id"
    unsaid_wait: ClassVar[float] = 10.0  # throttling lasts minutes, and often names no wait
    literals: ClassVar[Literals] = LITERALS
    since_advice: ClassVar[str] = "entities share no field for it; use one of the entity's own in filters"

    def default_order(self, endpoint: str) -> str | None:
        """Order by all key fields, where they are known."""
        resource = self.known.find(endpoint)
        return resource.key or None if resource else None

    def path(self, endpoint: str) -> str:
        """Take a name for an entity's."""
        return endpoint if endpoint.startswith(_ROOTS) else f"data/{endpoint}"

    def url(self, endpoints: Endpoints, path: str) -> str:
        """Find services at the environment URL, all else at the system URL."""
        return f"{endpoints.base if path.startswith('api/') else endpoints.data}/{path}"

    def query(
        self, credentials: D365FOCredentials, method: str, endpoint: str, query: Mapping[str, str]
    ) -> dict[str, str]:
        """Add the company, and ``cross-company`` where one is named; some entities have no company."""
        resource = self.known.find(endpoint)
        shared = resource is not None and "dataAreaId" not in resource.key
        return with_company(method, endpoint, query, None if shared else credentials.company)

    def endpoints(self, credentials: D365FOCredentials, environment: str, host: str | None) -> Endpoints:  # noqa: ARG002
        """Keep the path of each URL, such as ``/namespaces/AXSF``."""
        base = (host or credentials.url).rstrip("/")
        return Endpoints(base, credentials.token_endpoint, (credentials.system_url or base).rstrip("/"))

    def token_request(self, credentials: D365FOCredentials) -> tuple[dict[str, str], dict[str, str]]:
        """Ask by client credentials, all in the form."""
        return {}, credentials.token_form

    def fixed_token(self, credentials: D365FOCredentials) -> str | None:
        """Use a token that was handed in."""
        return credentials.bearer or None

    def token_advice(self, status: int, fault: Fault) -> tuple[str, str]:  # noqa: ARG002
        """Explain the AADSTS code."""
        return explain(fault)

    def check_body(self, method: str, body: Any) -> None:
        """Check that PATCH carries the fields to change."""
        if method == "PATCH" and not isinstance(body, Mapping):
            raise ValueError('body of PATCH must be the fields to change, such as {"CreditLimit": 1000}')

    def page_query(self, at: Position, size: int) -> dict[str, str]:  # noqa: ARG002 - the server's alone
        """Ask by rows already read, where the link is not followed."""
        return {"$skip": str(at.offset)} if at.offset else {}

    def page(self, headers: Mapping[str, str], content: bytes) -> tuple[bytes, PageInfo]:  # noqa: ARG002
        """Take ``value`` and the next link."""
        return split_collection(content)

    def cut_field(self, content: bytes) -> str | None:
        """Find an expanded collection that links to the rest of its rows."""
        return cut_field(content)

    def unwrap(self, content: bytes) -> bytes | None:
        """Take the ``value`` of an OData answer."""
        return value_of(content)

    def refusal(self, content: bytes) -> Fault | None:
        """Find an error of OData in an answer whose status is 2xx."""
        return Fault() if holds_error(content) else None

    def no_answer(self, response: Response) -> str:
        """Find a GET that was answered with nothing."""
        empty = response.method == "GET" and response.status_code != HTTPStatus.NO_CONTENT
        return "with no content" if empty and not response.content.strip() else ""

    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read an error of a service, of OData, of the token endpoint or of a gateway."""
        return read_fault(headers, body)

    def error_kind(self, method: str, status: int, fault: Fault) -> type[APIStatusError]:
        """Let the body tell, but not of what was refused before any operation ran."""
        if is_success(status):
            return fault.kind or RefusedError
        return error_class(status) if status in _NOT_RUN else super().error_kind(method, status, fault)

    def hint(self, status: int) -> str:
        """Explain a 401 or 403."""
        return HINTS.get(status, "")

    def docs_url(self, endpoint: str) -> str:
        """Give Microsoft's page about services or OData."""
        return f"{_DOCS}/{'custom-services' if endpoint.startswith('api/') else 'odata'}"
