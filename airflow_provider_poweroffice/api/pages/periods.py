"""
A report over a long time, read as short periods one after another.

Rule: neighbouring periods share their border day, and rows that come twice count once: whether the server
counts the last day in or not, no row is lost or doubled. A row whose date changes meanwhile may have gone to
a period read before: so the periods are listed again, the last one first, and a row is lost only if its date
changes twice.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Self

import msgspec

from airflow_provider_poweroffice.api.decoding import UNREADABLE
from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.api.pages.pages import Pages
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import BadRequestError, PaginationError

log = logging.getLogger(__name__)

FIRST, LAST = "fromDate", "toDate"
_FRACTION = re.compile(rb"[.eE]")


class PeriodPages(Iterator[Page]):
    """
    Iterator over the pages of all periods; what is known so far is as in :class:`Pages`.

    :param queries: one for each period, in order.
    :param read: opens the pages of a query.
    :param unique: leaves out the rows that an earlier period had.
    :param again: the periods are gone through once more, as a change of a row's date is in no later read.
    :param keys: opens the keys of a period alone; None where the API sends whole rows only.
    """

    def __init__(
        self,
        queries: list[dict[str, str]],
        read: Callable[[dict[str, str]], Pages],
        unique: UniqueRows,
        *,
        again: bool = False,
        keys: Callable[[dict[str, str]], Pages] | None = None,
    ) -> None:
        self.rows = 0
        """Rows read, each counted once."""
        self._queries = queries
        self._read = read
        self._unique = unique
        self._again = again
        self._keys = keys
        self._opened: list[Pages] = []
        self._periods: list[str] = []
        self._iterator = self._pages()

    def __next__(self) -> Page:
        return next(self._iterator)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the read, as :meth:`Pages.close` does."""
        for pages in self._opened[-1:]:
            pages.close()

    def _pages(self) -> Iterator[Page]:
        for query in self._queries:
            yield from self._period(query)
        if self._again and len(self._queries) > 1 and self.complete:
            for query in reversed(self._queries):
                if self._keys is None or self._lacks(self._keys(query)):
                    yield from self._period(query)
        if self._unique.repeated:
            log.info("%d rows came in two periods and were left out once", self._unique.repeated)

    def _period(self, query: dict[str, str]) -> Iterator[Page]:
        before = self.pages
        self._periods.append(f"{query[FIRST]} to {query[LAST]}")
        self._opened.append(self._read(query))
        for page in self._opened[-1]:
            new = self._unique.only_new(page)
            self.rows += len(new)
            if new:
                yield replace(new, number=before + page.number)

    def _lacks(self, keys: Pages) -> bool:
        """Tell whether a row of a period did not come."""
        with keys:
            try:
                return any(map(self._unique.has_new, keys))
            except BadRequestError:  # the keys are not to be had alone
                return True

    @property
    def pages(self) -> int:
        """Count the pages read."""
        return sum(pages.pages for pages in self._opened)

    @property
    def total_rows(self) -> None:
        """Not known: each period counts its own."""

    @property
    def doubt(self) -> str:
        """Say of the first period of which it is to be said why rows that moved would not be noticed."""
        return next((pages.doubt for pages in self._opened if pages.doubt), "")

    @property
    def skipped(self) -> list[dict[str, Any]]:
        """List the pages left out, with the period they are of."""
        return [
            {**skipped, "period": period}
            for period, pages in zip(self._periods, self._opened, strict=True)
            for skipped in pages.skipped
        ]

    @property
    def truncated(self) -> bool:
        """Tell whether any period was stopped at ``max_pages``."""
        return any(pages.truncated for pages in self._opened)

    @property
    def began(self) -> str | None:
        """Give the server's time when the first row was read."""
        return next((pages.began for pages in self._opened if pages.began), None)

    @property
    def proved_whole(self) -> bool:
        """Tell whether every row came that was there all the time: a row may move from period to period."""
        return len(self._queries) == 1 and all(pages.proved_whole for pages in self._opened)

    @property
    def complete(self) -> bool:
        """Tell whether nothing was left out so far."""
        return all(pages.complete for pages in self._opened)


