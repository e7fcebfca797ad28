"""
How late a request was counted by the server, as its answer tells.

Rule: pure. What a round trip took beyond the shortest one bounds how much later than others it was
counted; how much of that was the journey, and how much a slow server, nobody can tell. So the whole of it
is taken, but no more than ``SHARE`` of the window on average: an outlier (a new connection, a busy machine)
is waited out, a slow server is not.
"""

from __future__ import annotations

from collections import deque

from airflow_provider_poweroffice.api.limits.forklock import ForkLock

LEAST = 0.004
"""Seconds by which journeys are taken to differ at least."""

SHARE = 0.025
"""Seconds of delay that each answer allows on average, 2.5 % of the window of a second."""

MOST = 2.0
"""Seconds of delay saved up at most, and to begin with, as connections are opened then."""

LEARN = 5
"""Answers until a shortest round trip is believed; before, the whole of each is taken."""

REMEMBERED = 100
"""Answers among which the shortest round trip is looked for: networks change."""


class Journeys:
    """What the answers so far told; safe to share between threads."""

    def __init__(self) -> None:
        self._trips: deque[float] = deque(maxlen=REMEMBERED)
        self._saved = MOST
        self._lock = ForkLock()

    def delay(self, round_trip: float) -> float:
        """
        Say how long after its start a request was counted at the latest, in seconds.

        :param round_trip: seconds from its start to its answer.
        """
        with self._lock:
            self._trips.append(round_trip)
            late = round_trip - (min(self._trips) if len(self._trips) > LEARN else 0.0)
            self._saved = min(MOST, self._saved + SHARE)
            delay = max(LEAST, min(late, self._saved))
            self._saved -= delay
            return delay
