"""
Cancelling threads that wait for a server: at once, and with no request started afterwards.

Rule: a thread belongs to one :class:`CancelScope`, kept in its
:class:`~airflow_provider_poweroffice.api.call_context.CallContext`. Where the thread sleeps,
connects or sends, it asks there. A thread without one, such as a task's main thread, is never cancelled.
"""

from __future__ import annotations

import threading
from typing import Protocol


class Blocker(Protocol):
    """What a thread may be blocked on."""

    def shutdown(self) -> None:
        """End the wait, from another thread."""


class CancelledScopeError(Exception):
    """The thread was cancelled; never leaves it."""


class CancelScope:
    """Threads that are cancelled together, and the connections they are blocked on."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.RLock()  # memory may be collected, and a read closed, while it is held
        self._blocked_on: dict[int, Blocker] = {}

    def check(self) -> None:
        """
        Go on only while the scope is not cancelled.

        :raises CancelledScopeError: it is.
        """
        if self._event.is_set():
            raise CancelledScopeError

    def sleep(self, seconds: float) -> None:
        """
        Wait.

        :raises CancelledScopeError: as soon as the scope is cancelled.
        """
        if self._event.wait(seconds):
            raise CancelledScopeError

    def register(self, connection: Blocker) -> None:
        """
        Note the connection that this thread is about to use.

        :raises CancelledScopeError: it may not be used any more.
        """
        with self._lock:
            self.check()
            self._blocked_on[threading.get_ident()] = connection

    def unregister(self) -> None:
        """Forget this thread's connection: its answer is there."""
        with self._lock:
            self._blocked_on.pop(threading.get_ident(), None)

    def cancel(self) -> None:
        """Wake sleeping threads, and shut down the connections that others are blocked on."""
        with self._lock:
            self._event.set()
            for connection in self._blocked_on.values():
                connection.shutdown()
            self._blocked_on.clear()
