"""An OData collection: its rows and the link to the next page."""

from __future__ import annotations

import msgspec

from airflow_provider_poweroffice.api.decoding import JSONReader
from airflow_provider_poweroffice.api.facts import PageInfo
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.errors import IncompleteReadError, InvalidResponseError, PaginationError


class _Collection(msgspec.Struct):
    value: msgspec.Raw
    context: str | None = msgspec.field(default=None, name="@odata.context")
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    error: msgspec.Raw = msgspec.Raw(b"")


_EDGE = 4096  # bytes: an error stands at the beginning of a body, or ends one that was begun
_decode = JSONReader(_Collection, mismatch=PaginationError)
_object = JSONReader(dict[str, msgspec.Raw])


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
    link = found.next_link or None
    return bytes(found.value), PageInfo(is_last=link is None, next_link=link)


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
