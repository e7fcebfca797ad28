"""
Another throttle for the time in which the first can not be used.

Rule: told in the log when it begins, and when it ends.
"""

from __future__ import annotations

import logging

from airflow_provider_poweroffice.api.limits.throttle import Clock, Slot, Throttle
from airflow_provider_poweroffice.errors import RateLimitStoreError

log = logging.getLogger(__name__)

AGAIN = 30.0
"""Seconds after which the first throttle is tried again."""


class FallbackThrottle:
    """
    Keeps the limit by ``first``, and while that one's store can not be reached, by ``second``.

    A store that refuses its password is reached: that error is raised.
    """

    def __init__(self, first: Throttle, second: Throttle, clock: Clock) -> None:
        self._first = first
        self._second = second
        self._clock = clock
        self._away_until: float | None = None

    def acquire(self, patience: float | None = None) -> Slot:
        """Wait until a request may start; see :class:`Throttle`."""
        if self._is_away:
            return self._second.acquire(patience)
        try:
            slot = self._first.acquire(patience)
        except RateLimitStoreError as error:
            if error.permanent:
                raise
            if self._away_until is None:
                log.warning("the rate limit is kept for this host alone: %s", error)
            self._away_until = self._clock.monotonic() + AGAIN
            return self._second.acquire(patience)
        if self._away_until is not None:
            log.warning("the rate limit is shared again")
            self._away_until = None
        return slot

    def answered(self, slot: Slot) -> None:
        """Tell the one in use; a slot of the other one is unknown to it and changes nothing."""
        (self._second if self._is_away else self._first).answered(slot)

    def pause(self, seconds: float) -> None:
        """Let nobody start a request for so many seconds."""
        self._second.pause(seconds)
        if not self._is_away:
            self._first.pause(seconds)

    @property
    def _is_away(self) -> bool:
        return self._away_until is not None and self._clock.monotonic() < self._away_until
