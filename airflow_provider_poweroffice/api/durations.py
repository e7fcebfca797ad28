"""
A span of time as a person writes it.

Rule: pure and strict: a number that could be read as another unit is refused.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any

_CLOCK = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})", re.ASCII)


def seconds_of(value: Any, name: str) -> float:
    """
    Read a span.

    :param value: ``"hh:mm:ss"`` (hh up to 23, mm and ss up to 59), seconds as a number, or a timedelta.
    :param name: of the argument, for messages.
    :return: seconds.
    :raises ValueError: anything else, such as the text ``"60"``, and negative spans.
    """
    seconds: float | None = None
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str) and (found := _CLOCK.fullmatch(value.strip())):
        hours, minutes, rest = (int(part) for part in found.groups())
        if hours <= 23 and minutes <= 59 and rest <= 59:  # noqa: PLR2004 - a clock's
            seconds = float(hours * 3600 + minutes * 60 + rest)
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        raise ValueError(
            f"{name} must be 'hh:mm:ss' (such as '00:10:00'), seconds as a number, or a timedelta, "
            f"not {value!r}"
        )
    return seconds
