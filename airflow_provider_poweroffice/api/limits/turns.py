"""
Waiting for a turn, wherever the window is kept.

Rule: the wait is slept outside every lock, and the turn is asked for again after it: meanwhile a refusal
may have paused all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from airflow_provider_poweroffice.api.limits.latency import Journeys
from airflow_provider_poweroffice.api.limits.throttle import Clock, NoSlotError, Slot, queueing
from airflow_provider_poweroffice.api.limits.window import Turn


class PacedThrottle(ABC):
    """
    A throttle over a window that is kept somewhere; safe to share between threads.

    :param rate: requests per second.
    :param clock: what is slept by, and what round trips are measured by.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        if not 0 < rate < float("inf"):
            raise ValueError(f"requests_per_second must be above 0, not {rate!r}")
        self.rate = rate
        self._clock = clock
        self._journeys = Journeys()

    def acquire(self, patience: float | None = None) -> Slot:
        """
        Wait until a request may start, first come first served.

        :param patience: seconds to wait at most; None waits as long as it takes.
        :raises NoSlotError: the wait would be longer, it is not begun, or not gone on with; or it is to be
            slept elsewhere, see :class:`Queueing`.
        """
        waiting = queueing.get()
        if waiting is None:
            return self._wait(patience)
        if waiting.has_started:
            return self._wait(waiting.PATIENCE if patience is None else min(patience, waiting.PATIENCE))
        asked = self._clock.monotonic()
        turn = self._enter(waiting.place_at(self))
        if turn.wait:
            waiting.keep(self, turn.place, turn.wait)
            raise NoSlotError(turn.wait)
        waiting.start()
        return Slot(turn.start, asked)

    def _wait(self, patience: float | None) -> Slot:
        began = asked = self._clock.monotonic()
        turn = self._enter(None)
        while turn.wait:
            if patience is not None and asked - began + turn.wait > patience:
                self._leave(turn.place)
                raise NoSlotError(turn.wait)
            self._clock.sleep(turn.wait)
            asked = self._clock.monotonic()
            turn = self._enter(turn.place)
        return Slot(turn.start, asked)

    def answered(self, slot: Slot) -> None:
        """Tell that a request was answered, which says when the server counted it at the latest."""
        self._settle(slot.start, self._journeys.delay(self._clock.monotonic() - slot.asked))

    @abstractmethod
    def pause(self, seconds: float) -> None:
        """Let nobody start a request for so many seconds."""

    @abstractmethod
    def _enter(self, place: float | None) -> Turn:
        """Start, or get a wait; see :meth:`Window.enter`."""

    @abstractmethod
    def _leave(self, place: float) -> None:
        """Give a place in the queue back."""

    @abstractmethod
    def _settle(self, start: float, delay: float) -> None:
        """Note the delay of a start; see :meth:`Window.settle`."""
