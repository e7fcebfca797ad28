"""
AccountTransactions and TrialBalance: the answers made from the ledger.

Rule: a filter is turned into ranges of positions and places in the pattern; rows are made only for the page
asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import gcd
from typing import Any

import msgspec

from ...core.clock import parse_ticks, ticks
from ...core.origin import money, ore
from ...core.reply import Reply
from ...core.table import Row
from ..ledger.ledger import DAY, Ledger
from ..ledger.pattern import PERIOD_ROWS
from ..ledger.rows import RowWriter
from ..ledger.selection import Range, Selection, common, joined
from ..reply import refuse
from ..schema.filters import Given, Test, day, moment, numbers, passing, test_of
from .call import Call
from .lists import given_filters, ordered, require, rows_body
from .paging import Page, page_reply, read_page

# Fields that ascend with the position of a row.
_DATES = {"PostingDate", "VoucherDate"}
_ASCENDING = {"Id", "VoucherNo", "CreatedDateTimeOffset", *_DATES}
_MOST_SORTED = 100_000


def transactions(call: Call) -> Reply:
    """Answer GET AccountTransactions."""
    page = read_page(call)
    given = given_filters(call)
    require(call, given, "fromDate", "toDate")
    ledger = call.books.ledger
    selection = _select(ledger, given)
    start, stop = page.bounds(len(selection))
    if not _is_positional(page, ledger):
        body = _sorted_body(call, page, selection)
    else:
        writer = RowWriter(ledger, call.books.company.index, page.fields)
        if page.fields == call.resource.schema.names:
            writer = call.books.writer
        body = writer.rows(_positions(selection, page, call, start, stop))
    reply = page_reply(call, page, len(selection), body)
    _mutate(call, ledger)
    return reply


def _select(ledger: Ledger, given: dict[str, Given]) -> Selection:
    ranges = _ranges(ledger, given)
    tests = [test_of(item) for item in given.values() if item.name not in _RANGED]
    return Selection(ranges, _places(ledger, tests) if tests else None, _booked(ledger, given))


_RANGED = {
    "fromDate",
    "toDate",
    "voucherNos",
    "createdDateTimeOffsetGreaterThan",
    "lastChangedDateTimeOffsetGreaterThan",
}


def _ranges(ledger: Ledger, given: dict[str, Given]) -> list[Range]:
    ranges = ledger.everything()
    first, last = parse_ticks(day(given["fromDate"])), parse_ticks(day(given["toDate"])) + DAY
    ranges = common(ranges, ledger.posted_between(first, last))
    if "voucherNos" in given:
        top = ledger.vouchers
        wanted = [ledger.of_vouchers(a - 1, int(min(b, top))) for a, b in numbers(given["voucherNos"])]
        ranges = common(ranges, joined(wanted))
    if "createdDateTimeOffsetGreaterThan" in given:
        ranges = common(ranges, ledger.created_after(moment(given["createdDateTimeOffsetGreaterThan"])))
    if "lastChangedDateTimeOffsetGreaterThan" in given:
        ranges = common(ranges, ledger.changed_after(moment(given["lastChangedDateTimeOffsetGreaterThan"])))
    return ranges


def _places(ledger: Ledger, tests: list[Test]) -> list[int]:
    lines = ledger.lines
    return [place for place in range(PERIOD_ROWS) if all(test(lines[place].fields) for test in tests)]


def _booked(ledger: Ledger, given: dict[str, Given]) -> list[int]:
    if not ledger.tail.rows:
        return []
    tests = [test_of(item) for item in given.values()]
    rows = enumerate(ledger.tail.rows, ledger.base_rows)
    return [position for position, row in rows if all(test(row) for test in tests)]


def _is_positional(page: Page, ledger: Ledger) -> bool:
    names = {name for name, _ in page.order}
    if names & _DATES and not ledger.tail.ascends(ledger.posted(ledger.base - 1) if ledger.base else 0):
        return False
    return names <= _ASCENDING and len({down for _, down in page.order}) <= 1


def _positions(selection: Selection, page: Page, call: Call, start: int, stop: int) -> Sequence[int]:
    total = len(selection)
    if page.order:
        if page.order[0][1]:
            return [selection[total - 1 - index] for index in range(start, stop)]
        return [selection[index] for index in range(start, stop)]
    if call.switches.default_order == "id":
        return [selection[index] for index in range(start, stop)]
    step = max(1, int(total * 0.618))
    while gcd(step, total) != 1:
        step += 1
    return [selection[(index * step + total // 3 + 1) % total] for index in range(start, stop)]


def _sorted_body(call: Call, page: Page, selection: Selection) -> bytes:
    if len(selection) > _MOST_SORTED:
        fields = ", ".join(sorted(_ASCENDING))
        raise refuse(
            400,
            "Invalid resourceParameter",
            f"OrderBy: the sandbox sorts more than {_MOST_SORTED} ledger rows only by {fields}"
            " (by dates only until a voucher is posted with an earlier one).",
        )
    whole = call.books.writer.rows(selection[index] for index in range(len(selection)))
    rows: list[Row] = msgspec.json.Decoder(float_hook=Decimal).decode(whole)
    start, stop = page.bounds(len(selection))
    return rows_body(ordered(rows, page, call)[start:stop], page)


def _mutate(call: Call, ledger: Ledger) -> None:
    now = ticks(call.now)
    if call.switches.mutation == "insert":
        ledger.append(now)
    elif call.switches.mutation == "touch" and ledger.vouchers:
        ledger.touch(0, now)


def trial_balance(call: Call) -> Reply:
    """Answer GET TrialBalance: the balance of each account at the end of a day."""
    page = read_page(call)
    given = given_filters(call)
    require(call, given, "date")
    ledger = call.books.ledger
    date = given.pop("date")
    until = parse_ticks(day(date)) + DAY
    hide = given.pop("hideAccountsWithZeroBalance", None)
    accounts = {key: given.pop(key) for key in ("accountNos",) if key in given}
    tests = [test_of(item) for item in given.values()]
    balances = _balances(ledger, ledger.posted_between(0, until), tests)
    for row in passing(ledger.tail.rows, [test_of(date), *tests]):
        balances[row["AccountNo"]] = balances.get(row["AccountNo"], 0) + ore(row["Amount"])
    rows = [
        {
            "AccountId": account["Id"],
            "AccountName": account["Name"],
            "AccountNo": account["AccountNo"],
            "AgricultureDepartment": account["AgricultureDepartment"],
            "Balance": money(balances.get(account["AccountNo"], 0)),
        }
        for account in call.books.table("GeneralLedgerAccounts").rows.values()
    ]
    tests = [test_of(item) for item in (*accounts.values(), *([hide] if hide else []))]
    rows = ordered(passing(rows, tests), page, call) if page.order else passing(rows, tests)
    start, stop = page.bounds(len(rows))
    return page_reply(call, page, len(rows), rows_body(rows[start:stop], page))


def _balances(ledger: Ledger, ranges: list[Range], tests: list[Test]) -> dict[Any, int]:
    turns, rest = divmod(ranges[0][1], PERIOD_ROWS) if ranges else (0, 0)
    balances: dict[Any, int] = {}
    for place, line in enumerate(ledger.lines):
        times = turns + (place < rest)
        if times and all(test(line.fields) for test in tests):
            balances[line.account] = balances.get(line.account, 0) + times * line.ore
    return balances
