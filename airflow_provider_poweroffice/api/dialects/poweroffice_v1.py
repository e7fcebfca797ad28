"""
PowerOffice Go v1, the legacy API: envelopes with ``success``, OData query options, no subscription key.

Source: the official v1 documentation, pages "Filtering", "API calls", "Limitations", "Backend changes".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.dialects.base import Endpoints, Fault, PageInfo, Position
from airflow_provider_poweroffice.api.dialects.odata import ODataDialect
from airflow_provider_poweroffice.api.dialects.problem import read_problem
from airflow_provider_poweroffice.api.filters import FILTER, Literals
from airflow_provider_poweroffice.errors import APIStatusError, DeleteRefusedError, RefusedError

_HOSTS = {"production": "https://api.poweroffice.net", "demo": "https://api-demo.poweroffice.net"}
# Page "Limitations"; where it says nothing, the largest of them.
_MOST = 50_000
_CAPS = {
    "reporting/customerledger": 20_000,
    "reporting/supplierledger": 20_000,
    "outgoinginvoice/list": 10_000,
    "reporting/invoicejournal": 5_000,
}
_HINTS = {
    401: "the token was new, so the integration was switched off or the keys belong to another environment",
    403: "the integration lacks the privilege, or the company lacks the Go module behind it; the claim "
    "goInvalidPrivileges of the token lists what it lacks",
}
_VALIDATION = {"exception": "error", "summary": "detail", "errorLogReference": "traceId"}
_OPTIONS = (FILTER, "$orderby", "$top", "$skip")
_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode
_record = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class _Envelope(msgspec.Struct):
    success: bool | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    count: int | None = None


class _Inside(msgspec.Struct):
    """What ``data`` holds where the backend says success and means the opposite."""

    success: Any = None
    status: Any = None
    title: Any = None

    @property
    def is_refusal(self) -> bool:
        problem = isinstance(self.title, str) and isinstance(self.status, int)
        return self.success is False or (problem and self.status >= HTTPStatus.BAD_REQUEST)


_envelope = msgspec.json.Decoder(_Envelope).decode
_inside = msgspec.json.Decoder(_Inside).decode


class PowerOfficeV1(ODataDialect[Credentials]):
    """PowerOffice Go v1."""

    name: ClassVar[str] = "v1"
    requests_per_second: ClassVar[float] = 50.0  # per integration key: page "Limitations"
    default_page_size: ClassVar[int] = 5000
    max_page_size: ClassVar[int] = _MOST
    changed_field: ClassVar[str] = "lastChanged"
    catalogue_name: ClassVar[str] = "poweroffice_v1"
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
        if environment not in _HOSTS:
            raise ValueError(f"unknown environment {environment!r}; use one of: {', '.join(_HOSTS)}")
        base = (host or _HOSTS[environment]).rstrip("/")
        if urlsplit(base).path.lower().endswith("/v2"):
            raise ValueError(f"the host {host!r} is v2's: leave it empty for v1, or set api_version to v2")
        return Endpoints(base=base, token=f"{base}/OAuth/Token")

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
        return _CAPS.get(endpoint.lower(), _MOST)

    def check_query(self, endpoint: str, query: Mapping[str, str]) -> None:
        """Refuse options that v1 does not have, paging without an order, and ``$top`` above the cap."""
        for name in query:
            if name.startswith("$") and name not in _OPTIONS:
                raise ValueError(f"query holds {name!r}: v1 knows {', '.join(_OPTIONS)}, in lower case")
        paging = [name for name in ("$skip", "$top") if name in query]
        if paging and "$orderby" not in query:
            raise ValueError(f"{paging[0]} needs an order, as rows have none: add '$orderby' (order_by)")
        if paging == ["$skip"]:
            raise ValueError("$skip does not work without $top: add it")
        top, most = query.get("$top", "0").strip(), self.page_limit(endpoint)
        if not top.isdecimal() or int(top) > most:
            raise ValueError(f"$top must be a whole number of rows up to {most} for {endpoint}, not {top!r}")

    def page_query(self, at: Position, size: int) -> dict[str, str]:
        """Ask by rows already read, so that a server that caps the page loses none."""
        return {"$top": str(size), "$skip": str(at.offset)}

    def page(self, headers: Mapping[str, str], content: bytes) -> tuple[bytes, PageInfo]:  # noqa: ARG002
        """
        Take ``data`` out of the envelope.

        ``count`` counts the whole; equal to the rows of this page it tells nothing, as some count the page.
        """
        envelope = _envelope(content)
        if envelope.success is None:
            raise msgspec.ValidationError("no envelope: success is missing")
        rows = bytes(envelope.data) or b"null"
        if rows == b"null" and not envelope.count:
            rows = b"[]"  # null properties are left out
        total = envelope.count if envelope.count != len(_rows(rows)) else None
        return rows, PageInfo(total_rows=total)

    def unwrap(self, content: bytes) -> bytes | None:
        """Give ``data``, or null."""
        envelope = _read(content)
        return None if envelope is None else bytes(envelope.data) or b"null"

    def refusal(self, content: bytes) -> Fault | None:
        """Find ``success: false``, also inside ``data``, or a problem there."""
        envelope = _read(content)
        if envelope is None:
            return None
        inner = bytes(envelope.data)
        refused = not envelope.success or (inner[:1] == b"{" and _inside(inner).is_refusal)
        return Fault() if refused else None

    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read ``validation``, wherever it is; else a problem, a gateway's message or a token error."""
        facts = body if isinstance(body, dict) else {}
        inner = facts["data"] if isinstance(facts.get("data"), dict) else facts
        validation = facts.get("validation") or inner.get("validation")
        if isinstance(validation, dict):
            inner = {new: validation.get(old) for old, new in _VALIDATION.items()}
        fault = read_problem(headers, inner)
        said = ": ".join(filter(None, (fault.title, fault.detail))) or None
        names = {"summary": said, "error_log_reference": fault.trace_id, "exception": fault.code}
        return replace(fault, attributes=names)

    def error_kind(self, method: str, status: int, fault: Fault) -> type[APIStatusError]:
        """Tell refusals in a 2xx, and those of DELETE among them."""
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            return super().error_kind(method, status, fault)
        return DeleteRefusedError if method == "DELETE" else RefusedError

    def archiving(self, endpoint: str, content: bytes) -> tuple[str, str, bytes]:
        """POST the whole record as it is, archived: right whether an update merges or replaces."""
        record = _record(self.unwrap(content) or b"")
        if "isArchived" not in record or "id" not in record:
            raise ValueError(f"{endpoint} has no isArchived: it can not be archived")
        # Numbers of persons come masked; sent back, the mask would be stored.
        kept = {name: value for name, value in record.items() if bytes(value) != b'"hidden"'}
        body = msgspec.json.encode(kept | {"isArchived": True})
        return "POST", endpoint.rpartition("/")[0], body

    def hint(self, status: int) -> str:
        """Explain a 401 or 403 without a body."""
        return _HINTS.get(status, "")

    def docs_url(self, endpoint: str) -> str:  # noqa: ARG002 - its pages have no addresses of their own
        """Give the documentation's front page."""
        return "https://api-legacy.poweroffice.net/"


def _read(content: bytes) -> _Envelope | None:
    """Read an envelope; None for anything else, such as a file."""
    try:
        envelope = _envelope(content)
    except msgspec.DecodeError:
        return None
    return None if envelope.success is None else envelope
