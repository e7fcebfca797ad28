"""Dynamics 365 Finance & Operations: OData below ``data/``, service operations below ``api/services/``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import unquote

import msgspec

from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.d365fo.entities import LITERALS
from airflow_provider_poweroffice.api.decoding import JSONReader
from airflow_provider_poweroffice.api.dialects.base import Endpoints, Fault, PageInfo, Paging, Position
from airflow_provider_poweroffice.api.dialects.d365fo_faults import ADVICE, explain, read_fault
from airflow_provider_poweroffice.api.dialects.odata import ODataDialect
from airflow_provider_poweroffice.api.filters import FILTER, Literals
from airflow_provider_poweroffice.api.response import Response, is_success
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    IncompleteReadError,
    InvalidResponseError,
    PaginationError,
    RefusedError,
    error_class,
)

_DOCS = "https://learn.microsoft.com/dynamics365/fin-ops-core/dev-itpro/data-entities"
_NOT_RUN = frozenset({401, 403, 429})  # an ASP.NET server may name an exception there too
_ROOTS = ("data/", "api/", "metadata/")
_FIELD = "dataareaid"
_SWITCH = "cross-company"
_SPELLINGS = frozenset({_SWITCH, "cross_company"})
_SET = re.compile(r"data/[^/(]+(/\$count)?")
_QUOTED = re.compile(r"'(?:[^']|'')*'")


class D365FO(ODataDialect[D365FOCredentials]):
    """Finance & Operations; sources: Microsoft's pages "Open Data Protocol (OData)" and "Custom services"."""

    name: ClassVar[str] = "d365fo"
    vendor: ClassVar[str] = "Finance & Operations"
    asset_scheme: ClassVar[str] = "d365fo"
    requests_per_second: ClassVar[float] = 20.0  # none is published; the former limit was 6,000 in 300 s
    default_page_size: ClassVar[int] = 10_000  # the server's own: "OData"
    max_page_size: ClassVar[int] = 10_000
    page_keys: ClassVar[tuple[str, ...]] = ("$skiptoken",)
    catalogue_name: ClassVar[str] = "d365fo"
    paging: ClassVar[Paging] = Paging.LINKED
    request_id_header: ClassVar[str | None] = "x-ms-client-request-id"
    default_retry_after: ClassVar[float] = 10.0  # throttling lasts minutes, and often names no wait
    refused_attempts: ClassVar[float] = 3  # an app that is not registered inside is the usual reason
    literals: ClassVar[Literals] = LITERALS
    since_advice: ClassVar[str] = "entities share no field for it; use one of the entity's own in filters"

    def default_order(self, endpoint: str) -> str | None:
        """Order by all key fields, where they are known."""
        return self.key_field(endpoint) or None

    def key_field(self, endpoint: str) -> str:
        """Name all key fields, where they are known; entities share none."""
        resource = self.catalogue.find(endpoint)
        return resource.key if resource else ""

    def path(self, endpoint: str) -> str:
        """Read a bare name as an entity set."""
        return endpoint if endpoint.startswith(_ROOTS) else f"data/{endpoint}"

    def url(self, endpoints: Endpoints, path: str) -> str:
        """Find services at the environment URL, all else at the system URL."""
        return f"{endpoints.base if path.startswith('api/') else endpoints.data}/{path}"

    def query(
        self, credentials: D365FOCredentials, method: str, endpoint: str, query: Mapping[str, str]
    ) -> dict[str, str]:
        """Add the company, and ``cross-company`` where one is named; some entities have no company."""
        resource = self.catalogue.find(endpoint)
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
        return _split_collection(content)

    def cut_field(self, content: bytes) -> str | None:
        """Find an expanded collection that links to the rest of its rows."""
        return _cut_field(content)

    def unwrap(self, content: bytes) -> bytes | None:
        """Take the ``value`` of an OData answer."""
        return _value_of(content)

    def refusal(self, content: bytes) -> Fault | None:
        """Find an error of OData in an answer whose status is 2xx."""
        return Fault() if _holds_error(content) else None

    def no_answer(self, response: Response) -> str:
        """Find a GET that was answered with nothing, and text in place of JSON; a ``$count`` is a number."""
        if not response.content.strip():
            empty = response.method == "GET" and response.status_code != HTTPStatus.NO_CONTENT
            return "with no content" if empty else ""
        said = "" if response.is_json or response.is_file or response.is_xml else response.body
        return "with text in place of JSON" if isinstance(said, str) and said and not said.isdigit() else ""

    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read an error of a service, of OData, of the token endpoint or of a gateway."""
        return read_fault(headers, body)

    def error_kind(self, method: str, status: int, fault: Fault) -> type[APIStatusError]:
        """Let the body tell, but not of what was refused before any operation ran."""
        if is_success(status):
            return fault.kind or RefusedError
        return error_class(status) if status in _NOT_RUN else super().error_kind(method, status, fault)

    def advice(self, status: int) -> str:
        """Explain a 401 or 403."""
        return ADVICE.get(status, "")

    def docs_url(self, endpoint: str) -> str:
        """Give Microsoft's page about services or OData."""
        return f"{_DOCS}/{'custom-services' if endpoint.startswith('api/') else 'odata'}"


