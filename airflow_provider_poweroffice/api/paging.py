"""
Reading a whole collection, page by page, with nothing lost, doubled or read for ever.

Rule: the end is what the server says (totals, or a link to the next page), else an empty page; a short
page is none, because a server may cap the page size.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

from airflow_provider_poweroffice.api.dialects.base import Position
from airflow_provider_poweroffice.api.page import NO_ROWS, Page, PageOptions
from airflow_provider_poweroffice.api.unique import UniqueRows
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    IncompleteReadError,
    InvalidResponseError,
    NotFoundError,
    PaginationError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
)

log = logging.getLogger(__name__)

_NEVER_SKIPPED = (AuthenticationError, PermissionDeniedError, RateLimitError)

PageErrorHandler = Callable[[PowerOfficeError, int], bool]
"""Called with the error and the page number after all retries; true skips the page, false raises."""


class Pages(Iterator[Page]):
    """
    Iterator over the pages of one collection; lazy: a page is requested when it is asked for.

    What is known so far can be read at any time: ``rows`` and ``pages`` read, ``total_rows`` as the
    server says, ``skipped`` pages with their errors, ``began``: the server's ``Date`` of the first page,
    and ``truncated``: stopped at ``max_pages`` although more rows may follow.

    :param fetch: gets the page at a position, and whether the server said that it has rows.
    :param by_link: pages hang on each other by links; none can be skipped, and one may be empty.
    :param single: the list has no pages: one request gives it all.
    :raises IncompleteReadError: while iterating: a page that must have rows has none, the server counts
        more rows than came, or fewer than before.
    """

    def __init__(
        self,
        fetch: Callable[[Position, bool], Page],
        options: PageOptions,
        *,
        label: str,
        on_page_error: PageErrorHandler | None = None,
        unique: UniqueRows | None = None,
        single: bool = False,
        by_link: bool = False,
    ) -> None:
        self.rows = 0
        self.pages = 0
        self._sent = 0
        self.total_rows: int | None = None
        self.skipped: list[dict[str, Any]] = []
        self.truncated = False
        self.began: str | None = None
        self._fetch = fetch
        self._options = options
        self._label = label
        self._on_page_error = on_page_error
        self._unique = unique
        self._single = single
        self._by_link = by_link
        self._link: str | None = None
        self._offset = (options.first_page - 1) * options.page_size
        self._total_pages: int | None = None
        self._more_promised = False
        self._counts_from: int | None = None
        self._seen: set[bytes] = set()
        self._iterator = self._read()

    def __next__(self) -> Page:
        return next(self._iterator)

    def _read(self) -> Iterator[Page]:
        number = self._options.first_page
        while True:
            page = self._try(number)
            if page is not None and not page and not page.info.next_link:
                self._note_total(page)
                break  # the end, where the server did not say that there is more
            last = self._single
            if page is None:
                self._offset += self._options.page_size
            elif page or page.info.next_link:
                self._note(page)
                last = last or self._is_last(page)
                page = self._unique.only_new(page) if self._unique else page
                self.rows += len(page)
                yield page
                page = NO_ROWS  # its memory is free while the next one is fetched
            number += 1
            if last or (page is None and self._total_pages is not None and number > self._total_pages):
                break
            if self._at_limit(number):
                return
        self._compare_totals()

    def _try(self, number: int) -> Page | None:
        """Fetch a page; None means that the caller skips it."""
        expected = self._more_promised or (self._total_pages is not None and number <= self._total_pages)
        at = Position(number=number, offset=self._offset, link=self._link)
        try:
            return self._fetch(at, expected and not self._by_link)
        except NotFoundError:
            # One reading of the facts is that a page past the end is answered with 404.
            if not (self.pages or self.skipped):
                raise
            if expected:
                raise IncompleteReadError(
                    f"{self._label}: page {number} is not found, although the server said that there is more"
                ) from None
            return NO_ROWS
        except (APIStatusError, APIConnectionError, InvalidResponseError, IncompleteReadError) as error:
            if isinstance(error, _NEVER_SKIPPED) or self._on_page_error is None or self._by_link:
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
        self._check_number(page)
        self.began = self.began or page.sent_at
        self._more_promised = page.info.is_last is False and page.info.total_pages is None
        if page.info.total_pages is not None:
            self._total_pages = page.info.total_pages
        self._note_total(page)
        self._follow(page)
        self._sent += len(page)
        self._offset += len(page)
        self.pages += 1

    def _note_total(self, page: Page) -> None:
        if page.info.total_rows is not None:
            self._compare_with_earlier(page.info.total_rows)
            self.total_rows = page.info.total_rows

    def _compare_with_earlier(self, total: int) -> None:
        """Notice that the collection changed: rows that go shift others to pages already read."""
        if self.total_rows is None or total == self.total_rows:
            return
        if total < self.total_rows:
            raise IncompleteReadError(
                f"{self._label}: the collection shrank from {self.total_rows} to {total} rows while it was "
                "read, so that others moved to pages already read; read it again"
            )
        log.warning(
            "%s: the collection changed from %d to %d rows while it was read",
            self._label,
            self.total_rows,
            total,
        )

    def _check_number(self, page: Page) -> None:
        """Refuse another page than was asked for; a server may count from 0, but must keep to it."""
        said = page.info.number
        if said is None:
            self._guard(page)
            return
        if self._counts_from is None:
            self._counts_from = said - page.number
        if said - page.number != self._counts_from or self._counts_from not in {0, -1}:
            raise PaginationError(f"{self._label}: asked for page {page.number}, the answer says page {said}")

    def _follow(self, page: Page) -> None:
        """Take the link to the next page; one that was followed before leads in a circle."""
        self._link = page.info.next_link
        if self._link is None:
            return
        digest = hashlib.blake2b(self._link.encode(), digest_size=16).digest()
        if digest in self._seen:
            raise PaginationError(f"{self._label}: the link in page {page.number} was followed already")
        self._seen.add(digest)

    def _guard(self, page: Page) -> None:
        """Stop a server that answers every page number with the same rows."""
        if not page:
            return
        digest = hashlib.blake2b(page.content, digest_size=16).digest()
        if digest in self._seen:
            raise PaginationError(
                f"{self._label}: page {page.number} repeats a page already read. "
                "If the rows really are alike, add Id to Fields so that they differ"
            )
        self._seen.add(digest)

    def _is_last(self, page: Page) -> bool:
        if self._is_whole and self.total_rows is not None and self._sent < self.total_rows:
            return False  # a server that caps the page size, but counts pages by the size asked for
        if page.info.total_pages is not None:
            return page.number >= page.info.total_pages
        if page.info.is_last is None and self._is_whole and not self._by_link:
            return self._sent == self.total_rows  # all that the server counts have come
        return page.info.is_last is True

    @property
    def complete(self) -> bool:
        """Tell whether nothing was left out so far: no page skipped, none before or after the ones read."""
        return self._is_whole and not self.truncated

    @property
    def _is_whole(self) -> bool:
        return self._options.first_page <= 1 and not self.skipped

    def _at_limit(self, number: int) -> bool:
        limit = self._options.max_pages
        if limit is None or number - self._options.first_page < limit:
            return False
        self.truncated = True
        log.warning(
            "%s: stopped after max_pages=%s with %d rows%s: the result is not complete",
            self._label,
            limit,
            self.rows,
            "" if self.total_rows is None else f" of {self.total_rows}",
        )
        return True

    def _compare_totals(self) -> None:
        if self._is_whole and self.total_rows is not None and self._sent < self.total_rows:
            raise IncompleteReadError(
                f"{self._label}: {self._sent} rows came, the server counts {self.total_rows}; read it again"
            )
        if self._is_whole and self.total_rows is not None and self._sent > self.total_rows:
            log.warning("%s: %d rows came, the server counts %d", self._label, self._sent, self.total_rows)
        if self._unique and self._unique.repeated:
            log.info("%s: %d rows came twice and were left out", self._label, self._unique.repeated)
