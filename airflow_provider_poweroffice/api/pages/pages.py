"""
Reading a whole collection, page by page, with nothing lost, doubled or read for ever.

Rule: the end is what the server says (totals, or a link to the next page), else an empty page; a short
page is none, because a server may cap the page size. Pages may be fetched ahead, but each is judged here,
in its turn.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import msgspec

from airflow_provider_poweroffice.api.change_filter import NotBefore
from airflow_provider_poweroffice.api.dialects.base import Paging, Position
from airflow_provider_poweroffice.api.pages.cursor import Progress
from airflow_provider_poweroffice.api.pages.fetcher import Source, Wanted
from airflow_provider_poweroffice.api.pages.keys import ReadKeys, ReadRanges, RowKeys
from airflow_provider_poweroffice.api.pages.page import NO_ROWS, Page, PageOptions
from airflow_provider_poweroffice.api.pages.page_size import (
    DEFAULT_PAGE_BYTES,
    may_be_too_big,
    sizes_to_try,
    smaller,
)
from airflow_provider_poweroffice.api.pages.roll_call import RollCall
from airflow_provider_poweroffice.api.pages.totals import Further, PageChecks
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    IncompleteReadError,
    InvalidResponseError,
    NotFoundError,
    PageTooLargeError,
    PaginationError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.read_options import PageErrorHandler

log = logging.getLogger(__name__)

_ROUNDS = 10
"""How often rows that moved are looked for."""
_BARREN = 100
"""Pages in a row without a row that was not read yet."""
_NEVER_SKIPPED = (AuthenticationError, PermissionDeniedError, RateLimitError)


def _without_copies(page: Page, keys: list[Any]) -> tuple[Page, list[Any]]:
    """Leave out rows that are on a page twice, alike to the last byte; rows that differ share no true key."""
    kept = dict.fromkeys(zip(keys, map(bytes, page.raw_rows), strict=True))
    rows = [msgspec.Raw(row) for _, row in kept]
    return replace(page, raw_rows=rows, content=b"[" + b",".join(rows) + b"]"), [key for key, _ in kept]


class Pages(Iterator[Page]):
    """
    Iterator over the pages of one collection; lazy: the first page is requested when it is asked for.

    With a concurrency above 1, further pages are fetched ahead by threads; :meth:`close`, the end of a
    ``with`` block, the last page and an error end them.

    What is known so far can be read at any time: ``rows`` and ``pages`` read, ``total_rows`` as the
    server says, ``skipped`` pages with their errors, ``began``: the server's ``Date`` of the first page,
    ``page_size``: the one in use, and ``truncated``: stopped at ``max_pages`` although more rows may follow.

    Rows that come, go or change while pages are read move others from page to page. A read that ends well
    holds every row that was there from beginning to end, if rows have keys: see :mod:`.roll_call` for pages
    by number, :meth:`_joined` for pages by offset.

    :param source: gives the pages.
    :param paging: how pages are asked for.
    :param ordered: new rows come last, so that no page is wrong when an earlier one is answered later.
    :param keys: tells rows apart; None where nothing does.
    :param overlap: pages overlap by one row, where they are asked for by the rows before them.
    :param drop_doubled: a row that came before is left out; False where the key is a guess.
    :param grows_at_end: nothing but a new row can enter, and it comes last.
    :param not_before: refuses a moment that lies in the server's future.
    :raises IncompleteReadError: while iterating: a page that must have rows has none, the server counts
        more rows than came, or rows moved and could not be found again.
    :raises PaginationError: another page than was asked for, or one that came before, twice in a row.
    :raises PageTooLargeError: a page is larger than ``page_bytes``, and cannot be made smaller.
    """

    def __init__(
        self,
        source: Source,
        options: PageOptions,
        *,
        label: str,
        on_page_error: PageErrorHandler | None = None,
        paging: Paging = Paging.NUMBERED,
        ordered: bool = True,
        keys: RowKeys | None = None,
        overlap: bool = False,
        drop_doubled: bool = True,
        grows_at_end: bool = False,
        not_before: NotBefore | None = None,
    ) -> None:
        self.rows = 0
        self.pages = 0
        self.skipped: list[dict[str, Any]] = []
        self.truncated = False
        self._source = source
        self._options = options
        self._label = label
        self._on_page_error = on_page_error
        self._paging = paging
        self._keys = keys
        self._drop_doubled = drop_doubled
        self._grows_at_end = grows_at_end and ordered
        self._not_before = not_before
        self._checks = PageChecks(label)
        self._checks.chained = not overlap
        self._place = Progress(
            options, self._checks, paging=paging, ordered=ordered, overlap=overlap and keys is not None
        )
        self._read_keys: ReadKeys | ReadRanges = ReadKeys()
        self._first_keys: list[Any] = []
        self._last_key: Any = None
        self._last_length = 0
        self._barren = 0
        self._looked_back = 0
        self._roll: RollCall | None = None
        if keys is not None and paging is Paging.NUMBERED and options.first_page == 1:
            self._roll = RollCall(source, keys, label=label, largest=options.largest or options.page_size)
        self._checks.checked = self._roll is not None or self._place.overlap
        self._listed: list[Any] | None = None
        self._landmark: tuple[int, Any] | None = None
        self._landmark_seen = False
        self._moved = False
        self._overlapped = False
        self._stale = False
        self._ended_empty = False
        self._unchecked = False
        self._just_skipped = False
        self._iterator = self._read()
        weakref.finalize(self, source.forget)

    def __next__(self) -> Page:
        return next(self._iterator)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the read: no request is started after this, and no thread is left."""
        self._iterator.close()
        self._source.forget()

    def _read(self) -> Generator[Page, None, None]:
        try:
            yield from self._walk()
        finally:
            self._source.forget()

    def _walk(self) -> Iterator[Page]:
        last = False
        while not last:
            if self.pages == 1 and not self.skipped:
                self._find_landmarks()
            page = self._try()
            if page is not None and not page and not page.info.next_link:
                self._checks.note_total(page)
                self._ended_empty = self._place.last_full
                break  # the end, where the server did not say that there is more
            if page is None:
                self._place.skip()
                last = self._paging is Paging.WHOLE or self._place.past_the_total
            else:
                last = self._note(page)
                page = self._new_rows(page)
            if not last:
                self._source.ahead(self._place.probable())
            if page:
                self.rows += len(page)
                yield page
                page = NO_ROWS  # its memory is free while the next one is fetched
            if not last and self._at_limit():
                return
        yield from self._missing()
        self._compare_totals()

    def _note(self, page: Page) -> bool:
        """Take a page into account, and tell whether it is the last one."""
        if page.info.cut_field:
            raise IncompleteReadError.of_field(f"{self._label}: page {page.number}", page.info.cut_field)
        full = len(page) >= self._asked
        if not self._overlapped:
            self._checks.check(page, keyed=self._keys is not None)
        advance = self._place.read(self._start, len(page), full=full)
        self._checks.note(page, advance)
        self.pages += 1
        self._just_skipped = False
        last = self._is_last(page, advance, full=full)
        if not last and not full and self._paging is Paging.NUMBERED:
            self._note_short(page)
        return last

    def _is_last(self, page: Page, advance: int, *, full: bool) -> bool:
        """Tell whether the page just noted is the last one."""
        further = self._checks.judge(page, whole=self._is_whole, full=full)
        if self._options.concurrency > 1 and further is not Further.END and (self.pages > 1 or full):
            self._is_listed()
        if self._paging is Paging.WHOLE:
            return True
        if self._paging is Paging.LINKED:
            return page.info.next_link is None and not self._stale
        if further is not Further.OPEN and not self._stale:
            return further is Further.END
        if self._place.overlap:
            return advance <= 0 and not full
        if self._is_listed() and self._checks.sent >= len(self._listed or ()):
            return not full or self._checks.link_vanished
        return False

    def _note_short(self, page: Page) -> None:
        """Go on behind a page that is short, although it may not be the last one."""
        if self.pages == 1 and self._options.first_page == 1 and page:
            self._place.cap(len(page), counted=page.info.size == len(page))
            if self._roll:
                self._roll.largest = len(page) if self._checks.more_promised else self._roll.largest
        elif self._checks.more_promised and not self._checks.checked and self._checks.total_rows is None:
            raise IncompleteReadError(
                f"{self._label}: page {page.number} has {len(page)} rows of {self.page_size}, although the "
                "server says that there is more; read it again"
            )

    def _new_rows(self, page: Page) -> Page:
        """Note the rows of a page by their keys; leave out those that came before."""
        if self._keys is None or not page:
            self._count_barren(len(page))
            return page
        if isinstance(self._read_keys, ReadRanges):
            ends = self._keys.ends(page)
            if ends and self._read_keys.last is not None and self._read_keys.last < ends[0] <= ends[1]:
                self._read_keys.add(ends)
                return page
        keys = self._keys.of(page)
        if keys is None:
            self._forget_keys(page)
            return page
        twice = len(keys) - len(set(keys))
        if twice:
            page, keys = _without_copies(page, keys)
        self._first_keys = self._first_keys or keys
        self._last_key, self._last_length = keys[-1], len(keys)
        rows = [row for row, key in zip(page.raw_rows, keys, strict=True) if key not in self._read_keys]
        doubled = len(keys) - len(rows)
        self._read_keys.add(keys)
        self._looked_back = 0 if rows else self._looked_back
        self._count_barren(len(rows))
        if doubled - (self._overlapped and doubled > 0) + twice > 0:
            log.warning(
                "%s: page %d holds %d rows that came before", self._label, page.number, doubled + twice
            )
        if not doubled or not (self._drop_doubled or self._overlapped):
            return page
        return replace(page, raw_rows=rows, content=b"[" + b",".join(rows) + b"]")

    def _count_barren(self, rows: int) -> None:
        """
        Stop a server that leads on and on without a row that is new.

        :raises PaginationError: it did so for very long.
        """
        self._barren = 0 if rows else self._barren + 1
        if self._barren > _BARREN:
            raise PaginationError(f"{self._label}: {self._barren} pages in a row held no row that is new")

    def _forget_keys(self, page: Page) -> None:
        """Go on without keys: rows do not have them, or not all do."""
        if self.pages > 1:
            log.warning(
                "%s: a row on page %d has no %s: it cannot be told whether rows moved while pages were read",
                self._label,
                page.number,
                ", ".join(self._keys.fields if self._keys else ()),
            )
        self._keys = self._roll = None
        self._place.overlap = False
        self._checks.checked = False
        self._checks.chained = True

    # Pages by number: the roll call, see roll_call.py

    def _is_listed(self) -> bool:
        """
        List the keys early, where the server says nothing of what follows: the list tells where the end is.

        Elsewhere they are listed when all pages have come.
        """
        if self._roll is None or self._landmark or self.skipped or self._checks.counts:
            return False
        if self._options.max_pages or self._on_page_error:
            return False
        if self.pages == 1 and not self._checks.more_promised:
            return False
        if self._listed is None:
            self._listed = self._roll.listed(self._checks.sent)
            self._place.listed = len(self._listed)
        return True

    @property
    def _is_long(self) -> bool:
        """Tell whether there are more rows than one list of keys may hold."""
        checks = self._checks
        rows = checks.total_rows or (checks.total_pages or 0) * self.page_size
        return self._roll is not None and rows > self._roll.largest

    def _find_landmarks(self) -> None:
        """Find the first row of the last page, then the last one of the first, where that is a proof."""
        checks, first, last = self._checks, next(iter(self._first_keys), None), self._last_key
        usable = self._is_long and self._grows_at_end and self._place.last_full and checks.more_promised
        if self._landmark or self._options.max_pages or self._on_page_error or not usable:
            return
        if self._roll is None or not (isinstance(first, int) and isinstance(last, int)):
            return
        rows = checks.total_rows or (checks.total_pages or 0) * self.page_size
        rank = (rows - 1) // self.page_size * self.page_size
        far, near = self._roll.one(rank), self._roll.one(checks.sent - 1)
        self._moved = near != last or not isinstance(far, int)
        self._landmark = (rank, far)
        self._place.alone = rank
        self._read_keys = ReadRanges()
        self._read_keys.add([first, last])

    def _look_at_landmark(self, page: Page) -> None:
        """Compare the row that has the landmark's rank."""
        if self._landmark is None or self._keys is None:
            return
        (rank, far), start = self._landmark, self._start
        if start <= rank < start + len(page):
            self._landmark_seen = True
            found = self._keys.ends(replace(page, raw_rows=page.raw_rows[rank - start :]))
            self._moved = self._moved or found is None or found[0] != far

    def _missing(self) -> Iterator[Page]:
        """Read the rows that the roll call names and that did not come: they moved between pages."""
        promised = self._checks.more_promised or self._fewer_than_counted
        one_answer = self.pages == 0 or (self.pages == 1 and not promised and not self._ended_empty)
        if self._roll is None or self.skipped or one_answer or (self._landmark_seen and not self._moved):
            return
        self._source.forget()
        wanted = self._not_read(self._listed) if self._listed is not None else None
        if self._fewer_than_counted:
            wanted = None
        elif wanted is not None and not wanted:
            return
        try:
            yield from self._look_for(wanted, self._roll)
        except PowerOfficeError as error:
            if self._on_page_error is None:
                raise
            log.warning("%s: whether rows moved cannot be told: %s", self._label, error)
            self._unchecked = True

    def _look_for(self, wanted: set[Any] | None, roll: RollCall) -> Iterator[Page]:
        """
        Read rows that did not come.

        :param wanted: their keys; None for all that the next list names.
        """
        for _ in range(_ROUNDS):
            listed = roll.listed(min(self.rows, self._checks.sent))
            here = self._not_read(listed)
            wanted = here if wanted is None else wanted & here
            if wanted:
                log.info("%s: rows moved while pages were read: %d are read again", self._label, len(wanted))
                yield from self._read_again(listed, wanted)
                wanted = self._not_read(wanted)
            if not wanted:
                return
        raise IncompleteReadError(
            f"{self._label}: rows move faster than they can be read: {len(wanted or ())} that were there did "
            "not come; read it again"
        )

    def _not_read(self, listed: Iterable[Any]) -> set[Any]:
        return {key for key in listed if key not in self._read_keys}

    def _read_again(self, listed: list[Any], wanted: set[Any]) -> Iterator[Page]:
        """Read the pages on which those rows are now."""
        size = self.page_size
        for number in sorted({rank // size + 1 for rank, key in enumerate(listed) if key in wanted}):
            at = Position(number=number, offset=(number - 1) * size)
            page = self._answer(
                Wanted(at=at, size=size, by_key=True, fresh=True, limit=self._options.page_bytes)
            )
            page = self._new_rows(page)
            if page:
                self.pages += 1
                self.rows += len(page)
                yield page

    @property
    def _fewer_than_counted(self) -> bool:
        return isinstance(self._read_keys, ReadKeys) and self._checks.stays_above(len(self._read_keys))

    # One page

    def _try(self) -> Page | None:
        """Fetch a page; None means that the caller skips it."""
        number = self._place.number
        try:
            return self._get()
        except NotFoundError:
            raise
        except (APIStatusError, APIConnectionError, InvalidResponseError, IncompleteReadError) as error:
            linked = self._paging is Paging.LINKED
            if isinstance(error, _NEVER_SKIPPED) or self._on_page_error is None or linked:
                raise
            lost_count = self._checks.total_pages is None and self._just_skipped
            if lost_count or not self._on_page_error(error, number):
                raise
            log.warning("%s: page %d skipped: %s", self._label, number, error)
            self.skipped.append({"page": number, "error": str(error)})
            self._just_skipped = True
            return None

    def _get(self) -> Page:
        """Fetch the next page; where it is too large, or fails for its size, in smaller pages from now on."""
        while True:
            wanted = self._place.wanted()
            try:
                page = self._settled(wanted)
            except PageTooLargeError as error:
                self._shrink_below(error)
            except BadRequestError:
                if not (self._paging is Paging.LINKED and self._place.overlaps):
                    raise
                self._follow_links("the server refuses to skip rows")
            except PowerOfficeError as error:
                page = self._get_smaller(error)
                break
            else:
                break
        self._look_at_landmark(page)
        return page

    def _answer(self, wanted: Wanted) -> Page:
        """Fetch one page; one reading of the facts is that a page past the end is answered with 404."""
        try:
            page = self._source.get(wanted)
        except NotFoundError:
            if not (self.pages or self.skipped):
                raise
            return NO_ROWS
        if self._not_before and not self.pages:
            self._not_before.check(page.sent_at)
        return page

    def _settled(self, wanted: Wanted) -> Page:
        """
        Fetch a page, and once more where it cannot be right.

        That is another page than was asked for, one that came before, an empty one where rows must follow,
        and one that was fetched ahead of an earlier one and counts fewer rows: rows may have come or gone
        between the two answers; which it was, only a later answer tells.
        """
        self._asked, self._start = wanted.size, self._place.start_of(wanted)
        self._overlapped = self._place.overlaps
        self._stale = False
        page = self._answer(wanted)
        if self._overlapped:
            return self._joined(wanted, page)
        if self._place.overlap and self.pages and page:  # more rows than one short page was thought to be
            self._overlapped = True
            return self._look_back(wanted)
        if self._is_doubtful(page):
            if not page:
                self._checks.note_total(page)
            page = self._answer(replace(wanted, fresh=True))
            if not page and not page.info.next_link and self._promised:
                raise IncompleteReadError(
                    f"{self._label}: page {wanted.at.number} is empty, although the server said that there "
                    "is more"
                )
        return page

    @property
    def _promised(self) -> bool:
        """Tell whether the server said that there is a next page, and nothing else can tell."""
        linked = self._paging is Paging.LINKED and self.pages > 0
        return (linked or self._place.expected) and not self._checks.checked

    def _is_doubtful(self, page: Page) -> bool:
        """Tell whether a page should be asked for once more."""
        if page or page.info.next_link:
            fewer = self._options.concurrency > 1 and not self._checks.checked
            short = self._paging is Paging.NUMBERED and len(page) < self._asked
            return (
                self._checks.is_suspicious(page, keyed=self._keys is not None)
                or (fewer and self._checks.counts_fewer(page))
                or (short and self._checks.promises_after(page))
            )
        if not self.pages or self._place.expected or self._promised:
            return self.pages > 0
        if self._listed is not None:
            return self._checks.sent < len(self._listed)
        return self._place.last_full and not self._roll

    # Pages by offset: each begins with the last row of the one before

    def _joined(self, wanted: Wanted, page: Page) -> Page:
        """
        Take a page that begins with the last row read; where it does not, look for where rows moved to.

        The rows of one answer follow each other without a gap. So a page whose first row was read holds
        whatever follows that row, and all rows up to the last one were read, if all rows up to the first one
        were: by induction from the first page, nothing is missing, whatever came or went between two
        answers, and in whatever order they came. This holds for rows in a fixed order of their keys.
        """
        self._start = wanted.at.offset
        skips = self._paging is Paging.OFFSET and wanted.at.offset > 0
        if not page or (skips and self._begins_anew(page)):  # may be a slip
            page = self._answer(replace(wanted, fresh=True))
            if skips and self._begins_anew(page):
                raise PaginationError(
                    f"{self._label}: page {wanted.at.number} repeats a page already read: the server takes "
                    "no notice of the rows to skip"
                )
        if self._is_stale(page):  # it came before, or rows came before those read: no end
            page = self._answer(replace(wanted, fresh=True))
            self._stale = self._is_stale(page)
        if self._continues(page):
            if self._paging is Paging.LINKED and page.info.next_link and len(page) == 1:
                return self._by_link("the server ignores how many rows to skip")
            return page
        if self._paging is Paging.LINKED and self._begins_anew(page):
            return self._by_link("the server ignores how many rows to skip")
        return self._look_back(wanted)

    def _continues(self, page: Page) -> bool:
        keys = self._keys.of(page) if self._keys and page else None
        return bool(keys) and keys[0] in self._read_keys  # type: ignore[index]

    def _is_stale(self, page: Page) -> bool:
        """Tell whether a page that should go on behind the last row read holds nothing but rows read."""
        keys = self._keys.of(page) if self._keys and len(page) > 1 else None
        return bool(keys) and all(key in self._read_keys for key in keys or ())

    def _begins_anew(self, page: Page) -> bool:
        """Tell whether the first page came again: the server takes no notice of the rows to skip."""
        keys = self._keys.of(page) if self._keys and page else None
        return bool(keys) and keys == self._first_keys

    def _look_back(self, wanted: Wanted) -> Page:
        """Go back, in growing steps, to a row that was read; rows before it have gone, or come."""
        self._source.forget()
        log.info("%s: rows moved while pages were read; looking for the last row read", self._label)
        self._looked_back += 1
        self._place.go_slowly()
        if self._looked_back > _ROUNDS:
            raise IncompleteReadError(
                f"{self._label}: {_ROUNDS} times in a row no new row followed those read; read it again"
            )
        back = max(2, self._last_length // 5)
        while True:
            self._start = max(0, self._place.offset - back)
            at = replace(wanted.at, offset=self._start)
            page = self._answer(replace(wanted, at=at, fresh=True))
            if self._continues(page) or (self._start == 0 and page):
                return page
            if self._start == 0:
                raise IncompleteReadError(
                    f"{self._label}: no row that was read is there any more; read it again"
                )
            back *= 3

    def _by_link(self, why: str) -> Page:
        self._follow_links(why)
        return self._settled(self._place.wanted())

    def _follow_links(self, why: str) -> None:
        """Follow the links of an API that has them, as nothing else leads on."""
        log.info("%s: following the links: %s", self._label, why)
        self._source.forget()
        self._place.overlap = False
        self._checks.chained = True

    def _get_smaller(self, error: PowerOfficeError) -> Page:
        """
        Ask once for each smaller page.

        :raises PowerOfficeError: ``error``, where none comes: the size is not at fault.
        """
        if not may_be_too_big(error) or not self._place.may_shrink:
            raise error
        for size in sizes_to_try(self._place.begin, self.page_size):
            self._source.forget()
            try:
                page = self._settled(self._place.wanted(size, once=True))
            except PageTooLargeError:
                continue
            except PowerOfficeError as again:
                if not may_be_too_big(again):
                    raise
            else:
                self._shrink(size, str(error))
                return page
        raise error

    def _shrink_below(self, error: PageTooLargeError) -> None:
        self._source.forget()
        limit = self._options.page_bytes
        if self._place.may_shrink and self.page_size > 1:
            share = (limit or DEFAULT_PAGE_BYTES) / error.size if error.size else 0.5
            self._shrink(smaller(self._place.begin, int(self.page_size * min(share, 0.5))), str(error))
        else:
            raise PageTooLargeError(
                f"{self._label}: page {self._place.number}: {error}. It cannot be smaller; raise page_bytes",
                size=error.size,
            ) from None

    def _shrink(self, size: int, why: str) -> None:
        log.warning("%s: reading on in pages of %d rows, not %d: %s", self._label, size, self.page_size, why)
        self._place.shrink(size)

    @property
    def page_size(self) -> int:
        """Rows asked for per page, at present."""
        return self._place.page_size

    @property
    def total_rows(self) -> int | None:
        """Rows of the whole collection, as the server counts."""
        return self._checks.total_rows

    @property
    def began(self) -> str | None:
        """The server's ``Date`` of the first page."""
        return self._checks.began

    @property
    def complete(self) -> bool:
        """Tell whether nothing was left out so far: no page skipped, none before or after the ones read."""
        return self._is_whole and not self.truncated and not self._unchecked

    @property
    def _is_whole(self) -> bool:
        return self._options.first_page <= 1 and not self.skipped

    def _at_limit(self) -> bool:
        if not self._place.reaches_limit(self._place.begin):
            return False
        self.truncated = True
        log.warning(
            "%s: stopped after max_pages=%s with %d rows%s: the result is not complete",
            self._label,
            self._options.max_pages,
            self.rows,
            "" if self.total_rows is None else f" of {self.total_rows}",
        )
        return True

    def _compare_totals(self) -> None:
        if self._is_whole and (self._roll is None or self._landmark or self._fewer_than_counted):
            self._checks.compare_totals()
