"""
Reading a whole collection, page by page, with nothing lost, doubled or read for ever.

Rule: the end is what the server says (``X-Pagination``), else an empty page; a short page is none,
because a server may cap the page size.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from airflow_provider_poweroffice.api.dialects.base import Dialect, PageInfo
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    InvalidResponseError,
    NotFoundError,
    PaginationError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
)

log = logging.getLogger(__name__)

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode
_BOM = b"\xef\xbb\xbf"
_NEVER_SKIPPED = (AuthenticationError, PermissionDeniedError, RateLimitError)

PageErrorHandler = Callable[[PowerOfficeError, int], bool]
"""Called with the error and the page number after all retries; true skips the page, false raises."""


@dataclass(frozen=True)
class Page:
    """
    One page of a collection, never empty.

    :param number: page number, from 1.
    :param content: the JSON array as the server sent it.
    :param raw_rows: its rows, each as the server sent it: no number was parsed.
    :param info: what the server says about the page and the whole.
    """

    number: int
    content: bytes
    raw_rows: list[msgspec.Raw]
    info: PageInfo

    @cached_property
    def rows(self) -> list[Any]:
        """Decode the rows."""
        return [msgspec.json.decode(row) for row in self.raw_rows]

    def __len__(self) -> int:
        return len(self.raw_rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """
    Which pages to read.

    :param page_size: rows asked for per page.
    :param first_page: page to begin with.
    :param max_pages: pages to read at most; None reads all.
    """

    page_size: int
    first_page: int
    max_pages: int | None = None

    @classmethod
    def of(
        cls, dialect: Dialect, page_size: int | None, first_page: int | None, max_pages: int | None
    ) -> PageOptions:
        """Fill in the dialect's defaults and check the limits."""
        size = dialect.default_page_size if page_size is None else page_size
        first = dialect.first_page if first_page is None else first_page
        _check_whole("page_size", size, 1, dialect.max_page_size)
        _check_whole("first_page", first, dialect.first_page, None)
        if max_pages is not None:
            _check_whole("max_pages", max_pages, 1, None)
        return cls(page_size=size, first_page=first, max_pages=max_pages)


def _check_whole(name: str, value: object, least: int, most: int | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < least or (most is not None and value > most):
        limit = f"between {least} and {most}" if most is not None else f"at least {least}"
        raise ValueError(f"{name} must be {limit}, not {value}")


def split_page(response: Response, number: int, info: PageInfo) -> Page:
    """
    Split an answer into rows without parsing them; no content gives a page of no rows.

    :raises InvalidResponseError: the body is cut, or no JSON.
    :raises PaginationError: the body is JSON but no list.
    """
    content = response.content.removeprefix(_BOM)
    label = f"{response.method} {response.path}"
    if not content.strip():
        return Page(number, b"[]", [], info)
    try:
        return Page(number, content, _split(content), info)
    except msgspec.ValidationError:
        raise PaginationError(
            f"{label}: the answer is no list; this endpoint is read with request()"
        ) from None
    except msgspec.DecodeError as error:
        raise InvalidResponseError(f"{label}: page {number} is no complete JSON ({error})") from None


_EMPTY = Page(0, b"[]", [], PageInfo())


class Pages(Iterator[Page]):
    """
    Iterator over the pages of one collection; lazy: a page is requested when it is asked for.

    What is known so far can be read at any time: ``rows`` and ``pages`` read, ``total_rows`` as the
    server says, ``skipped`` pages with their errors, and ``truncated``: stopped at ``max_pages``
    although more rows may follow.
    """

    def __init__(
        self,
        fetch: Callable[[int], Page],
        options: PageOptions,
        *,
        label: str,
        on_page_error: PageErrorHandler | None = None,
    ) -> None:
        self.rows = 0
        self.pages = 0
        self.total_rows: int | None = None
        self.skipped: list[dict[str, Any]] = []
        self.truncated = False
        self._fetch = fetch
        self._options = options
        self._label = label
        self._on_page_error = on_page_error
        self._total_pages: int | None = None
        self._seen: set[bytes] = set()
        self._iterator = self._read()

    def __next__(self) -> Page:
        return next(self._iterator)

    def _read(self) -> Iterator[Page]:
        number = self._options.first_page
        while True:
            page = self._try(number)
            if page is None:
                pass  # skipped: whether more follow is known from the pages before
            elif not page and not self._more_expected(number):
                break
            elif page:
                self._note(page)
                last = self._is_last(page)
                yield page
                page = _EMPTY  # its memory is free while the next one is fetched
                if last:
                    break
            number += 1
            if (
                self._options.max_pages is not None
                and number - self._options.first_page >= self._options.max_pages
            ):
                self._stop_at_limit()
                return
            if page is None and self._total_pages is not None and number > self._total_pages:
                break
        self._compare_totals()

    def _try(self, number: int) -> Page | None:
        """Fetch a page; None means that the caller skips it."""
        try:
            return self._fetch(number)
        except NotFoundError:
            # One reading of the facts is that a page past the end is answered with 404.
            if self.pages and self._total_pages is None:
                return _EMPTY
            raise
        except (APIStatusError, APIConnectionError, InvalidResponseError) as error:
            if isinstance(error, _NEVER_SKIPPED) or self._on_page_error is None:
                raise
            lost_count = (
                self._total_pages is None and bool(self.skipped) and self.skipped[-1]["page"] == number - 1
            )
            if lost_count or not self._on_page_error(error, number):
                raise
            log.warning("%s: page %d skipped: %s", self._label, number, error)
            self.skipped.append({"page": number, "error": str(error)})
            return None

    def _note(self, page: Page) -> None:
        if page.info.number != page.number:
            self._guard(page)
        if page.info.total_pages is not None:
            self._total_pages = page.info.total_pages
        total = page.info.total_rows
        if total is not None:
            if self.total_rows not in {None, total}:
                log.warning(
                    "%s: the collection changed from %s to %d rows while it was read; "
                    "rows may have been missed or read twice",
                    self._label,
                    self.total_rows,
                    total,
                )
            self.total_rows = total
        self.rows += len(page)
        self.pages += 1

    def _guard(self, page: Page) -> None:
        """Stop a server that answers every page number with the same rows."""
        digest = hashlib.blake2b(page.content, digest_size=16).digest()
        if digest in self._seen:
            raise PaginationError(
                f"{self._label}: page {page.number} repeats a page already read. "
                "If the rows really are alike, add Id to Fields so that they differ"
            )
        self._seen.add(digest)

    def _is_last(self, page: Page) -> bool:
        if self._is_whole and self.total_rows is not None and self.rows < self.total_rows:
            return False  # a server that caps the page size, but counts pages by the size asked for
        if page.info.total_pages is not None:
            return page.number >= page.info.total_pages
        return page.info.is_last is True

    @property
    def _is_whole(self) -> bool:
        return self._options.first_page <= 1 and not self.skipped

    def _more_expected(self, number: int) -> bool:
        return self._total_pages is not None and number < self._total_pages

    def _stop_at_limit(self) -> None:
        self.truncated = True
        log.warning(
            "%s: stopped after max_pages=%s with %d rows%s: the result is not complete",
            self._label,
            self._options.max_pages,
            self.rows,
            "" if self.total_rows is None else f" of {self.total_rows}",
        )

    def _compare_totals(self) -> None:
        if self._is_whole and self.total_rows is not None and self.rows != self.total_rows:
            log.warning(
                "%s: read %d rows, but the server counts %d: the collection changed while it was read",
                self._label,
                self.rows,
                self.total_rows,
            )
