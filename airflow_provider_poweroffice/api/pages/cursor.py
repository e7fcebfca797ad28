"""
Where a read is: which page comes next, of what size, and which ones probably after it.

Rule: pure. Rows are counted twice over: as pages are numbered, and as rows came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airflow_provider_poweroffice.api.dialects.base import Paging, Position
from airflow_provider_poweroffice.api.pages.fetcher import Wanted
from airflow_provider_poweroffice.api.pages.page import PageOptions
from airflow_provider_poweroffice.api.pages.page_size import DEFAULT_PAGE_BYTES, MOST_PAGE_BYTES
from airflow_provider_poweroffice.api.pages.totals import PageChecks


class Progress:
    """
    The place of one read.

    Where pages are asked for by offset, each begins with the last row of the one before: a row that is
    not there any more at its rank tells that rows moved, see :class:`.pages.Pages`.

    :param checks: what the server said so far.
    :param paging: how pages are asked for.
    :param ordered: new rows come last.
    :param overlap: pages overlap by one row, where they can.
    """

    def __init__(
        self, options: PageOptions, checks: PageChecks, *, paging: Paging, ordered: bool, overlap: bool
    ) -> None:
        self.page_size = options.page_size
        self.begin = (options.first_page - 1) * options.page_size
        """Rows before the next page, as pages are numbered."""
        self.overlap = overlap
        self.listed: int | None = None
        """Rows of the collection, as they were counted by listing their keys."""
        self.alone: int | None = None
        """Rank of a row whose page is not fetched ahead."""
        self._offset = self.begin
        self._options = options
        self._checks = checks
        self._chained = paging is Paging.LINKED
        self._fixed = paging in {Paging.LINKED, Paging.WHOLE}
        self._ordered = ordered
        self._full = 0
        self._all_full = True
        self._last_full = False
        self._pages = 0

    @property
    def number(self) -> int:
        """Number of the next page, in pages of the present size."""
        return self.begin // self.page_size + 1

    @property
    def offset(self) -> int:
        """Rows before the next page, as they came."""
        return self._offset

    @property
    def expected(self) -> bool:
        """Tell whether the server said that there is a next page."""
        return self._checks.expects(self.number)

    @property
    def past_the_total(self) -> bool:
        """Tell whether the server counts fewer pages than the next one's number."""
        return self._checks.total_pages is not None and self.number > self._checks.total_pages

    @property
    def last_full(self) -> bool:
        """Tell whether the last page had as many rows as were asked for."""
        return self._last_full

    @property
    def may_shrink(self) -> bool:
        """Tell whether the next page begins where its number says: each page so far had all its rows."""
        return not self._fixed and (self.begin == 0 or (self._all_full and self._full > 0))

    @property
    def overlaps(self) -> bool:
        """Tell whether the next page is asked for with the last row of the one before."""
        likely_all = self._pages == 1 and not self._last_full and not self._checks.more_promised
        return self.overlap and self._offset > 0 and not likely_all

    def wanted(self, size: int | None = None, *, once: bool = False) -> Wanted:
        """
        Describe the next page.

        :param size: rows; None for the present size.
        :param once: without retries.
        """
        size = size or self._closing or self.page_size
        default = DEFAULT_PAGE_BYTES if self.may_shrink and size > 1 else MOST_PAGE_BYTES
        return Wanted(
            at=Position(
                number=self.begin // size + 1,
                offset=self._offset - self.overlaps,
                link=None if self.overlap else self._checks.link,
            ),
            size=min(size + 1, self._options.largest) if self.overlaps else size,
            expected=self.expected and not self._chained and not self._checks.checked,
            once=once,
            limit=self._options.page_bytes or default,
        )

    @property
    def _closing(self) -> int | None:
        """
        Give the size of a last page that proves that it is the last one, where nothing else would.

        Where the server says nothing, only a page that is not full ends a list. A last page that would just
        be full is asked for in a size that makes it short: of those near the usual one, the first whose
        pages have a border at or before this page's beginning and none up to the end of the list.
        """
        end, begin, checks = self.listed, self._offset, self._checks
        if end is None or self._fixed or self.overlap or not self._all_full or begin + self.page_size != end:
            return None
        if checks.total_rows is not None or checks.total_pages is not None or checks.more_promised:
            return None
        sizes = range(self.page_size, min(2 * self.page_size, self._options.largest) + 1)
        return next((size for size in sizes if (begin // size + 1) * size > end), None)

    def start_of(self, wanted: Wanted) -> int:
        """Give the rows before a page that was asked for by :meth:`wanted`."""
        return (wanted.at.number - 1) * wanted.size if self._closing == wanted.size else self._offset

    def shrink(self, size: int) -> None:
        """Ask for smaller pages from now on."""
        self._checks.resized()
        self.page_size = size

    def cap(self, rows: int, *, counted: bool) -> None:
        """
        Ask for as many rows from now on as the first page had: the server sends no more.

        :param counted: it counts pages of that size.
        """
        if not counted:
            self._checks.resized()
        self.page_size = rows
        self._options = replace(self._options, page_size=rows)
        self.begin = self._offset
        self._full, self._all_full, self._last_full = 1, True, self._checks.more_promised

    def read(self, start: int, rows: int, *, full: bool) -> int:
        """
        Go on behind a page.

        :param start: rows before it, as it was asked for.
        :param rows: that it holds.
        :param full: those are as many as were asked for.
        :return: rows by which the read came forward.
        """
        self.begin += self.page_size
        before, self._offset = self._offset, start + rows
        self._last_full = full
        self._pages += 1
        self._all_full = self._all_full and full
        self._full += self._all_full
        return self._offset - before

    def go_slowly(self) -> None:
        """Fetch no page ahead any more: rows move."""
        self._options = replace(self._options, concurrency=1)

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
        first, most = self.wanted(), self._options.concurrency
        stride = first.size - self.overlaps
        if self._fixed or most == 1:
            return
        if self._checks.total_pages is None and self._checks.total_rows is None and self.listed is None:
            certain = self._checks.checked and not self.overlap  # the keys are listed in a moment
            guesses = 2 ** min(self._full - 1, 10) if self._all_full and self._full and not certain else 0
            most = min(most, max(guesses, int(self._checks.more_promised))) if self._ordered else 0
        for step in range(most):
            at = replace(first.at, number=first.at.number + step, offset=first.at.offset + step * stride)
            if self._is_past(at, stride) or self.reaches_limit(self.begin + step * self.page_size):
                return
            yield replace(first, at=at)

    def _is_past(self, at: Position, stride: int) -> bool:
        checks, begin = self._checks, at.offset + self.overlaps
        if self.alone is not None and begin <= self.alone < begin + stride:
            return True
        if checks.total_pages is not None and not self.overlap:
            return at.number > checks.total_pages
        total = self.listed if checks.total_rows is None else checks.total_rows
        if checks.total_rows is None and total is not None and not checks.more_promised:
            return begin + stride >= total  # the last page may be asked for in another size
        return total is not None and begin >= total
