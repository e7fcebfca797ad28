"""
Where a read is: which page comes next, of what size, and which ones probably after it.

Rule: pure. Rows are counted twice over: as pages are numbered, and as rows came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airflow_provider_poweroffice.api.dialects.base import Paging, Position
from airflow_provider_poweroffice.api.pages.page_size import DEFAULT_PAGE_BYTES, MOST_PAGE_BYTES, PageLimits
from airflow_provider_poweroffice.api.pages.page_source import PageRequest
from airflow_provider_poweroffice.api.pages.totals import Totals


class Cursor:
    """
    The place of one read.

    Where pages are asked for by offset, each begins with the last row of the one before: a row that is
    not there any more at its rank tells that rows moved, see :mod:`.overlap`.

    :param totals: what the server said so far.
    :param paging: how pages are asked for.
    :param ordered: new rows come last.
    :param overlapping: pages overlap by one row, where they can.
    """

    def __init__(
        self, limits: PageLimits, totals: Totals, *, paging: Paging, ordered: bool, overlapping: bool
    ) -> None:
        self.paging = paging
        self.page_size = limits.page_size
        self.begin = (limits.first_page - 1) * limits.page_size
        """Rows before the next page, as pages are numbered."""
        self.offset = self.begin
        """Rows before the next page, as they came."""
        self.pages = 0
        """Pages that came."""
        self.most = 0
        """Rows of the largest one."""
        self.skipped = 0
        """Pages that were left out."""
        self.overlapping = overlapping
        self.link: str | None = None
        """To the next page, as the last one had it."""
        self.last_full = False
        """The last page had as many rows as were asked for."""
        self.listed: int | None = None
        """Rows of the collection, as they were counted by listing their keys."""
        self.alone: int | None = None
        """Rank of a row whose page is not fetched ahead."""
        self._limits = limits
        self._totals = totals
        self._fixed = paging in {Paging.LINKED, Paging.WHOLE}
        self._ordered = ordered
        self._full = 0
        self._all_full = True

    @property
    def number(self) -> int:
        """Number of the next page, in pages of the present size."""
        return self.begin // self.page_size + 1

    @property
    def is_whole(self) -> bool:
        """Tell whether no page was left out so far."""
        return self._limits.first_page == 1 and not self.skipped

    @property
    def expected(self) -> bool:
        """Tell whether the server said that there is a next page."""
        return self._totals.expects(self.number)

    @property
    def past_the_total(self) -> bool:
        """Tell whether the server counts fewer pages than the next one's number."""
        return self._totals.total_pages is not None and self.number > self._totals.total_pages

    @property
    def may_shrink(self) -> bool:
        """Tell whether the next page begins where its number says: each page so far had all its rows."""
        return not self._fixed and (self.begin == 0 or (self._all_full and self._full > 0))

    @property
    def overlaps(self) -> bool:
        """Tell whether the next page is asked for with the last row of the one before."""
        return self.overlapping and self.offset > 0

    def request(self, size: int | None = None, *, once: bool = False) -> PageRequest:
        """
        Describe the next page.

        :param size: rows; None for the present size.
        :param once: without retries.
        """
        size = size or self.page_size
        default = DEFAULT_PAGE_BYTES if self.may_shrink and size > 1 else MOST_PAGE_BYTES
        expected = self.expected and self.paging is not Paging.LINKED and not self._totals.moves_noticed
        return PageRequest(
            at=Position(
                number=self.begin // size + 1,
                offset=self.offset - self.overlaps,
                link=None if self.overlapping else self.link,
            ),
            size=min(size + 1, self._limits.largest) if self.overlaps else size,
            expected=expected,
            once=once,
            page_bytes=self._limits.page_bytes or default,
        )

    def shrink(self, size: int) -> None:
        """Ask for smaller pages from now on."""
        self._totals.resized()
        self.page_size = size

    def cap(self, rows: int, *, counted: bool) -> None:
        """
        Ask for as many rows from now on as the first page had: the server sends no more.

        :param counted: it counts pages of that size.
        """
        if not counted:
            self._totals.resized()
        self.page_size = rows
        self._limits = replace(self._limits, page_size=rows, largest=rows)
        self.begin = self.offset
        self._full, self._all_full, self.last_full = 1, True, self._totals.more_promised

    def advance(self, start: int, rows: int, *, full: bool) -> int:
        """
        Go on behind a page.

        :param start: rows before it, as it was asked for.
        :param rows: that it holds.
        :param full: those are as many as were asked for.
        :return: rows by which the read came forward.
        """
        self.begin += self.page_size
        before, self.offset = self.offset, start + rows
        self.last_full = full
        self.most = max(self.most, rows)
        self.pages += 1
        self._all_full = self._all_full and full
        self._full += self._all_full
        return self.offset - before

    def skip(self) -> None:
        """Go on behind a page that did not come."""
        self.skipped += 1
        self.begin += self.page_size
        self.offset += self.page_size

    def go_slowly(self) -> None:
        """Fetch no page ahead any more: rows move."""
        self._limits = replace(self._limits, concurrency=1)

    @property
    def outgrown(self) -> bool:
        """Tell whether far more rows came than there were at first: they come faster than they are read."""
        at_first = self._totals.at_first if self._totals.counts_beyond(self.number) else self.listed
        return at_first is not None and self.offset >= 2 * at_first + 10 * self.page_size

    @property
    def nears_end(self) -> bool:
        """Tell whether the next page lies in the last quarter, as the server counts rows or pages."""
        totals = self._totals
        rows = totals.total_rows or (totals.total_pages or 0) * self.page_size
        return self.begin >= 0.75 * rows > 0

    def reaches_limit(self, begin: int) -> bool:
        """Tell whether a page that begins there is one more than ``max_pages``."""
        limit = self._limits.max_pages
        return limit is not None and begin >= (self._limits.first_page - 1 + limit) * self._limits.page_size

    def probable(self, first: PageRequest) -> Iterator[Position]:
        """
        List where pages begin that will be asked for next, as many as may be in flight.

        :param first: the next one.
        """
        if self._fixed or self._limits.concurrency == 1:
            return
        stride = first.size - self.overlaps
        for step in range(self._most_ahead()):
            at = Position(
                number=first.at.number + step, offset=first.at.offset + step * stride, link=first.at.link
            )
            if self._is_past(at, stride) or self.reaches_limit(self.begin + step * self.page_size):
                return
            yield at

    def _most_ahead(self) -> int:
        """
        Tell how many pages may be in flight.

        Without totals these are guesses: one more, then two, four, ..., and none after a page with fewer
        rows than were asked for, so that a collection wastes fewer requests than the concurrency. Where new
        rows do not come last, nothing is guessed: without totals nobody could tell that pages shifted.
        """
        most, totals = self._limits.concurrency, self._totals
        if totals.counts or self.listed is not None:
            return most
        if not self._ordered:
            return 0
        certain = totals.moves_noticed and not self.overlapping  # the keys are listed in a moment
        guesses = 2 ** min(self._full - 1, 10) if self._all_full and self._full and not certain else 0
        return min(most, max(guesses, int(totals.more_promised)))

    def _is_past(self, at: Position, stride: int) -> bool:
        """Tell whether a page lies behind the last one, as far as that is known, or is not fetched ahead."""
        totals, begin = self._totals, at.offset + self.overlaps
        if self.alone is not None and begin <= self.alone < begin + stride:
            return True
        if totals.total_pages is not None and not self.overlapping:
            return at.number > totals.total_pages
        if totals.total_rows is not None:
            return begin >= totals.total_rows
        return self.listed is not None and begin >= self.listed
