"""
Which throttle a client gets: clients with the same key at the same server share a limit.

Rule: the key itself is not kept, only its hash. Another throttle that takes over says so in the log when that
begins, and when it ends.
"""

from __future__ import annotations

import hashlib
import logging
from typing import NamedTuple

from airflow_provider_poweroffice.api.connection_options import RateLimit
from airflow_provider_poweroffice.api.limits.stores import HostStore, MemoryStore, Store, chosen_directory
from airflow_provider_poweroffice.api.limits.throttle import Clock, ForkLock, Slot, SystemClock, Throttle
from airflow_provider_poweroffice.api.limits.turns import LocalThrottle
from airflow_provider_poweroffice.errors import RateLimitStoreError

log = logging.getLogger(__name__)

AGAIN = 30.0
"""Seconds after which the first throttle is tried again."""


class FallbackThrottle:
    """
    Keeps the limit by ``first``, and while that one's store cannot be reached, by ``second``.

    A store that refuses the password can be reached: its error is raised.
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
        """Tell the throttle in use; it does not know a slot of the other, which changes nothing."""
        (self._second if self._is_away else self._first).answered(slot)

    def lost(self, slot: Slot) -> None:
        """Tell the throttle in use, as :meth:`answered` does."""
        (self._second if self._is_away else self._first).lost(slot)

    def pause(self, seconds: float) -> None:
        """Stop everybody from starting a request for this many seconds."""
        self._second.pause(seconds)
        if not self._is_away:
            self._first.pause(seconds)

    @property
    def _is_away(self) -> bool:
        return self._away_until is not None and self._clock.monotonic() < self._away_until


class _Kept(NamedTuple):
    clock: Clock  # kept too, so that no other one gets its id
    store: Store


_stores: dict[tuple[str, str, str, int], _Kept] = {}
_stores_lock = ForkLock()


def shared_throttle(key: str, origin: str, rate: float, limit: RateLimit, clock: Clock) -> Throttle:
    """
    Give a throttle of one key at one server; of several rates asked for, the lowest is kept.

    :param key: what the server counts by. PowerOffice Go counts by subscription key, over all client keys
        (portal page "Requests"), so all companies of an accounting firm share a limit.
    :param origin: host and port of the server.
    :param rate: requests per second.
    :param clock: what is slept and measured by. Times of two clocks do not compare, so a clock other than
        the system's has a window of its own in this process; by the file of a host, or by Redis, its owner
        shares the limit with all.
    """
    name = hashlib.sha256(f"{origin} {key}".encode()).hexdigest()
    if limit.is_redis:
        from airflow_provider_poweroffice.api.limits.redis import RedisThrottle  # noqa: PLC0415 - an extra

        throttle = RedisThrottle(rate, clock, url=limit.backend, password=limit.password, name=name)
        if limit.on_unreachable == "error":
            return throttle
        return FallbackThrottle(
            throttle, LocalThrottle(rate, clock, _store("host", limit, name, clock)), clock
        )
    return LocalThrottle(rate, clock, _store(limit.backend, limit, name, clock))


def _store(backend: str, limit: RateLimit, name: str, clock: Clock) -> Store:
    # One for each file: the kernel's locks keep processes apart, not two stores of one process.
    directory = chosen_directory(limit.directory)
    at = (backend, directory, name, 0 if isinstance(clock, SystemClock) else id(clock))
    with _stores_lock:
        found = _stores.get(at)
        if found is None:
            store: Store = MemoryStore() if backend == "process" else HostStore(name, directory)
            found = _stores[at] = _Kept(clock, store)
        return found.store
