"""
The vouchers booked while the sandbox runs: the rows after the generated ones.

Rule: rows are stored whole and only ever added or replaced. Row ids and voucher numbers go on where the
generated ledger ends; posting dates are the client's and do not ascend.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from copy import copy
from itertools import pairwise
from typing import Self

from ...core.clock import parse_ticks, stamp
from ...core.origin import FIRST_ENTRY, voucher_uuid
from ...core.table import Row
from ..schema.dto import schema_of

_BLANK: Row = {
    **dict.fromkeys(schema_of("AccountTransaction").names),
    "AgricultureDepartment": "None",
    "CurrencyCode": "NOK",
    "IsNoteMainEntry": False,
    "IsReversed": False,
    "VatReturnSpecification": "None",
}


class Tail:
    """
    The booked vouchers of one ledger.

    :param vouchers: how many vouchers come before.
    :param rows: how many rows come before.
    :param company: the company's position.
    """

    def __init__(self, vouchers: int, rows: int, company: int) -> None:
        self._before = vouchers, rows
        self._company = company
        self._starts: list[int] = []
        self.rows: list[Row] = []

    def __len__(self) -> int:
        return len(self._starts)

    def copy(self) -> Self:
        """Give a copy that later bookings do not reach."""
        other = copy(self)
        other._starts, other.rows = list(self._starts), list(self.rows)  # noqa: SLF001 - its own class
        return other

    def bounds(self, voucher: int) -> tuple[int, int]:
        """
        Give the first row of a voucher and the one after its last.

        :param voucher: counted from 0, the first booked one.
        """
        ends = [*self._starts[voucher + 1 : voucher + 2], len(self.rows)]
        return (self._starts[voucher] if voucher < len(self) else len(self.rows)), ends[0]

    def voucher_at(self, row: int) -> int:
        """
        Give the voucher a row belongs to.

        :param row: counted from 0.
        """
        return bisect_right(self._starts, row) - 1

    def lines(self, voucher: int) -> list[Row]:
        """
        Give the rows of a voucher.

        :param voucher: counted from 0.
        """
        low, high = self.bounds(voucher)
        return self.rows[low:high]

    def time(self, voucher: int, field: str) -> int:
        """
        Give a date or time of a voucher, in ticks.

        :param voucher: counted from 0.
        :param field: e.g. ``PostingDate``.
        """
        return parse_ticks(self.rows[self.bounds(voucher)[0]][field])

    def ascends(self, last: int) -> bool:
        """
        Say whether the dates ascend with the rows.

        :param last: the last date before, in ticks.
        """
        rows = [{"PostingDate": stamp(last)[:10], "VoucherDate": ""}, *self.rows]
        return all(a[name] <= b[name] for a, b in pairwise(rows) for name in ("PostingDate", "VoucherDate"))

    def book(self, head: Row, lines: Iterable[Row], now: int) -> Row:
        """
        Book a voucher.

        :param head: the fields all its rows share; a ``VoucherId`` only when it has one already.
        :param lines: the fields of each row; they sum to zero.
        :param now: ticks.
        :return: its first row.
        """
        vouchers, rows = self._before
        number, time = vouchers + len(self) + 1, stamp(now)
        self._starts.append(len(self.rows))
        for line in lines:
            identifier = FIRST_ENTRY + 3 * (rows + len(self.rows))
            row = {**_BLANK, **head, **line}
            self.rows.append(
                {
                    **row,
                    "Id": identifier,
                    "SubLedgerEntryId": identifier if row["ContactId"] else None,
                    "VoucherNo": number,
                    "VoucherId": row["VoucherId"] or voucher_uuid(number, self._company),
                    "CreatedDateTimeOffset": time,
                    "LastChangedDateTimeOffset": time,
                }
            )
        return self.rows[self._starts[-1]]

    def change(self, number: int, now: int, **fields: object) -> None:
        """
        Replace fields of a booked voucher's rows.

        :param now: ticks.
        """
        low, high = self.bounds(number - self._before[0] - 1)
        for index in range(low, high):
            self.rows[index] = {**self.rows[index], **fields, "LastChangedDateTimeOffset": stamp(now)}
