"""
The query filters: a kind of filter and a field make a test for a row.

Rule: a filter sees rows as mappings and never knows which resource they are; ledger rows of the pattern are
tested in the same way as stored rows. A blank filter is off (OpenAPI, every filter's description).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...core.clock import parse_ticks, stamp
from ...core.table import Row, Table
from ..reply import refuse, unbound
from .tables import ENUMS


class Filter(NamedTuple):
    """One query parameter: how it is read, the field it looks at, and the enum it takes."""

    kind: str
    field: str
    enum: str = ""


class Given(NamedTuple):
    """One filter as a client sent it."""

    name: str
    value: str
    filter: Filter
    query: Mapping[str, str]
    tables: Callable[[str], Table]
    today: str = ""

    @property
    def words(self) -> list[str]:
        """The parts of a comma separated list."""
        return [word.strip() for word in self.value.split(",") if word.strip()]


def uncastable(detail: str) -> Exception:
    """Make the refusal of a list; to be raised."""
    return refuse(400, "Unable to cast object(s)", detail)  # OpenAPI, example of a 400 on Customers


def invalid(given: Given) -> Exception:
    """Make the refusal of a single value; to be raised."""
    detail = f"The value '{given.value}' is not valid for {given.name}."
    return unbound(given.name, detail)


def numbers(given: Given) -> list[tuple[int, float]]:
    """
    Read a list with ranges, ``1-5, 7, 9-``; both ends belong to a range.

    :raises RefusedError: 400, it is no such list.
    """
    ranges: list[tuple[int, float]] = []
    for word in given.words:
        low, dash, high = (part.strip() for part in word.partition("-"))
        if not low.isdecimal() or (high and not high.isdecimal()):
            raise uncastable(f"{given.name} contains '{word}', which is neither a number nor a range.")
        ranges.append((int(low), int(low) if not dash else int(high) if high else float("inf")))
    return ranges


def moment(given: Given) -> int:
    """
    Read a timestamp, in ticks.

    :raises RefusedError: 400, it is none.
    """
    try:
        return parse_ticks(given.value)
    except ValueError:
        raise invalid(given) from None


def day(given: Given) -> str:
    """
    Read a date; a time or an offset behind it is not taken into account (OpenAPI).

    :raises RefusedError: 400, it is none.
    """
    try:
        return stamp(parse_ticks(given.value.strip()[:10]))[:10]
    except ValueError:
        raise invalid(given) from None


def flag(given: Given) -> bool:
    """
    Read true or false.

    :raises RefusedError: 400, it is neither.
    """
    if given.value.strip().lower() not in {"true", "false"}:
        raise invalid(given)
    return given.value.strip().lower() == "true"


def ids(given: Given) -> set[int]:
    """
    Read a list of ids; ranges are not allowed.

    :raises RefusedError: 400, it is no such list.
    """
    if "-" in given.value:
        raise uncastable(
            f"{given.name} contains negative numbers and/or range of numbers. '-' is not allowed, "
            "only comma ',' separated single positive numbers are allowed."
        )
    if not all(word.isdecimal() for word in given.words):
        raise uncastable(f"{given.name} contains something that is not a number.")
    return {int(word) for word in given.words}


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
