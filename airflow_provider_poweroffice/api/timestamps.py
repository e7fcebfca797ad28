"""
The API's timestamps, as exact numbers.

They end in up to seven digits and ``Z``, an offset or nothing (then UTC is meant), with a ``T`` or a
space in the middle; Python's own ``datetime`` would drop the seventh digit. Source: OpenAPI file and
client observations, see docs/decisions.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from operator import itemgetter

from airflow_provider_poweroffice.api.decoding import http_date
from airflow_provider_poweroffice.api.texts import one_line

_SHAPE = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? ?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIDDLE = len("2026-05-02")
TICKS = 10_000_000
"""Per second: .NET counts in units of 100 ns."""


def ticks(text: str) -> int:
    """
    Read a timestamp as a count of 100 ns since 1970, exact.

    :raises ValueError: the text is not a timestamp.
    """
    found = _SHAPE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a timestamp such as 2026-05-02T13:09:55.9103401Z")
    day, clock, fraction, zone = found.groups()
    offset = "+00:00" if zone in {None, "Z", "z"} else zone
    whole = datetime.fromisoformat(f"{day}T{clock}{offset}") - _EPOCH
    return (whole.days * 86_400 + whole.seconds) * TICKS + int((fraction or "0").ljust(7, "0")[:7])


def ticks_of_iso(text: str) -> int:
    """
    Read any ISO 8601 date or time as a count of 100 ns; a date is its first moment, none of zone means UTC.

    :raises ValueError: it is none.
    """
    try:
        return ticks(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text.strip().upper())
        except ValueError:
            raise ValueError(f"{text!r} is not a date or time such as 2026-05-02T13:09:55Z") from None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * TICKS + since.microseconds * 10


def ticks_of_http_date(text: str) -> int:
    """
    Read an HTTP date, such as a ``Date`` header, as a count of 100 ns since 1970.

    :raises ValueError: it is none.
    """
    moment = http_date(text)
    if moment is None:
        raise ValueError(f"{one_line(text, 100)!r} is not an HTTP date such as Mon, 02 Mar 2026 13:09:55 GMT")
    return ticks_of_iso(moment.isoformat())


def text_of(count: int) -> str:
    """Write a count of 100 ns since 1970 as a timestamp, exact."""
    seconds, fraction = divmod(count, TICKS)
    moment = _EPOCH + timedelta(seconds=seconds)
    # Not strftime: its %Y writes the year 1 as "1", which PostgreSQL reads as 2001.
    return f"{moment.replace(tzinfo=None).isoformat()}.{fraction:07d}Z"


def latest(stamps: Iterable[str]) -> str | None:
    """
    Find the latest of many timestamps, as it was sent; None for none.

    Texts of equal length and zone sort like the moments they name, so only one of each such group
    is parsed: a page of 5000 rows costs a handful of parses.

    :raises ValueError: one of them is no timestamp; not all are looked at.
    """
    stamps = list(stamps)
    if _are_alike(stamps):
        found = max(stamps)
        ticks(found)
        return found
    groups: dict[tuple[int, str], str] = {}
    for stamp in stamps:
        group = (len(stamp), stamp[10:11] + _zone(stamp))
        if stamp > groups.get(group, ""):
            groups[group] = stamp
    return max(groups.values(), key=ticks, default=None)


def _are_alike(stamps: list[str]) -> bool:
    """Tell whether all are in UTC and written in one way; a page of most APIs is."""
    lengths = set(map(len, stamps))
    return (
        len(lengths) == 1
        and min(lengths) > _MIDDLE
        and set(map(itemgetter(-1), stamps)) == {"Z"}
        and len(set(map(itemgetter(_MIDDLE), stamps))) == 1
    )


def _zone(stamp: str) -> str:
    if stamp[-6:-5] in {"+", "-"}:
        return stamp[-6:]
    return "" if stamp[-1:].isdigit() else stamp[-1:]
