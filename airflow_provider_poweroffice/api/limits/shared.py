"""
Which throttle a client gets: those with one key at one server share a limit.

Rule: the key itself is not kept, only its hash.
"""

from __future__ import annotations

import hashlib

from airflow_provider_poweroffice.api.limits.fallback import FallbackThrottle
from airflow_provider_poweroffice.api.limits.forklock import ForkLock
from airflow_provider_poweroffice.api.limits.host import HostStore
from airflow_provider_poweroffice.api.limits.local import LocalThrottle, MemoryStore, Store
from airflow_provider_poweroffice.api.limits.throttle import Clock, Throttle
from airflow_provider_poweroffice.api.rate_limit import RateLimit

_stores: dict[str, Store] = {}
_stores_lock = ForkLock()


def shared_throttle(key: str, origin: str, rate: float, limit: RateLimit, clock: Clock) -> Throttle:
    """
    Give a throttle of one key at one server; of several rates asked for, the lowest is kept.

    :param key: what the server counts by. PowerOffice Go counts by subscription key, over all client keys
        (portal page "Requests"), so all companies of an accounting firm share a limit.
    :param origin: host and port of the server.
    :param rate: requests per second.
    """
    name = hashlib.sha256(f"{origin} {key}".encode()).hexdigest()
    if limit.is_redis:
        from airflow_provider_poweroffice.api.limits.redis import RedisThrottle  # noqa: PLC0415 - an extra

        throttle = RedisThrottle(rate, clock, url=limit.backend, password=limit.password, name=name)
        if limit.on_unreachable == "error":
            return throttle
        return FallbackThrottle(throttle, LocalThrottle(rate, clock, _store("host", name)), clock)
    return LocalThrottle(rate, clock, _store(limit.backend, name))


def _store(backend: str, name: str) -> Store:
    with _stores_lock:
        found = _stores.get(f"{backend} {name}")
        if found is None:
            found = _stores[f"{backend} {name}"] = MemoryStore() if backend == "process" else HostStore(name)
        return found
