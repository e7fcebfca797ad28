"""
The ledger by position: which voucher a row belongs to, when it was posted, created and changed.

Rule: nothing is stored for a row. Row ids, voucher numbers, posting dates and created times all ascend with
the position, so a filter on them is a range. Only vouchers added or touched while the sandbox runs are
remembered.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import accumulate

from .clock import TICKS
from .origin import SPAN, START
from .pattern import CYCLE, CYCLE_ROWS, CYCLE_VOUCHERS, PERIOD_ROWS, Line
from .selection import Range, joined

_STARTS = tuple(accumulate((lines for _, lines in CYCLE), initial=0))
_VOUCHER_AT = tuple(bisect_right(_STARTS, row) - 1 for row in range(CYCLE_ROWS))
DAY = 86_400 * TICKS
_POSTING_SPAN = SPAN - 63 * DAY  # leaves room for the later changes
_BOOKED_AFTER = 26 * 3600 * TICKS
_CHANGED_WITHIN = 60 * DAY
FIRST_ID = 990_000_001


class Ledger:
    """
    One company's ledger.

    :param lines: the pattern.
    :param rows: how many rows; rounded down to whole vouchers.
    """

    def __init__(self, lines: tuple[Line, ...], rows: int) -> None:
        self.lines = lines
        cycles, rest = divmod(rows, CYCLE_ROWS)
        self._base = cycles * CYCLE_VOUCHERS + bisect_right(_STARTS, rest) - 1
        self._added: list[int] = []
        self._touched: dict[int, int] = {}

    def __len__(self) -> int:
        return self.first_row(self.vouchers)

    @property
    def vouchers(self) -> int:
        """How many vouchers there are."""
        return self._base + len(self._added)

    def first_row(self, voucher: int) -> int:
        """
        Give the position of a voucher's first row.

        :param voucher: counted from 0.
        """
        cycle, rest = divmod(voucher, CYCLE_VOUCHERS)
        return cycle * CYCLE_ROWS + _STARTS[rest]

    def voucher_at(self, position: int) -> int:
        """
        Give the voucher a row belongs to.

        :param position: counted from 0.
        """
        cycle, rest = divmod(position, CYCLE_ROWS)
        return cycle * CYCLE_VOUCHERS + _VOUCHER_AT[rest]

    def line_at(self, position: int) -> Line:
        """
        Give the pattern's line of a row.

        :param position: counted from 0.
        """
        return self.lines[position % PERIOD_ROWS]

    def posted(self, voucher: int) -> int:
        """
        Give the time whose date is the posting date, in ticks.

        :param voucher: counted from 0.
        """
        if voucher >= self._base:
            return self._added[voucher - self._base]
        return START + voucher * _POSTING_SPAN // self._base

    def created(self, voucher: int) -> int:
        """
        Give the time of booking, in ticks.

        :param voucher: counted from 0.
        """
        if voucher >= self._base:
            return self._added[voucher - self._base]
        return self.posted(voucher) + _BOOKED_AFTER

    def changed(self, voucher: int) -> int:
        """
        Give the time of the last change, in ticks; some vouchers had their text changed days later.

        :param voucher: counted from 0.
        """
        if voucher in self._touched:
            return self._touched[voucher]
        late = (voucher * 37 % 59 + 1) * DAY if voucher % 17 == 3 and voucher < self._base else 0  # noqa: PLR2004
        return self.created(voucher) + late

    def append(self, now: int) -> None:
        """
        Book one more voucher, the next of the pattern.

        :param now: ticks.
        """
        self._added.append(now)

    def touch(self, voucher: int, now: int) -> None:
        """
        Change the text of a voucher.

        :param voucher: counted from 0.
        :param now: ticks.
        """
        self._touched[voucher] = now

    def everything(self) -> list[Range]:
        """Give the range of all rows."""
        return joined([(0, len(self))])

    def of_vouchers(self, low: int, high: int) -> Range:
        """
        Give the rows of some vouchers.

        :param low: the first voucher.
        :param high: the one after the last.
        """
        top = self.vouchers
        return self.first_row(max(0, min(low, top))), self.first_row(max(0, min(high, top)))

    def posted_between(self, first: int, last: int) -> list[Range]:
        """
        Give the rows posted at or after ``first`` and before ``last``.

        :param first: ticks.
        :param last: ticks.
        """
        return joined([self.of_vouchers(self._search(self.posted, first), self._search(self.posted, last))])

    def created_after(self, time: int) -> list[Range]:
        """
        Give the rows created after a time.

        :param time: ticks.
        """
        return joined([self.of_vouchers(self._search(self.created, time + 1), self.vouchers)])

    def changed_after(self, time: int) -> list[Range]:
        """
        Give the rows changed after a time.

        :param time: ticks.
        """
        tail = self._search(self.created, time + 1)
        window = range(self._search(self.created, time - _CHANGED_WITHIN), tail)
        late = [item for item in (*window, *self._touched) if item < tail and self.changed(item) > time]
        ranges = [self.of_vouchers(item, item + 1) for item in late]
        return joined([*ranges, self.of_vouchers(tail, self.vouchers)])

    def _search(self, key: Callable[[int], int], time: int) -> int:
        return bisect_left(range(self.vouchers), time, key=key)
