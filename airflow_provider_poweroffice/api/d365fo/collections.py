"""
An OData collection: its rows and the link to the next page, as V3, V4 and 4.01 spell it.

A collection that is expanded inside a row is paged, too: where it does not fit, the row has a link of its own
to the rest, named after the field (OData JSON Format 4.01 §11).
"""

from __future__ import annotations

import re

import msgspec

from airflow_provider_poweroffice.api.facts import PageInfo


class _Collection(msgspec.Struct):
    value: msgspec.Raw
    context: str | None = msgspec.field(default=None, name="@odata.context")
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    next_link_401: str | None = msgspec.field(default=None, name="@nextLink")
    next_link_v3: str | None = msgspec.field(default=None, name="odata.nextLink")


_decode = msgspec.json.Decoder(_Collection).decode


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

    :raises msgspec.ValidationError: the body is JSON, but no collection.
    :raises msgspec.DecodeError: the body is no complete JSON.
    """
    found = _decode(content)
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
        found = _decode(content)
    except msgspec.DecodeError:
        return None
    return bytes(found.value) if found.context else None
