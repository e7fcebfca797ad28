"""
Fetching ahead: answers to requests that will be made, by threads of their own.

Rule: knows nothing of pages. What is fetched ahead is found again by a key; what it is worth is judged
where it is asked for.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable
from queue import SimpleQueue

from airflow_provider_poweroffice.api.body import Waiting
from airflow_provider_poweroffice.api.call_context import adding
from airflow_provider_poweroffice.api.cancellation import CancelledScopeError, CancelScope

_JOIN_SECONDS = 5.0  # for all: a thread that is still connecting cannot be woken up; it sends nothing then


class _Job:
    """One fetch: to do, or done."""

    def __init__(self, fetch: Callable[[], Waiting]) -> None:
        self.fetch = fetch
        self.done = threading.Event()
        self.answer: Waiting | None = None
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


class FetchAhead:
    """
    Threads that fetch ahead; they end with :meth:`close`, and with the process.

    :param threads: at most.
    """

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._threads: list[threading.Thread] = []
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._jobs: dict[Hashable, _Job] = {}
        self._scope = CancelScope()

    def __bool__(self) -> bool:
        """Tell whether something was fetched, or is being fetched, that nobody took."""
        return bool(self._jobs)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._jobs

    @property
    def failed(self) -> bool:
        """Tell whether one of them failed."""
        return any(job.error for job in self._jobs.values())

    @property
    def full(self) -> bool:
        """Tell whether there are as many of them as threads: a slow taker does not let them pile up."""
        return len(self._jobs) >= self._most

    def start(self, key: Hashable, fetch: Callable[[], Waiting]) -> None:
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

    def take(self, key: Hashable) -> Waiting:
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
