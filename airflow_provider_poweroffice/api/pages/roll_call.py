"""
Whether rows moved between pages while they were read.

A page that is asked for by its number is a run of ranks: page 3 of 10 rows holds the rows that have ranks 20
to 29 *at that moment*. When a row before them is deleted, the row of rank 30 becomes that of rank 29, and the
next page begins behind it. No page tells, and a row that is added meanwhile hides it from the count, too.

Two checks tell, for one small request or two:

**The roll call.** All keys are listed once, in one answer (keys alone are small), at any moment of the read.
A row that was there from beginning to end is in that answer, whatever else came, went or changed, and in
whatever order. So if every listed row came, no such row is missing. If one did not come, it moved, or was
deleted since: the keys are listed again, and the pages that now hold the missing ones are read. What one
listing found missing is all that is ever looked for, so that rows which keep coming cannot prolong the read.

**Landmarks**, for a list of more rows than one answer may hold, ordered by an ever-growing key, to which
nothing can be added but at its end. There a row's rank never grows, and it falls with each deletion before
it. After page 1 the row that will be the first of the last page is asked for (*far*), and then the last row
of page 1 is asked for again (*near*). Let page 1 have been answered at time 1, *far* at 2, *near* at 3, and
the last page, asked for when all the others had come, at 9:

- *near* has its rank still: no row up to it was deleted between 1 and 3, so page 2 follows page 1.
- the last page begins with *far*: no row before it was deleted between 2 and 9. All pages from the second on
  were answered in that time, so their ranks are those of one and the same list.

1 to 3 and 2 to 9 overlap, so nothing before *far* was deleted from the first page to the last, and the pages
together are the list. Rows behind the last page were added later. (To see *near* before *far*, or *far* at
the end alone, would prove less: a deletion between two pages would fit into the gap.)

Where a landmark has moved, the keys are listed in several answers, ordered by key whatever the order of the
read. Each of them begins with a row of the one before, so that none of its rows can move out of sight either.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from airflow_provider_poweroffice.api.dialects.base import Position
from airflow_provider_poweroffice.api.pages.cursor import Cursor
from airflow_provider_poweroffice.api.pages.key_list import KeyList
from airflow_provider_poweroffice.api.pages.keys import RowsRead
from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.api.pages.page_source import Answer, PageRequest
from airflow_provider_poweroffice.api.pages.totals import Totals
from airflow_provider_poweroffice.errors import IncompleteReadError

log = logging.getLogger(__name__)

_ROUNDS = 10
"""How often rows that moved are looked for."""


class RollCall:
    """
    Finds the rows of one read that moved between its pages.

    :param keys: lists the keys of the collection.
    :param fetch: gives the page of a request.
    :param partial: not all pages are read, or not all must come: landmarks, and a list before the end, would
        prove nothing.
    :param grows_at_end: nothing but a new row can enter, and it comes last.
    """

    def __init__(
        self,
        keys: KeyList,
        fetch: Callable[[PageRequest], Page],
        cursor: Cursor,
        totals: Totals,
        rows: RowsRead,
        *,
        label: str,
        partial: bool,
        grows_at_end: bool,
    ) -> None:
        self._keys = keys
        self._fetch = fetch
        self._cursor = cursor
        self._totals = totals
        self._rows = rows
        self._label = label
        self._partial = partial
        self._grows_at_end = grows_at_end
        self._first: list[Any] = []
        """Keys of the first page."""
        self._listed: list[Any] | None = None
        self._landmark: tuple[int, Any] | None = None
        self._landmark_seen = False
        self._moved = False
        self._begun = False

    @property
    def listed(self) -> int | None:
        """Rows that were listed before the end; None where they were not."""
        return None if self._listed is None else len(self._listed)

    def cap(self, rows: int) -> None:
        """Ask for no more keys at once than the server sends rows."""
        self._keys.largest = rows

    @property
    def is_proved(self) -> bool:
        """Tell whether the last list of keys is whole, whatever the server says."""
        return self._keys.is_proved

    @property
    def has_gaps(self) -> bool:
        """Tell whether rows could move out of sight between two answers of the last list of keys."""
        return self._keys.has_gaps

    @property
    def has_landmarks(self) -> bool:
        """Tell whether landmarks take the place of a list."""
        return self._landmark is not None

    @property
    def _counted_more(self) -> bool:
        """Tell whether the server counted more rows all the time than were read."""
        return self._totals.stays_above(self._rows.count)

    # The list

    def list_early(self) -> bool:
        """
        List the keys now, where the server says nothing of what follows: the list tells where the end is.

        Elsewhere they are listed when all pages have come.

        :return: they are listed.
        """
        if self._landmark or self._partial or self._cursor.skipped or not self._first:
            return False
        if self._listed is None:
            self._listed = self._keys.listed(self._totals.sent, self._first)
            self._cursor.listed = len(self._listed)
        return True

    def begin(self) -> None:
        """
        Begin to list the keys beside the last pages, where :meth:`missing` will want them.

        A list taken at any moment of the read proves as much as one at its end.
        """
        other = self._partial or self._cursor.skipped or self._landmark or self._may_have_landmarks()
        if not (other or self._begun or self._listed is not None):
            self._begun = True
            self._keys.begin()

    def missing(self, *, ended_empty: bool, outgrown: bool) -> Iterator[Page]:
        """
        Read the rows that are listed and did not come: they moved between pages.

        :param ended_empty: an empty page ended the read, behind one that was full.
        :param outgrown: it was stopped, as rows came without end.
        """
        in_place = self._landmark_seen and not self._moved and not outgrown
        if self._cursor.skipped or in_place:
            return
        if self._listed is not None and not (self._counted_more or outgrown):
            if wanted := self._rows.missing(self._listed):
                yield from self._look_for(wanted)
        elif not self._is_one_answer(ended_empty=ended_empty):
            yield from self._look_for(None)

    def _is_one_answer(self, *, ended_empty: bool) -> bool:
        """Tell whether all rows came in one answer, between whose rows none can move."""
        if self._cursor.pages != 1:
            return self._cursor.pages == 0
        return not (ended_empty or self._totals.more_said or self._counted_more)

    def _look_for(self, wanted: set[Any] | None) -> Iterator[Page]:
        """
        Read rows that did not come.

        :param wanted: their keys; None for all that the next list names.
        """
        for _ in range(_ROUNDS):
            listed = self._keys.listed(min(self._rows.total, self._totals.sent), self._first)
            here = self._rows.missing(listed)
            wanted = here if wanted is None else wanted & here
            if wanted:
                log.info("%s: rows moved while pages were read: %d are read again", self._label, len(wanted))
                yield from self._pages_of(listed, wanted)
                wanted = self._rows.missing(wanted)
            if not wanted:
                return
        raise IncompleteReadError(
            f"{self._label}: rows move faster than they can be read: {len(wanted or ())} that were there did "
            "not come; read it again"
        )

    def _pages_of(self, listed: list[Any], wanted: set[Any]) -> Iterator[Page]:
        """Read the pages on which those rows are now."""
        size = self._cursor.page_size
        for number in sorted({rank // size + 1 for rank, key in enumerate(listed) if key in wanted}):
            at = Position(number=number, offset=(number - 1) * size)
            again = replace(self._cursor.request(), at=at, size=size, expected=False, by_key=True, fresh=True)
            page = self._rows.take(self._fetch(again))
            if page:
                yield page

    # Landmarks

    def find_landmarks(self) -> None:
        """Find the first row of the last page, then the last one of the first, where that is a proof."""
        first, last = self._rows.first[:1], self._rows.last[-1:]
        if not self._may_have_landmarks() or not all(isinstance(key, int) for key in first + last):
            return
        rank = (self._counted - 1) // self._cursor.page_size * self._cursor.page_size
        far, near = self._keys.one(rank), self._keys.one(self._totals.sent - 1)
        self._moved = [near] != last or not isinstance(far, int)
        self._landmark = (rank, far)
        self._cursor.alone = rank
        self._rows.count_in_ranges(first[0], last[0])

    @property
    def _counted(self) -> int:
        """Rows of the collection, as far as the server counts."""
        return self._totals.total_rows or (self._totals.total_pages or 0) * self._cursor.page_size

    def _may_have_landmarks(self) -> bool:
        """Tell whether the list is too long for one answer, and nothing but its end can grow."""
        if self._partial or self._landmark or self._cursor.pages != 1 or self._cursor.skipped:
            return False
        if not (self._grows_at_end and self._cursor.last_full and self._totals.more_promised):
            return False
        return bool(self._rows.first) and self._counted > self._keys.largest

    def look_at(self, answer: Answer) -> None:
        """Note the first page; compare the row that has the landmark's rank."""
        if not self._cursor.pages:
            self._first = self._rows.of(answer.page)
        if self._landmark is None or self._rows.keys is None:
            return
        rank, far = self._landmark
        if answer.start <= rank < answer.start + len(answer.page):
            self._landmark_seen = True
            row = answer.page.raw_rows[rank - answer.start]
            found = self._rows.keys.ends(answer.page.holding([row]))
            self._moved = self._moved or found is None or found[0] != far
