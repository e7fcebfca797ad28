"""Conditions: exact, whatever form the values come in, and never true by accident."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_poweroffice.api.conditions import (
    COMPARISONS,
    Condition,
    from_json,
    records_of,
    to_json,
)
from airflow_provider_poweroffice.api.response import Response

OSLO = timezone(timedelta(hours=2))
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = date(2026, 7, 1)

ROWS = [
    {"Id": 1, "Status": "Draft", "Amount": 10.5, "Done": False, "Sent": None, "A": {"B": [{"C": "x"}]}},
    {"Id": 2, "Status": "Sent", "Amount": -1, "Done": True, "Sent": "2026-05-02T13:09:55.91Z", "No": "20114"},
]


@pytest.mark.parametrize(
    ("field", "comparison", "value", "found"),
    [
        (None, "==", None, 1),
        ("Status", "==", "Sent", 2),
        ("Status", "!=", "Draft", 2),
        ("Status", "in", ["Sent", "Paid"], 2),
        ("Status", "not in", ["Draft"], 2),
        ("Amount", "<", 0, 2),
        ("Amount", ">=", "10.50", 1),
        ("Amount", ">", 11, None),
        ("Done", "==", True, 2),
        ("Done", "==", "true", 2),
        ("Done", "==", "False", 1),
        ("Done", "==", 1, None),
        ("Sent", ">", "2026-05-02 15:09:55.9+02:00", 2),
        ("Sent", "==", None, 1),
        ("Sent", "!=", None, 2),
        ("No", "==", 20114, 2),
        ("No", ">", "3", None),
        ("A.B.0.C", "==", "x", 1),
        ("A.B.1.C", "==", "x", None),
        ("Nope", "!=", "x", None),
    ],
)
def test_condition(field: str | None, comparison: str, value: object, found: int | None) -> None:
    """The first record that fulfils the condition is found, numbers and times compared as such."""
    position = Condition(field=field, comparison=comparison, value=value).judge(ROWS).position
    assert (None if position is None else ROWS[position]["Id"]) == found


@pytest.mark.parametrize(("body", "fulfilled"), [(None, False), ([], False), ({}, True), ({"Id": 1}, True)])
def test_records_exist(body: object, *, fulfilled: bool) -> None:
    """Without a field: any record will do; no content is none."""
    assert (Condition().judge(records_of(answer(json.dumps(body)))[1]).position is not None) == fulfilled


def test_bad_condition() -> None:
    """An unknown comparison or a value that does not go with it is refused."""
    with pytest.raises(ValueError, match="'=~'"):
        Condition(field="a", comparison="=~")
    with pytest.raises(ValueError, match="list"):
        Condition(field="a", comparison="in", value="abc")


def answer(text: str) -> Response:
    """Make an answer of JSON."""
    headers = {"Content-Type": "application/json"}
    return Response(200, headers, text.encode(), "GET", "/v2/Things")


def fulfilled_by(found: str, value: Any) -> set[str]:
    """List the comparisons that a field, given as JSON, fulfils."""
    _, exact = records_of(answer(f'[{{"F": {found}}}]'))
    result = set()
    for comparison in COMPARISONS:
        given = [value] if comparison.endswith("in") else value
        try:
            condition = Condition(field="F", comparison=comparison, value=given)
        except ValueError:
            continue
        if condition.judge(exact).position is not None:
            result.add(comparison)
    return result


SAME, OTHER = {"==", ">=", "<=", "in"}, {"!=", "not in"}
BELOW, ABOVE, UNKNOWN = OTHER | {"<", "<="}, OTHER | {">", ">="}, set[str]()


@pytest.mark.finding("R6", "R6b")
@pytest.mark.parametrize(
    ("found", "value", "holds"),
    [
        # numbers, digit for digit
        ("1.10", Decimal("1.10"), SAME),
        ("1.10", Decimal("1.1"), SAME),
        ("1.10", 1.1, SAME),
        ("1.10", "1.1", SAME),
        ('"1.10"', Decimal("1.1"), SAME),
        ("0.30000000000000000001", Decimal("0.3"), ABOVE),
        ("0.30000000000000000001", 0.3, ABOVE),
        ("9007199254740993", 9007199254740992.0, ABOVE),
        ("100.00000000000000001", 100, ABOVE),
        ("1e-05", 0.00001, SAME),
        ("0.00001", "1e-05", SAME),
        ("1e400", Decimal("1e400"), SAME),
        ("-0", 0, SAME),
        ("NaN", 1, UNKNOWN),
        ("Infinity", 1, UNKNOWN),
        ('"NaN"', 1, UNKNOWN),
        ('"n/a"', 5, UNKNOWN),
        ('"007"', 7, UNKNOWN),
        ('"1e3"', 1000, UNKNOWN),
        ('"1,10"', Decimal("1.10"), UNKNOWN),
        ('"1_000"', 1000, UNKNOWN),
        ('"\\u0661"', 1, UNKNOWN),
        ("5", "abc", UNKNOWN),
        ("5", "007", UNKNOWN),
        ("[]", 0, UNKNOWN),
        ("{}", "", UNKNOWN),
        # booleans are no numbers, nor texts
        ("true", True, {"==", "in"}),
        ("true", False, OTHER),
        ("1", True, UNKNOWN),
        ("0", False, UNKNOWN),
        ("true", 1, UNKNOWN),
        ("false", 0, UNKNOWN),
        ("true", 0, UNKNOWN),
        ('"true"', True, UNKNOWN),
        ("true", " True", {"==", "in"}),
        ("true", "false", OTHER),
        ("true", "1", UNKNOWN),
        ("true", "yes", UNKNOWN),
        # null
        ("null", None, {"==", "in"}),
        ("0", None, OTHER),
        ('""', None, OTHER),
        ("false", None, OTHER),
        ("null", 0, OTHER),
        ("null", False, OTHER),
        ("null", "Sent", OTHER),
        ("null", NOON, OTHER),
        ("null", "None", UNKNOWN),
        ("null", "", UNKNOWN),
        # texts
        ('"Sent"', "Sent", SAME),
        ('"Sent"', "sent", BELOW),
        ('"7"', "007", {">="}),
        ('"1.10"', "1.1", {">="}),
        ('"47"', "+47", {">="}),
        ('"9"', "10", OTHER),  # below as numbers, above as texts
        ('"20"', "10", ABOVE),
        ('"abc"', "5", OTHER),
        ('"abc"', "2026-07-01", OTHER),
        # moments, whatever their form
        ('"2026-07-01T12:00:00Z"', NOON, SAME),
        ('"2026-07-01T12:00:00"', NOON, SAME),
        ('"2026-07-01T14:00:00.0000000+02:00"', NOON, SAME),
        ('"2026-07-01T12:00:00 +00:00"', NOON.astimezone(OSLO), SAME),
        ('"2026-07-01T12:00:00.0000001Z"', NOON, ABOVE),
        ('"2026-07-01T14:00:00Z"', NOON, ABOVE),
        ('"2026-07-01T13:00:00+02:00"', NOON, BELOW),
        ('"2026-07-01T12:00:00Z"', "2026-07-01 14:00:00+02:00", SAME),
        ('"0001-01-01T00:00:00+14:00"', NOON, BELOW),
        ('"9999-12-31T23:59:59.9999999-14:00"', NOON, ABOVE),
        ('"2026-13-01T12:00:00Z"', NOON, UNKNOWN),
        ("1782907200", NOON, UNKNOWN),
        ("true", NOON, UNKNOWN),
        # days
        ('"2026-07-01"', DAY, SAME),
        ('"2026-07-01T00:00:00"', DAY, SAME),
        ('"2026-07-01T00:00:00Z"', "2026-07-01", SAME),
        ('"2026-07-02"', DAY, ABOVE),
        ('"2026-06-30T23:59:59.9999999Z"', DAY, BELOW),
        ('"2026-07-02T00:00:00Z"', DAY, ABOVE),
        ('"2026-07-01T10:00:00Z"', DAY, {">="}),
        ('"2026-07-01T10:00:00Z"', "2026-07-01", {">="}),
        ('"2026-07-01T00:00:00+02:00"', DAY, {"<="}),
        ('"2026-07-01"', NOON, {"<="}),
        ('"2026-07-01"', datetime(2026, 7, 1, tzinfo=UTC), SAME),
        ('"20260701"', DAY, UNKNOWN),
        ("20260701", DAY, UNKNOWN),
        ('"01.07.2026"', DAY, UNKNOWN),
    ],
)
def test_never_true_by_accident(found: str, value: Any, holds: set[str]) -> None:
    """Each kind of field against each kind of value, by every comparison; and the same after a deferral."""
    assert fulfilled_by(found, value) == holds
    assert fulfilled_by(found, from_json(json.loads(json.dumps(to_json(value))))) == holds


@pytest.mark.finding("R6b")
def test_comparisons_agree_with_each_other() -> None:
    """For any two of many values: never equal and different, never above and below, whatever their kinds."""
    fields = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "1.0",
        '"1"',
        '"01"',
        '"true"',
        '""',
        '"a"',
        "[]",
        "{}",
        "NaN",
    ]
    fields += ['"2026-07-01"', '"2026-07-01T00:00:00"', '"2026-07-01T10:00:00+02:00"', '"2026-07-01T10:00"']
    values: list[Any] = [None, True, False, 0, 1, 1.0, Decimal("1.00"), "1", "01", "true", "", "a", NOON, DAY]
    values += ["2026-07-01", "2026-07-01T08:00:00Z"]
    for found, value in itertools.product(fields, values):
        holds = fulfilled_by(found, value)
        assert not {"==", "!="} <= holds
        assert not {"<", ">"} <= holds
        assert ("==" in holds) == ("in" in holds)
        assert ("!=" in holds) == ("not in" in holds)
        assert not ("<" in holds and "<=" not in holds)
        assert not (">" in holds and ">=" not in holds)
        assert not ("==" in holds and {"<", ">"} & holds)


@pytest.mark.finding("R6", "R6b")
@pytest.mark.parametrize(
    ("comparison", "value"),
    [
        ("==", float("nan")),
        ("==", Decimal("Infinity")),
        ("==", datetime(2026, 7, 1)),  # noqa: DTZ001 - the subject
        ("==", b"bytes"),
        ("==", {"a": 1}),
        ("==", [1]),
        ("==", object()),
        (">", None),
        ("<=", True),
        ("in", []),
        ("in", "abc"),
        ("in", [1, float("nan")]),
        ("not in", [[1]]),
        ("not in", []),
    ],
)
def test_refused_values(comparison: str, value: Any) -> None:
    """A value that cannot be compared so is an error, not a condition that never comes true."""
    with pytest.raises((ValueError, TypeError), match="value"):
        Condition(field="a", comparison=comparison, value=value)


@pytest.mark.parametrize(
    "value", [Decimal("1.10"), NOON.astimezone(OSLO), DAY, "1.10", 10**40, None, True, 0.1]
)
def test_values_survive_the_database(value: Any) -> None:
    """A value comes back from JSON as it was, with its type."""
    again = from_json(json.loads(json.dumps(to_json([value]))))[0]
    assert again == value
    assert type(again) is type(value)


def test_record_as_decoded_everywhere() -> None:
    """The exact numbers are for the comparison alone; the record has the decoded ones."""
    records, exact = records_of(answer('{"A": 1.10}'))
    assert (records, exact) == ([{"A": 1.1}], [{"A": Decimal("1.10")}])


def test_names_with_dots() -> None:
    """A field whose own name holds a dot is found, and so is what lies below it."""
    row = {"@odata.etag": "x", "a.b": {"c": 1}, "a": {"d": 2}}
    for field, value in (("@odata.etag", "x"), ("a.b.c", 1), ("a.d", 2)):
        assert Condition(field=field, value=value).judge([row]).position == 0


@pytest.mark.finding("R6")
def test_says_what_was_seen() -> None:
    """Where nothing matches: the values there were, or the fields there are."""
    rows = [{"Status": "Draft", "Id": n} for n in range(2)]
    assert Condition(field="Status", value="Sent").judge(rows).seen == 'Status was "Draft" in 2 record(s)'
    assert Condition(field="Id", value=9).judge(rows).seen == "Id was 0, 1 in 2 record(s)"
    seen = Condition(field="Statu", value="Sent").judge(rows).seen
    assert seen == "no field Statu in 2 record(s), which have Id, Status; did you mean Status?"
    assert Condition(field="Status", value="Sent").judge([]).seen == "no record"
    assert Condition().judge([]).seen == "no record"
    odd = Condition(field="A", value="x").judge([{"A": "a\n\x1b[31m" + "b" * 500}]).seen
    assert odd.isprintable()
    assert len(odd) < 130
    assert str(Condition(field="A", comparison=">", value=Decimal("1.10"))) == "A > 1.10"