def with_company(method: str, endpoint: str, query: Mapping[str, str], company: str | None) -> dict[str, str]:
    """
    Complete a query: ``cross-company=true`` where filter or key name a company, and the default company.

    A ``cross-company`` in the query wins: ``false`` reads as the app user, and no company is added.

    :param endpoint: below the base URL, such as ``data/CustomersV3``.
    :param query: may spell it ``cross_company`` too.
    :param company: whose rows of a set are read when the query names none; None adds nothing.
    :raises ValueError: ``cross-company`` is neither true nor false.
    """
    if not endpoint.startswith("data/"):
        return dict(query)
    wanted = {name: value for name, value in query.items() if name.lower() not in _SPELLINGS}
    crosses = _crosses_companies(query)
    if crosses is None:
        name, text = _filter_of(wanted)
        crosses = _FIELD in _QUOTED.sub("", text + unquote(endpoint)).lower()
        if company and not crosses and method == "GET" and _SET.fullmatch(endpoint):
            own = "dataAreaId eq '{}'".format(company.replace("'", "''"))
            wanted[name] = f"({text}) and {own}" if text.strip() else own
            crosses = True
    if crosses:
        wanted[_SWITCH] = "true"
    return wanted


def _filter_of(query: Mapping[str, str]) -> tuple[str, str]:
    """Give the name and the text of ``$filter``, as the query spells it."""
    name = next((name for name in query if name.lower() == FILTER), FILTER)
    return name, query.get(name, "")


def _crosses_companies(query: Mapping[str, str]) -> bool | None:
    """
    Read ``cross-company``; None where the query does not say.

    :raises ValueError: it is neither true nor false.
    """
    said = [value.strip().lower() for name, value in query.items() if name.lower() in _SPELLINGS]
    if not said:
        return None
    if said[-1] not in {"true", "false"}:
        raise ValueError(f"query[{_SWITCH!r}] must be true or false, not {said[-1]!r}")
    return said[-1] == "true"


class _Collection(msgspec.Struct):
    value: msgspec.Raw
    context: str | None = msgspec.field(default=None, name="@odata.context")
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    error: msgspec.Raw = msgspec.Raw(b"")
    next_link_401: str | None = msgspec.field(default=None, name="@nextLink")
    next_link_v3: str | None = msgspec.field(default=None, name="odata.nextLink")


_EDGE = 4096  # bytes: an error stands at the beginning of a body, or ends one that was begun
_decode = JSONReader(_Collection, mismatch=PaginationError)
_object = JSONReader(dict[str, msgspec.Raw])


def _spelled(text: str) -> str:
    """Match a text of JSON: each character as it is, or as an escape."""
    return "".join(rf"(?:{re.escape(one)}|\\u00{ord(one):02x})" for one in text)


# A quote inside of a JSON text is escaped, so that a name between quotes and a colon is a member's name.
_INNER_LINK = re.compile(
    rf'"([^"]{{1,200}}?){_spelled("@")}(?:{_spelled("odata.")})?{_spelled("nextLink")}"\s*:\s*"[^"]'.encode(),
    re.IGNORECASE,
)


def _split_collection(content: bytes) -> tuple[bytes, PageInfo]:
    """
    Find the JSON array of rows, unread, and whether a page follows.

    ``@odata.count`` is ignored: it also counts rows that ``$top`` cuts off.

    :raises PaginationError: the body is JSON, but no collection.
    :raises InvalidResponseError: the body is not complete JSON.
    :raises IncompleteReadError: an error follows the rows, so that some are missing.
    """
    found = _decode(content)
    if _is_error(found.error):
        raise IncompleteReadError("an error stands beside the rows of the answer, so that some are missing")
    link = found.next_link or found.next_link_401 or found.next_link_v3 or None
    rows = bytes(found.value)
    return rows, PageInfo(is_last=link is None, next_link=link, cut_field=_cut_field(rows))


def _cut_field(content: bytes) -> str | None:
    """Name a field whose rows are not all here, as the server links to the rest; None where there is none."""
    if b"link" not in content and b"Link" not in content and b"\\u00" not in content:
        return None
    found = _INNER_LINK.search(content)
    return found[1].decode(errors="replace") if found else None


def _value_of(content: bytes) -> bytes | None:
    """Find the rows of a collection, or the result of an action, in an OData answer; None in any other."""
    try:
        found = _decode(escaped(content))
    except (InvalidResponseError, PaginationError):
        return None
    return bytes(found.value) if found.context else None


def _holds_error(content: bytes) -> bool:
    """Find an error in the body of an answer whose status is 2xx: an error object, and no value beside it."""
    edges = (content[:_EDGE] + b" " + content[-_EDGE:]).lower()
    if b'error"' not in edges:
        return False
    try:
        fields = {name.lower(): value for name, value in _object(content).items()}
    except InvalidResponseError:
        return False
    return "value" not in fields and any(_is_error(fields.get(name)) for name in ("error", "odata.error"))


def _is_error(value: msgspec.Raw | None) -> bool:
    """Tell an error of OData, which has a code or a message, from a field of a service's own answer."""
    try:
        names = {name.lower() for name in _object(value or msgspec.Raw(b"null"))}
    except InvalidResponseError:
        return False
    return bool({"code", "message"} & names)
