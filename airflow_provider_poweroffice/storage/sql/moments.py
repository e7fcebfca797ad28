"""
Timestamps as databases hold them: to the microsecond, in UTC.

Rule: the seventh digit is cut, never rounded: a stored moment is not later than the real one.
"""

from __future__ import annotations

from airflow_provider_poweroffice.api.timestamps import text_of, ticks_of_iso

_FULL = len("2026-05-02T13:09:55.9103401Z")
_POINT = len("2026-05-02T13:09:55")


def micro(text: str) -> str | None:
    """Write a timestamp of the API as ``2026-05-02T13:09:55.910340Z``; None: it is none."""
    if len(text) == _FULL and text[-1] == "Z" and text[10] == "T":
        return text[:-2] + "Z"
    try:
        return text_of(ticks_of_iso(text))[:-2] + "Z"
    except (ValueError, OverflowError):
        return None


def cut(moment: str, digits: int) -> str:
    """
    Cut a moment to what a column keeps.

    :param moment: as ``micro`` writes it.
    :param digits: behind the second, 0 to 6.
    """
    return (moment[: _POINT + 1 + digits] if digits else moment[:_POINT]) + "Z"
