"""
PowerOffice Go v1, the legacy API: envelopes with ``success``, OData query options, no subscription key.

Source: the official v1 documentation, pages "Filtering", "API calls", "Limitations", "Backend changes".

Rule: v1 wraps every answer; one that does not say success is not a success.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from airflow_provider_poweroffice.api.catalogue import catalogue
from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.decoding import JSONReader, finite_number, parsing, whole_number
from airflow_provider_poweroffice.api.dialects.base import (
    Endpoints,
    Fault,
    PageInfo,
    Paging,
    Position,
    of_environment,
)
from airflow_provider_poweroffice.api.dialects.odata import ODataDialect
from airflow_provider_poweroffice.api.dialects.problem import read_problem
from airflow_provider_poweroffice.api.filters import FILTER, Literals
from airflow_provider_poweroffice.api.response import Response, is_success
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    DeleteRefusedError,
    InvalidResponseError,
    PaginationError,
    RefusedError,
)

_HOSTS = {"production": "https://api.poweroffice.net", "demo": "https://api-demo.poweroffice.net"}
"""Source: portal page "Transition from v1 to v2"."""
MOST = 50_000  # where the page says nothing, the largest of them
_OPTIONS = (FILTER, "$orderby", "$top", "$skip")
_MISSING = re.compile("not found|does not exist", re.IGNORECASE)
_YES = frozenset({"true", "1"})
_NO = frozenset({"false", "0"})
_ERRORS = ("summary", "exception", "batchitemerrors")
_EMPTY = re.compile(rb'(?:null|""|\[\s*\]|\{\s*\})?')
_NAMES = frozenset({"success", "data", "count", "validation"})
_LONGEST_WORD = 40
_VALIDATION = {"exception": "error", "summary": "detail", "errorLogReference": "traceId"}
_NOTHING = msgspec.Raw(b"")
_ADVICE = {
    401: "the token was new, so the integration was switched off or the keys belong to another environment",
    403: "the integration lacks the privilege, or the company lacks the Go module behind it; the claim "
    "goInvalidPrivileges of the token lists what it lacks",
    405: "v1 has few PUTs: POST the record with its id, which updates it",
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
    slash_at_end: ClassVar[bool] = True  # as in the documentation's own examples, ``customer/``
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
        base = (host or of_environment(_HOSTS, environment)).rstrip("/")
        if urlsplit(base).path.lower().endswith("/v2"):
            raise ValueError(
                f"the host {shown(host)} is v2's: leave it empty for v1, or set api_version to v2"
            )
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

    def count(self, answer: Response) -> int | None:
        """Give the envelope's ``count``."""
        envelope = _read_or_none(answer.content)
        return None if envelope is None else _count(envelope.count)

    def unwrap(self, content: bytes) -> bytes | None:
        """Give ``data``, or null."""
        return data_of(content)

    def refusal(self, content: bytes) -> Fault | None:
        """Find ``success: false``, also inside ``data``, or a problem there."""
        return Fault() if says_no(content) else None

    def no_answer(self, response: Response) -> str:
        """Find an answer that does not say success: v1 wraps whatever it says, but a file that is read."""
        if response.method == "GET" and response.is_file:
            return ""
        if not response.content.strip():
            return "with no content, so that it does not say success"
        if contradicts_itself(response.content):
            return "with a success beside a validation with errors"
        return "" if says_success(response.content) else "with a body that does not say success"

    def is_missing(self, error: APIStatusError) -> bool:
        """Tell whether a DELETE was refused because the record does not exist."""
        gone = isinstance(error, RefusedError) and refusal_kind("DELETE", Fault(detail=error.detail))
        return gone is RefusedError or super().is_missing(error)

    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read ``validation``, wherever it is; else a problem, a gateway's message or a token error."""
        return read_validation(headers, body)

    def error_kind(self, method: str, status: int, fault: Fault) -> type[APIStatusError]:
        """Tell refusals in a 2xx, and among them those of DELETE of a record that is there."""
        return (
            refusal_kind(method, fault) if is_success(status) else super().error_kind(method, status, fault)
        )

    def archiving(self, endpoint: str, content: bytes) -> tuple[str, str, bytes]:
        """POST the whole record as it is, archived."""
        return "POST", endpoint.rpartition("/")[0], archived(endpoint, content)

    def advice(self, status: int) -> str:
        """Explain a 401, 403 or 405 without a body."""
        return _ADVICE.get(status, "")

    def docs_url(self, endpoint: str) -> str:  # noqa: ARG002 - its pages have no addresses of their own
        """Give the documentation's front page."""
        return "https://api-legacy.poweroffice.net/"


