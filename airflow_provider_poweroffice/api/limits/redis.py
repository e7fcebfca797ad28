"""
The limit of several hosts, kept by a Redis server they all reach.

Rule: the window is read and changed by one script on the server, by the server's time. Whatever the server
does, the only error is :class:`~airflow_provider_poweroffice.errors.RateLimitStoreError`, and nothing that
could hold the password of the URL is put into a message.
"""

from __future__ import annotations

import math
from contextlib import suppress
from importlib.resources import files

from airflow_provider_poweroffice.api.limits.throttle import Clock
from airflow_provider_poweroffice.api.limits.turns import PacedThrottle
from airflow_provider_poweroffice.api.limits.window import LEASE, MOST_WAITING, SLOWEST, Turn
from airflow_provider_poweroffice.errors import RateLimitStoreError

try:
    import redis
except ImportError as missing:
    raise ImportError(
        "rate_limit_backend names a Redis server, which needs the extra: pip install redis"
    ) from missing

PREFIX = "airflow-provider-poweroffice:limit:"
TIMEOUT = 5.0
"""Seconds to wait for a connection and for an answer; a limiter must not hang where the API would not."""

_REFUSED = (
    redis.AuthenticationError,
    redis.exceptions.AuthorizationError,
    redis.exceptions.NoPermissionError,
)


class RedisThrottle(PacedThrottle):
    """
    At most ``rate`` starts in any second, by all who name the same Redis server and subscription key.

    :param rate: requests per second; the lowest of those who share it holds for all.
    :param url: the server's, ``redis://``, ``rediss://`` or ``unix://``.
    :param password: the server's, where the URL does not hold it.
    :param name: the limit's; does not reveal the key.
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
        self._used_at = -math.inf

    def pause(self, seconds: float) -> None:
        """Stop everybody from starting a request for this many seconds."""
        with suppress(RateLimitStoreError):  # the next acquire reports it; an answer must not be lost over it
            self._run("refuse", seconds)

    def _enter(self, place: float | None) -> tuple[Turn, float]:
        asked = self._clock.monotonic()
        return self._run("enter", self.rate, *(() if place is None else (place,))), asked

    def _leave(self, place: float) -> None:
        with suppress(RateLimitStoreError):
            self._run("leave", place)

    def _settle(self, start: float, trip: float, *, lost: bool) -> None:
        with suppress(RateLimitStoreError):
            self._run("settle", start, trip, float(lost))

    def _run(self, operation: str, *numbers: float) -> Turn:
        # A window that was used lately cannot have lapsed; if it is gone, the server has lost it.
        is_known = self._clock.monotonic() - self._used_at < LEASE
        arguments: list[str | int] = [operation, int(is_known), *map(repr, numbers)]
        try:
            turn = _turn(self._script(keys=[self._key], args=arguments))
        except Exception as error:  # noqa: BLE001 - where the server is no Redis, its client raises anything
            raise RateLimitStoreError(
                f"the Redis server of rate_limit_backend cannot be used ({type(error).__name__}); nothing "
                "was sent. With rate_limit_on_unreachable 'local' this host would keep the limit meanwhile",
                outcome_unknown=False,
                permanent=isinstance(error, _REFUSED),
            ) from None
        self._used_at = self._clock.monotonic()
        return turn


def _turn(answer: object) -> Turn:
    """
    Read the script's answer.

    :raises ValueError: our script cannot have sent it.
    """
    if not isinstance(answer, list):
        raise ValueError  # noqa: TRY004 - one error for whatever is not an answer
    place, wait, start = map(float, answer)
    if not (0 <= wait <= MOST_WAITING / SLOWEST and math.isfinite(place) and math.isfinite(start)):
        raise ValueError
    return Turn(place, wait, start)
