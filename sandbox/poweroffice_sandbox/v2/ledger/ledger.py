"""
The ledger by position: which voucher a row belongs to, when it was posted, created and changed.

Rule: nothing is stored for a generated row. Row ids, voucher numbers, posting dates and created times all
ascend with the position, so a filter on them is a range. The vouchers booked while the sandbox runs come
after them, see :mod:`.tail`; ranges do not reach those.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from copy import copy
from itertools import accumulate
from typing import Self

from ...core.clock import TICKS, stamp
from ...core.origin import SPAN, START, ore
from .pattern import CYCLE, CYCLE_ROWS, CYCLE_VOUCHERS, PERIOD_ROWS, Line
from .selection import Range, joined
from .tail import Tail

_STARTS = tuple(accumulate((lines for _, lines in CYCLE), initial=0))
_VOUCHER_AT = tuple(bisect_right(_STARTS, row) - 1 for row in range(CYCLE_ROWS))
DAY = 86_400 * TICKS
_POSTING_SPAN = SPAN - 63 * DAY  # leaves room for the later changes
_BOOKED_AFTER = 26 * 3600 * TICKS
_CHANGED_WITHIN = 60 * DAY


class Ledger:
    """
    One company's ledger.

    :param lines: the pattern.
    :param rows: how many rows; rounded down to whole vouchers.
    :param company: the company's position.
    :param start: where it begins, in ticks.
    :param end: no generated voucher was changed after this.
    """

    def __init__(
        self,
        lines: tuple[Line, ...],
        rows: int,
        company: int = 0,
        start: int = START,
        end: int = START + SPAN,
    ) -> None:
        self.lines = lines
        self._start, self._end = start, end
        cycles, rest = divmod(rows, CYCLE_ROWS)
        self.base = cycles * CYCLE_VOUCHERS + bisect_right(_STARTS, rest) - 1
        """Generated vouchers."""
        self.base_rows = _first_row(self.base)
        """Generated rows."""
        self.tail = Tail(self.base, self.base_rows, company)
        self._touched: dict[int, int] = {}

    def __len__(self) -> int:
        return self.base_rows + len(self.tail.rows)

    def copy(self) -> Self:
        """Give a copy that later changes do not reach."""
        other = copy(self)
        other.tail, other._touched = self.tail.copy(), dict(self._touched)  # noqa: SLF001 - its own class
        return other

    @property
    def vouchers(self) -> int:
        """How many vouchers there are."""
        return self.base + len(self.tail)

    def first_row(self, voucher: int) -> int:
        """
        Give the position of a voucher's first row.

        :param voucher: counted from 0.
        """
        if voucher > self.base:
            return self.base_rows + self.tail.bounds(voucher - self.base)[0]
        return _first_row(voucher)

    def voucher_at(self, position: int) -> int:
        """
        Give the voucher a row belongs to.

        :param position: counted from 0.
        """
        if position >= self.base_rows:
            return self.base + self.tail.voucher_at(position - self.base_rows)
        cycle, rest = divmod(position, CYCLE_ROWS)
        return cycle * CYCLE_VOUCHERS + _VOUCHER_AT[rest]

    def line_at(self, position: int) -> Line:
        """
        Give the line of a row.

        :param position: counted from 0.
        """
        if position >= self.base_rows:
            row = self.tail.rows[position - self.base_rows]
            return Line(row["AccountNo"], ore(row["Amount"]), row)
        return self.lines[position % PERIOD_ROWS]

    def posted(self, voucher: int) -> int:
        """
        Give the time whose date is the posting date, in ticks.

        :param voucher: counted from 0.
        """
        if voucher >= self.base:
            return self.tail.time(voucher - self.base, "PostingDate")
        return self._start + voucher * _POSTING_SPAN // self.base

    def created(self, voucher: int) -> int:
        """
        Give the time of booking, in ticks.

        :param voucher: counted from 0.
        """
        if voucher >= self.base:
            return self.tail.time(voucher - self.base, "CreatedDateTimeOffset")
        return self.posted(voucher) + _BOOKED_AFTER

    def changed(self, voucher: int) -> int:
        """
        Give the time of the last change, in ticks; some vouchers had their text changed days later.

        :param voucher: counted from 0.
        """
        if voucher >= self.base:
            return self.tail.time(voucher - self.base, "LastChangedDateTimeOffset")
        if voucher in self._touched:
            return self._touched[voucher]
        late = (voucher * 37 % 59 + 1) * DAY if voucher % 17 == 3 else 0  # noqa: PLR2004
        return min(self.created(voucher) + late, self._end)

    def append(self, now: int) -> None:
        """
        Book one more voucher, the next of the pattern.

        :param now: ticks.
        """
        first, lines = _first_row(self.vouchers), CYCLE[self.vouchers % CYCLE_VOUCHERS][1]
        fields = [self.lines[(first + index) % PERIOD_ROWS].fields for index in range(lines)]
        today = stamp(now)[:10]
        head = {
            "PostingDate": today,
            "VoucherDate": today,
            "VoucherDescription": f"{fields[-1]['Description']} {self.vouchers + 1}",
        }
        self.tail.book(head, fields, now)

    def touch(self, voucher: int, now: int) -> None:
        """
        Change the text of a voucher.

        :param voucher: counted from 0.
        :param now: ticks.
        """
        if voucher >= self.base:
            self.tail.change(voucher + 1, now)
        else:
            self._touched[voucher] = now

    def everything(self) -> list[Range]:
        """Give the range of all generated rows."""
        return joined([(0, self.base_rows)])

    def of_vouchers(self, low: int, high: int) -> Range:
        """Give the generated rows of some vouchers."""
        top = self.base
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
        return joined([self.of_vouchers(self._search(self.created, time + 1), self.base)])

    def changed_after(self, time: int) -> list[Range]:
        """
        Give the rows changed after a time.

        :param time: ticks.
        """
        tail = self._search(self.created, time + 1)
        window = range(self._search(self.created, time - _CHANGED_WITHIN), tail)
        late = [item for item in (*window, *self._touched) if item < tail and self.changed(item) > time]
        ranges = [self.of_vouchers(item, item + 1) for item in late]
        return joined([*ranges, self.of_vouchers(tail, self.base)])

    def _search(self, key: Callable[[int], int], time: int) -> int:
        return bisect_left(range(self.base), time, key=key)


def _first_row(voucher: int) -> int:
    cycle, rest = divmod(voucher, CYCLE_VOUCHERS)
    return cycle * CYCLE_ROWS + _STARTS[rest]
