"""An OData collection: its rows and the link to the next page."""

from __future__ import annotations

import msgspec

from airflow_provider_poweroffice.api.facts import PageInfo


class _Collection(msgspec.Struct):
    value: msgspec.Raw
    context: str | None = msgspec.field(default=None, name="@odata.context")
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


_decode = msgspec.json.Decoder(_Collection).decode


def split_collection(content: bytes) -> tuple[bytes, PageInfo]:
    """
    Find the JSON array of rows, unread, and whether a page follows.

    ``@odata.count`` is not looked at: it counts what ``$top`` cuts off, too.

    :raises msgspec.ValidationError: the body is JSON, but no collection.
    :raises msgspec.DecodeError: the body is no complete JSON.
    """
    found = _decode(content)
    link = found.next_link or None
    return bytes(found.value), PageInfo(is_last=link is None, next_link=link)


def value_of(content: bytes) -> bytes | None:
    """Find the rows of a collection, or the result of an action, in an OData answer; None in any other."""
    try:
        found = _decode(content)
    except msgspec.DecodeError:
        return None
    return bytes(found.value) if found.context else None
