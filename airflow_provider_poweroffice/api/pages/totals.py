"""
What a server says of a collection: how many rows and pages there are, and whether more follow.

Rule: it decides nothing but whether to go on; pages come in their order.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from enum import Enum

from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.errors import IncompleteReadError

log = logging.getLogger(__name__)


class Further(Enum):
    """What the server says of the pages behind the last one."""

    MORE = "there are some"
    END = "there are none"
    OPEN = "nothing, or both"


class Totals:
    """
    The server's counts during one read, and the rows that came.

    :param label: method and path without query, for messages.
    """

    def __init__(self, label: str) -> None:
        self.sent = 0
        """Rows by which the read came forward."""
        self.total_rows: int | None = None
        self.total_pages: int | None = None
        self.moves_noticed = False
        """Rows that move are noticed by other means than the count."""
        self.at_first: int | None = None
        """Rows of the collection as the first page counted them, where that is more than it held."""
        self._label = label
        self.more_said = False
        """The server said once that more follow, whatever else it said."""
        self._link_came = False
        self._changed = False
        self._said = Further.OPEN
        self._most_rows = 0
        self._least_rows: int | None = None
        self._most_pages = 0

    def note(self, page: Page, advance: int) -> None:
        """
        Take a page into account.

        :param advance: rows by which it brings the read forward.
        :raises IncompleteReadError: the collection shrank, and nothing else tells what moved.
        """
        self.note_counts(page)
        if not self.sent:
            counted = self.total_rows or (self.total_pages or 0) * len(page)
            self.at_first = counted if counted > len(page) else None
        self.sent += advance
        self._link_came = self._link_came or page.info.is_last is False

    def note_counts(self, page: Page) -> None:
        """
        Take the server's counts on a page into account.

        :raises IncompleteReadError: the collection shrank, and nothing else tells what moved.
        """
        info = page.info
        if info.total_rows is not None:
            self._compare_with_earlier(info.total_rows)
            self.total_rows = info.total_rows
            self._most_rows = max(self._most_rows, info.total_rows)
            self._least_rows = min(info.total_rows, self._least_rows or info.total_rows)
        if info.total_pages is not None:
            self.total_pages = info.total_pages
            self._most_pages = max(self._most_pages, info.total_pages)

    def judge(self, page: Page, *, whole: bool, full: bool) -> Further:
        """
        Say what follows a page, by all that the server said; what contradicts itself says nothing.

        :param page: the last one noted.
        :param whole: no page was left out before it.
        :param full: it has as many rows as were asked for.
        """
        signs = list(self._signs(page, whole=whole))
        more = any(sign[0] for sign in signs)
        self.more_said = self.more_said or more
        end = any(sign[1] for sign in signs) and not (whole and full and _may_count_itself(page))
        self._said = Further.OPEN if more == end else Further.MORE if more else Further.END
        return self._said

    def _signs(self, page: Page, *, whole: bool) -> Iterator[tuple[bool, bool]]:
        """Give what link, pages and rows each say: that more follow, and that none do."""
        info = page.info
        if info.is_last is not None:
            yield not info.is_last, info.is_last
        if info.total_pages is not None:
            yield page.number < self._most_pages, page.number == info.total_pages
        if whole and info.total_rows is not None:
            yield self.sent < self._most_rows, self.sent == info.total_rows

    @property
    def counts(self) -> bool:
        """Tell whether the server counts rows or pages."""
        return self.total_rows is not None or self.total_pages is not None

    @property
    def link_vanished(self) -> bool:
        """Tell whether earlier pages had a link to the next one, and the last one says nothing."""
        return self._link_came and self._said is Further.OPEN

    @property
    def more_promised(self) -> bool:
        """Tell whether the server said, and nowhere denied, that a page follows the last one."""
        return self._said is Further.MORE

    def expects(self, number: int) -> bool:
        """Tell whether the server said that there is a page of this number."""
        return self.more_promised or (self.total_pages is not None and number <= self.total_pages)

    def counts_beyond(self, number: int) -> bool:
        """
        Tell whether the server counts rows, or pages, behind those that came.

        :param number: of the next page.
        """
        return self.sent < (self.total_rows or 0) or number <= (self.total_pages or 0)

    def counts_fewer(self, page: Page) -> bool:
        """Tell whether the server counts fewer rows on this page than on one before."""
        total = page.info.total_rows
        return total is not None and self.total_rows is not None and total < self.total_rows

    def stays_above(self, rows: int | None) -> bool:
        """Tell whether the server counted more rows all the time."""
        return rows is not None and self._least_rows is not None and rows < self._least_rows

    def resized(self) -> None:
        """Forget what counts in pages of another size; what was promised stays promised."""
        self.total_pages = None
        self._most_pages = 0

    def compare(self) -> None:
        """
        Compare the rows that came with the server's count, at the end of a whole read.

        :raises IncompleteReadError: there are more.
        """
        if self.total_rows is not None and self.sent < self.total_rows:
            raise IncompleteReadError(
                f"{self._label}: {self.sent} rows came, the server counts {self.total_rows}; read it again"
            )
        if self.total_rows is not None and self.sent > self.total_rows:
            log.warning("%s: %d rows came, the server counts %d", self._label, self.sent, self.total_rows)

    def _compare_with_earlier(self, total: int) -> None:
        """Notice that the collection changed: rows that go shift others to pages already read."""
        if self.total_rows is None or total == self.total_rows:
            return
        if total < self.total_rows and not self.moves_noticed:
            raise IncompleteReadError(
                f"{self._label}: the collection shrank from {self.total_rows} to {total} rows while it was "
                "read, so that others moved to pages already read; read it again"
            )
        log.log(
            logging.INFO if self._changed else logging.WARNING,
            "%s: the collection changed from %d to %d rows while it was read",
            self._label,
            self.total_rows,
            total,
        )
        self._changed = True


def _may_count_itself(page: Page) -> bool:
    """Tell whether the count on a full first page, without a link, may be that of the page alone."""
    return page.number == 1 and page.info.total_rows is not None and page.info.is_last is None


def promises_after(page: Page) -> bool:
    """Tell whether a short page says that more follow, and does not say that pages are so short."""
    info = page.info
    if info.size == len(page):
        return False
    return info.is_last is False or (info.total_pages or 0) > page.number


def says_rows(page: Page) -> bool:
    """Tell whether an empty page says that the collection has rows."""
    info = page.info
    return not page and ((info.total_rows or 0) > 0 or (info.total_pages or 0) > 1 or info.is_last is False)
