"""
Time, and how many requests may start in it.

Rule: nothing else in this package reads a clock or sleeps, so that tests need no real time.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from typing import Protocol

from airflow_provider_poweroffice.api.stopping import current

LONGEST_PAUSE = 60.0
"""Seconds for which one refusal stops all who share a limit; who is refused again waits again."""


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
        """Wait; a thread that may be stopped wakes up for that."""
        if stop := current.get():
            stop.sleep(seconds)
        else:
            time.sleep(seconds)


class Throttle(Protocol):
    """Paces the requests of all who share one limit."""

    def acquire(self) -> None:
        """Wait until a request may start, first come first served."""
        ...

    def pause(self, seconds: float) -> None:
        """Let nobody start a request for so many seconds: the server said so."""
        ...


class WindowThrottle:
    """
    At most ``rate`` starts in any window of ``window`` seconds, within this process; thread-safe.

    A start time is reserved under the lock and slept for outside it, so callers go in the order they
    came, and a first burst of ``rate`` requests does not wait. The window is 5 % longer than the
    server's second: starts are spaced here but counted there, after a journey that varies.

    :param rate: requests per second.
    """

    WINDOW = 1.05

    def __init__(self, rate: float, clock: Clock) -> None:
        if rate <= 0:
            raise ValueError(f"requests_per_second must be above 0, not {rate!r}")
        self._clock = clock
        self._lock = threading.Lock()
        self._earliest = 0.0
        self._starts: deque[float] = deque()
        self._set(rate)

    def _set(self, rate: float) -> None:
        self.rate = rate
        slots = max(1, int(rate))
        self._window = self.WINDOW * slots / rate
        self._starts = deque(self._starts, maxlen=slots)

    def lower_to(self, rate: float) -> None:
        """Keep a lower rate from now on; a higher one changes nothing."""
        with self._lock:
            if rate < self.rate:
                self._set(rate)

    def acquire(self) -> None:
        """Wait until a request may start."""
        with self._lock:
            now = self._clock.monotonic()
            start = max(now, self._earliest)
            if len(self._starts) == self._starts.maxlen:
                start = max(start, self._starts[0] + self._window)
            self._starts.append(start)
        if start > now:
            self._clock.sleep(start - now)

    def pause(self, seconds: float) -> None:
        """Let nobody start a request for so many seconds."""
        with self._lock:
            self._earliest = max(self._earliest, self._clock.monotonic() + min(seconds, LONGEST_PAUSE))


_shared: dict[str, WindowThrottle] = {}
_shared_lock = threading.Lock()


def shared_throttle(subscription_key: str, origin: str, rate: float) -> WindowThrottle:
    """
    Give the throttle of one subscription key at one server, the same for the whole process.

    The limit counts per subscription key, over all client keys (portal page "Requests"), so all
    companies of an accounting firm share it; of several rates asked for, the lowest is kept. The key
    itself is not kept, only its hash.
    """
    name = hashlib.sha256(f"{origin} {subscription_key}".encode()).hexdigest()
    with _shared_lock:
        throttle = _shared.setdefault(name, WindowThrottle(rate, SystemClock()))
    throttle.lower_to(rate)
    return throttle
