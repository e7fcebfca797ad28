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
    """

    scope: CancelScope | None = None
    limits: CallLimits | None = None
    departure: Departure | None = None
    exchange_left: Callable[[], float] | None = None

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
