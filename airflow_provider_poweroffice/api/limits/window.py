"""
The rule of the limit: how many requests may start in a window of time, and in which order.

Rule: pure; every time is in seconds of whatever clock the sharers have in common.

A server counts a request somewhere between its start here and its answer. What an answer took beyond the
shortest trip of anybody bounds how much later than others it was counted; how much of that was the journey,
and how much the server's work after it had counted, nobody can tell. So there are two ways:

- By default a start is held against the window for as much longer as its answer took, while the balance
  lasts: ``SHARE`` for each answer, ``MOST_BALANCE`` at most. A new connection is waited out, a slow server is
  not. A start that is unanswered for longer than others took lately may not have been counted yet, as the
  server may have stopped: it is held until it is answered.
- A refusal tells that requests are counted late. For a while the window is then *strict*: a start is held
  until its answer, so that no request of those who share the window can be refused. Where a refusal follows
  soon after that, it is strict for twice as long.
"""

from __future__ import annotations

import math
import sys
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
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

LEAST = 0.004
"""The least difference between two journeys that is assumed, in seconds."""

LEARN = 5
"""Answers after which the shortest trip is trusted; until then each counts in full."""

REMEMBERED = 100
"""The shortest trip is sought among this many of the latest answers, or up to twice as many."""

SHARE = 0.025
"""Seconds of delay that each answer allows on average, 2.5 % of the window of a second."""

MOST_BALANCE = 5.0
"""The most delay that is saved up by all who share the limit, in seconds; also the first balance."""

STRICT = 30.0
"""How long the window is strict after a refusal, in seconds."""

LONGEST_STRICT = 600.0
"""The longest time for which a refusal makes the window strict, in seconds."""

UNANSWERED = 10.0
"""Seconds after which an unanswered request is taken for one that was counted long ago."""

FADE = 0.98
"""What is left of the usual longest trip at the next answer, where that is shorter."""

GROWTH = 1.1
"""What the usual longest trip becomes at most at the next answer, where that took longer."""

SHORT = 0.05
"""The shortest of usual longest trips, in seconds."""

ODD = 2.0
"""An answer that took more than so many times the usual longest trip tells of a server that stood still."""

RECHECK = 0.05
"""Seconds after which the window is asked again where an unanswered request is in the way."""

LONGEST_WAIT = 600.0
"""The longest plausible wait for a place in the queue, in seconds, beyond rate and length of the queue."""

MOST_WAITING = 2000
"""The longest plausible queue."""

SLOWEST = 1 / 86_400
"""The lowest plausible rate, in requests per second."""

_TICK = 1e-6

_AHEAD = 1.0
"""Seconds, at most, by which a place in the queue may be later than the time."""

_FIRST = -sys.float_info.max

