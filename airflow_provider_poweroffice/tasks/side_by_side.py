"""
Several jobs of one task at once, in threads, with one thread that speaks to Airflow.

Rule: only the task's own thread asks Airflow. The channel to its supervisor has no lock on 3.1: two threads
that ask at once may get each other's answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from airflow_provider_poweroffice.api.call_context import adding
from airflow_provider_poweroffice.api.cancellation import CancelledScopeError, CancelScope

_T = TypeVar("_T")
_NAP = 0.25  # seconds between two looks whether this thread is cancelled
_JOIN_SECONDS = 5.0  # for all threads: one whose statement the database works at cannot be woken up


class SideBySide:
    """
    Jobs in threads.

    :param threads: at most; with 1 the task's own thread does them, one after another.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._own = threading.get_ident()
        self._asked: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._scope = CancelScope()

    def ask(self, function: Callable[[], _T]) -> _T:
        """Call a function from any thread, in the task's own one, while :meth:`run` is iterated over."""
        if self._threads == 1 or threading.get_ident() == self._own:
            return function()
        answer: Future[_T] = Future()
        self._asked.put(partial(_answer, answer, function))
        while not wait((answer,), _NAP).done:
            self._scope.check()
        return answer.result()

    def run(self, jobs: Mapping[str, Callable[[], _T]]) -> Generator[tuple[str, Future[_T]], None, None]:
        """
        Do the jobs, in their order, and give each when it is done; to close the iterator cancels the others.

        :param jobs: by name.
        """
        if self._threads == 1:
            for name, job in jobs.items():
                done: Future[_T] = Future()
                _answer(done, job)
                yield name, done
            return
        to_do: SimpleQueue[tuple[str, Callable[[], _T]]] = SimpleQueue()
        ended: list[tuple[str, Future[_T]]] = []
        for item in jobs.items():
            to_do.put(item)
        workers = [
            threading.Thread(target=self._work, args=(to_do, ended), name="poweroffice-jobs", daemon=True)
            for _ in range(min(self._threads, len(jobs)))
        ]
        try:
            for worker in workers:
                worker.start()
            for _ in jobs:
                while not ended:
                    self._asked.get()()
                yield ended.pop(0)
        finally:
            self._scope.cancel()
            for worker in workers:
                with suppress(RuntimeError):  # a signal, such as a timeout, came before it was started
                    worker.join(_JOIN_SECONDS / len(workers))

    def _work(self, to_do: SimpleQueue[tuple[str, Any]], ended: list[tuple[str, Future[Any]]]) -> None:
        with adding(scope=self._scope), suppress(Empty, CancelledScopeError):
            while True:
                self._scope.check()
                name, job = to_do.get_nowait()
                done: Future[Any] = Future()
                try:
                    done.set_result(job())
                except CancelledScopeError:
                    raise
                except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                    done.set_exception(error)
                self._scope.unregister()
                self._asked.put(partial(ended.append, (name, done)))


def _answer(answer: Future[_T], function: Callable[[], _T]) -> None:
    """Call a function in the task's own thread; what ends the task, such as a time limit, is let through."""
    try:
        answer.set_result(function())
    except Exception as error:  # noqa: BLE001 - raised where the answer is asked for
        answer.set_exception(error)
