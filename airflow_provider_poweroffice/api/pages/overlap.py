"""
Pages by offset: each begins with the last row of the one before, so that rows that move are noticed.

The rows of one answer follow each other without a gap. So a page whose first row was read holds whatever
follows that row, and all rows up to the last one were read, if all rows up to the first one were: by
induction from the first page, nothing is missing, whatever came or went between two answers, and in whatever
order they came. This holds for rows in a fixed order of their keys.

Where a page does not begin with a row that was read, rows before it have gone, or come: the read goes back,
in growing steps, to a row that it knows.

**The end**, where the server counts no rows, is seen from the other side: the first row in the opposite order
is the last one read. A page that is short, or holds that row alone, proves none: a server may cap pages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from airflow_provider_poweroffice.api.dialects.base import Paging
from airflow_provider_poweroffice.api.pages.cursor import Cursor
from airflow_provider_poweroffice.api.pages.keys import RowsRead
from airflow_provider_poweroffice.api.pages.page import NO_ROWS, Page
from airflow_provider_poweroffice.api.pages.page_source import Answer, PageRequest
from airflow_provider_poweroffice.errors import BadRequestError, IncompleteReadError, PaginationError

log = logging.getLogger(__name__)

_ROUNDS = 10
"""How often in a row the read goes back without coming to a row that is new."""


class NoOverlapError(Exception):
    """Pages cannot overlap: the server skips no rows, or sends one row a page, or a row has no key."""


class Overlap:
    """
    Joins each page with the rows that were read.

    :param fetch: gives the page of a request.
    :param forget: ends what was fetched ahead.
    :param label: method and path without query, for messages.
    """

    def __init__(
        self,
        fetch: Callable[[PageRequest], Page],
        forget: Callable[[], None],
        cursor: Cursor,
        rows: RowsRead,
        *,
        label: str,
    ) -> None:
        self._fetch = fetch
        self._forget = forget
        self._cursor = cursor
        self._rows = rows
        self._label = label
        self._times_back = 0
        self._rows_then: int | None = None
        self.sees_end = cursor.paging is Paging.OFFSET
        """The first row in the opposite order tells whether the last one was read."""
        self._is_capped = False
        self._joined: int | None = None

    def join(self, request: PageRequest) -> Answer:
        """
        Fetch a page that begins with the last row read; where it does not, look for where rows moved to.

        :raises NoOverlapError: pages cannot overlap here.
        :raises PaginationError: the server takes no notice of the rows to skip.
        :raises IncompleteReadError: no row that was read is there any more.
        """
        is_idle, self._joined = self._joined == self._rows.count, self._rows.count
        asks_end = self.sees_end and (is_idle or self._is_short)
        if asks_end and self._is_end(request):
            return Answer(NO_ROWS, request.at.offset + 1, request.size)
        page, stale = self._asked_twice(request)
        if self._ignores_skip(request, page):
            raise NoOverlapError("the server ignores how many rows to skip")
        if self._rows.lacks_keys(page):
            raise NoOverlapError("a row has no key")
        if not self._continues(page):
            return self._look_back(request, stale=stale)
        if len(page) == 1 and self._comes_alone(page, follows=asks_end, is_idle=is_idle):
            raise NoOverlapError("the server sends one row a page")
        return Answer(page, request.at.offset, request.size, overlaps=True, stale=stale)

    @property
    def _is_short(self) -> bool:
        """Tell whether the last page may be the end: it is short, of a cap where one is known."""
        if self._cursor.expected:
            return False
        return len(self._rows.last) < self._cursor.most if self._is_capped else not self._cursor.last_full

    def _is_end(self, request: PageRequest) -> bool:
        """Tell whether the first row in the opposite order is the last one read."""
        at = replace(request.at, number=1, offset=0)
        last = replace(request, at=at, size=1, backwards=True, fresh=True)
        try:
            found = self._rows.of(self._fetch(last) or self._fetch(last))[:1]
        except BadRequestError as error:
            log.info("%s: no rows are to be had in the opposite order: %s", self._label, error)
            self.sees_end = False
            return False
        takes_notice = found != self._rows.first[:1]
        if found == self._rows.last[-1:] and (takes_notice or not self._follows(request)):
            return True
        self._is_capped = True
        self.sees_end = takes_notice
        return False

    def _follows(self, request: PageRequest) -> bool:
        """Tell whether rows follow the last one read; a list of nothing may be left out."""
        behind = replace(request, at=replace(request.at, offset=request.at.offset + 1), fresh=True)
        try:
            return bool(self._fetch(behind))
        except PaginationError:
            return False

    def _comes_alone(self, page: Page, *, follows: bool, is_idle: bool) -> bool:
        """
        Tell whether the last row read comes alone on a page because the server sends no more.

        :param follows: another one was the first in the opposite order just now.
        :param is_idle: the page before brought nothing.
        """
        if self._cursor.paging is Paging.LINKED:
            return page.info.next_link is not None
        if not self.sees_end:
            return self._cursor.most == 1
        return follows and (is_idle or self._cursor.most == 1)

    def _asked_twice(self, request: PageRequest) -> tuple[Page, bool]:
        """Fetch a page, and once more where it may be a slip; tell whether it is no end all the same."""
        again = replace(request, fresh=True)
        page = self._fetch(request)
        repeats = self._by_offset(request) and self._begins_anew(page)
        if not page or repeats or self._rows.lacks_keys(page):
            page = self._fetch(again)
            if self._by_offset(request) and self._begins_anew(page):
                raise PaginationError(
                    f"{self._label}: page {request.at.number} repeats a page already read: the server takes "
                    "no notice of the rows to skip"
                )
        if not self._is_stale(page):
            return page, False
        page = self._fetch(again)  # it came before, or rows came before those read: no end
        return page, self._is_stale(page)

    def _by_offset(self, request: PageRequest) -> bool:
        return self._cursor.paging is Paging.OFFSET and request.at.offset > 0

    def _ignores_skip(self, request: PageRequest, page: Page) -> bool:
        """Tell whether an API with links sends the first page again, whatever is to be skipped."""
        linked = self._cursor.paging is Paging.LINKED and self._cursor.pages == 1
        return linked and request.at.offset > 0 and self._begins_anew(page)

    def _continues(self, page: Page) -> bool:
        keys = self._rows.of(page)
        return bool(keys) and keys[0] in self._rows

    def _is_stale(self, page: Page) -> bool:
        """Tell whether a page that should go on behind the last row read holds nothing but rows read."""
        keys = self._rows.of(page) if len(page) > 1 else []
        return bool(keys) and all(key in self._rows for key in keys)

    def _begins_anew(self, page: Page) -> bool:
        """Tell whether the first page came again: the server takes no notice of the rows to skip."""
        keys = self._rows.of(page)
        return bool(keys) and keys == self._rows.first

    def _look_back(self, request: PageRequest, *, stale: bool = False) -> Answer:
        """
        Go back, in growing steps, to a row that was read; rows before it have gone, or come.

        :raises IncompleteReadError: there is none, or it leads to no row that is new, again and again.
        """
        log.info("%s: rows moved while pages were read; looking for the last row read", self._label)
        self._forget()
        self._count_times()
        self._cursor.go_slowly()
        back = max(2, len(self._rows.last) // 5)
        while True:
            start = max(0, self._cursor.offset - back)
            at = replace(request.at, offset=start)
            page = self._fetch(replace(request, at=at, fresh=True))
            if self._continues(page) or (start == 0 and page and not self._rows.lacks_keys(page)):
                return Answer(page, start, request.size, overlaps=True, stale=stale, sought=True)
            if start == 0:
                raise IncompleteReadError(
                    f"{self._label}: no row that was read is there any more; read it again"
                )
            back *= 3

    def _count_times(self) -> None:
        self._times_back = self._times_back + 1 if self._rows.count == self._rows_then else 1
        self._rows_then = self._rows.count
        if self._times_back > _ROUNDS:
            raise IncompleteReadError(
                f"{self._label}: {_ROUNDS} times in a row no new row followed those read; read it again"
            )
