"""
Time, and permission to start a request.

Rule: nothing else in the client reads a clock or sleeps, so that tests need no real time.
"""

from __future__ import annotations

import os
import threading
import time
from typing import NamedTuple, Protocol
from weakref import WeakSet

from airflow_provider_poweroffice.api.call_context import call_context


class Clock(Protocol):
    """Time as a dependency: what is measured and what is slept come from the same source."""

    def monotonic(self) -> float:
        """Read seconds that never run backwards."""
        ...

    def time(self) -> float:
        """Read seconds since 1970, to compare with the dates a server sends."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The real clock."""

    def monotonic(self) -> float:
        """Read seconds that never run backwards."""
        return time.monotonic()

    def time(self) -> float:
        """Read seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait; a thread that is cancelled wakes up."""
        if scope := call_context().scope:
            scope.sleep(seconds)
        else:
            time.sleep(seconds)


class Slot(NamedTuple):
    """
    Permission to start one request now.

    :param start: its start by the clock of those who share the limit; names the slot.
    :param asked: when it was asked for, by the caller's clock; in seconds, and never after the start.
    """

    start: float
    asked: float


class NoSlotError(Exception):
    """No request may start within the caller's patience; ``wait`` is how long it would have taken."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"the next free start is {wait:.1f} s away")
        self.wait = wait


class Throttle(Protocol):
    """Paces the requests of all who share one limit; safe to share between threads."""

    def acquire(self, patience: float | None = None) -> Slot:
        """
        Wait until a request may start, first come first served.

        :param patience: seconds to wait at most; None waits as long as it takes.
        :raises NoSlotError: the wait would be longer; it is not begun, or is given up.
        """
        ...

    def answered(self, slot: Slot) -> None:
        """Report that a request was answered, which bounds when the server counted it."""
        ...

    def lost(self, slot: Slot) -> None:
        """Report that a request got no answer, and will get none: nobody waits for it any longer."""
        ...

    def pause(self, seconds: float) -> None:
        """Stop everybody from starting a request for this many seconds: the server said so."""
        ...


class ForkLock:
    """
    A mutex for the threads of one process, which a forked child finds unlocked.

    Airflow forks a process for each task; a thread that held a lock at that moment is not in the child.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Unlock it in a child that was just forked."""
        self._lock = threading.Lock()


_LOCKS: WeakSet[ForkLock] = WeakSet()


def _renew_all() -> None:
    for lock in _LOCKS:
        lock.renew()


os.register_at_fork(after_in_child=_renew_all)