def split_query(query: Mapping[str, str], days: int) -> list[dict[str, str]]:
    """
    Split ``fromDate`` to ``toDate`` into periods.

    :param query: encoded.
    :param days: of a period at most, both its first and its last counted; 2 or more.
    :raises ValueError: a date is missing or is not valid.
    """
    names = {name.lower(): name for name in query}
    if missing := [name for name in (FIRST, LAST) if name.lower() not in names]:
        raise ValueError(f"split_days splits {FIRST} to {LAST}: query lacks {' and '.join(missing)}")
    first, last = (_day(name, query[names[name.lower()]]) for name in (FIRST, LAST))
    if last < first:
        raise ValueError(f"query: {LAST} {last} is before {FIRST} {first}")
    dates = {FIRST.lower(), LAST.lower()}
    others = {name: value for name, value in query.items() if name.lower() not in dates}
    return [
        {**others, FIRST: begin.isoformat(), LAST: end.isoformat()}
        for begin, end in _periods(first, last, days)
    ]


def _periods(first: date, last: date, days: int) -> Iterator[tuple[date, date]]:
    """List the periods; neighbours share a day."""
    while (last - first).days >= days:
        end = first + timedelta(days=days - 1)
        yield first, end
        first = end
    yield first, last


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"query[{name!r}]: {text!r} is not a date such as 2026-01-31") from None


def unique_rows(key: str) -> UniqueRows:
    """
    Make what tells rows apart over all periods.

    :raises ValueError: rows of this resource have no key.
    """
    if not key:
        raise ValueError(
            "split_days: rows of this resource have no key, so those of a shared day cannot be told apart; "
            "read the periods one by one, each with its own fromDate and toDate"
        )
    return UniqueRows(key)


class UniqueRows:
    """
    Remembers the keys of a read; some 100 bytes for each row.

    :param key: the field that no two rows share.
    """

    def __init__(self, key: str) -> None:
        row = msgspec.defstruct(
            "Row", [("key", msgspec.Raw, msgspec.Raw(b""))], rename={"key": key}, gc=False
        )
        self._decode = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        self._key = key
        self._seen: set[bytes] = set()
        self.repeated = 0

    def only_new(self, page: Page) -> Page:
        """
        Leave out the rows that were seen before.

        :raises PaginationError: a row lacks the key.
        """
        keys = self._keys_of(page)
        rows = []
        for key, row in zip(keys, page.raw_rows, strict=True):
            if key not in self._seen:
                self._seen.add(key)
                rows.append(row)
        if len(rows) == len(page.raw_rows):
            return page
        self.repeated += len(page.raw_rows) - len(rows)
        return page.holding(rows)

    def has_new(self, page: Page) -> bool:
        """Tell whether a row was not seen before; raises as :meth:`only_new` does."""
        return not self._seen.issuperset(self._keys_of(page))

    def _keys_of(self, page: Page) -> list[bytes]:
        try:
            keys = [_spelled(row.key) for row in self._decode(escaped(page.content))]  # type: ignore[attr-defined]
        except UNREADABLE as error:
            raise PaginationError(
                f"page {page.number} holds a row that is not an object ({one_line(str(error))})"
            ) from None
        if not all(keys):
            raise PaginationError(f"page {page.number}: a row has no {self._key!r} to tell it from others by")
        return keys


def _spelled(key: msgspec.Raw) -> bytes:
    """Give a key in one spelling: servers may escape parts of a text, or write 1 as 1.0. Null is no key."""
    text = bytes(key)
    if text == b"null":
        return b""
    if b"\\" not in text and (text[:1] == b'"' or not _FRACTION.search(text)):
        return text
    value = msgspec.json.decode(text)
    return msgspec.json.encode(int(value) if isinstance(value, float) and value.is_integer() else value)
