"""
What a call tells the layers below ``requests``, whose signatures are not ours to extend.

Rule: one context variable for all of it. A layer adds what it knows for as long as it works (:func:`adding`),
and the layers below read it (:func:`call_context`); new threads begin with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_poweroffice.api.cancellation import CancelScope


class CallLimits:
    """
    The time of one call: for all its tries, and for one exchange with the server.

    :param monotonic: reads seconds that never run backwards.
    :param longest: seconds for all tries.
    :param one_try: seconds for one.
    """

    def __init__(self, monotonic: Callable[[], float], longest: float, one_try: float) -> None:
        self._monotonic = monotonic
        self._one_try = one_try
        self._end = monotonic() + max(longest, one_try)

    def seconds_left(self) -> float:
        """Give the seconds until the call's deadline."""
        return self._end - self._monotonic()

    def exchange(self) -> Callable[[], float]:
        """Begin an exchange; what is given tells the seconds that are left for it."""
        end = min(self._end, self._monotonic() + self._one_try)
        return lambda: end - self._monotonic()


@dataclass
class Departure:
    """
    What is known of one try of a call.

    :param left: the connection is established, and the first bytes of the request are about to be written:
        from here on, only an answer tells whether the server carried the call out.
    """

    left: bool = False


class Queueing:
    """
    A place in the queue for somebody who waits elsewhere, as on an event loop, so that no thread sleeps.

    For a thread with one, a throttle does not sleep for the first slot of a call: it keeps the place and
    raises ``NoSlotError``. The caller asks again after ``wait`` and keeps its place. A further slot of the
    same call, such as the one for a repetition with a new token, is waited for up to ``PATIENCE`` seconds.
    """

    PATIENCE = 1.0

    def __init__(self) -> None:
        self._keeper: object = None
        self._place: float | None = None
        self.has_started = False
        self.wait: float | None = None

    def begin(self) -> None:
        """Begin a call."""
        self.has_started = False
        self.wait = None

    def place_at(self, keeper: object) -> float | None:
        """Give the place in the queue of a throttle, None for nobody's."""
        return self._place if self._keeper is keeper else None

    def keep(self, keeper: object, place: float, wait: float) -> None:
        """
        Note the place.

        :param wait: seconds until it is worth asking again.
        """
        self._keeper, self._place, self.wait = keeper, place, wait

    def start(self) -> None:
        """Leave the queue: the slot is there."""
        self._keeper = self._place = self.wait = None
        self.has_started = True


@dataclass(frozen=True, slots=True)
class CallContext:
    """
    What this thread is doing.

    :param scope: cancels the thread; None where nobody does.
    :param limits: the time of the call; None on a session that a user borrowed.
    :param departure: the try that is being made; None where nobody asks, and for requests that are not the
        call itself, such as that of a token.
    :param exchange_left: gives the seconds that are left to connect, send, and read the answer; None outside
        of an exchange.
    :param queueing: the caller's place in the queue of the rate limit, where this thread must not sleep.
    """

    scope: CancelScope | None = None
    limits: CallLimits | None = None
    departure: Departure | None = None
    exchange_left: Callable[[], float] | None = None
    queueing: Queueing | None = None

    def check_cancelled(self) -> None:
        """
        Go on only while the thread is not cancelled.

        :raises CancelledScopeError: it is.
        """
        if self.scope:
            self.scope.check()


_NOTHING = CallContext()
_context: ContextVar[CallContext] = ContextVar("poweroffice_call", default=_NOTHING)


def call_context() -> CallContext:
    """Give this thread's context."""
    return _context.get()


@contextmanager
def adding(**changes: Any) -> Iterator[None]:
    """Change some fields of this thread's context for a while."""
    reset = _context.set(replace(_context.get(), **changes))
    try:
        yield
    finally:
        _context.reset(reset)
