"""
The rule of the limit: how many requests may start in a window of time, and in which order.

Rule: pure; every time is in seconds of whatever clock the sharers have in common.

A server counts a request when it arrives: somewhere between its start here and its answer. So a start is
held against the window from the latest moment at which it may have been counted: ``UNKNOWN`` after the
start while it is not answered, then what the answer's own delay says (:class:`.turns.Latency`).
"""

from __future__ import annotations

import math
from bisect import insort
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

LONGEST_PAUSE = 60.0
"""How long a 429 pauses every client that shares the limit, in seconds. A further 429 starts a new pause."""

LEASE = 60.0
"""Seconds for which the lowest rate that a client asked for holds for all; each request renews it."""

GRACE = 0.25
"""A waiter that does not claim its turn within this many seconds is presumed dead and dropped."""

MOST_SLOTS = 50
"""The most starts that are remembered; a higher rate is kept over a shorter window."""

UNKNOWN = 0.02
"""How long an unanswered request is assumed to be under way, in seconds."""

LONGEST_WAIT = 600.0
"""The longest plausible wait for a place in the queue, in seconds, beyond rate and length of the queue."""

MOST_WAITING = 2000
"""The longest plausible queue."""

SLOWEST = 1 / 86_400
"""The lowest plausible rate, in requests per second."""

_TICK = 1e-6


class Turn(NamedTuple):
    """
    A place in the queue.

    :param place: identifies it; places are ordered by arrival.
    :param wait: seconds until the caller should ask again; 0 means that it may start now.
    :param start: the time of the start, where it may.
    """

    place: float
    wait: float
    start: float


@dataclass
class Window:
    """
    What all who share a limit know of each other.

    :param rate: requests per second in force; the lowest that was asked for lately.
    :param rate_until: when that rate lapses unless it is asked for again.
    :param paused_until: nobody starts before.
    :param starts: the latest starts as ``(counted, start)``, by the time they are held to be counted.
    :param waiting: the queue as ``(place, due)``; ``due`` is when its owner asks again.
    :param share: part of the rate that is kept.
    """

    rate: float = float("inf")
    rate_until: float = 0.0
    paused_until: float = 0.0
    starts: list[tuple[float, float]] = field(default_factory=list)
    waiting: list[tuple[float, float]] = field(default_factory=list)
    share: float = 1.0

    def enter(self, now: float, rate: float, place: float | None = None) -> Turn:
        """
        Start, or say how long to wait before asking again.

        :param rate: requests per second that this caller keeps.
        :param place: the caller's place in the queue, None for a new caller.
        """
        if rate <= self.rate or now >= self.rate_until:
            self.rate, self.rate_until = rate, now + max(LEASE, 2 / rate)
        self.waiting = [one for one in self.waiting if one[0] != place and one[1] >= now - GRACE]
        if place is None:
            place = max(now, self.waiting[-1][0] + _TICK) if self.waiting else now
        before = sum(one[0] < place for one in self.waiting)
        due = max(self.paused_until, self._due(now, before))
        if due - now > _TICK:
            insort(self.waiting, (place, due))
            return Turn(place, due - now, now)
        slots, span = shape(self.rate * self.share)
        insort(self.starts, (now + UNKNOWN * min(1.0, span), now))
        del self.starts[:-slots]
        return Turn(place, 0.0, now)

    def _due(self, now: float, before: int) -> float:
        """Say when the next may start after so many in front of him."""
        slots, span = shape(self.rate * self.share)
        last = self.starts[-slots:]
        spans, index = divmod(before + len(last), slots)
        if not spans:
            return now
        return (last[index][0] if index < len(last) else now) + spans * span

    def earliest(self, now: float) -> float:
        """Say when the next start may be, whoever's it is."""
        return max(now, self.paused_until, self._due(now, 0))

    def leave(self, place: float) -> None:
        """Give a place in the queue back."""
        self.waiting = [one for one in self.waiting if one[0] != place]

    def settle(self, start: float, delay: float) -> None:
        """
        Note how long after its start a request was counted at the latest.

        :param delay: seconds.
        """
        counted = start + delay * min(1.0, shape(self.rate * self.share)[1])
        self.starts = sorted((counted if one[1] == start else one[0], one[1]) for one in self.starts)

    def pause(self, now: float, seconds: float) -> None:
        """Let nobody start for so many seconds, those in the queue included."""
        self.paused_until = max(self.paused_until, now + min(seconds, LONGEST_PAUSE))

    def adopt(self, other: Window, ahead: float = 0.0) -> None:
        """
        Add what another window knows of the same limit.

        :param ahead: seconds by which this window's clock is ahead of the other's.
        """
        known = {start for _, start in self.starts}
        theirs = [(counted + ahead, start + ahead) for counted, start in other.starts]
        self.starts = sorted([*self.starts, *(one for one in theirs if one[1] not in known)])[-MOST_SLOTS:]
        self.paused_until = max(self.paused_until, other.paused_until + ahead)
        if other.rate < self.rate:
            self.rate, self.rate_until = other.rate, other.rate_until + ahead

    def is_plausible(self, now: float) -> bool:
        """
        Tell whether this can be a window that was in use.

        :param now: when it was written.
        """
        pairs = (*self.starts, *self.waiting)
        if self.rate < SLOWEST or math.isnan(self.rate) or len(self.waiting) > MOST_WAITING:
            return False
        if not all(map(math.isfinite, (self.rate_until, self.paused_until, *chain.from_iterable(pairs)))):
            return False
        slots, span = shape(self.rate)
        longest = LONGEST_WAIT + span * (1 + len(self.waiting) / slots)
        return (
            self.paused_until <= now + LONGEST_PAUSE
            and self.rate_until <= now + max(LEASE, 2 / self.rate)
            and len(self.starts) <= MOST_SLOTS
            and all(start <= now and counted <= now + LONGEST_PAUSE for counted, start in self.starts)
            and all(due <= now + longest for _, due in self.waiting)
        )


def shape(rate: float) -> tuple[int, float]:
    """
    Say how many may start at once, and in how many seconds that many may start.

    A whole number of requests a second may come at once. Another rate is spaced evenly: in bursts, some
    second would see more of them than the rate.
    """
    if rate > MOST_SLOTS:
        return MOST_SLOTS, MOST_SLOTS / rate
    slots = max(1, int(rate)) if rate == int(rate) else 1
    return slots, slots / rate
