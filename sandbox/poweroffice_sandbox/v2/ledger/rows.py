"""
Rows of the ledger as JSON text.

Rule: a generated row is one byte template of the pattern with its ids, numbers and times filled in; no object
is made for it. A booked row is encoded as it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ...core.clock import stamp
from ...core.origin import FIRST_ENTRY, voucher_uuid
from ...core.reply import json_bytes
from ..schema.dto import schema_of
from .ledger import Ledger
from .pattern import PERIOD_ROWS

SCHEMA = schema_of("AccountTransaction")
# What depends on the position. The rest comes from the pattern, or is null.
_HOLES = {
    "Id": b"%(id)d",
    "CreatedDateTimeOffset": b'"%(created)b"',
    "LastChangedDateTimeOffset": b'"%(changed)b"',
    "PostingDate": b'"%(date)b"',
    "VoucherDate": b'"%(date)b"',
    "VoucherId": b'"%(uuid)b"',
    "VoucherNo": b"%(number)d",
}


class RowWriter:
    """
    Writes rows of one ledger.

    :param ledger: the ledger.
    :param company: the company's position.
    :param names: the fields wanted, in order.
    """

    def __init__(self, ledger: Ledger, company: int, names: tuple[str, ...] = SCHEMA.names) -> None:
        self._ledger = ledger
        self._company = company
        self._names = names
        self._templates: list[bytes | None] = [None] * PERIOD_ROWS
        self._last: tuple[int, dict[bytes, bytes | int]] = (-1, {})

    def rows(self, positions: Iterable[int]) -> bytes:
        """
        Write a JSON array.

        :param positions: of the rows, in the order wanted.
        """
        self._last = (-1, {})  # a voucher may have been touched since
        return b"[" + b",".join([self.row(position) for position in positions]) + b"]"

    def row(self, position: int) -> bytes:
        """
        Write one row.

        :param position: counted from 0.
        """
        if position >= self._ledger.base_rows:
            booked = self._ledger.tail.rows[position - self._ledger.base_rows]
            return json_bytes({name: booked[name] for name in self._names})
        place = position % PERIOD_ROWS
        template = self._templates[place] or self._template(place)
        values = self._values(self._ledger.voucher_at(position))
        values[b"id"] = FIRST_ENTRY + 3 * position
        return template % values

    def _template(self, place: int) -> bytes:
        line = self._ledger.lines[place].fields
        row = {name: line.get(name) for name in self._names}
        row |= {name: msgspec.Raw(hole) for name, hole in _HOLES.items() if name in row}
        if "VoucherDescription" in row:
            row["VoucherDescription"] = f"{line['Description']} %(number)d"
        if "SubLedgerEntryId" in row and "ContactId" in line:
            row["SubLedgerEntryId"] = msgspec.Raw(b"%(id)d")
        template = json_bytes(row)
        self._templates[place] = template
        return template

    def _values(self, voucher: int) -> dict[bytes, bytes | int]:
        if self._last[0] == voucher:
            return self._last[1]
        ledger, number = self._ledger, voucher + 1
        created, changed = ledger.created(voucher), ledger.changed(voucher)
        text = stamp(created).encode()
        values: dict[bytes, bytes | int] = {
            b"created": text,
            b"changed": text if changed == created else stamp(changed).encode(),
            b"date": stamp(ledger.posted(voucher))[:10].encode(),
            b"uuid": voucher_uuid(number, self._company).encode(),
            b"number": number,
        }
        self._last = (voucher, values)
        return values
