"""
The query filters: a kind of filter and a field make a test for a row.

Rule: a filter sees rows as mappings and never knows which resource they are; ledger rows of the pattern are
tested in the same way as stored rows. A blank filter is off (OpenAPI, every filter's description).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...core.clock import stamp
from ...core.reply import refuse
from ...core.table import Row
from ..resources.enums import ENUMS
from .filter_values import Filter, Given, day, flag, ids, invalid, moment, numbers

__all__ = ["Filter", "Given", "Test", "day", "flag", "moment", "numbers", "passing", "test_of"]

Test = Callable[[Mapping[str, Any]], bool]


def _numbers(given: Given) -> Test:
    ranges, field = numbers(given), given.filter.field
    return lambda row: (value := row.get(field)) is not None and any(a <= value <= b for a, b in ranges)


def _codes(given: Given) -> Test:
    wanted, field = {word.casefold() for word in given.words}, given.filter.field
    return lambda row: str(row.get(field) or "").casefold() in wanted


def _codes_or_none(given: Given) -> Test:
    field = given.filter.field
    if given.words == ["-1"]:
        return lambda row: row.get(field) is None
    return _codes(given)


def _projects(given: Given) -> Test:
    include = given.query.get("includesubproject") or given.query.get("includesubprojects") or ""
    wanted = {word.casefold() for word in given.words}
    if include.lower() == "true":
        for project in given.tables("Projects").rows.values():
            if str(project["ParentProjectCode"]).casefold() in wanted:
                wanted.add(str(project["Code"]).casefold())
    return _codes_or_none(given._replace(value=",".join(sorted(wanted))))


def _after(given: Given) -> Test:
    limit, field = stamp(moment(given)), given.filter.field
    return lambda row: (row.get(field) or "") > limit


def _from(given: Given) -> Test:
    first, field = day(given), given.filter.field
    return lambda row: (row.get(field) or "") >= first


def _to(given: Given) -> Test:
    last, field = day(given), given.filter.field
    return lambda row: "" < (row.get(field) or "") <= last


def _flag(given: Given) -> Test:
    wanted, field = flag(given), given.filter.field
    return lambda row: bool(row.get(field)) == wanted


def _only(given: Given) -> Test:
    field = given.filter.field
    return (lambda row: bool(row.get(field))) if flag(given) else (lambda _row: True)


def _not_archived(given: Given) -> Test:
    field = given.filter.field
    return (lambda row: row.get(field) != "Archived") if flag(given) else (lambda _row: True)


def _enums(given: Given) -> Test:
    known = {value.lower() for value in ENUMS[given.filter.enum]}
    wanted, field = {word.lower() for word in given.words}, given.filter.field
    if wanted - known:
        raise invalid(given)
    return lambda row: str(row.get(field)).lower() in wanted


def _contains(given: Given) -> Test:
    wanted, field = given.value.strip().casefold(), given.filter.field
    return lambda row: wanted in str(row.get(field) or "").casefold()


def _number(given: Given) -> Test:
    if not given.value.strip().isdecimal():
        raise invalid(given)
    wanted, field = int(given.value), given.filter.field
    return lambda row: row.get(field) == wanted


def _text(given: Given) -> Test:
    wanted, field = given.value.strip().casefold(), given.filter.field
    return lambda row: str(row.get(field) or "").casefold() == wanted


def _groups(given: Given) -> Test:
    wanted, field = ids(given), given.filter.field
    unknown = [str(item) for item in sorted(wanted) if item not in given.tables("ContactGroups").rows]
    if unknown:
        # OpenAPI, example of a 404 on Customers.
        raise refuse(
            404, "Object(s) not found", f"Could not find contact group(s) with id = {', '.join(unknown)}."
        )
    return lambda row: not wanted.isdisjoint(row.get(field) or ())


def _ids(given: Given) -> Test:
    wanted, field = ids(given), given.filter.field
    return lambda row: row.get(field) in wanted


def _exact(given: Given) -> Test:
    wanted, field = given.value.strip(), given.filter.field
    return lambda row: row.get(field) == wanted


def _active(given: Given) -> Test:
    wanted, field, today = flag(given), given.filter.field, given.today
    return lambda row: (not row.get(field) or row[field] > today) == wanted


def _valid_now(given: Given) -> Test:
    if not flag(given):
        return lambda _row: True
    first, last = given.filter.field.split("/")
    today = given.today
    return lambda row: (row.get(first) or "") <= today <= (row.get(last) or "9999")


def _matched(given: Given) -> Test:
    return (lambda row: row["Balance"] != row["Amount"]) if flag(given) else (lambda _row: True)


def _ignored(_given: Given) -> Test:
    return lambda _row: True


_KINDS: dict[str, Callable[[Given], Test]] = {
    "numbers": _numbers,
    "codes": _codes,
    "codes_or_none": _codes_or_none,
    "projects": _projects,
    "after": _after,
    "from": _from,
    "to": _to,
    "flag": _flag,
    "only": _only,
    "not_archived": _not_archived,
    "enums": _enums,
    "contains": _contains,
    "number": _number,
    "text": _text,
    "groups": _groups,
    "ids": _ids,
    "exact": _exact,
    "active": _active,
    "valid_now": _valid_now,
    "matched": _matched,
    "ignored": _ignored,
}


def test_of(given: Given) -> Test:
    """
    Make the test for one filter.

    :raises RefusedError: the value cannot be read.
    """
    return _KINDS[given.filter.kind](given)


def passing(rows: list[Row], tests: list[Test]) -> list[Row]:
    """
    Give the rows that pass every test.

    :param tests: from :func:`test_of`.
    """
    for test in tests:
        rows = [row for row in rows if test(row)]
    return rows
