"""
Which positions of the ledger a filter means, without listing them.

Rule: pure arithmetic on two things, disjoint ranges of positions and the places in the pattern that match.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from .pattern import PERIOD_ROWS

Range = tuple[int, int]
"""From the first position to the one after the last."""


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Sort ranges and join those that touch."""
    result: list[Range] = []
    for low, high in sorted(item for item in ranges if item[0] < item[1]):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result


def common(first: list[Range], second: list[Range]) -> list[Range]:
    """
    Give the positions in both.

    :param first: from :func:`joined`.
    :param second: from :func:`joined`.
    """
    result, i, j = [], 0, 0
    while i < len(first) and j < len(second):
        low, high = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if low < high:
            result.append((low, high))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return result


class Selection:
    """
    The positions that match, in order, as a sequence that is never built.

    :param ranges: from :func:`joined`.
    :param places: matching places in the pattern, ascending; ``None`` for all.
    :param booked: further positions, behind all ranges.
    """

    def __init__(
        self, ranges: Sequence[Range], places: Sequence[int] | None = None, booked: Sequence[int] = ()
    ) -> None:
        self._ranges = ranges
        self._booked = booked
        self._places: Sequence[int] = range(PERIOD_ROWS) if places is None else places
        self._ends = list(accumulate(self._rank(high) - self._rank(low) for low, high in ranges))

    def __len__(self) -> int:
        return self._generated + len(self._booked)

    @property
    def _generated(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> int:
        if index >= self._generated:
            return self._booked[index - self._generated]
        which = bisect_right(self._ends, index)
        before = self._ends[which - 1] if which else 0
        turns, place = divmod(self._rank(self._ranges[which][0]) + index - before, len(self._places))
        return turns * PERIOD_ROWS + self._places[place]

    def _rank(self, position: int) -> int:
        turns, place = divmod(position, PERIOD_ROWS)
        return turns * len(self._places) + bisect_left(self._places, place)
