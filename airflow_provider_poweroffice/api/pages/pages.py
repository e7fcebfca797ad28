"""
Reading a whole collection, page by page, with nothing lost, doubled or read for ever.

Rule: the end is what the server says (totals, or a link to the next page), else an empty page; a short
page is none, because a server may cap the page size. Pages may be fetched ahead, but each is judged here,
in its turn.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_poweroffice.api.change_filter import NotBefore
from airflow_provider_poweroffice.api.dialects.base import Paging
from airflow_provider_poweroffice.api.pages.asking import Asking
from airflow_provider_poweroffice.api.pages.cursor import Cursor
from airflow_provider_poweroffice.api.pages.key_list import KeyList
from airflow_provider_poweroffice.api.pages.keys import RowKeys, RowsRead
from airflow_provider_poweroffice.api.pages.page import NO_ROWS, Page
from airflow_provider_poweroffice.api.pages.page_checks import PageChecks
from airflow_provider_poweroffice.api.pages.page_size import PageLimits
from airflow_provider_poweroffice.api.pages.page_source import Answer, PageSource
from airflow_provider_poweroffice.api.pages.roll_call import RollCall
from airflow_provider_poweroffice.api.pages.totals import Further, Totals
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    IncompleteReadError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.read_options import PageErrorHandler

log = logging.getLogger(__name__)

_NEVER_SKIPPED = (AuthenticationError, NotFoundError, PermissionDeniedError, RateLimitError)
_MAY_BE_SKIPPED = (APIStatusError, APIConnectionError, InvalidResponseError, IncompleteReadError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """
    What is known of a collection before it is read.

    :param label: method and path without query, for messages.
    :param paging: how pages are asked for.
    :param ordered: new rows come last, so that no page is wrong when an earlier one is answered later.
    :param keys: tells rows apart; None where nothing does.
    :param overlapping: pages overlap by one row, where they are asked for by the rows before them.
    :param reversible: rows can be asked for in the opposite order of their key.
    :param by_key: they come in the order of their key.
    :param drop_repeated: a row that came before is left out; False where the key is a guess.
    :param grows_at_end: nothing but a new row can enter, and it comes last.
    :param may_be_bare: the caller named the fields of rows: where a server leaves out what is null, some
        hold nothing but their key.
    :param unproved: why nobody would notice that rows moved between pages; "" where it is noticed.
    """

    label: str
    paging: Paging = Paging.NUMBERED
    ordered: bool = True
    keys: RowKeys | None = None
    overlapping: bool = False
    reversible: bool = False
    by_key: bool = False
    drop_repeated: bool = True
    grows_at_end: bool = False
    may_be_bare: bool = False
    unproved: str = ""


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
    by number, :mod:`.overlap` for pages by offset.

    :param source: gives the page of a request.
    :param limits: which pages are read, and how large they may be.
    :param on_page_error: decides whether a page that failed is left out; None raises.
    :param not_before: refuses a moment that lies in the server's future.
    :raises IncompleteReadError: while iterating: a page that must have rows has none, the server counts
        more rows than came, or rows moved and could not be found again.
    :raises PaginationError: another page than was asked for, or one that came before, twice in a row.
    :raises PageTooLargeError: a page is larger than ``page_bytes``, and cannot be made smaller.
    """

    def __init__(
        self,
        source: PageSource,
        limits: PageLimits,
        collection: Collection,
        *,
        on_page_error: PageErrorHandler | None = None,
        not_before: NotBefore | None = None,
    ) -> None:
        self.pages = 0
        self.skipped: list[dict[str, Any]] = []
        self.truncated = False
        self.began: str | None = None
        self._source = source
        self._limits = limits
        self._label = label = collection.label
        self._on_page_error = on_page_error
        self._rows = rows = RowsRead(collection.keys, label=label, drop_repeated=collection.drop_repeated)
        self._checks = PageChecks(label)
        self._totals = totals = Totals(label)
        self._cursor = cursor = Cursor(
            limits,
            totals,
            paging=collection.paging,
            ordered=collection.ordered,
            overlapping=collection.overlapping and collection.keys is not None,
        )
        self._asking = Asking(
            source,
            limits,
            label=label,
            cursor=cursor,
            totals=totals,
            checks=self._checks,
            rows=rows,
            not_before=not_before,
            may_be_bare=collection.may_be_bare,
        )
        self._roll = self._asking.roll = self._roll_call(collection)
        self._checks.links_followed = not cursor.overlapping
        totals.moves_noticed = self._roll is not None or cursor.overlapping
        self._outgrown = False
        self._ended_empty = False
        self._unchecked = False
        self._unproved = collection.unproved
        self.doubt = ""
        """Why rows that moved between pages would not have been noticed, and what to do about it."""
        self._chained = ",".join(collection.keys.fields) if cursor.overlapping and collection.keys else ""
        self._just_skipped = False
        self._iterator = self._read()
        weakref.finalize(self, source.close)

    def _roll_call(self, collection: Collection) -> RollCall | None:
        if collection.keys is None or collection.paging is not Paging.NUMBERED or self._limits.first_page > 1:
            return None
        largest = self._limits.largest or self._limits.page_size
        grows_at_end = collection.grows_at_end and collection.ordered
        return RollCall(
            KeyList(
                self._source,
                collection.keys,
                label=collection.label,
                largest=largest,
                reversible=collection.reversible,
                by_key=collection.by_key,
                grows_at_end=grows_at_end,
            ),
            self._asking.fetch,
            self._cursor,
            self._totals,
            self._rows,
            label=collection.label,
            partial=self._limits.max_pages is not None or self._on_page_error is not None,
            grows_at_end=grows_at_end,
        )

    def __next__(self) -> Page:
        return next(self._iterator)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the read: no request is started after this, and no thread is left."""
        self._iterator.close()
        self._source.close()

    @property
    def rows(self) -> int:
        """Rows that came, each counted once."""
        return self._rows.total

    @property
    def page_size(self) -> int:
        """Rows asked for per page, at present."""
        return self._cursor.page_size

    @property
    def total_rows(self) -> int | None:
        """Rows of the whole collection, as the server counts."""
        return self._totals.total_rows

    @property
    def complete(self) -> bool:
        """
        Tell whether nothing was left out so far: no page skipped, none before or after the ones read.

        Nor may several pages of v1 or F&O have come in another order than the key's, or without a known key,
        unless ``order_by=None`` says that this is meant.
        """
        return self._cursor.is_whole and not self.truncated and not self._unchecked

    @property
    def proved_whole(self) -> bool:
        """Tell, at the end of the read, whether every row is known to be read that was there all the time."""
        return self.complete and (self._cursor.pages <= 1 or self._totals.moves_noticed)

    def _read(self) -> Generator[Page, None, None]:
        try:
            yield from self._walk()
        finally:
            self._source.close()

    def _walk(self) -> Iterator[Page]:
        last = False
        while not last:
            if self._roll:
                self._roll.find_landmarks()
            answer = self._try()
            if answer is not None and self._is_behind_the_end(answer.page):
                break
            last = self._skip() if answer is None else self._note(answer)
            page = NO_ROWS if answer is None else self._take(answer)
            if not last:
                self._look_ahead()
            del answer
            if page:
                yield page
                page = NO_ROWS  # its memory is free while the next one is fetched
            if not last and self._at_limit():
                return
            last = last or self._is_outgrown()
        yield from self._missing()
        self._compare_totals()

    def _look_ahead(self) -> None:
        """Begin to fetch the next pages; beside the last ones, the list of keys."""
        if self._roll and self._cursor.nears_end:
            self._roll.begin()
        following = self._cursor.request()
        self._source.ahead(following, self._cursor.probable(following))

    def _is_behind_the_end(self, page: Page) -> bool:
        """Tell whether a page has neither rows nor a link: the end, where the server did not promise more."""
        if page or page.info.next_link:
            return False
        self._totals.note_counts(page)
        self._ended_empty = self._cursor.last_full
        return True

    def _skip(self) -> bool:
        """Go on behind a page that is left out, and tell whether it was the last one."""
        self._cursor.skip()
        return self._cursor.paging is Paging.WHOLE or self._cursor.past_the_total

    def _note(self, answer: Answer) -> bool:
        """Take a page into account, and tell whether it is the last one."""
        page = answer.page
        if page.info.cut_field:
            raise IncompleteReadError.of_field(f"{self._label}: page {page.number}", page.info.cut_field)
        if self._roll:
            self._roll.look_at(answer)
        if not answer.overlaps:
            self._checks.check(page, keyed=self._rows.keys is not None)
        if not self._cursor.pages:
            self.began = page.sent_at  # never a later page's: rows of the first may have changed since
        advance = self._cursor.advance(answer.start, len(page), full=answer.full)
        self._totals.note(page, advance)
        self._cursor.link = self._checks.follow(page)
        self.pages += 1
        self._just_skipped = False
        last = self._is_last(answer, advance)
        if self.pages > 1:
            self._doubt()
        if not last and not answer.full and self._cursor.paging is Paging.NUMBERED:
            self._note_short(page)
        return last

    def _doubt(self) -> None:
        """Say once that nobody notices rows that move between pages, where that was not meant."""
        why = self._unproved
        if self._chained and not self._totals.moves_noticed:
            why = f"rows lack a field of their key ({self._chained}) or share it, or "
            if self._cursor.paging is Paging.LINKED:
                why += "the server skips none: order_by=None takes this for whole"
            else:
                why += "the server sends one row a page"
        if why and not self._unchecked:
            self._unchecked, self.doubt = True, why
            log.warning(
                "%s: rows that move between pages are not noticed: the read does not count as complete; %s",
                self._label,
                why,
            )

    def _is_last(self, answer: Answer, advance: int) -> bool:
        """
        Tell whether the page just noted is the last one.

        :param advance: rows by which it brought the read forward.
        """
        further = self._totals.judge(answer.page, whole=self._cursor.is_whole, full=answer.full)
        if self._cursor.paging is Paging.WHOLE:
            return True
        if self._cursor.paging is Paging.LINKED:
            return answer.page.info.next_link is None and not answer.stale
        listed = self._list_early(further, full=answer.full)
        if further is not Further.OPEN and not answer.stale:
            return further is Further.END
        if self._cursor.overlapping:
            return advance <= 0 and not (self._asking.sees_end or self._may_be_capped(answer))
        if listed is not None and self._totals.sent >= listed:
            return bool(self._roll and self._roll.is_proved) or not answer.full or self._totals.link_vanished
        return False

    def _may_be_capped(self, answer: Answer) -> bool:
        return answer.full or (answer.sought and len(answer.page) >= self._cursor.most)

    def _list_early(self, further: Further, *, full: bool) -> int | None:
        """List the keys where the end, or how many pages follow, is not told without; give their number."""
        if self._roll is None:
            return None
        silent = further is Further.MORE and not self._totals.counts
        useful = further is Further.OPEN or (silent and (self.pages > 1 or full))
        return self._roll.listed if useful and self._roll.list_early() else None

    def _note_short(self, page: Page) -> None:
        """Go on behind a page that is short, although it may not be the last one."""
        if self.pages == 1 and self._limits.first_page == 1 and page:
            self._cursor.cap(len(page), counted=page.info.size == len(page))
            if self._roll and self._totals.more_promised:
                self._roll.cap(len(page))
        elif self._totals.more_promised and not self._totals.moves_noticed and self.total_rows is None:
            raise IncompleteReadError(
                f"{self._label}: page {page.number} has {len(page)} rows of {self.page_size}, although the "
                "server says that there is more; read it again"
            )

    def _take(self, answer: Answer) -> Page:
        """Take the rows that are new; give up what needs keys, where rows turn out to have none."""
        page = self._rows.take(answer.page, overlaps=answer.overlaps)
        if self._rows.lost_keys:
            self._unproved = (
                self._unproved or f"a row on page {page.number} has no key, although all before had"
            )
        if self._rows.keys is None and self._totals.moves_noticed:
            self._roll = self._asking.roll = None
            self._cursor.overlapping = self._totals.moves_noticed = False
            self._checks.links_followed = True
            if self.pages > 1:
                self._doubt()
        return page

    def _try(self) -> Answer | None:
        """Fetch a page; None means that it is left out."""
        number = self._cursor.number
        try:
            return self._asking.next()
        except _MAY_BE_SKIPPED as error:
            if not self._may_skip(error, number):
                raise
            log.warning("%s: page %d skipped: %s", self._label, number, error)
            self.skipped.append({"page": number, "error": str(error)})
            self._just_skipped = True
            return None

    def _may_skip(self, error: PowerOfficeError, number: int) -> bool:
        if isinstance(error, _NEVER_SKIPPED) or self._on_page_error is None:
            return False
        lost_count = self._totals.total_pages is None and self._just_skipped
        if self._cursor.paging is Paging.LINKED or lost_count:
            return False
        return self._on_page_error(error, number)

    def _at_limit(self) -> bool:
        if not self._cursor.reaches_limit(self._cursor.begin):
            return False
        self.truncated = True
        log.warning(
            "%s: stopped after max_pages=%s with %d rows%s: the result is not complete",
            self._label,
            self._limits.max_pages,
            self.rows,
            "" if self.total_rows is None else f" of {self.total_rows}",
        )
        return True

    def _is_outgrown(self) -> bool:
        """
        Stop far behind the rows that were there at first, where others come faster than they are read.

        Which rows there are is then told by listing their keys, as the count at first may have been wrong.

        :raises IncompleteReadError: they cannot be listed.
        """
        if not self._cursor.outgrown:
            return False
        if self._roll is None or self._cursor.skipped:
            raise IncompleteReadError(
                f"{self._label}: rows come faster than they are read: {self.rows} came, far more than there "
                "were at first; read it with a filter"
            )
        log.warning(
            "%s: rows come faster than they are read: stopped after %d; those that came during the read "
            "belong to the next one",
            self._label,
            self.rows,
        )
        self._outgrown = True
        return True

    def _missing(self) -> Iterator[Page]:
        """Read the rows that moved between pages."""
        if self._roll is None:
            if self._rows.keys is not None and self._chained:
                self._doubt()
            return
        self._source.forget()
        try:
            for page in self._roll.missing(ended_empty=self._ended_empty, outgrown=self._outgrown):
                self.pages += 1
                yield page
        except PowerOfficeError as error:
            if self._on_page_error is None:
                raise
            log.warning("%s: whether rows moved cannot be told: %s", self._label, error)
            self._unchecked = True
        if self._roll.has_gaps:
            self._unproved = (
                "the server sends so few rows a page that lists of their keys cannot overlap: "
                "order_by=None takes this for whole"
            )
            self._doubt()

    def _compare_totals(self) -> None:
        """Compare with the server's count, where no list of keys tells more."""
        if self._outgrown:
            return
        counted_more = self._totals.stays_above(self._rows.count)
        if self._cursor.is_whole and (self._roll is None or self._roll.has_landmarks or counted_more):
            self._totals.compare()
