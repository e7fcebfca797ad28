"""
Where pages come from: requests, made when a page is asked for or some pages ahead.

Rule: a page fetched ahead is used only as the answer to exactly the request that would be made now, so
that reading ahead can never change what is read.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import Protocol

from airflow_provider_poweroffice.api.body import SpooledResponse
from airflow_provider_poweroffice.api.call import Call
from airflow_provider_poweroffice.api.call_context import adding
from airflow_provider_poweroffice.api.cancellation import CancelledScopeError, CancelScope
from airflow_provider_poweroffice.api.dialects.base import Position
from airflow_provider_poweroffice.api.pages.page import Page, check_records, split_page
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.sending import Sender

_JOIN_SECONDS = 5.0  # for all: a thread that is still connecting cannot be woken up; it sends nothing then


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """
    A page to be fetched.

    :param at: where it begins.
    :param size: rows asked for.
    :param expected: the server said that it has rows.
    :param once: without retries: the size itself is being tried.
    :param fresh: by a new request, whatever was fetched ahead.
    :param listing: the keys of its rows alone, where the API can leave the rest out.
    :param by_key: of the list in the order of its key, whatever the order of the read.
    :param backwards: of the list in the opposite order of its key.
    :param page_bytes: largest body in bytes; None for any.
    """

    at: Position
    size: int
    expected: bool = False
    once: bool = False
    fresh: bool = False
    listing: bool = False
    by_key: bool = False
    backwards: bool = False
    page_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A page, and how it was asked for.

    :param start: rows before it.
    :param asked: rows asked for.
    :param overlaps: it begins with a row that was read, as was wanted.
    :param stale: it holds nothing but rows that were read, and is no end.
    :param sought: it was looked for among the rows read; where pages are capped, that it is short is no end.
    """

    page: Page
    start: int
    asked: int
    overlaps: bool = False
    stale: bool = False
    sought: bool = False

    @property
    def full(self) -> bool:
        """Tell whether it has as many rows as were asked for."""
        return len(self.page) >= self.asked


class PageSource(Protocol):
    """Gives the pages of one collection."""

    def get(self, request: PageRequest) -> Page:
        """Give a page, now."""

    def ahead(self, model: PageRequest, places: Iterable[Position]) -> None:
        """Begin to fetch pages like one, from other places: those that are probably next, in their order."""

    def begin(self, request: PageRequest) -> None:
        """Begin to fetch what is got once later: no page in its turn, and not forgotten with those."""

    def forget(self) -> None:
        """End what was begun :meth:`ahead`."""

    def close(self) -> None:
        """End all that was begun."""


class SenderPageSource:
    """
    Pages by requests over a connection.

    :param sender: makes them.
    :param call: the request for the collection, without paging.
    :param concurrency: pages in flight at most.
    :param paged: False for a list that has no pages.
    :param listed: the query by which the API leaves out all but the key of a row.
    :param by_key: the query that orders rows by their key, where the call itself orders them otherwise.
    :param backwards: the query that orders rows by their key the other way round.
    :param records: rows are known to be objects.
    """

    def __init__(
        self,
        sender: Sender,
        call: Call,
        *,
        concurrency: int,
        paged: bool,
        listed: Mapping[str, str] | None = None,
        by_key: Mapping[str, str] | None = None,
        backwards: Mapping[str, str] | None = None,
        records: bool = False,
    ) -> None:
        self._sender = sender
        self._call = call
        self._threads = concurrency
        self._paged = paged
        self._listed = dict(listed or {})
        self._by_key = dict(by_key or {})
        self._backwards = dict(backwards or {})
        self._records = records
        self._fetches = Prefetcher()
        self._begun = Prefetcher()

    def get(self, request: PageRequest) -> Page:
        """
        Give a page: as it was fetched ahead, else by a request.

        :raises PowerOfficeError: of the request, or of what was fetched ahead.
        """
        call = self._call_for(request)
        spooled = self._begun.take(request) if request in self._begun else None
        if not (spooled or request.fresh or request.listing):
            spooled = self._take(self._key_of(request.at, request.size))

        def read(answer: Response) -> Page:
            page = split_page(
                self._sender.connection.dialect, answer, request.at.number, expected=request.expected
            )
            if self._records:
                check_records(page, f"{answer.method} {answer.path}")
            return page

        return self._sender.send(
            call,
            None,
            read,
            spooled=spooled,
            retry=replace(self._sender.connection.retry, attempts=1) if request.once else None,
            limit=request.page_bytes,
        )

    def _take(self, key: Hashable) -> SpooledResponse | None:
        if key in self._fetches:
            return self._fetches.take(key)
        if self._fetches:
            # The server gives other pages than were asked for: where the next one begins is not known.
            self.forget()
            self._threads = 1
        return None

    def ahead(self, model: PageRequest, places: Iterable[Position]) -> None:
        """Begin to fetch pages, as many as may be in flight; none after one that failed."""
        if self._threads == 1:
            return
        most = self._threads - self._begun.busy
        for place in places:
            key = self._key_of(place, model.size)
            if key in self._fetches:
                continue
            if len(self._fetches) >= most or self._fetches.failed:
                return
            call = self._call_for(replace(model, at=place))
            self._fetches.start(key, partial(self._sender.fetch_ahead, call, model.page_bytes))

    def begin(self, request: PageRequest) -> None:
        """Begin to fetch what :meth:`get` gives once later, where several requests may be in flight."""
        if self._threads == 1:
            return
        fetch = partial(self._sender.fetch_ahead, self._call_for(request), request.page_bytes)
        self._begun.start(request, fetch)

    def forget(self) -> None:
        """End what was begun ahead, and its threads."""
        self._fetches.close()
        self._fetches = Prefetcher()

    def close(self) -> None:
        """End all that was begun, and every thread."""
        self._begun.close()
        self.forget()

    def _paging_of(self, at: Position, size: int) -> Mapping[str, str]:
        return self._sender.connection.dialect.page_query(at, size) if self._paged else {}

    def _key_of(self, at: Position, size: int) -> Hashable:
        """Give what tells a page from all others that are fetched ahead."""
        return at.link or tuple(self._paging_of(at, size).items())

    def _call_for(self, request: PageRequest) -> Call:
        base = self._call
        if link := request.at.link:
            return replace(base, query={}, url=self._sender.connection.resolve(base, link))
        own = (self._by_key if request.by_key else {}) | (self._listed if request.listing else {})
        own |= self._backwards if request.backwards else {}
        names = {name.lower() for name in own}
        kept = {name: text for name, text in base.query.items() if name.lower() not in names}
        return replace(base, query={**kept, **own, **self._paging_of(request.at, request.size)})


