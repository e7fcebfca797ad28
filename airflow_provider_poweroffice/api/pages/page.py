"""
One page of a collection, split into rows without parsing them.

Rule: pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from struct import Struct
from typing import Any

import msgspec

from airflow_provider_poweroffice.api.decoding import UNREADABLE, reason_of
from airflow_provider_poweroffice.api.dialects.base import Dialect, PageInfo
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.surrogates import escaped, masked, split_rows
from airflow_provider_poweroffice.errors import IncompleteReadError, InvalidResponseError, PaginationError

_BOM = b"\xef\xbb\xbf"
_OBJECT = (b"{",)
_first_byte = Struct("c").unpack_from


@dataclass(frozen=True)
class Page:
    """
    One page of a collection.

    :param number: page number, from 1.
    :param content: the JSON array as the server sent it.
    :param raw_rows: its rows, each as the server sent it: no number was parsed.
    :param info: what the server says about the page and the whole.
    :param sent_at: the answer's ``Date`` header: the server's clock.
    :param texts: a field's value in each row, where it was parsed already.
    """

    number: int
    content: bytes
    raw_rows: list[msgspec.Raw]
    info: PageInfo
    sent_at: str | None = None
    texts: dict[str, list[str | None]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def rows(self) -> list[Any]:
        r"""
        Decode the rows; half a surrogate pair becomes the text of its escape, such as ``\ud83d``.

        :raises InvalidResponseError: a row is not in UTF-8, has a number out of range, or is nested too
            deeply; the message names its place.
        """
        rows: list[Any] = []
        try:
            rows.extend(msgspec.json.decode(escaped(bytes(row))) for row in self.raw_rows)
        except UNREADABLE as error:
            raise InvalidResponseError(
                f"page {self.number}: row {len(rows) + 1} of the page cannot be read ({reason_of(error)}); "
                "a transfer with format='ndjson' or layout='raw' stores rows as they were sent"
            ) from None
        return rows

    def holding(self, rows: Iterable[bytes]) -> Page:
        """Give the same page with these rows alone."""
        kept = list(map(msgspec.Raw, rows))
        return replace(self, raw_rows=kept, content=b"[" + b",".join(kept) + b"]", texts={})

    def __len__(self) -> int:
        return len(self.raw_rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


def split_page(dialect: Dialect[Any], response: Response, number: int, *, expected: bool = False) -> Page:
    """
    Split an answer into rows without parsing them; 204 gives a page of no rows.

    :param number: of the page.
    :param expected: the server said that this page has rows.
    :raises IncompleteReadError: it has none all the same.
    :raises InvalidResponseError: the body is cut, or no JSON.
    :raises PaginationError: the body is JSON but no list.
    """
    content = response.content.removeprefix(_BOM)
    label = f"{response.method} {response.path}"
    sent_at = response.headers.get("Date")
    if not content.strip():
        if response.status_code != HTTPStatus.NO_CONTENT:
            raise InvalidResponseError(
                f"{label}: page {number} has status {response.status_code} and no content"
            )
        content = b"[]"
    try:
        safe = masked(content)
        rows, info = dialect.page(response.headers, safe)
        if safe is not content:
            start = safe.index(rows)
            rows = content[start : start + len(rows)]
        page = Page(number, rows, split_rows(rows), info, sent_at)
    except IncompleteReadError as error:
        raise IncompleteReadError(f"{label}: page {number}: {error}") from None
    except PaginationError:
        raise PaginationError(
            f"{label}: the answer is not a list of rows; read it by one call, without pages (paginate=False)"
        ) from None
    except InvalidResponseError as error:
        raise InvalidResponseError(f"{label}: page {number}: {error}") from None
    if expected and not page:
        raise IncompleteReadError(
            f"{label}: page {number} is empty, although the server said that there is more"
        )
    return page


def check_records(page: Page, label: str) -> None:
    """
    Refuse a row that is no object.

    :param label: method and path, for the message.
    :raises InvalidResponseError: the message names its place.
    """
    if set(map(_first_byte, page.raw_rows)) <= {_OBJECT}:
        return
    for place, row in enumerate(page.raw_rows, 1):
        if _first_byte(row) != _OBJECT:
            raise InvalidResponseError(f"{label}: page {page.number}: row {place} of the page is no record")


NO_ROWS = Page(0, b"[]", [], PageInfo())
