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

Where a landmark has moved, the roll is called in several answers, ordered by key whatever the order of the
read. Each of them begins with a row of the one before, so that none of its rows can move out of sight either.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.dialects.base import PageInfo, Position
from airflow_provider_poweroffice.api.pages.fetcher import Source, Wanted
from airflow_provider_poweroffice.api.pages.page import NO_ROWS, Page
from airflow_provider_poweroffice.api.pages.page_size import DEFAULT_PAGE_BYTES, may_be_too_big
from airflow_provider_poweroffice.errors import (
    BadRequestError,
    IncompleteReadError,
    NotFoundError,
    PageTooLargeError,
    PowerOfficeError,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.pages.keys import RowKeys

log = logging.getLogger(__name__)

_FEWEST = 100  # an answer of so few keys is not too large
_TRIES = 5
"""How often the roll is called anew: the list changed while it was called."""


class RollCall:
    """
    Lists the keys of a collection.

    :param label: method and path without query, for messages.
    :param largest: rows of the largest page that the API gives.
    """

    def __init__(self, source: Source, keys: RowKeys, *, label: str, largest: int) -> None:
        self._source = source
        self._keys = keys
        self._label = label
        self.largest = largest
        self._lean = True

    def one(self, rank: int) -> Any:
        """Give the key of the row of a rank, from 0; None where there is none."""
        keys = self._ask(rank + 1, 1)
        return keys[0][0] if keys[0] else None

    def listed(self, at_least: int) -> list[Any]:
        """
        List all keys in the order of the rows.

        :param at_least: rows that there are, as far as is known: what holds fewer is not believed to be all.
        :raises IncompleteReadError: the list is not to be had.
        """
        tries = 0
        while tries < _TRIES:
            try:
                found = self._call(at_least)
            except PowerOfficeError as error:
                if self.largest < _FEWEST or not (
                    isinstance(error, PageTooLargeError) or may_be_too_big(error)
                ):
                    raise
                self.largest //= 4
                log.info("%s: listing keys in answers of %d rows: %s", self._label, self.largest, error)
                continue
            if found is not None:
                return list(found)
            tries += 1
            log.info("%s: rows moved while their keys were listed; listing them again", self._label)
        raise IncompleteReadError(f"{self._label}: rows move too fast to list their keys; read it again")

    def _call(self, at_least: int) -> dict[Any, None] | None:
        """List all keys once; None where rows moved between two answers."""
        found: dict[Any, None] = {}
        size, number, covered, most = self.largest, 1, 0, self.largest
        while True:
            keys, info = self._ask(number, size)
            before, start = len(found), (number - 1) * size
            if start < covered and (not keys or keys[0] not in found):
                return None
            found.update(dict.fromkeys(keys))
            more, end = _further(info, number, size, len(keys))
            if number > 1 and len(found) == before:
                if more or (start < covered and len(keys) >= size):
                    return None  # it leads on and brings nothing: rows came before those listed, or a slip
                break
            if not keys or (end and len(found) >= at_least):
                break
            covered = start + len(set(keys))
            if number == 1:
                most = len(keys)  # fewer than were asked for: the server caps its pages
            number, size = _behind(covered, most)
        if not found and at_least:
            raise IncompleteReadError(
                f"{self._label}: the list of keys is empty, although {at_least} rows came; read it again"
            )
        return found

    def _ask(self, number: int, size: int) -> tuple[list[Any], PageInfo]:
        page = self._page(number, size)
        if not page and number == 1:
            page = self._page(number, size)  # an empty answer may be a slip
        keys = self._keys.of(page)
        if keys is None:
            raise IncompleteReadError(
                f"{self._label}: rows have no {','.join(self._keys.fields)} in the list of keys, so it "
                "cannot be told whether all came; order_by=None reads without this check"
            )
        return keys, page.info

    def _page(self, number: int, size: int) -> Page:
        at = Position(number=number, offset=(number - 1) * size)
        limit = DEFAULT_PAGE_BYTES if size > 1 else None
        try:
            return self._source.get(
                Wanted(at=at, size=size, listing=self._lean, by_key=True, fresh=True, limit=limit)
            )
        except NotFoundError:
            return NO_ROWS
        except BadRequestError as error:
            if not self._lean:
                raise
            log.warning("%s: the keys cannot be listed alone, so whole rows are read: %s", self._label, error)
            self._lean = False
            return self._page(number, size)


def _further(info: PageInfo, number: int, size: int, rows: int) -> tuple[bool, bool]:
    """
    Tell whether an answer says that more follow, and whether it proves that none do.

    A count is compared with ranks, not with the keys listed: some of those may be gone by now.

    :param size: rows asked for.
    :param rows: of the answer.
    """
    counted, full, reached = info.total_rows or 0, rows >= size, (number - 1) * size + rows
    more = info.is_last is False or (info.total_pages or 0) > number or counted > reached
    counts_all = counted == reached and not (full and counted == size)  # not those of a page
    return more, not more and (bool(info.is_last) or counts_all or not full)


def _behind(rank: int, most: int) -> tuple[int, int]:
    """
    Give number and size of the page that leads furthest, and begins some rows before a rank.

    So it still begins with a row that was listed when some were deleted meanwhile. Where pages are so small
    that none leads on, it begins at the rank, or before it.

    :param rank: rows listed so far.
    :param most: rows of the largest page.
    """
    joint = rank - most // 20
    size = max(range(most, most // 2, -1), key=lambda rows: -(-joint // rows) * rows)
    number = -(-joint // size)
    return (number, size) if number * size > rank else (rank // most + 1, most)
