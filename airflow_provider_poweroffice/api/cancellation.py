"""
Stopping threads that wait for a server: at once, and with no request started afterwards.

Rule: a thread belongs to one :class:`Stop`, kept in a context variable; where the thread sleeps, connects
or sends, it asks there. A thread without one, such as a task's main thread, is never stopped.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Protocol


class Cuttable(Protocol):
    """What a thread may be waiting on."""

    def cut(self) -> None:
        """End the wait, from another thread."""


class StoppedError(Exception):
    """The thread was told to stop; never leaves it."""


class Stop:
    """Tells the threads of one read to stop, and cuts the connections they wait on."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.RLock()  # memory may be collected, and a read closed, while it is held
        self._busy: dict[int, Cuttable] = {}

    def check(self) -> None:
        """
        Go on only while nobody has said stop.

        :raises StoppedError: somebody has.
        """
        if self._event.is_set():
            raise StoppedError

    def sleep(self, seconds: float) -> None:
        """
        Wait.

        :raises StoppedError: as soon as somebody says stop.
        """
        if self._event.wait(seconds):
            raise StoppedError

    def hold(self, connection: Cuttable) -> None:
        """
        Note the connection that this thread is about to use.

        :raises StoppedError: it may not be used any more.
        """
        with self._lock:
            self.check()
            self._busy[threading.get_ident()] = connection

    def release(self) -> None:
        """Forget this thread's connection: its answer is there."""
        with self._lock:
            self._busy.pop(threading.get_ident(), None)

    def set(self) -> None:
        """Say stop: who sleeps wakes up, who waits for a server loses the connection."""
        with self._lock:
            self._event.set()
            for connection in self._busy.values():
                connection.cut()
            self._busy.clear()


current: ContextVar[Stop | None] = ContextVar("current_stop", default=None)
"""Who may stop this thread."""
