"""
Entries of a sub-ledger as rows.

Rule: an entry is its ledger row with its contact, its balance at the day asked for and its match.
"""

from __future__ import annotations

from typing import Any

from ...core.clock import stamp
from ...core.origin import FIRST_ENTRY, money, voucher_uuid
from ...core.table import Row
from ..books import Books
from ..ledger.ledger import DAY
from ..rest.schema import filled, schema_of
from .subledger import Side, invoice_index, partner


class Entries:
    """
    The entries of one sub-ledger at one day.

    :param books: the company's.
    :param side: which sub-ledger.
    :param limit: the first generated position posted later.
    """

    def __init__(self, books: Books, side: Side, limit: int) -> None:
        self.ledger = books.ledger
        self.side = side
        self._books = books
        self._limit = limit
        self._contacts: dict[int, Row] = {}
        self._blank = filled(schema_of(f"{side.prefix}LedgerEntry"), {}, "")
        series = books.table("SubLedgerNumberSeries").rows.values()
        self._series = next(
            (row["Id"] for row in series if row["SubLedgerNumberSeriesType"] == side.series), None
        )

    def is_entry(self, position: int) -> bool:
        """Say whether a ledger row is an entry of this sub-ledger."""
        line = self.ledger.line_at(position)
        return line.account == self.side.account and line.fields.get("ContactId") is not None

    def contact(self, identifier: int) -> Row:
        """Give what an entry says of its contact."""
        if identifier not in self._contacts:
            prefix = self.side.prefix
            row: Row = self._books.table(self.side.table).rows.get(identifier) or {}
            self._contacts[identifier] = {
                f"{prefix}Id": identifier,
                f"{prefix}Name": row.get("Name"),
                f"{prefix}AccountNo": row.get("Number"),
                f"{prefix}ExternalNo": row.get("ExternalNumber"),
                "ContactGroupIds": row.get("ContactGroupIds"),
                "SubLedgerNumberSeriesId": self._series,
            }
        return self._contacts[identifier]

    def facts(self, fields: Row) -> Row:
        """
        Give what a filter looks at: the ledger row's fields and the contact's.

        :param fields: of a ledger row, or of its place in the pattern.
        """
        return {**fields, **self.contact(fields["ContactId"])}

    def balance(self, position: int) -> int:
        """Give the balance in øre."""
        amount = self.ledger.line_at(position).ore
        found = partner(self.ledger, position, self.side.account, self._limit)
        if found is None:
            return amount
        return amount - found[1] if amount > 0 else amount + found[1]

    def row(self, position: int) -> Row:
        """Make the whole row."""
        ledger, voucher = self.ledger, self.ledger.voucher_at(position)
        fields = ledger.line_at(position).fields
        found = partner(ledger, position, self.side.account, self._limit)
        known = {**self.facts(fields), **self._dated(position, voucher, fields)}
        changed = ledger.changed(voucher)
        if found is not None:
            changed = max(changed, ledger.created(ledger.voucher_at(found[0])))
        return {
            **self._blank,
            **{name: value for name, value in known.items() if name in self._blank},
            "Id": FIRST_ENTRY + 3 * position,
            "Balance": money(self.balance(position)),
            "MatchId": None if found is None else FIRST_ENTRY + 3 * min(position, found[0]),
            "IsWriteOff": False,
            "LastChangedDateTimeOffset": stamp(changed),
        }

    def _dated(self, position: int, voucher: int, fields: Row) -> Row:
        if position >= self.ledger.base_rows:
            invoice: Row = self._books.table("OutgoingInvoices").rows.get(fields["VoucherId"]) or {}
            number = invoice.get("InvoiceNo")
            known = {name: invoice.get(name) for name in ("Cid", "DueDate", "CustomMatchingReference")}
            return {
                "IsCreatedByCurrentIntegration": True,
                **known,
                **fields,
                "InvoiceNo": None if number is None else str(number),
            }
        posted = self.ledger.posted(voucher)
        made: dict[str, Any] = {
            "PostingDate": stamp(posted)[:10],
            "VoucherDate": stamp(posted)[:10],
            "VoucherNo": voucher + 1,
            "VoucherId": voucher_uuid(voucher + 1, self._books.company.index),
            "CreatedDateTimeOffset": stamp(self.ledger.created(voucher)),
            "IsCreatedByCurrentIntegration": False,
        }
        index = invoice_index(position, self.side)
        if index is not None:
            number = self.side.first_invoice + index
            made |= {
                "InvoiceNo": f"{self.side.invoice_mark}{number}",
                "DueDate": stamp(posted + 14 * DAY)[:10],
                "IsCreatedByCurrentIntegration": index % 2 == 0,
            }
        return made
