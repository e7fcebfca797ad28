"""
An OData collection: its rows and the link to the next page, as V3, V4 and 4.01 spell it.

A collection that is expanded inside a row is paged, too: where it does not fit, the row has a link of its own
to the rest, named after the field (OData JSON Format 4.01 §11).
"""

from __future__ import annotations

import re

import msgspec

from airflow_provider_poweroffice.api.decoding import JSONReader
from airflow_provider_poweroffice.api.facts import PageInfo
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.errors import IncompleteReadError, InvalidResponseError, PaginationError


class _Collection(msgspec.Struct):
    value: msgspec.Raw
    context: str | None = msgspec.field(default=None, name="@odata.context")
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    next_link_401: str | None = msgspec.field(default=None, name="@nextLink")
    next_link_v3: str | None = msgspec.field(default=None, name="odata.nextLink")
    error: msgspec.Raw = msgspec.Raw(b"")


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


def split_collection(content: bytes) -> tuple[bytes, PageInfo]:
    """
    Find the JSON array of rows, unread, and whether a page follows.

    ``@odata.count`` is not looked at: it counts what ``$top`` cuts off, too.

    :raises PaginationError: the body is JSON, but no collection.
    :raises InvalidResponseError: the body is no complete JSON.
    :raises IncompleteReadError: an error follows the rows, so that some are missing.
    """
    found = _decode(content)
    if _is_error(found.error):
        raise IncompleteReadError("an error stands beside the rows of the answer, so that some are missing")
    link = found.next_link or found.next_link_401 or found.next_link_v3 or None
    rows = bytes(found.value)
    return rows, PageInfo(is_last=link is None, next_link=link, cut_field=cut_field(rows))


def cut_field(content: bytes) -> str | None:
    """
    Name a field whose rows are not all here, as the server links to the rest; None where there is none.

    :param content: JSON of rows, or of one.
    """
    if b"link" not in content and b"Link" not in content and b"\\u00" not in content:
        return None
    found = _INNER_LINK.search(content)
    return found[1].decode(errors="replace") if found else None


def value_of(content: bytes) -> bytes | None:
    """Find the rows of a collection, or the result of an action, in an OData answer; None in any other."""
    try:
        found = _decode(escaped(content))
    except (InvalidResponseError, PaginationError):
        return None
    return bytes(found.value) if found.context else None


def holds_error(content: bytes) -> bool:
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
