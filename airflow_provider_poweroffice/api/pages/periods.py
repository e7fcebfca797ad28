"""
A report over a long time, read as short periods one after another.

Rule: neighbouring periods share their border day, and rows that come twice count once: whether the server
counts the last day in or not, no row is lost or doubled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Self

from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.api.pages.pages import Pages
from airflow_provider_poweroffice.api.pages.unique import UniqueRows

FIRST, LAST = "fromDate", "toDate"


class PeriodPages(Iterator[Page]):
    """
    Iterator over the pages of all periods; what is known so far is as in :class:`Pages`.

    :param queries: one for each period, in order.
    :param read: opens the pages of a query; rows that an earlier period had are to be left out.
    """

    def __init__(self, queries: list[dict[str, str]], read: Callable[[dict[str, str]], Pages]) -> None:
        self._queries = queries
        self._read = read
        self._opened: list[Pages] = []
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
            before = self.pages
            self._opened.append(self._read(query))
            for page in self._opened[-1]:
                yield replace(page, number=before + page.number)

    @property
    def rows(self) -> int:
        """Count the rows read, each once."""
        return sum(pages.rows for pages in self._opened)

    @property
    def pages(self) -> int:
        """Count the pages read."""
        return sum(pages.pages for pages in self._opened)

    @property
    def total_rows(self) -> None:
        """Not known: each period counts its own."""

    @property
    def skipped(self) -> list[dict[str, Any]]:
        """List the pages left out, with the period they are of."""
        return [
            {**skipped, "period": f"{query[FIRST]} to {query[LAST]}"}
            for query, pages in zip(self._queries, self._opened, strict=False)
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
    def complete(self) -> bool:
        """Tell whether nothing was left out so far."""
        return all(pages.complete for pages in self._opened)


def split_query(query: Mapping[str, str], days: int) -> list[dict[str, str]]:
    """
    Split ``fromDate`` to ``toDate`` into periods.

    :param query: encoded.
    :param days: of a period at most, both its first and its last counted; 2 or more.
    :raises ValueError: a date is missing or none, or the number of days is too small.
    """
    if isinstance(days, bool) or not isinstance(days, int) or days < 2:  # noqa: PLR2004 - neighbours share one
        raise ValueError(f"split_days must be a whole number of days from 2, not {days!r}")
    given = {name.lower(): name for name in query}
    if missing := [name for name in (FIRST, LAST) if name.lower() not in given]:
        raise ValueError(f"split_days splits {FIRST} to {LAST}: query lacks {' and '.join(missing)}")
    first, last = (_day(name, query[given[name.lower()]]) for name in (FIRST, LAST))
    if last < first:
        raise ValueError(f"query: {LAST} {last} is before {FIRST} {first}")
    others = {
        name: value for name, value in query.items() if name.lower() not in {FIRST.lower(), LAST.lower()}
    }
    periods = []
    while True:
        end = last if (last - first).days < days else first + timedelta(days=days - 1)
        periods.append({**others, FIRST: first.isoformat(), LAST: end.isoformat()})
        if end == last:
            return periods
        first = end


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"query[{name!r}]: {text!r} is no date such as 2026-01-31") from None


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
    return UniqueRows(key, required=True)
