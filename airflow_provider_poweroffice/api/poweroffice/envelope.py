"""
The envelope of v1: ``success``, ``data`` and ``count``, and the refusals in it.

Source: the official v1 documentation, pages "API calls" and "Backend changes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec

from airflow_provider_poweroffice.api.decoding import JSONReader, finite_number, whole_number
from airflow_provider_poweroffice.api.facts import Fault, PageInfo
from airflow_provider_poweroffice.api.problem import read_problem
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.errors import (
    DeleteRefusedError,
    InvalidResponseError,
    PaginationError,
    RefusedError,
)

_MISSING = re.compile("not found|does not exist", re.IGNORECASE)
_YES = frozenset({"true", "1"})
_NO = frozenset({"false", "0"})
_NAMES = frozenset({"success", "data", "count", "validation"})
_LONGEST_WORD = 40
_VALIDATION = {"exception": "error", "summary": "detail", "errorLogReference": "traceId"}


_NOTHING = msgspec.Raw(b"")


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
        """Tell whether it says no: a success that is left out, or neither yes nor no, says nothing."""
        return not self.is_success and (_word(self.success) in _NO or bytes(self.validation)[:1] == b"{")


class _Inside(msgspec.Struct):
    """What ``data`` holds where the backend says success and means the opposite."""

    success: msgspec.Raw = _NOTHING
    status: msgspec.Raw = _NOTHING
    title: msgspec.Raw = _NOTHING

    @property
    def is_refusal(self) -> bool:
        status = whole_number(_word(self.status)) if bytes(self.title)[:1] == b'"' else None
        return bytes(self.success) == b"false" or (status or 0) >= HTTPStatus.BAD_REQUEST


_envelope = JSONReader(_Envelope)
_inside = JSONReader(_Inside)
_rows = JSONReader(list[msgspec.Raw], mismatch=PaginationError)
_record = JSONReader(dict[str, msgspec.Raw])


def split_envelope(content: bytes) -> tuple[bytes, PageInfo]:
    """
    Take the rows out of an envelope.

    ``count`` counts the whole; equal to the rows of this page it tells nothing, as some count the page.

    :raises PaginationError: an envelope, but none of a list.
    :raises InvalidResponseError: no envelope, or no complete JSON.
    """
    envelope = _read(content)
    if not envelope.is_success:
        raise InvalidResponseError("the answer has no success, which every answer of v1 has")
    rows, count = bytes(envelope.data) or b"null", _count(envelope.count)
    if rows == b"null" and not count:
        rows = b"[]"  # null properties are left out
    total = count if count != len(_rows(rows)) else None
    return rows, PageInfo(total_rows=total)


def data_of(content: bytes) -> bytes | None:
    """Give ``data``, or null; None for what is no envelope, such as a file."""
    envelope = _read_or_none(content)
    return None if envelope is None else bytes(envelope.data) or b"null"


def is_success(content: bytes) -> bool:
    """Find an envelope that says success."""
    envelope = _read_or_none(content)
    return envelope is not None and envelope.is_success


def is_refusal(content: bytes) -> bool:
    """Find ``success: false``, also inside ``data``, or a problem there."""
    envelope = _read_or_none(content)
    if envelope is None:
        return False
    return envelope.is_refusal or (bytes(envelope.data)[:1] == b"{" and _inside(envelope.data).is_refusal)


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

    :param content: the answer to a GET of it.
    :raises ValueError: it can not be archived.
    """
    if escaped(content) is not content:
        raise ValueError(
            f"{endpoint} holds a text that is cut within a character: sent back, it would change"
        )
    try:
        record = _record(data_of(content) or b"")
    except InvalidResponseError as error:
        raise ValueError(f"{endpoint} is no record ({error}): it can not be archived") from None
    if "isArchived" not in record or "id" not in record:
        raise ValueError(f"{endpoint} has no isArchived: it can not be archived")
    # Numbers of persons come masked; sent back, the mask would be stored.
    kept = {name: value for name, value in record.items() if bytes(value) != b'"hidden"'}
    return msgspec.json.encode(kept | {"isArchived": True})


def _read(content: bytes) -> _Envelope:
    """
    Read an envelope, whose names may be spelt in any case.

    :raises InvalidResponseError: it is no JSON object.
    """
    content = escaped(content)
    envelope = _envelope(content)
    if bytes(envelope.success) and bytes(envelope.data):
        return envelope
    fields = {name.lower(): value for name, value in _record(content).items()}
    return _Envelope(**{name: fields[name] for name in _NAMES & set(fields)})


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
