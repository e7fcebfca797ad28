"""
Waiting for a turn, wherever the window is kept.

Rule: the wait is slept outside every lock, and the turn is asked for again after it: meanwhile a refusal
may have paused all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from airflow_provider_poweroffice.api.call_context import call_context
from airflow_provider_poweroffice.api.limits.stores import MemoryStore, Store
from airflow_provider_poweroffice.api.limits.throttle import Clock, NoSlotError, Slot
from airflow_provider_poweroffice.api.limits.window import Turn, Window


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

    def acquire(self, patience: float | None = None) -> Slot:
        """
        Wait until a request may start, first come first served.

        :param patience: seconds to wait at most; None waits as long as it takes.
        :raises NoSlotError: the wait would be longer, so it is not begun or is given up; or it is to be
            slept elsewhere, see :class:`~airflow_provider_poweroffice.api.call_context.Queueing`.
        """
        waiting = call_context().queueing
        if waiting is None:
            return self._wait(patience)
        if waiting.has_started:
            return self._wait(waiting.PATIENCE if patience is None else min(patience, waiting.PATIENCE))
        turn, asked = self._enter(waiting.place_at(self))
        if turn.wait:
            waiting.keep(self, turn.place, turn.wait)
            raise NoSlotError(turn.wait)
        waiting.start()
        return Slot(turn.start, asked)

    def _wait(self, patience: float | None) -> Slot:
        began = self._clock.monotonic()
        turn, asked = self._enter(None)
        while turn.wait:
            if patience is not None and asked - began + turn.wait > patience:
                self._leave(turn.place)
                raise NoSlotError(turn.wait)
            self._clock.sleep(turn.wait)
            turn, asked = self._enter(turn.place)
        return Slot(turn.start, asked)

    def answered(self, slot: Slot) -> None:
        """Report that a request was answered, which bounds when the server counted it."""
        self._settle(slot.start, self._clock.monotonic() - slot.asked, lost=False)

    def lost(self, slot: Slot) -> None:
        """Report that a request got no answer, and will get none."""
        self._settle(slot.start, self._clock.monotonic() - slot.asked, lost=True)

    @abstractmethod
    def pause(self, seconds: float) -> None:
        """Stop everybody from starting a request for this many seconds; see :meth:`Window.refuse`."""

    @abstractmethod
    def _enter(self, place: float | None) -> tuple[Turn, float]:
        """
        Start, or get a wait; see :meth:`Window.enter`.

        :return: the turn, and the latest moment by the caller's clock that is not after its start.
        """

    @abstractmethod
    def _leave(self, place: float) -> None:
        """Give a place in the queue back."""

    @abstractmethod
    def _settle(self, start: float, trip: float, *, lost: bool) -> None:
        """Note an answer; see :meth:`Window.settle`."""


class LocalThrottle(PacedThrottle):
    """
    At most ``rate`` starts in any second, by all who share a store.

    :param rate: requests per second; the lowest of those who share the store holds for all.
    :param store: where the window is kept; None: in memory, for this throttle alone.
    """

    def __init__(self, rate: float, clock: Clock, store: Store | None = None) -> None:
        super().__init__(rate, clock)
        self._store: Store = store or MemoryStore()

    def pause(self, seconds: float) -> None:
        """Stop everybody from starting a request for this many seconds."""
        self._store.change(self._clock, lambda window, now: window.refuse(now, seconds))

    def _enter(self, place: float | None) -> tuple[Turn, float]:
        def enter(window: Window, now: float) -> tuple[Turn, float]:
            asked = self._clock.monotonic()  # here, where the store's lock has been waited for
            return window.enter(now, self.rate, place), asked

        return self._store.change(self._clock, enter)

    def _leave(self, place: float) -> None:
        self._store.change(self._clock, lambda window, _: window.leave(place))

    def _settle(self, start: float, trip: float, *, lost: bool) -> None:
        self._store.change(self._clock, lambda window, now: window.settle(now, start, trip, lost=lost))
