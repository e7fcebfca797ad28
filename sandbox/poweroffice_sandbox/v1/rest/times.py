"""Times as they come in: filters, bodies, days of reports. Rule: one reading, one error."""

from __future__ import annotations

from datetime import date

from ...core.clock import parse_ticks, stamp


def moment(text: str) -> str:
    """
    Read a time or a day, in any form the API writes or takes, as a stored text: UTC, seven decimals, ``Z``.

    :param text: as received, e.g. ``2023-10-25T07:58:57 +00:00``.
    :raises ValueError: it is no time between the years 1 and 9999.
    """
    try:
        return stamp(parse_ticks(text))
    except OverflowError as error:
        raise ValueError(text) from error


def day_before(day: str) -> str:
    """
    Give the day before; of the first day there is none before, so it is itself.

    :param day: ``YYYY-MM-DD``.
    """
    ordinal = date.fromisoformat(day).toordinal()
    return date.fromordinal(max(1, ordinal - 1)).isoformat()
