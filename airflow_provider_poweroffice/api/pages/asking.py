"""
Asking for the next page: once more where it cannot be right, smaller where it is too large.

Rule: a page that contradicts what is known is asked for once more, and then is an error; nothing is ever
resolved towards fewer rows.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from airflow_provider_poweroffice.api.change_filter import NotBefore
from airflow_provider_poweroffice.api.dialects.base import Paging
from airflow_provider_poweroffice.api.pages.cursor import Cursor
from airflow_provider_poweroffice.api.pages.keys import RowsRead
from airflow_provider_poweroffice.api.pages.overlap import NoOverlapError, Overlap
from airflow_provider_poweroffice.api.pages.page import NO_ROWS, Page
from airflow_provider_poweroffice.api.pages.page_checks import PageChecks
from airflow_provider_poweroffice.api.pages.page_size import (
    DEFAULT_PAGE_BYTES,
    PageLimits,
    may_be_too_big,
    sizes_to_try,
    smaller,
)
from airflow_provider_poweroffice.api.pages.page_source import Answer, PageRequest, PageSource
from airflow_provider_poweroffice.api.pages.roll_call import RollCall
from airflow_provider_poweroffice.api.pages.totals import Totals, promises_after, says_rows
from airflow_provider_poweroffice.errors import (
    BadRequestError,
    IncompleteReadError,
    NotFoundError,
    PageTooLargeError,
    PowerOfficeError,
)

log = logging.getLogger(__name__)

_ASKED_AGAIN = 4  # times at most


class Asking:
    """
    Gives the pages of one read, one after the other.

    :param source: gives the page of a request.
    :param roll: the roll call, where there is one.
    :param label: method and path without query, for messages.
    :param not_before: refuses a moment that lies in the server's future.
    :param may_be_bare: some rows may hold nothing but their key, and others more.
    """

    def __init__(
        self,
        source: PageSource,
        limits: PageLimits,
        *,
        label: str,
        cursor: Cursor,
        totals: Totals,
        checks: PageChecks,
        rows: RowsRead,
        not_before: NotBefore | None,
        may_be_bare: bool = False,
    ) -> None:
        self.roll: RollCall | None = None
        self._source = source
        self._limits = limits
        self._cursor = cursor
        self._totals = totals
        self._checks = checks
        self._rows = rows
        self._label = label
        self._not_before = not_before
        self._may_be_bare = may_be_bare
        self._holds_more: bool | None = None
        self._overlap = Overlap(self.fetch, source.forget, cursor, rows, label=label)

    @property
    def sees_end(self) -> bool:
        """Tell whether the end of pages that overlap is seen from the other side, see :mod:`.overlap`."""
        return self._overlap.sees_end

    def next(self) -> Answer:
        """
        Fetch the next page; where it is too large, or fails for its size, in smaller pages from now on.

        :raises IncompleteReadError: it is empty, although the server said that there is more.
        :raises PageTooLargeError: it is larger than ``page_bytes``, and cannot be smaller.
        :raises PowerOfficeError: of the request.
        """
        while True:
            try:
                return self._ask()
            except PageTooLargeError as error:
                self._shrink_below(error)
            except BadRequestError:
                if not (self._cursor.paging is Paging.LINKED and self._cursor.overlaps):
                    raise
                self._stop_overlapping("the server refuses to skip rows")
            except PowerOfficeError as error:
                return self._get_smaller(error)

    def fetch(self, request: PageRequest) -> Page:
        """
        Fetch one page; one reading of the facts is that a page past the end is answered with 404.

        :raises IncompleteReadError: it holds keys alone, twice: a cache may give a list of keys in its place.
        """
        try:
            page = self._source.get(request)
            if self._holds_keys_alone(page):
                page = self._source.get(replace(request, fresh=True))
        except NotFoundError:
            if not (self._cursor.pages or self._cursor.skipped):
                raise
            return NO_ROWS
        if self._not_before and not self._cursor.pages:
            self._not_before.check(page.sent_at)
        if self._holds_keys_alone(page):
            raise IncompleteReadError(
                f"{self._label}: at page {request.at.number} some pages hold nothing but keys, and others "
                "more, as if a cache mixed up lists of keys with pages; read it again"
            )
        return page

    def _holds_keys_alone(self, page: Page) -> bool:
        """Tell whether either these rows, or those before them, lack all that rows have but their key."""
        if not page or self._may_be_bare or self.roll is None or self._rows.keys is None:
            return False
        alone = self._rows.keys.are_all(page)
        if self._holds_more is None:
            self._holds_more = not alone
        return alone is self._holds_more

    def _ask(self, size: int | None = None, *, once: bool = False) -> Answer:
        """Fetch the next page: from now on without overlap, where it turns out that there can be none."""
        try:
            return self._settled(self._cursor.request(size, once=once))
        except NoOverlapError as error:
            self._stop_overlapping(str(error))
            return self._settled(self._cursor.request(size, once=once))

    def _settled(self, request: PageRequest) -> Answer:
        """
        Fetch a page, and once more where it cannot be right.

        That is another page than was asked for, one that came before, an empty one where rows must follow,
        and one that was fetched ahead of an earlier one and counts fewer rows: rows may have come or gone
        between the two answers; which it was, only a later answer tells.
        """
        if self._cursor.overlaps:
            return self._overlap.join(request)
        page = self.fetch(request)
        if self._is_doubtful(request, page):
            promised = bool(page) or says_rows(page)
            if not page:
                self._totals.note_counts(page)
            page = self._fetch_again(request, page)
            if self._is_false_end(page, promised=promised):
                raise IncompleteReadError(
                    f"{self._label}: page {request.at.number} is empty, although the server said that there "
                    "is more"
                )
        return Answer(page, self._cursor.offset, request.size)

    def _fetch_again(self, request: PageRequest, page: Page) -> Page:
        """
        Fetch a page once more; some times more where it becomes another page that came before.

        Rows that come in their number, as fast as they are read, can bring that about; a server or a cache
        that repeats itself gives the same page.
        """
        for _ in range(_ASKED_AGAIN):
            before, page = page, self.fetch(replace(request, fresh=True))
            keyed = self._rows.keys is not None
            if page.content == before.content or not self._checks.came_before(page, keyed=keyed):
                break
        return page

    def _is_false_end(self, page: Page, *, promised: bool) -> bool:
        """
        Tell whether a page, twice empty, cannot be the end: the server said that there is more.

        A chain of links may end in an empty page; that it leads to no page at all is no end.

        :param promised: the first answer had rows, or said that there are some.
        """
        if page or page.info.next_link:
            return False
        if not self._cursor.pages:
            return promised or says_rows(page)
        if self._totals.moves_noticed:
            return False
        linked = self._cursor.paging is Paging.LINKED
        return self._cursor.expected and (page is NO_ROWS or not linked)

    def _is_doubtful(self, request: PageRequest, page: Page) -> bool:
        """Tell whether a page should be asked for once more."""
        if page or page.info.next_link:
            return (
                self._checks.is_suspicious(page, keyed=self._rows.keys is not None)
                or self._counts_fewer(page)
                or self._is_too_short(request, page)
                or self._rows.lacks_keys(page)
            )
        if not self._cursor.pages:
            return self._is_doubtful_beginning(page)
        if self._cursor.expected:
            return True
        if self.roll is None or self.roll.listed is None:
            capped = self._cursor.pages == 1 or self._cursor.paging is Paging.OFFSET  # or may be
            return self._cursor.last_full or capped
        return self._totals.sent < self.roll.listed

    def _is_doubtful_beginning(self, page: Page) -> bool:
        """
        Tell whether an empty first page should be asked for once more.

        Of what changed since a moment there is often nothing, and a false answer costs nothing: the next read
        goes on from the same moment. Of a list that is read whole it would be an empty table.
        """
        return says_rows(page) or (self._not_before is None and self._limits.first_page == 1)

    def _counts_fewer(self, page: Page) -> bool:
        """Tell whether a page that may have been fetched ahead counts fewer rows than one before."""
        ahead = self._limits.concurrency > 1 and not self._totals.moves_noticed
        return ahead and self._totals.counts_fewer(page)

    def _is_too_short(self, request: PageRequest, page: Page) -> bool:
        numbered = self._cursor.paging is Paging.NUMBERED
        return numbered and len(page) < request.size and promises_after(page)

    def _stop_overlapping(self, why: str) -> None:
        """Go on without overlap, by the links of an API that has them: nothing tells any more what moved."""
        log.info("%s: pages do not overlap any more: %s", self._label, why)
        self._source.forget()
        self._cursor.overlapping = self._totals.moves_noticed = False
        self._checks.links_followed = True

    # Smaller pages

    def _get_smaller(self, error: PowerOfficeError) -> Answer:
        """
        Ask once for each smaller page.

        :raises PowerOfficeError: ``error``, where none comes: the size is not at fault.
        """
        if not may_be_too_big(error) or not self._cursor.may_shrink:
            raise error
        for size in sizes_to_try(self._cursor.begin, self._cursor.page_size):
            self._source.forget()
            try:
                answer = self._ask(size, once=True)
            except PageTooLargeError:
                continue
            except PowerOfficeError as again:
                if not may_be_too_big(again):
                    raise
            else:
                self._shrink(size, str(error))
                return answer
        raise error

    def _shrink_below(self, error: PageTooLargeError) -> None:
        self._source.forget()
        size = self._cursor.page_size
        if not self._cursor.may_shrink or size == 1:
            raise PageTooLargeError(
                f"{self._label}: page {self._cursor.number}: {error}. It cannot be smaller; raise page_bytes",
                size=error.size,
            ) from None
        share = (self._limits.page_bytes or DEFAULT_PAGE_BYTES) / error.size if error.size else 0.5
        self._shrink(smaller(self._cursor.begin, int(size * min(share, 0.5))), str(error))

    def _shrink(self, size: int, why: str) -> None:
        before = self._cursor.page_size
        log.warning("%s: reading on in pages of %d rows, not %d: %s", self._label, size, before, why)
        self._cursor.shrink(size)
