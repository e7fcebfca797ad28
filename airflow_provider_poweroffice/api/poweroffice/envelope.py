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

from airflow_provider_poweroffice.api.facts import Fault, PageInfo, whole
from airflow_provider_poweroffice.api.problem import read_problem
from airflow_provider_poweroffice.errors import DeleteRefusedError, RefusedError

_MISSING = re.compile("not found|does not exist", re.IGNORECASE)
_YES = frozenset({"true", "1"})
_VALIDATION = {"exception": "error", "summary": "detail", "errorLogReference": "traceId"}


class _Envelope(msgspec.Struct):
    """What wraps an answer; of any type, so that a refusal is seen whatever else is odd."""

    success: Any = None
    data: msgspec.Raw = msgspec.Raw(b"")
    count: Any = None
    validation: Any = None

    @property
    def is_refusal(self) -> bool:
        return str(self.success).lower() not in _YES


class _Inside(msgspec.Struct):
    """What ``data`` holds where the backend says success and means the opposite."""

    success: Any = None
    status: Any = None
    title: Any = None

    @property
    def is_refusal(self) -> bool:
        status = whole(self.status) if isinstance(self.title, str) else None
        return self.success is False or (status or 0) >= HTTPStatus.BAD_REQUEST


_envelope = msgspec.json.Decoder(_Envelope).decode
_inside = msgspec.json.Decoder(_Inside).decode
_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode
_record = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def split_envelope(content: bytes) -> tuple[bytes, PageInfo]:
    """
    Take the rows out of an envelope.

    ``count`` counts the whole; equal to the rows of this page it tells nothing, as some count the page.

    :raises msgspec.ValidationError: the body is JSON, but no envelope, or none of a list.
    :raises msgspec.DecodeError: the body is no complete JSON.
    """
    envelope = _envelope(content)
    if envelope.success is None:
        raise msgspec.ValidationError("no envelope: success is missing")
    rows, count = bytes(envelope.data) or b"null", whole(envelope.count)
    if rows == b"null" and not count:
        rows = b"[]"  # null properties are left out
    total = count if count != len(_rows(rows)) else None
    return rows, PageInfo(total_rows=total)


def data_of(content: bytes) -> bytes | None:
    """Give ``data``, or null; None for what is no envelope, such as a file."""
    envelope = _read(content)
    return None if envelope is None else bytes(envelope.data) or b"null"


def is_refusal(content: bytes) -> bool:
    """Find ``success: false``, also inside ``data``, or a problem there."""
    envelope = _read(content)
    if envelope is None:
        return False
    inner = bytes(envelope.data)
    return envelope.is_refusal or (inner[:1] == b"{" and _inside(inner).is_refusal)


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
    try:
        record = _record(data_of(content) or b"")
    except msgspec.DecodeError as error:  # no ValueError in every version of msgspec
        raise ValueError(f"{endpoint} is no record ({error}): it can not be archived") from None
    if "isArchived" not in record or "id" not in record:
        raise ValueError(f"{endpoint} has no isArchived: it can not be archived")
    # Numbers of persons come masked; sent back, the mask would be stored.
    kept = {name: value for name, value in record.items() if bytes(value) != b'"hidden"'}
    return msgspec.json.encode(kept | {"isArchived": True})


def _read(content: bytes) -> _Envelope | None:
    """Read an envelope; None for anything else, such as a file."""
    try:
        envelope = _envelope(content)
    except msgspec.DecodeError:
        return None
    return None if envelope.success is None and envelope.validation is None else envelope