class _Job:
    """One fetch: to do, or done."""

    def __init__(self, fetch: Callable[[], SpooledResponse]) -> None:
        self.fetch = fetch
        self.done = threading.Event()
        self.answer: SpooledResponse | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        """Fetch, and keep what comes of it."""
        try:
            self.answer = self.fetch()
        except CancelledScopeError:
            return
        except Exception as error:  # noqa: BLE001 - raised where the answer is asked for
            self.error = error
        self.done.set()


class Prefetcher:
    """
    Threads that fetch ahead; they end with :meth:`close`, and with the process.

    It knows nothing of pages: what is fetched ahead is found again by a key, and judged where it is used.

    As many threads are started as wait for an answer at once.
    """

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._jobs: dict[Hashable, _Job] = {}
        self._scope = CancelScope()

    def __len__(self) -> int:
        """Count what was fetched, or is being fetched, and nobody took."""
        return len(self._jobs)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._jobs

    @property
    def failed(self) -> bool:
        """Tell whether one of them failed."""
        return any(job.error for job in self._jobs.values())

    @property
    def busy(self) -> int:
        """Count what is being fetched."""
        return sum(not job.done.is_set() for job in self._jobs.values())

    def start(self, key: Hashable, fetch: Callable[[], SpooledResponse]) -> None:
        """
        Fetch, as soon as a thread is free.

        :param key: to find it again.
        """
        job = self._jobs[key] = _Job(fetch)
        self._queue.put(job)
        if len(self._threads) < len(self._jobs):
            thread = threading.Thread(
                target=_work, args=(self._queue, self._scope), name="poweroffice-pages", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def take(self, key: Hashable) -> SpooledResponse:
        """
        Wait for what was started under a key.

        :raises Exception: what the fetch raised.
        """
        job = self._jobs.pop(key)
        job.done.wait()
        if job.answer is None:
            raise job.error or AssertionError("unreachable: done means an answer or an error")
        return job.answer

    def close(self) -> None:
        """Stop the threads at once: no request is started after this, and no thread is left."""
        self._scope.cancel()
        self._queue.put(None)
        for thread in self._threads:
            if thread is threading.current_thread():  # when memory is collected there
                continue
            with contextlib.suppress(RuntimeError):  # a signal, such as a timeout, came while it was started
                thread.join(_JOIN_SECONDS / len(self._threads))
        for job in self._jobs.values():
            if job.answer:
                job.answer.drop()
        self._jobs.clear()
        self._threads.clear()


def _work(queue: SimpleQueue[_Job | None], scope: CancelScope) -> None:
    with adding(scope=scope):
        while job := queue.get():
            with contextlib.suppress(CancelledScopeError):
                scope.check()
                job.run()
                scope.unregister()
            del job  # what it holds is free while the next one is waited for
        queue.put(None)  # for the next thread
