"""
The limit of several hosts, kept by a Redis server they all reach.

Rule: the window is read and changed by one script on the server, by the server's time; nothing that could
hold the password of the URL is put into a message.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files
from typing import Any

from airflow_provider_poweroffice.api.limits.throttle import Clock
from airflow_provider_poweroffice.api.limits.turns import PacedThrottle
from airflow_provider_poweroffice.api.limits.window import Turn
from airflow_provider_poweroffice.errors import RateLimitStoreError

try:
    import redis
except ImportError as missing:
    raise ImportError(
        "rate_limit_backend names a Redis server, which needs the extra: pip install redis"
    ) from missing

PREFIX = "airflow-provider-poweroffice:limit:"
TIMEOUT = 5.0
"""Seconds to connect and to be answered; a limiter must not hang where the API would not."""

_REFUSED = (
    redis.AuthenticationError,
    redis.exceptions.AuthorizationError,
    redis.exceptions.NoPermissionError,
)


class RedisThrottle(PacedThrottle):
    """
    At most ``rate`` starts in any second, by all who name the same Redis server and subscription key.

    :param rate: requests per second; the lowest of those who share it holds for all.
    :param url: of the server, ``redis://``, ``rediss://`` or ``unix://``.
    :param password: of the server, where the URL does not hold it.
    :param name: of the limit; says nothing of the key.
    :raises ValueError: the URL is not that of a Redis server.
    """

    def __init__(self, rate: float, clock: Clock, *, url: str, name: str, password: str = "") -> None:
        super().__init__(rate, clock)
        try:
            self._redis = redis.Redis.from_url(
                url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                decode_responses=True,
                **({"password": password} if password else {}),
            )
        except ValueError:
            raise ValueError(
                "rate_limit_backend is not the URL of a Redis server; write redis://server:6379/0"
            ) from None
        self._script = self._redis.register_script(
            files("airflow_provider_poweroffice.api.limits").joinpath("window.lua").read_text("utf-8")
        )
        self._key = PREFIX + name

    def pause(self, seconds: float) -> None:
        """Let nobody start a request for so many seconds."""
        with suppress(RateLimitStoreError):  # the next acquire says it; an answer must not be lost over it
            self._run("refuse", seconds)

    def _enter(self, place: float | None) -> Turn:
        return self._run("enter", self.rate, *(() if place is None else (place,)))

    def _leave(self, place: float) -> None:
        with suppress(RateLimitStoreError):
            self._run("leave", place)

    def _settle(self, start: float, trip: float, late: float) -> None:
        with suppress(RateLimitStoreError):
            self._run("settle", start, trip, late)

    def _run(self, operation: str, *numbers: float) -> Turn:
        try:
            answer: Any = self._script(keys=[self._key], args=[operation, *map(repr, numbers)])
        except redis.RedisError as error:
            raise RateLimitStoreError(
                f"the Redis server of rate_limit_backend cannot be used ({type(error).__name__}); nothing "
                "was sent. rate_limit_on_unreachable 'local' keeps the limit for this host meanwhile",
                outcome_unknown=False,
                permanent=isinstance(error, _REFUSED),
            ) from None
        return Turn(*map(float, answer))
