"""
Customerledger and Supplierledger: balances, open items, statement and entries of a match.

Rule: like :mod:`..ledger.api`, positions are chosen first and rows are made only for the page asked. A filter
looks at the entry with its contact; a balance is that of the day asked for (OpenAPI).
"""

from __future__ import annotations

from collections.abc import Iterable

from ...core.clock import parse_ticks
from ...core.origin import FIRST_ENTRY, money
from ...core.reply import Reply
from ...core.table import Row
from ..ledger.ledger import DAY
from ..ledger.pattern import PERIOD_ROWS
from ..ledger.selection import Selection
from ..rest.call import Call, Handler
from ..rest.filters import Given, Test, day, passing, test_of
from ..rest.lists import given_filters, ordered, require, rows_body
from ..rest.paging import page_reply, read_page
from .rows import Entries
from .subledger import CUSTOMERS, SUPPLIERS, Side, entry_places, partner

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
