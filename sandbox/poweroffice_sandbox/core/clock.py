"""
The sandbox's time: a source of seconds, a shift, and the texts of the API.

Rule: nobody else reads a clock.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICKS = 10_000_000
"""A .NET tick is 100 ns: the seventh decimal of a timestamp."""

_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$",
    re.IGNORECASE,
)


class Clock:
    """
    Seconds since 1970, which a test may move on.

    :param source: the time underneath, e.g. :func:`time.time`.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._shift = 0.0

    def now(self) -> float:
        """Give the seconds since 1970."""
        return self._source() + self._shift

    def advance(self, seconds: float) -> None:
        """
        Move the time on.

        :param seconds: how far; negative moves it back.
        """
        self._shift += seconds


def ticks(seconds: float) -> int:
    """
    Turn seconds since 1970 into ticks.

    :param seconds: with fraction; microseconds count.
    """
    return round(seconds * 1_000_000) * 10


def stamp(value: int) -> str:
    """
    Write ticks as a stored timestamp: UTC, seven decimals, ``Z``. These texts sort as the times do.

    :param value: ticks since 1970.
    """
    moment = EPOCH + timedelta(seconds=value // TICKS)
    return f"{moment.isoformat()[:19]}.{value % TICKS:07d}Z"


def parse_ticks(text: str) -> int:
    """
    Read a timestamp as the API's filters do: ``T`` or space, any number of decimals, no zone means UTC.

    :param text: e.g. ``2021-09-25 08:03:00.123456+00:00``.
    :raises ValueError: it is no timestamp.
    """
    match = _STAMP.match(text.strip())
    if match is None:
        raise ValueError(f"not a timestamp: {text!r}")
    day, hour, minute, second, fraction, zone = match.groups()
    moment = datetime.fromisoformat(f"{day}T{hour or '00'}:{minute or '00'}:{second or '00'}+00:00")
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    if zone and zone.upper() != "Z":
        sign = -1 if zone[0] == "-" else 1
        seconds -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return seconds * TICKS + int((fraction or "0")[:7].ljust(7, "0"))
