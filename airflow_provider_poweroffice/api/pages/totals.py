"""
What a server said about a collection so far, and whether what it sends next agrees.

Rule: it decides nothing but whether to go on; pages come in their order.
"""

from __future__ import annotations

import hashlib
import logging
from enum import Enum

from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.errors import IncompleteReadError, PaginationError

log = logging.getLogger(__name__)


class Further(Enum):
    """What the server says of the pages behind the last one."""

    MORE = "there are some"
    END = "there are none"
    OPEN = "nothing, or both"


class PageChecks:
    """
    The checks on the pages of one read.

    :param label: method and path without query, for messages.
    """

    def __init__(self, label: str) -> None:
        self.sent = 0
        self.total_rows: int | None = None
        self.total_pages: int | None = None
        self.checked = False
        """Rows that move are noticed by other means than the count."""
        self.chained = True
        """Links are followed, so that one that comes twice leads in a circle."""
        self.link: str | None = None
        self.began: str | None = None
        self._label = label
        self._counts_from: int | None = None
        self._seen: set[bytes] = set()
        self._first_seen = False
        self._link_came = False
        self._changed = False
        self._said = Further.OPEN
        self._most_rows = 0
        self._least_rows: int | None = None
        self._most_pages = 0

    def note(self, page: Page, advance: int | None = None) -> None:
        """
        Take a page into account.

        :param advance: rows by which it brings the read forward; None for all that it holds.
        :raises PaginationError: its link was followed already.
        :raises IncompleteReadError: the collection shrank, and nothing else tells what moved.
        """
        if not self._first_seen:
            self.began = page.sent_at  # never a later page's: rows of the first may have changed since
            self._first_seen = True
        self.note_total(page)
        self._follow(page)
        self.sent += len(page) if advance is None else advance
        self._link_came = self._link_came or page.info.is_last is False

    def note_total(self, page: Page) -> None:
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
        info, more, end = page.info, False, False
        if info.is_last is not None:
            more, end = not info.is_last, info.is_last
        if info.total_pages is not None:
            more = more or page.number < self._most_pages
            end = end or page.number == info.total_pages
        if whole and info.total_rows is not None:
            # A total that is no more than the rows of a full first page may be the count of that page.
            proves = page.number > 1 or not full or info.is_last is not None
            more = more or self.sent < self._most_rows
            end = (end or self.sent == info.total_rows) and proves
        self._said = Further.OPEN if more == end else Further.MORE if more else Further.END
        return self._said

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

    def counts_fewer(self, page: Page) -> bool:
        """Tell whether the server counts fewer rows on this page than on one before."""
        total = page.info.total_rows
        return None not in {total, self.total_rows} and total < self.total_rows  # type: ignore[operator]

    def promises_after(self, page: Page) -> bool:
        """Tell whether a short page says that more follow, and does not say that pages are so short."""
        info = page.info
        if info.size == len(page):
            return False
        return info.is_last is False or (info.total_pages or 0) > page.number

    def stays_above(self, rows: int) -> bool:
        """Tell whether the server counted more rows all the time."""
        return self._least_rows is not None and rows < self._least_rows

    def resized(self) -> None:
        """Forget what counts in pages of another size; what was promised stays promised."""
        self.total_pages = None
        self._most_pages = 0

    def compare_totals(self) -> None:
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
        if total < self.total_rows and not self.checked:
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

    def is_suspicious(self, page: Page, *, keyed: bool) -> bool:
        """
        Tell whether a page is another one than was asked for, or came before: asked again, it may be right.

        :param keyed: its rows have keys, so that no two pages are alike.
        """
        said = page.info.number
        if said is not None and self._counts_from is not None and said - page.number != self._counts_from:
            return True
        return (keyed or said is None) and bool(page) and _fingerprint(page, keyed=keyed) in self._seen

    def check(self, page: Page, *, keyed: bool) -> None:
        """
        Refuse another page than was asked for, or one that came before.

        A server may count its pages from 0, but must keep to it.

        :raises PaginationError: it is.
        """
        said = page.info.number
        if said is not None:
            if self._counts_from is None:
                self._counts_from = said - page.number
            if said - page.number != self._counts_from or self._counts_from not in {0, -1}:
                raise PaginationError(
                    f"{self._label}: asked for page {page.number}, the answer says page {said}"
                )
        if (said is None or keyed) and page:
            digest = _fingerprint(page, keyed=keyed)
            if digest in self._seen:
                raise PaginationError(
                    f"{self._label}: page {page.number} repeats a page already read. "
                    "If the rows really are alike, add Id to Fields so that they differ"
                )
            self._seen.add(digest)

    def _follow(self, page: Page) -> None:
        """Take the link to the next page; one that was followed before leads in a circle."""
        self.link = page.info.next_link
        if self.link is None or not self.chained:
            return
        digest = _digest(self.link.encode())
        if digest in self._seen:
            raise PaginationError(f"{self._label}: the link in page {page.number} was followed already")
        self._seen.add(digest)


def _fingerprint(page: Page, *, keyed: bool) -> bytes:
    """Give what no two pages of a read share; of rows with keys the first and the last one tell enough."""
    if keyed:
        return _digest(b"%d" % len(page.content) + bytes(page.raw_rows[0]) + bytes(page.raw_rows[-1]))
    return _digest(page.content)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
