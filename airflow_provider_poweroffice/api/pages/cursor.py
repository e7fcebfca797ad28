"""
Where a read is: which page comes next, of what size, and which ones probably after it.

Rule: pure. Rows are counted twice over: as pages are numbered, and as rows came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airflow_provider_poweroffice.api.dialects.base import Position
from airflow_provider_poweroffice.api.pages.fetcher import Wanted
from airflow_provider_poweroffice.api.pages.page import Page, PageOptions
from airflow_provider_poweroffice.api.pages.page_size import DEFAULT_PAGE_BYTES, MOST_PAGE_BYTES
from airflow_provider_poweroffice.api.pages.totals import PageChecks


class Progress:
    """
    The place of one read.

    :param checks: what the server said so far.
    :param chained: pages hang on each other by links.
    :param single: one request gives everything.
    :param ordered: new rows come last.
    """

    def __init__(
        self, options: PageOptions, checks: PageChecks, *, chained: bool, single: bool, ordered: bool
    ) -> None:
        self.page_size = options.page_size
        self.begin = (options.first_page - 1) * options.page_size
        """Rows before the next page, as pages are numbered."""
        self._offset = self.begin
        self._options = options
        self._checks = checks
        self._chained = chained
        self._fixed = chained or single
        self._ordered = ordered
        self._full = 0
        self._all_full = True

    @property
    def number(self) -> int:
        """Number of the next page, in pages of the present size."""
        return self.begin // self.page_size + 1

    @property
    def expected(self) -> bool:
        """Tell whether the server said that there is a next page."""
        return self._checks.expects(self.number)

    @property
    def past_the_total(self) -> bool:
        """Tell whether the server counts fewer pages than the next one's number."""
        return self._checks.total_pages is not None and self.number > self._checks.total_pages

    @property
    def may_shrink(self) -> bool:
        """Tell whether the next page begins where its number says: each page so far had all its rows."""
        return not self._fixed and (self.begin == 0 or (self._all_full and self._full > 0))

    def wanted(self, size: int | None = None, *, once: bool = False) -> Wanted:
        """
        Describe the next page.

        :param size: rows; None for the present size.
        :param once: without retries.
        """
        size = size or self.page_size
        default = DEFAULT_PAGE_BYTES if self.may_shrink and size > 1 else MOST_PAGE_BYTES
        return Wanted(
            at=Position(number=self.begin // size + 1, offset=self._offset, link=self._checks.link),
            size=size,
            expected=self.expected and not self._chained,
            once=once,
            limit=self._options.page_bytes or default,
        )

    def shrink(self, size: int) -> None:
        """Ask for smaller pages from now on."""
        self._checks.resized(expected=self.expected)
        self.page_size = size

    def read(self, page: Page) -> None:
        """Go on behind a page."""
        self.begin += self.page_size
        self._offset += len(page)
        self._all_full = self._all_full and len(page) == self.page_size
        self._full += self._all_full

    def skip(self) -> None:
        """Go on behind a page that did not come."""
        self.begin += self.page_size
        self._offset += self.page_size

    def reaches_limit(self, begin: int) -> bool:
        """Tell whether a page that begins there is one more than ``max_pages``."""
        limit = self._options.max_pages
        return limit is not None and begin >= (self._options.first_page - 1 + limit) * self._options.page_size

    def probable(self) -> Iterator[Wanted]:
        """
        List the pages that will be asked for next, as many as may be in flight.

        Without totals these are guesses: one more, then two, four, ..., and none after a page with fewer
        rows than were asked for, so that a collection wastes fewer requests than the concurrency. Where new
        rows do not come last, nothing is guessed: without totals nobody could tell that pages shifted.
        """
        first, size, most = self.wanted(), self.page_size, self._options.concurrency
        if self._fixed or most == 1:
            return
        if self._checks.total_pages is None and self._checks.total_rows is None:
            guesses = 2 ** min(self._full - 1, 10) if self._all_full and self._full else 0
            most = min(most, max(guesses, int(self._checks.more_promised))) if self._ordered else 0
        for step in range(most):
            at = replace(first.at, number=first.at.number + step, offset=first.at.offset + step * size)
            if self._is_past(at) or self.reaches_limit(self.begin + step * size):
                return
            yield replace(first, at=at)

    def _is_past(self, at: Position) -> bool:
        checks = self._checks
        if checks.total_pages is not None:
            return at.number > checks.total_pages
        return checks.total_rows is not None and at.offset >= checks.total_rows
