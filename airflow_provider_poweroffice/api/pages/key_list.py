"""
The keys of all rows of a collection, listed without the rows.

Rule: a list in several answers is one list: each answer begins with a row of the one before, so that none of
its rows can move out of sight between two of them.

**It is listed backwards**, where the read goes by the key. The first row of the read was the first of all
then, so no row that was there all the time lies before it. A list that begins at the other end and comes down
to that row holds all of them, whatever the server says, and however it caps its answers. Where the read has
another order, keys are listed forwards, and the end is seen from the other side: the first key backwards is
the last one listed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import islice
from typing import Any

from airflow_provider_poweroffice.api.dialects.base import PageInfo, Position
from airflow_provider_poweroffice.api.pages.keys import RowKeys
from airflow_provider_poweroffice.api.pages.page import NO_ROWS, Page
from airflow_provider_poweroffice.api.pages.page_size import DEFAULT_PAGE_BYTES, may_be_too_big
from airflow_provider_poweroffice.api.pages.page_source import PageRequest, PageSource
from airflow_provider_poweroffice.errors import (
    BadRequestError,
    IncompleteReadError,
    NotFoundError,
    PageTooLargeError,
    PaginationError,
    PowerOfficeError,
)

log = logging.getLogger(__name__)

_FEWEST = 100  # an answer of so few keys is not too large
_MOST_GAPS = 13  # answers of fewer keys cannot always begin with a row of the one before
_MOST_ANSWERS = 10_000
_TRIES = 5
"""How often the keys are listed anew: the list changed while it was made."""


class _MovedError(Exception):
    """Rows moved between two answers of a list of keys."""


class KeyList:
    """
    Lists the keys of a collection.

    :param label: method and path without query, for messages.
    :param largest: rows of the largest page that the API gives.
    :param reversible: keys can be asked for in the opposite order.
    :param by_key: the read goes by the key.
    :param grows_at_end: nothing but a new row can enter; where keys are numbers, it comes last.
    """

    def __init__(
        self,
        source: PageSource,
        keys: RowKeys,
        *,
        label: str,
        largest: int,
        reversible: bool,
        by_key: bool,
        grows_at_end: bool,
    ) -> None:
        self._source = source
        self._keys = keys
        self._label = label
        self.largest = largest
        self._reversible = reversible
        self._backwards = reversible and by_key
        self._grows_at_end = grows_at_end
        self.is_proved = False
        """The last list is whole, whatever the server says."""
        self.has_gaps = False
        """Not all answers of the last list could begin with a row of the one before: they are too short."""
        self._lean = True

    def begin(self) -> None:
        """Begin to ask for the list that is wanted next."""
        self._source.begin(self._request(1, self.largest, backwards=self._backwards))

    def one(self, rank: int) -> Any:
        """Give the key of the row of a rank, from 0; None where there is none."""
        keys = self._ask(rank + 1, 1)
        return keys[0][0] if keys[0] else None

    def listed(self, at_least: int, first: Sequence[Any] = ()) -> list[Any]:
        """
        List all keys in the order of the rows.

        :param at_least: rows that there are, as far as is known: what holds fewer is not believed to be all.
        :param first: keys of the first page of the read; none where they are not known.
        :raises IncompleteReadError: the list is not to be had.
        """
        tries = 0
        while tries < _TRIES:
            try:
                return self._call(at_least, first)
            except _MovedError:
                tries += 1
                log.info("%s: rows moved while their keys were listed; listing them again", self._label)
            except BadRequestError as error:
                if not self._reversible:
                    raise
                log.info("%s: no keys are to be had in the opposite order: %s", self._label, error)
                self._reversible, self._backwards, self._lean = False, False, True
            except PowerOfficeError as error:
                if self.largest < _FEWEST or not (
                    isinstance(error, PageTooLargeError) or may_be_too_big(error)
                ):
                    raise
                self.largest //= 4
                log.info("%s: listing keys in answers of %d rows: %s", self._label, self.largest, error)
        raise IncompleteReadError(f"{self._label}: rows move too fast to list their keys; read it again")

    def _call(self, at_least: int, first: Sequence[Any]) -> list[Any]:
        """
        List all keys once.

        :raises _MovedError: rows moved between two answers.
        """
        course = _Course(self.largest, first if self._backwards else ())
        self.has_gaps = False
        while self._goes_on(course, at_least):
            if self._backwards and self._grows_at_end and course.is_short:
                self._backwards = False  # forwards, no row of it ever comes to a higher rank
                return self._call(at_least, first)
        if not course.found and at_least:
            raise IncompleteReadError(
                f"{self._label}: the list of keys is empty, although {at_least} rows came; read it again"
            )
        self.is_proved = course.comes_down or course.ends_at_last
        if course.lost_its_end and self.one(0) not in course.found:
            raise _MovedError
        return course.rows

    def _goes_on(self, course: _Course, at_least: int) -> bool:
        """Ask for the next answer, and tell whether another one follows it."""
        keys, info = self._ask(course.number, course.size, backwards=self._backwards)
        self._check_joint(course, keys)
        more, end = _further(info, course.number, course.size, len(keys))
        brings = course.take(keys)
        if course.is_ambiguous:
            course.begins_alike = self.one(0) == next(iter(course.found))
        if not brings and course.number > 1:
            if more or course.is_full_overlap(keys):
                raise _MovedError  # it leads on and brings nothing: rows came before those listed, or a slip
            if self._is_forwards and self._last() not in course.found:
                raise _MovedError
            return False
        if course.comes_down or course.is_over(keys, at_least, proved=end) or self._sees_end(course, keys):
            return False
        course.go_on(keys)
        if course.is_outgrown(info, at_least):
            raise IncompleteReadError(
                f"{self._label}: rows come faster than their keys can be listed; read it with a filter"
            )
        return True

    @property
    def _is_forwards(self) -> bool:
        """Tell whether the end of a list is seen from the other side."""
        return self._reversible and not self._backwards

    def _sees_end(self, course: _Course, keys: list[Any]) -> bool:
        """Tell whether a short answer ends with the last key of all; else answers are capped."""
        if self._reversible and course.is_single:
            course.ends_at_last = self._comes_alone(keys[0])
            course.is_capped = not course.ends_at_last
        elif self._is_forwards and len(keys) < course.size and not course.is_capped:
            course.ends_at_last = self._last() == keys[-1]
            course.is_capped = not course.ends_at_last
        return course.ends_at_last

    def _comes_alone(self, key: Any) -> bool:
        """
        Tell whether a row is the only one: nothing follows it, and it has its rank still.

        A list of one row does not tell whether the server takes notice of the order, nor whether it sends
        more than one row in an answer.
        """
        behind, _ = self._ask(2, 1, backwards=self._backwards)
        return not behind and self.one(0) == key

    def _last(self) -> Any:
        keys, _ = self._ask(1, 1, backwards=True)
        return keys[0] if keys else None

    def _check_joint(self, course: _Course, keys: list[Any]) -> None:
        """
        Refuse an answer that does not follow the one before.

        One that could not begin with a row of it follows it all the same, where the last row before it has
        its rank still, unless as many rows came as went: where none can come before it, that is a proof.
        """
        if course.repeats(keys):
            raise PaginationError(
                f"{self._label}: the list of keys repeats a page: the server takes no notice of the page "
                "number"
            )
        if not course.joins(keys):
            raise _MovedError
        if course.number == 1 or course.overlaps:
            return
        self.has_gaps = self._backwards or not (self._grows_at_end and course.counts)
        near, _ = self._ask((course.number - 1) * course.size, 1, backwards=self._backwards)
        if near[:1] != course.answer[-1:]:
            raise _MovedError

    def _ask(self, number: int, size: int, *, backwards: bool = False) -> tuple[list[Any], PageInfo]:
        """Ask for keys."""
        page = self._page(number, size, backwards=backwards)
        if not page:
            page = self._page(number, size, backwards=backwards)  # an empty answer may be a slip
        keys = self._keys.of(page)
        if keys is None:
            raise IncompleteReadError(
                f"{self._label}: rows have no {','.join(self._keys.fields)} in the list of keys, so it "
                "cannot be told whether all came; order_by=None reads without this check"
            )
        return keys, page.info

    def _page(self, number: int, size: int, *, backwards: bool) -> Page:
        try:
            return self._source.get(self._request(number, size, backwards=backwards))
        except NotFoundError:
            return NO_ROWS
        except BadRequestError as error:
            if not self._lean:
                raise
            log.warning("%s: the keys cannot be listed alone, so whole rows are read: %s", self._label, error)
            self._lean = False
            return self._page(number, size, backwards=backwards)

    def _request(self, number: int, size: int, *, backwards: bool) -> PageRequest:
        return PageRequest(
            at=Position(number=number, offset=(number - 1) * size),
            size=size,
            listing=self._lean,
            by_key=True,
            backwards=backwards,
            fresh=True,
            page_bytes=DEFAULT_PAGE_BYTES if size > 1 else None,
        )


class _Course:
    """
    Where a list in several answers is.

    :param largest: rows of the largest answer.
    :param first: keys of the first page of the read: backwards, the list ends with the first of them; none
        where that is not known.
    """

    def __init__(self, largest: int, first: Sequence[Any]) -> None:
        self.found: dict[Any, None] = {}
        self.answer: list[Any] = []
        """The last answer that held some."""
        self.ends_at_last = False
        """The last key listed is the last one of all."""
        self.is_capped = False
        """A short answer was not the last one."""
        self._down_to = next(iter(first), None)
        self._first = frozenset(first)
        self.begins_alike: bool | None = None
        """It begins as the read did, perhaps behind rows that are new; None while that is not known."""
        self.number, self.size = 1, largest
        self._covered = 0
        self._answers = 0
        self._at_first = 0
        self._largest = largest

    @property
    def rows(self) -> list[Any]:
        """Give the keys in the order of the rows."""
        return list(reversed(self.found) if self._is_turned else self.found)

    @property
    def counts(self) -> bool:
        """Tell whether keys are numbers, as growing ones are."""
        return isinstance(next(iter(self.found), None), int)

    @property
    def is_short(self) -> bool:
        """Tell whether answers are so short that they cannot always begin with a row of the one before."""
        return self._largest < _MOST_GAPS and self.counts

    @property
    def comes_down(self) -> bool:
        """Tell whether all keys down to the first row of the read are listed."""
        return self._down_to in self.found and self._is_turned

    @property
    def is_single(self) -> bool:
        """Tell whether the first answer held one key: of the first row of the read, where that is known."""
        return self.number == 1 and len(self.found) == 1 and self._down_to in {None, *self.found}

    @property
    def lost_its_end(self) -> bool:
        """Tell whether the row that the list should end with is gone."""
        return self._is_turned and self._down_to not in self.found

    @property
    def _is_turned(self) -> bool:
        """Tell whether the server took notice of the order: it does not begin where the read began."""
        begin = next(iter(self.found), self._down_to)
        return self._down_to is not None and begin != self._down_to and not self.begins_alike

    @property
    def is_ambiguous(self) -> bool:
        """Tell whether it holds the first row of the read, and no other of that page tells the order."""
        unknown = self.begins_alike is None and len(self._first) > 1
        return unknown and self._is_turned and self._down_to in self.found

    @property
    def overlaps(self) -> bool:
        """Tell whether the next answer should begin with a row of the one before."""
        return (self.number - 1) * self.size < self._covered

    def joins(self, keys: list[Any]) -> bool:
        """Tell whether an answer begins with a row of the one before, where it should."""
        return not self.overlaps or (bool(keys) and keys[0] in self.found)

    def repeats(self, keys: list[Any]) -> bool:
        """Tell whether an answer is the one before, of a server that did not turn the order either."""
        return bool(keys) and not self._is_turned and keys == self.answer

    def take(self, keys: list[Any]) -> bool:
        """Note an answer, and tell whether it brought anything."""
        before = len(self.found)
        self.answer = keys or self.answer
        self._compare(keys)
        self.found.update(dict.fromkeys(keys))
        return len(self.found) > before

    def _compare(self, keys: list[Any]) -> None:
        """Note in which order rows of the first page come."""
        known = list(islice(filter(self._first.__contains__, keys), 2))
        if self.begins_alike is None and known and (known[0] != self._down_to or len(known) > 1):
            self.begins_alike = known[0] == self._down_to

    def is_full_overlap(self, keys: list[Any]) -> bool:
        """Tell whether an answer that should lead on is full."""
        return self.overlaps and len(keys) >= self.size

    def is_over(self, keys: list[Any], at_least: int, *, proved: bool) -> bool:
        """Tell whether nothing follows an answer."""
        return not keys or (proved and len(self.found) >= at_least)

    def is_outgrown(self, info: PageInfo, at_least: int) -> bool:
        """Tell whether far more rows are listed than there were at first."""
        self._answers += 1
        if self._answers == 1 and (info.total_rows or 0) > self._covered:
            self._at_first = max(info.total_rows or 0, at_least)
        grown = (info.total_rows or 0) > self._covered >= 2 * self._at_first + 10 * self._largest
        return (grown and self._at_first > 0) or self._answers > _MOST_ANSWERS

    def go_on(self, keys: list[Any]) -> None:
        """Ask for what follows an answer."""
        self._covered = (self.number - 1) * self.size + len(set(keys))
        if self.number == 1:
            self._largest = len(keys)  # fewer than were asked for: the server caps its pages
        self.number, self.size = _behind(self._covered, self._largest)


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
    # That the first answer is short proves nothing: the server may cap them. Further ones are no larger.
    return more, not more and (bool(info.is_last) or counts_all or (number > 1 and not full))


def _behind(rank: int, most: int) -> tuple[int, int]:
    """
    Give number and size of the page that leads furthest, and begins some rows before a rank.

    So it still begins with a row that was listed when some were deleted meanwhile. Where pages are so small
    that none leads on, at some ranks, it begins at the rank.

    :param rank: rows listed so far.
    :param most: rows of the largest page.
    """
    joint = rank - most // 20
    size = max(range(most, most // 2, -1), key=lambda rows: -(-joint // rows) * rows)
    number = -(-joint // size)
    return (number, size) if number * size > rank else (rank // most + 1, most)
