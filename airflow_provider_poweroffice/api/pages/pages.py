"""
Reading a whole collection, page by page, with nothing lost, doubled or read for ever.

Rule: the end is what the server says (totals, or a link to the next page), else an empty page; a short
page is none, because a server may cap the page size. Pages may be fetched ahead, but each is judged here,
in its turn.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any, Self

from airflow_provider_poweroffice.api.pages.cursor import Progress
from airflow_provider_poweroffice.api.pages.fetcher import Source
from airflow_provider_poweroffice.api.pages.page import NO_ROWS, Page, PageOptions
from airflow_provider_poweroffice.api.pages.page_size import (
    DEFAULT_PAGE_BYTES,
    may_be_too_big,
    sizes_to_try,
    smaller,
)
from airflow_provider_poweroffice.api.pages.totals import PageChecks
from airflow_provider_poweroffice.api.pages.unique import UniqueRows
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    IncompleteReadError,
    InvalidResponseError,
    NotFoundError,
    PageTooLargeError,
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
    Iterator over the pages of one collection; lazy: the first page is requested when it is asked for.

    With a concurrency above 1, further pages are fetched ahead by threads; :meth:`close`, the end of a
    ``with`` block, the last page and an error end them.

    What is known so far can be read at any time: ``rows`` and ``pages`` read, ``total_rows`` as the
    server says, ``skipped`` pages with their errors, ``began``: the server's ``Date`` of the first page,
    ``page_size``: the one in use, and ``truncated``: stopped at ``max_pages`` although more rows may follow.

    :param source: gives the pages.
    :param by_link: pages hang on each other by links; none can be skipped, and one may be empty.
    :param single: the list has no pages: one request gives it all.
    :param ordered: new rows come last, so that no page is wrong when an earlier one is answered later.
    :raises IncompleteReadError: while iterating: a page that must have rows has none, the server counts
        more rows than came, or fewer than before.
    :raises PageTooLargeError: a page is larger than ``page_bytes``, and can not be made smaller.
    """

    def __init__(
        self,
        source: Source,
        options: PageOptions,
        *,
        label: str,
        on_page_error: PageErrorHandler | None = None,
        unique: UniqueRows | None = None,
        single: bool = False,
        by_link: bool = False,
        ordered: bool = True,
    ) -> None:
        self.rows = 0
        self.pages = 0
        self.skipped: list[dict[str, Any]] = []
        self.truncated = False
        self._source = source
        self._options = options
        self._label = label
        self._on_page_error = on_page_error
        self._unique = unique
        self._single = single
        self._by_link = by_link
        self._checks = PageChecks(label)
        self._place = Progress(options, self._checks, chained=by_link, single=single, ordered=ordered)
        self._just_skipped = False
        self._iterator = self._read()
        weakref.finalize(self, source.forget)

    def __next__(self) -> Page:
        return next(self._iterator)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the read: no request is started after this, and no thread is left."""
        self._iterator.close()
        self._source.forget()

    def _read(self) -> Generator[Page, None, None]:
        try:
            yield from self._walk()
        finally:
            self._source.forget()

    def _walk(self) -> Iterator[Page]:
        while True:
            page = self._try()
            if page is not None and not page and not page.info.next_link:
                self._checks.note_total(page)
                break  # the end, where the server did not say that there is more
            last = self._single
            if page is None:
                self._place.skip()
            else:
                self._checks.note(page)
                self._place.read(page)
                self._just_skipped = False
                self.pages += 1
                last = last or self._checks.is_last(page, whole=self._is_whole, chained=self._by_link)
            if not last:
                self._source.ahead(self._place.probable())
            if page is not None:
                page = self._unique.only_new(page) if self._unique else page
                self.rows += len(page)
                yield page
                page = NO_ROWS  # its memory is free while the next one is fetched
            if last or (page is None and self._place.past_the_total):
                break
            if self._at_limit():
                return
        self._compare_totals()

    def _try(self) -> Page | None:
        """Fetch a page; None means that the caller skips it."""
        number = self._place.number
        try:
            return self._get()
        except NotFoundError:
            # One reading of the facts is that a page past the end is answered with 404.
            if not (self.pages or self.skipped):
                raise
            if self._place.expected:
                raise IncompleteReadError(
                    f"{self._label}: page {number} is not found, although the server said that there is more"
                ) from None
            return NO_ROWS
        except (APIStatusError, APIConnectionError, InvalidResponseError, IncompleteReadError) as error:
            if isinstance(error, _NEVER_SKIPPED) or self._on_page_error is None or self._by_link:
                raise
            lost_count = self._checks.total_pages is None and self._just_skipped
            if lost_count or not self._on_page_error(error, number):
                raise
            log.warning("%s: page %d skipped: %s", self._label, number, error)
            self.skipped.append({"page": number, "error": str(error)})
            self._just_skipped = True
            return None

    def _get(self) -> Page:
        """Fetch the next page; where it is too large, or fails for its size, in smaller pages from now on."""
        while True:
            try:
                return self._settled(self._source.get(self._place.wanted()))
            except PageTooLargeError as error:
                self._shrink_below(error)
            except PowerOfficeError as error:
                if not may_be_too_big(error) or not self._place.may_shrink:
                    raise
                page = self._get_smaller(error)
                if page is None:
                    raise
                return page

    def _settled(self, page: Page) -> Page:
        """
        Ask again, now, for a page that was fetched ahead of an earlier one and counts fewer rows.

        Rows may have come or gone between the two answers; which it was, only a later answer tells.
        """
        if self._options.concurrency == 1 or not self._checks.counts_fewer(page):
            return page
        return self._source.get(replace(self._place.wanted(), fresh=True))

    def _get_smaller(self, error: PowerOfficeError) -> Page | None:
        """Ask once for each smaller page; None when none comes: the size is not at fault."""
        for size in sizes_to_try(self._place.begin, self.page_size):
            self._source.forget()
            try:
                page = self._source.get(self._place.wanted(size, once=True))
            except PageTooLargeError:
                continue
            except PowerOfficeError as again:
                if not may_be_too_big(again):
                    raise
            else:
                self._shrink(size, str(error))
                return page
        return None

    def _shrink_below(self, error: PageTooLargeError) -> None:
        self._source.forget()
        limit = self._options.page_bytes
        if self._place.may_shrink and self.page_size > 1:
            share = (limit or DEFAULT_PAGE_BYTES) / error.size if error.size else 0.5
            self._shrink(smaller(self._place.begin, int(self.page_size * min(share, 0.5))), str(error))
        else:
            raise PageTooLargeError(
                f"{self._label}: page {self._place.number}: {error}. It can not be smaller; raise page_bytes",
                size=error.size,
            ) from None

    def _shrink(self, size: int, why: str) -> None:
        log.warning("%s: reading on in pages of %d rows, not %d: %s", self._label, size, self.page_size, why)
        self._place.shrink(size)

    @property
    def page_size(self) -> int:
        """Rows asked for per page, at present."""
        return self._place.page_size

    @property
    def total_rows(self) -> int | None:
        """Rows of the whole collection, as the server counts."""
        return self._checks.total_rows

    @property
    def began(self) -> str | None:
        """The server's ``Date`` of the first page."""
        return self._checks.began

    @property
    def complete(self) -> bool:
        """Tell whether nothing was left out so far: no page skipped, none before or after the ones read."""
        return self._is_whole and not self.truncated

    @property
    def _is_whole(self) -> bool:
        return self._options.first_page <= 1 and not self.skipped

    def _at_limit(self) -> bool:
        if not self._place.reaches_limit(self._place.begin):
            return False
        self.truncated = True
        log.warning(
            "%s: stopped after max_pages=%s with %d rows%s: the result is not complete",
            self._label,
            self._options.max_pages,
            self.rows,
            "" if self.total_rows is None else f" of {self.total_rows}",
        )
        return True

    def _compare_totals(self) -> None:
        if self._is_whole:
            self._checks.compare_totals()
        if self._unique and self._unique.repeated:
            log.info("%s: %d rows came twice and were left out", self._label, self._unique.repeated)
