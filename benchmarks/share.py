"""How much of a limit was used, counted as the server counts."""

from __future__ import annotations

from collections.abc import Sequence


def share(passed: Sequence[float], limit: int) -> float:
    """
    Give the part of a limit that was used, the beginning and the end of the run included.

    From the first request to the last that is a multiple of ``limit`` later, so that 1 is the most there is:
    the first second's requests, which may come at once, count no more than the others.

    :param passed: when the server counted each request that it let through, in seconds.
    :param limit: requests per second.
    """
    moments = sorted(passed)
    spans = (len(moments) - 1) // limit
    return spans / (moments[spans * limit] - moments[0])