def row_cap(endpoint: str) -> int:
    """Give the cap on rows of one call."""
    found = catalogue(PowerOfficeV1.catalogue_name).find(endpoint)
    return (found.most if found else 0) or MOST


def check_options(endpoint: str, query: Mapping[str, str]) -> None:
    """
    Refuse options that v1 does not have, paging without an order, and ``$top`` above the cap.

    :raises ValueError: with the way out.
    """
    for name in query:
        if name.startswith("$") and name not in _OPTIONS:
            raise ValueError(f"query holds {name!r}: v1 knows {', '.join(_OPTIONS)}, in lower case")
    paging = [name for name in ("$skip", "$top") if name in query]
    if paging and "$orderby" not in query:
        raise ValueError(f"{paging[0]} needs an order, as rows have none: add '$orderby' (order_by)")
    if paging == ["$skip"]:
        raise ValueError("$skip does not work without $top: add it")
    top, most = query.get("$top", "0").strip(), row_cap(endpoint)
    if not top.isdecimal() or int(top) > most:
        raise ValueError(f"$top must be a whole number of rows up to {most} for {endpoint}, not {top!r}")


class _Envelope(msgspec.Struct):
    """What wraps an answer; nothing in it is decoded, so that a refusal is seen whatever else is odd."""

    success: msgspec.Raw = _NOTHING
    data: msgspec.Raw = _NOTHING
    count: msgspec.Raw = _NOTHING
    validation: msgspec.Raw = _NOTHING

    @property
    def is_success(self) -> bool:
        return _word(self.success) in _YES

    @property
    def is_refusal(self) -> bool:
        """Tell whether it reports a failure; a missing or unreadable ``success`` does not."""
        return not self.is_success and (_word(self.success) in _NO or bytes(self.validation)[:1] == b"{")

    @property
    def is_contradictory(self) -> bool:
        """Tell whether it says success, and what failed."""
        if not self.is_success or bytes(self.validation)[:1] != b"{":
            return False
        told = {name.lower(): bytes(value) for name, value in _record(self.validation).items()}
        return any(_EMPTY.fullmatch(told.get(name, b"")) is None for name in _ERRORS)


_rows = JSONReader(list[msgspec.Raw], mismatch=PaginationError)
_record = JSONReader(dict[str, msgspec.Raw])


def split_envelope(content: bytes) -> tuple[bytes, PageInfo]:
    """
    Take the rows out of an envelope.

    ``count`` counts the whole; equal to the rows of this page it tells nothing, as some count the page.

    :raises PaginationError: an envelope, but none of a list.
    :raises InvalidResponseError: no envelope, or incomplete JSON.
    """
    envelope = _read(content)
    if not envelope.is_success:
        raise InvalidResponseError("the answer has no success, which every answer of v1 has")
    if envelope.is_contradictory:
        raise InvalidResponseError("the answer has a success beside a validation with errors")
    rows, count = bytes(envelope.data) or b"null", _count(envelope.count)
    if rows == b"null" and not count:
        rows = b"[]"  # null properties are left out
    total = count if count != len(_rows(rows)) else None
    return rows, PageInfo(total_rows=total)


def data_of(content: bytes) -> bytes | None:
    """Give ``data``, or null; None for what is not an envelope, such as a file."""
    envelope = _read_or_none(content)
    return None if envelope is None else bytes(envelope.data) or b"null"


def says_success(content: bytes) -> bool:
    """Find an envelope that says success."""
    envelope = _read_or_none(content)
    return envelope is not None and envelope.is_success


