"""
Customerledger and Supplierledger: balances, open items, statement and entries of a match.

Rule: like :mod:`.ledger`, positions are chosen first and rows are made only for the page asked. A filter
looks at the entry with its contact; a balance is that of the day asked for (OpenAPI).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...core.clock import parse_ticks, stamp
from ...core.origin import FIRST_ENTRY, money, voucher_uuid
from ...core.reply import Reply
from ...core.table import Row
from ..books import Books
from ..ledger.ledger import DAY
from ..ledger.pattern import PERIOD_ROWS
from ..ledger.selection import Selection
from ..ledger.subledger import CUSTOMERS, SUPPLIERS, Side, entry_places, invoice_index, partner
from ..schema.dto import filled, schema_of
from ..schema.filters import Given, Test, day, passing, test_of
from .call import Call, Handler
from .lists import given_filters, ordered, require, rows_body
from .paging import page_reply, read_page


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


# Filters on what depends on the entry and not only on its place in the pattern.
_LATE = {
    "createdDateTimeOffsetGreaterThan",
    "lastChangedDateTimeOffsetGreaterThan",
    "invoiceNos",
    "onlyBalancesGreaterThanAmount",
    "onlyBalancesLessThanAmount",
    "onlyCreatedByCurrentIntegration",
}


def _limit(call: Call, date: Given) -> int:
    """Give the number of generated rows posted up to a day."""
    ranges = call.books.ledger.posted_between(0, parse_ticks(day(date)) + DAY)
    return ranges[-1][1] if ranges else 0


def _positions(
    entries: Entries, first: int, limit: int, tests: list[Test], dates: list[Test]
) -> Iterable[int]:
    """Give the entries from one position up to another that pass, and those booked since."""
    ledger = entries.ledger
    places = entry_places(ledger, entries.side.account)
    if tests:
        known = ((place, entries.facts(ledger.lines[place].fields)) for place in places)
        places = tuple(place for place, facts in known if all(test(facts) for test in tests))
    booked = [
        position
        for position in range(ledger.base_rows, len(ledger))
        if entries.is_entry(position) and passing([_booked(entries, position)], [*tests, *dates])
    ]
    selection = Selection([(first, limit)], places, booked)
    return (selection[index] for index in range(len(selection)))


def _booked(entries: Entries, position: int) -> Row:
    return entries.facts(entries.ledger.line_at(position).fields)


def _answer(call: Call, entries: Entries, positions: Iterable[int], late: list[Test]) -> Reply:
    page = read_page(call)
    if late:
        positions = (item for item in positions if all(test(entries.row(item)) for test in late))
    names = [name for name, _ in page.order if name != "Id"]
    slim = []
    for position in positions:
        row = entries.row(position) if names else {}
        slim.append({"Id": FIRST_ENTRY + 3 * position, "at": position, **{name: row[name] for name in names}})
    start, stop = page.bounds(len(slim))
    chosen = ordered(slim, page, call)[start:stop]
    return page_reply(call, page, len(slim), rows_body([entries.row(item["at"]) for item in chosen], page))


def _split(given: dict[str, Given]) -> tuple[list[Test], list[Test]]:
    early = [test_of(item) for name, item in given.items() if name not in _LATE]
    return early, [test_of(item) for name, item in given.items() if name in _LATE]


def _open_items(side: Side) -> Handler:
    def handler(call: Call) -> Reply:
        given = given_filters(call)
        require(call, given, "date")
        date = given.pop("date")
        limit = _limit(call, date)
        entries = Entries(call.books, side, limit)
        tests, late = _split(given)
        found = _positions(entries, 0, limit, tests, [test_of(date)])
        return _answer(call, entries, (item for item in found if entries.balance(item)), late)

    return handler


def _statement(side: Side) -> Handler:
    def handler(call: Call) -> Reply:
        given = given_filters(call)
        require(call, given, "fromDate", "toDate")
        dates = [given.pop("fromDate"), given.pop("toDate")]
        limit = _limit(call, dates[1])
        ranges = call.books.ledger.posted_between(0, parse_ticks(day(dates[0])))
        first = min(limit, ranges[-1][1] if ranges else 0)
        entries = Entries(call.books, side, limit)
        tests, late = _split(given)
        found = _positions(entries, first, limit, tests, [test_of(item) for item in dates])
        return _answer(call, entries, found, late)

    return handler


def _by_match(side: Side) -> Handler:
    def handler(call: Call) -> Reply:
        given = given_filters(call)
        require(call, given, "matchId")
        test_of(given["matchId"])
        ledger = call.books.ledger
        position, rest = divmod(int(given["matchId"].value) - FIRST_ENTRY, 3)
        found: list[int] = []
        entries = Entries(call.books, side, ledger.base_rows)
        if not rest and 0 <= position < len(ledger) and entries.is_entry(position):
            other = partner(ledger, position, side.account, ledger.base_rows)
            found = [position, other[0]] if other is not None and other[0] > position else []
        return _answer(call, entries, found, [])

    return handler


def _balances(side: Side) -> Handler:
    def handler(call: Call) -> Reply:
        page, given = read_page(call), given_filters(call)
        require(call, given, "date")
        date = given.pop("date")
        hide = given.pop("includeOnlyOpenItems", None)
        limit = _limit(call, date)
        entries = Entries(call.books, side, limit)
        tests = [test_of(item) for item in given.values()]
        sums = _sums(entries, limit, tests, test_of(date))
        rows = [
            {**entries.contact(contact), "Id": contact, "Balance": money(sums[contact])} for contact in sums
        ]
        rows = ordered(passing(rows, [test_of(hide)] if hide else []), page, call)
        start, stop = page.bounds(len(rows))
        return page_reply(call, page, len(rows), rows_body(rows[start:stop], page))

    return handler


def _sums(entries: Entries, limit: int, tests: list[Test], date: Test) -> dict[int, int]:
    ledger, sums = entries.ledger, dict[int, int]()
    turns, rest = divmod(limit, PERIOD_ROWS)
    generated = (
        (ledger.lines[place], turns + (place < rest), tests)
        for place in entry_places(ledger, entries.side.account)
    )
    booked = (
        (ledger.line_at(position), 1, [*tests, date])
        for position in range(ledger.base_rows, len(ledger))
        if entries.is_entry(position)
    )
    for line, times, needed in (*generated, *booked):
        facts = entries.facts(line.fields)
        if times and all(test(facts) for test in needed):
            sums[facts["ContactId"]] = sums.get(facts["ContactId"], 0) + times * line.ore
    return sums


HANDLERS: dict[str, Handler] = {
    f"{side.prefix}ledger/{name}": make(side)
    for side in (CUSTOMERS, SUPPLIERS)
    for name, make in (
        (f"{side.prefix}Balances", _balances),
        ("OpenItems", _open_items),
        ("Statement", _statement),
        ("EntriesByMatchId", _by_match),
    )
}
