"""The limit of one process or of one host: one throttle, over a store in memory or in a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from airflow_provider_poweroffice.api.limits.forklock import ForkLock
from airflow_provider_poweroffice.api.limits.throttle import Clock
from airflow_provider_poweroffice.api.limits.turns import PacedThrottle
from airflow_provider_poweroffice.api.limits.window import Turn, Window

T = TypeVar("T")


class Store(Protocol):
    """Keeps a window for all who share it."""

    def change(self, clock: Clock, act: Callable[[Window, float], T]) -> T:
        """Carry out a change alone, given the window and the time."""
        ...


class MemoryStore:
    """Keeps a window for the threads of this process."""

    def __init__(self) -> None:
        self._window = Window()
        self._lock = ForkLock()

    def change(self, clock: Clock, act: Callable[[Window, float], T]) -> T:
        """Carry out a change alone."""
        with self._lock:
            return act(self._window, clock.monotonic())


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
        """Let nobody start a request for so many seconds."""
        self._store.change(self._clock, lambda window, now: window.pause(now, seconds))

    def _enter(self, place: float | None) -> Turn:
        return self._store.change(self._clock, lambda window, now: window.enter(now, self.rate, place))

    def _leave(self, place: float) -> None:
        self._store.change(self._clock, lambda window, _: window.leave(place))

    def _settle(self, start: float, delay: float) -> None:
        self._store.change(self._clock, lambda window, _: window.settle(start, delay))