def contradicts_itself(content: bytes) -> bool:
    """Find ``success`` beside errors: of items of a batch, of which some were refused, or of all."""
    envelope = _read_or_none(content)
    return envelope is not None and envelope.is_contradictory


def says_no(content: bytes) -> bool:
    """Find ``success: false``, also inside ``data``, or a problem there."""
    envelope = _read_or_none(content)
    if envelope is None:
        return False
    return envelope.is_refusal or (bytes(envelope.data)[:1] == b"{" and _denies(envelope.data))


def _denies(data: msgspec.Raw) -> bool:
    """Find a refusal in ``data``, where the backend says success and means the opposite."""
    fields = {name.lower(): value for name, value in _record(data).items()}
    if _word(fields.get("success", _NOTHING)) in _NO:
        return True
    is_problem = bytes(fields.get("title", _NOTHING))[:1] == b'"'
    status = whole_number(_word(fields.get("status", _NOTHING))) if is_problem else None
    return (status or 0) >= HTTPStatus.BAD_REQUEST


def read_validation(headers: Mapping[str, str], body: Any) -> Fault:
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


def refusal_kind(method: str, fault: Fault) -> type[RefusedError]:
    """Name the class of a refusal; what is not there was not refused for being in use."""
    is_there = not _MISSING.search(fault.detail or "")
    return DeleteRefusedError if method == "DELETE" and is_there else RefusedError


def archived(endpoint: str, content: bytes) -> bytes:
    """
    Give a record as it is, archived: right whether an update merges or replaces.

    :raises ValueError: it cannot be archived.
    """
    if escaped(content) is not content:
        raise ValueError(
            f"{endpoint} holds a text that is cut within a character: sent back, it would change"
        )
    try:
        record = _record(data_of(content) or b"")
    except InvalidResponseError as error:
        raise ValueError(f"{endpoint} is not a record ({error}): it cannot be archived") from None
    if "isArchived" not in record or "id" not in record:
        raise ValueError(f"{endpoint} has no isArchived: it cannot be archived")
    # Numbers of persons come masked; sent back, the mask would be stored.
    kept = {name: value for name, value in record.items() if bytes(value) != b'"hidden"'}
    return msgspec.json.encode(kept | {"isArchived": True})


def _read(content: bytes) -> _Envelope:
    """
    Read an envelope, whose names may be spelt in any case.

    :raises InvalidResponseError: it is not a JSON object, or has one name twice, with different values.
    """
    fields: dict[str, msgspec.Raw] = {}
    for name, value in _record(escaped(content)).items():
        folded = name.lower()
        if folded in _NAMES and bytes(fields.setdefault(folded, value)) != bytes(value):
            raise InvalidResponseError(f"the answer has {folded} twice, with different values")
    if content.count(b'"success"') > 1 and len(_successes(content)) > 1:
        raise InvalidResponseError("the answer has success twice, with different values")
    return _Envelope(**fields)


def _successes(content: bytes) -> set[str]:
    """Give all values of ``success`` in an envelope, as JSON may have a name twice."""
    found: list[str] = []  # of the object that ends last, which is the envelope itself

    def members(pairs: list[tuple[str, Any]]) -> None:
        found[:] = [str(value) for name, value in pairs if name == "success"]

    with parsing("the answer"):
        json.loads(content, object_pairs_hook=members)
    return set(found)


def _read_or_none(content: bytes) -> _Envelope | None:
    """Read an envelope; None for anything else, such as a file."""
    try:
        envelope = _read(content)
    except InvalidResponseError:
        return None
    return envelope if bytes(envelope.success) or bytes(envelope.validation) else None


def _count(value: msgspec.Raw) -> int | None:
    word = _word(value)
    found = whole_number(word)
    return whole_number(finite_number(word)) if found is None else found


def _word(value: msgspec.Raw) -> str:
    """Give a short value of JSON as text in lower case, without quotes."""
    return bytes(value)[:_LONGEST_WORD].decode("latin-1").strip('"').lower()
