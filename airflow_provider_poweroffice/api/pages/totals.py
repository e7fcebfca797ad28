"""
What a server said about a collection so far, and whether what it sends next agrees.

Rule: it decides nothing but whether to go on; pages come in their order.
"""

from __future__ import annotations

import hashlib
import logging

from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.errors import IncompleteReadError, PaginationError

log = logging.getLogger(__name__)


class PageChecks:
    """
    The checks on the pages of one read.

    :param label: method and path without query, for messages.
    """

    def __init__(self, label: str) -> None:
        self.sent = 0
        self.total_rows: int | None = None
        self.total_pages: int | None = None
        self.more_promised = False
        self.link: str | None = None
        self.began: str | None = None
        self._label = label
        self._counts_from: int | None = None
        self._seen: set[bytes] = set()

    def note(self, page: Page) -> None:
        """
        Take a page into account.

        :raises PaginationError: it is another one than was asked for, or was there already.
        :raises IncompleteReadError: the collection shrank.
        """
        self._check_number(page)
        self.began = self.began or page.sent_at
        self.more_promised = page.info.is_last is False and page.info.total_pages is None
        if page.info.total_pages is not None:
            self.total_pages = page.info.total_pages
        self.note_total(page)
        self._follow(page)
        self.sent += len(page)

    def note_total(self, page: Page) -> None:
        """
        Take the server's count on a page into account.

        :raises IncompleteReadError: the collection shrank.
        """
        if page.info.total_rows is not None:
            self._compare_with_earlier(page.info.total_rows)
            self.total_rows = page.info.total_rows

    def expects(self, number: int) -> bool:
        """Tell whether the server said that there is a page of this number."""
        return self.more_promised or (self.total_pages is not None and number <= self.total_pages)

    def counts_fewer(self, page: Page) -> bool:
        """Tell whether the server counts fewer rows on this page than on one before."""
        total = page.info.total_rows
        return None not in {total, self.total_rows} and total < self.total_rows  # type: ignore[operator]

    def resized(self, *, expected: bool) -> None:
        """Forget what counts in pages of another size; what was promised stays promised."""
        self.total_pages = None
        self.more_promised = expected

    def is_last(self, page: Page, *, whole: bool, chained: bool) -> bool:
        """
        Tell whether a page ends the collection.

        :param whole: no page was left out before it.
        :param chained: pages hang on each other by links.
        """
        if whole and self.total_rows is not None and self.sent < self.total_rows:
            return False  # a server that caps the page size, but counts pages by the size asked for
        if page.info.total_pages is not None:
            return page.number >= page.info.total_pages
        if page.info.is_last is None and whole and not chained:
            return self.sent == self.total_rows  # all that the server counts have come
        return page.info.is_last is True

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
        self.link = page.info.next_link
        if self.link is None:
            return
        digest = hashlib.blake2b(self.link.encode(), digest_size=16).digest()
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