_INFINITE = float("inf")


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
    :param starts: the latest starts as ``(counted, start)``, by the time they are held to be counted; the two
        are equal where there is no answer yet.
    :param waiting: the queue as ``(place, due)``; ``due`` is when its owner asks again.
    :param balance: seconds of delay that may still be waited out.
    :param strict_until: starts are held until their answers, see above.
    :param strict_for: how long the latest refusal made the window strict, in seconds.
    :param longest: seconds from a start to its answer, the usual longest; 0 before the first answer.
    :param shortest: the shortest trip in seconds, of the last ``REMEMBERED`` answers that are complete.
    :param lately: the same of the ``answers`` since.
    :param answers: see ``lately``.
    :param share: part of the rate that is kept; each refusal halves it, down to ``least_share``; those
        of calls that were under way together count as one.
    """

    rate: float = _INFINITE
    rate_until: float = 0.0
    paused_until: float = 0.0
    starts: list[tuple[float, float]] = field(default_factory=list)
    waiting: list[tuple[float, float]] = field(default_factory=list)
    balance: float = MOST_BALANCE
    strict_until: float = 0.0
    strict_for: float = 0.0
    longest: float = 0.0
    shortest: float = _INFINITE
    lately: float = _INFINITE
    answers: float = 0
    share: float = 1.0
    least_share: float = 1.0

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
        else:
            place = min(place, now)  # it may be of a clock that was lost with its window
        before = sum(one[0] < place for one in self.waiting)
        due = max(self.paused_until, self._due(now, before))
        if due - now > _TICK:
            insort(self.waiting, (place, due))
            return Turn(place, due - now, now)
        insort(self.starts, (now, now))
        del self.starts[:-MOST_SLOTS]
        return Turn(place, 0.0, now)

    def _due(self, now: float, before: int) -> float:
        """Say when the next caller may start, with so many in front of it."""
        slots, span = shape(self.rate * self.share)
        last = self._counted(now, span)[-slots:]
        spans, index = divmod(before + len(last), slots)
        if not spans:
            return now
        return (last[index] if index < len(last) else now) + spans * span

    def _counted(self, now: float, span: float) -> list[float]:
        """List when the latest starts are held to be counted, in order."""
        scale = min(1.0, span)
        patience = 0.0 if now < self.strict_until else self.longest or UNANSWERED
        times = []
        for counted, start in self.starts:
            if counted > start:
                times.append(counted)
            elif patience <= now - start < UNANSWERED:
                times.append(max(start + UNKNOWN * scale, now - span + RECHECK * scale))
            else:
                times.append(start + UNKNOWN * scale)
        return sorted(times)

    def earliest(self, now: float) -> float:
        """Say when the next request may start, whoever sends it."""
        return max(now, self.paused_until, self._due(now, 0))

    def leave(self, place: float) -> None:
        """Give a place in the queue back."""
        self.waiting = [one for one in self.waiting if one[0] != place]

    def settle(self, now: float, start: float, trip: float, *, lost: bool = False) -> None:
        """
        Note that a request was answered.

        :param trip: seconds from its start to its answer.
        :param lost: no answer came, and none will: it may have been counted as late as now.
        """
        is_odd = trip > ODD * self.longest > 0
        usual = max(SHORT, GROWTH * self.longest) if self.longest else UNANSWERED
        self.longest = max(min(trip, usual, UNANSWERED), SHORT, self.longest * FADE)
        self.balance = min(MOST_BALANCE, self.balance + SHARE)
        late = trip if lost else self._late(trip)
        if is_odd or now < self.strict_until:
            delay = max(LEAST, min(trip, now - start))
        else:
            allowed = max(LEAST, min(late, self.balance))
            self.balance = max(0.0, self.balance - allowed)
            delay = allowed * min(1.0, shape(self.rate * self.share)[1])
        counted = start + delay
        self.starts = sorted((counted if one[1] == start else one[0], one[1]) for one in self.starts)

    def _late(self, trip: float) -> float:
        """Say how much longer an answer took than the shortest trip of all who share the window."""
        self.lately = min(self.lately, trip)
        self.answers += 1
        late = trip - min(self.shortest, self.lately)
        if self.shortest == _INFINITE and self.answers <= LEARN:
            late = trip
        if self.answers >= REMEMBERED:
            self.shortest, self.lately, self.answers = self.lately, _INFINITE, 0
        return late

    def pause(self, now: float, seconds: float) -> None:
        """Stop everybody from starting for this many seconds, those in the queue included."""
        self.paused_until = max(self.paused_until, now + min(seconds, LONGEST_PAUSE))

    def refuse(self, now: float, seconds: float) -> None:
        """
        Pause after a refusal, and be strict for a while.

        A refusal of a strict window does not prolong that: others use the limit, whom no window sees.
        """
        if now >= self.paused_until:  # else the call left before an earlier refusal, and tells nothing new
            self.share = max(self.least_share, self.share / 2)
        self.pause(now, seconds)
        if now < self.strict_until:
            return
        is_soon = now < self.strict_until + self.strict_for
        self.strict_for = min(LONGEST_STRICT, 2 * self.strict_for) if is_soon else STRICT
        self.strict_until = now + self.strict_for

    def adopt(self, other: Window, ahead: float = 0.0) -> None:
        """
        Add what another window knows of the same limit.

        :param ahead: seconds by which this window's clock is ahead of the other's.
        """
        known = {start for _, start in self.starts}
        # The answer of an open start may have been noted where this window does not see it.
        theirs = [
            ((counted if counted > start else start + UNKNOWN) + ahead, start + ahead)
            for counted, start in other.starts
        ]
        self.starts = sorted([*self.starts, *(one for one in theirs if one[1] not in known)])[-MOST_SLOTS:]
        self.paused_until = max(self.paused_until, other.paused_until + ahead)
        self.balance = min(self.balance, other.balance)
        self.shortest = min(self.shortest, other.shortest)
        self.lately = min(self.lately, other.lately)
        if other.strict_for:
            self.strict_until = max(self.strict_until, other.strict_until + ahead)
            self.strict_for = max(self.strict_for, other.strict_for)
        if other.rate < self.rate:
            self.rate, self.rate_until = other.rate, other.rate_until + ahead

    def is_plausible(self, now: float) -> bool:
        """
        Tell whether this can be a window that was in use.

        :param now: when it was written.
        """
        if not self.rate >= SLOWEST or len(self.waiting) > MOST_WAITING:  # also NaN
            return False
        slots, span = shape(self.rate)
        longest = LONGEST_WAIT + span * (1 + len(self.waiting) / slots)
        bounds = (
            (len(self.starts), 0, MOST_SLOTS),
            (self.balance, 0, MOST_BALANCE),
            (self.strict_for, 0, LONGEST_STRICT),
            (self.longest, 0, UNANSWERED),
            (self.shortest, 0, _INFINITE),
            (self.lately, 0, _INFINITE),
            (self.answers, 0, REMEMBERED),
            (self.rate_until, _FIRST, now + max(LEASE, 2 / self.rate)),
            (self.paused_until, _FIRST, now + LONGEST_PAUSE),
            (self.strict_until, _FIRST, now + LONGEST_STRICT),
        )
        return (
            all(least <= value <= most for value, least, most in bounds)
            and _are_before([counted for counted, _ in self.starts], now + LONGEST_PAUSE)
            and _are_before([start for _, start in self.starts], now)
            and _are_before([place for place, _ in self.waiting], now + _AHEAD)
            and _are_before([due for _, due in self.waiting], now + longest)
        )


def _are_before(moments: Sequence[float], end: float) -> bool:
    """Tell whether moments are finite, none of them behind an end; every request asks, twice."""
    return not moments or (math.isfinite(sum(moments)) and max(moments) <= end)


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
