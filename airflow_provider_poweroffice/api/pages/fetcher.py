"""
Where pages come from: requests, made when a page is asked for or some pages ahead.

Rule: a page fetched ahead is used only as the answer to exactly the request that would be made now, so
that reading ahead can never change what is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from airflow_provider_poweroffice.api.body import Waiting
from airflow_provider_poweroffice.api.call import Call
from airflow_provider_poweroffice.api.dialects.base import Position
from airflow_provider_poweroffice.api.pages.page import Page, PageOptions, split_page
from airflow_provider_poweroffice.api.pages.prefetch import FetchAhead
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.sending import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    A page to be fetched.

    :param at: where it begins.
    :param size: rows asked for.
    :param expected: the server said that it has rows.
    :param once: without retries: the size itself is being tried.
    :param fresh: by a new request, whatever was fetched ahead.
    :param listing: the keys of its rows alone, where the API can leave the rest out.
    :param by_key: of the list in the order of its key, whatever the order of the read.
    :param limit: largest body in bytes; None for any.
    """

    at: Position
    size: int
    expected: bool = False
    once: bool = False
    fresh: bool = False
    listing: bool = False
    by_key: bool = False
    limit: int | None = None


class Source(Protocol):
    """Gives the pages of one collection."""

    def get(self, wanted: Wanted) -> Page:
        """Give a page, now."""

    def ahead(self, pages: Iterable[Wanted]) -> None:
        """Begin to fetch pages that will probably be asked for next, in this order."""

    def forget(self) -> None:
        """End what was begun ahead."""


class ClientSource:
    """
    Pages by requests over a connection.

    :param sender: makes them.
    :param call: the request for the collection, without paging.
    :param paged: False for a list that has no pages.
    :param listed: the query by which the API leaves out all but the key of a row.
    :param by_key: the query that orders rows by their key, where the call itself orders them otherwise.
    """

    def __init__(
        self,
        sender: Sender,
        call: Call,
        options: PageOptions,
        *,
        paged: bool,
        listed: Mapping[str, str] | None = None,
        by_key: Mapping[str, str] | None = None,
    ) -> None:
        self._sender = sender
        self._call = call
        self._threads = options.concurrency
        self._paged = paged
        self._listed = dict(listed or {})
        self._by_key = dict(by_key or {})
        self._fetches = FetchAhead(self._threads)

    def get(self, wanted: Wanted) -> Page:
        """
        Give a page: as it was fetched ahead, else by a request.

        :raises PowerOfficeError: of the request, or of what was fetched ahead.
        """
        call, key = self._call_for(wanted)
        waiting = None if wanted.fresh or wanted.listing else self._take(key)

        def read(answer: Response) -> Page:
            return split_page(
                self._sender.connection.dialect, answer, wanted.at.number, expected=wanted.expected
            )

        return self._sender.send(
            call,
            None,
            read,
            waiting=waiting,
            retry=replace(self._sender.connection.retry, attempts=1) if wanted.once else None,
            limit=wanted.limit,
        )

    def _take(self, key: Any) -> Waiting | None:
        if key in self._fetches:
            return self._fetches.take(key)
        if self._fetches:
            # The server gives other pages than were asked for: where the next one begins is not known.
            self.forget()
            self._threads = 1
        return None

    def ahead(self, pages: Iterable[Wanted]) -> None:
        """Begin to fetch pages, as many as there are threads; none after one that failed."""
        if self._threads == 1:
            return
        for wanted in pages:
            call, key = self._call_for(wanted)
            if key in self._fetches:
                continue
            if self._fetches.full or self._fetches.failed:
                return
            self._fetches.start(key, partial(self._sender.fetch_ahead, call, wanted.limit))

    def forget(self) -> None:
        """End what was begun ahead, and every thread."""
        self._fetches.close()
        self._fetches = FetchAhead(self._threads)

    def _call_for(self, wanted: Wanted) -> tuple[Call, Any]:
        base = self._call
        if link := wanted.at.link:
            return replace(base, query={}, url=self._sender.connection.resolve(base, link)), link
        paging = self._sender.connection.dialect.page_query(wanted.at, wanted.size) if self._paged else {}
        own = (self._by_key if wanted.by_key else {}) | (self._listed if wanted.listing else {})
        names = {name.lower() for name in own}
        kept = {name: text for name, text in base.query.items() if name.lower() not in names}
        base = replace(base, query=kept | own)
        return replace(base, query={**base.query, **paging}), tuple(sorted(paging.items()))
