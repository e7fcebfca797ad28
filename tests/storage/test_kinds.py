"""One rule about kinds of values, for Parquet and for SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from airflow_provider_poweroffice.storage.kinds import (
    canonical,
    day,
    digits,
    holds,
    kind_of,
    moment,
    moment_text,
    scale_of,
    whole,
    widened,
)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1", "integer"),
        ("-9223372036854775808", "integer"),
        ("9223372036854775808", "decimal"),
        ("1.10", "decimal"),
        ("1e2", "decimal"),
        ("true", "boolean"),
        ("null", None),
        ("[1]", "json"),
        ("{}", "json"),
        ('"a"', "text"),
        ('"2026-05-02"', "text"),
    ],
)
def test_kind_of(value: str, kind: str | None) -> None:
    """The kind of a value is that of its JSON; a text is a text."""
    assert kind_of(value.encode()) == kind


@pytest.mark.finding("R12", "R12b", "R13")
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1"], "decimal"),
        (["1", "2.5"], "decimal"),
        (["2.5", "1"], "decimal"),
        (["1", '"a"'], "text"),
        (["true", "1"], "text"),
        (['"a"', "1", "true"], "text"),
        (['"2026-05-02"', '"2026-05-02T10:00:00Z"'], "text"),
        (["[1]", "1"], "json"),
        (['"a"', "{}"], "json"),
    ],
)
def test_undescribed_values_together(values: list[str], kind: str) -> None:
    """All values decide, in any order, and nothing is lost."""
    for order in (values, values[::-1]):
        found: str | None = None
        for value in order:
            found = widened(found, value.encode())
        assert found == kind


@pytest.mark.finding("R13")
@pytest.mark.parametrize(
    ("described", "value", "kind"),
    [
        ("integer", "2.5", "decimal"),
        ("integer", '"x"', "text"),
        ("date", '"2026-05-02"', "date"),
        ("date", '"2026-05-02T10:00:00Z"', "timestamp"),
        ("date", '"soon"', "text"),
        ("timestamp", '"2026-05-02"', "timestamp"),
        ("timestamp", '"2023-10-25T07:58:57 +00:00"', "timestamp"),
        ("decimal", '"7.5"', "text"),
        ("boolean", "1", "text"),
        ("text", "5.10", "text"),
        ("json", '"x"', "json"),
    ],
)
def test_a_description_that_is_wrong(described: str, value: str, kind: str) -> None:
    """A described kind gives way to the narrowest that holds what was sent."""
    assert widened(described, value.encode()) == kind


def test_keys_stay_whole() -> None:
    """A key of whole numbers is whole; it becomes a decimal with the first one that is not."""
    assert widened(None, b"1", key=True) == "integer"
    assert widened("integer", b"1.5", key=True) == "decimal"


@pytest.mark.finding("R12", "R13")
@pytest.mark.parametrize(
    ("kind", "fit", "unfit"),
    [
        ("integer", ["4", "4.0", "4e0", '"4"', "-0.0"], ["4.5", '"04"', '"a"', "true", "1e400", "9.3e18"]),
        ("decimal", ["4", "1.10", "1e2", '"1.10"'], ['"01.10"', '"a"', "true", '""']),
        ("boolean", ["true", "false"], ["1", '"true"']),
        (
            "date",
            [
                '"2026-05-02"',
                '"2026-05-02T00:00:00"',
                '"2026-05-02T00:00:00.000Z"',
                '"0001-01-01T00:00:00"',
                '"2026-05-02T00:00:00+02:00"',
                '"9999-12-31T23:59:59.9999999"',
            ],
            ['"2026-02-30"', '"2026-05-02T00:00:00.5Z"', '"2026-05-02T10:00:00"', "1", '"2026-05-02x"'],
        ),
        ("timestamp", ['"2026-05-02"', '"2026-05-02T13:09:55.9103401Z"'], ['"soon"', "1"]),
        ("text", ['"a"', "1.10", "true"], ["[1]", "{}"]),
        ("json", ['"a"', "1.10", "[1]"], []),
    ],
)
def test_holds(kind: str, fit: list[str], unfit: list[str]) -> None:
    """A column of a kind decides what fits, however it is written; nothing is rounded."""
    assert [value for value in fit if not holds(kind, value.encode())] == []
    assert [value for value in unfit if holds(kind, value.encode())] == []


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-05-02T13:09:55.9103409Z", "2026-05-02T13:09:55.910340Z"),
        ("2026-05-02T13:09:55.9999999", "2026-05-02T13:09:55.999999Z"),
        ("2026-05-02T13:09:55+02:00", "2026-05-02T11:09:55.000000Z"),
        ("2026-05-02", "2026-05-02T00:00:00.000000Z"),
    ],
)
def test_moments_are_cut(text: str, stored: str) -> None:
    """A stored moment is in UTC and not later than the real one."""
    assert moment_text(text) == stored
    assert [moment_text(text, keep)[19:] for keep in (0, 1, 6)] == ["Z", f"{stored[19:21]}Z", stored[19:]]
    assert moment(text).isoformat() == stored.replace("Z", "+00:00").replace(".000000", "")


@pytest.mark.finding("R16")
@pytest.mark.parametrize("clock", ["", ".0", ".0000000", ".9999999"])
@pytest.mark.parametrize("zone", ["", "Z", "+00:00", "+14:00", "-12:00", " +02:00"])
def test_ends_of_the_calendar(clock: str, zone: str) -> None:
    """The least and largest dates of .NET are moments in any zone; beyond the calendar is its end."""
    least, largest = f"0001-01-01T00:00:00{clock}{zone}", f"9999-12-31T23:59:59{clock}{zone}"
    assert moment_text(least)[:10] == "0001-01-01"
    assert moment_text(largest)[:10] == "9999-12-31"
    assert moment(least).tzinfo is UTC
    assert moment(least) >= datetime.min.replace(tzinfo=UTC)
    assert day(largest) == date(9999, 12, 31)


@pytest.mark.parametrize("text", ["soon", "2026-13-45T00:00:00Z", "2026-05-02T24:00:01Z", ""])
def test_moments_that_are_none(text: str) -> None:
    """What no calendar has is an error."""
    for read in (moment, moment_text):
        with pytest.raises(ValueError, match="no"):
            read(text)


@pytest.mark.parametrize(
    ("number", "before", "behind"),
    [
        ("1", 1, 0),
        ("1.10", 1, 1),
        ("1.00", 1, 0),
        ("-0.125", 0, 3),
        ("1e2", 3, -2),
        ("1.5e-3", 0, 4),
        ("0", 0, 0),
        ("1200", 4, -2),
        ("12e-1", 1, 1),
        ("-1234567890123456789.5", 19, 1),
        ("0e5", 0, 0),
        ("0.0", 0, 0),
    ],
)
def test_digits(number: str, before: int, behind: int) -> None:
    """The digits that a number needs."""
    assert digits(number.encode()) == (before, behind)


@pytest.mark.finding("R5")
@pytest.mark.parametrize(
    ("before", "behind", "scale"),
    [(5, 2, 10), (5, 16, 16), (30, 2, 8), (38, 0, 0), (20, 20, None), (39, 0, None), (0, 38, 38)],
)
def test_scale_of(before: int, behind: int, scale: int | None) -> None:
    """A bounded decimal keeps ten digits behind the point, or as many as its values need and it can hold."""
    assert scale_of(before, behind) == scale


@pytest.mark.finding("R8")
def test_equal_numbers_are_equal_texts() -> None:
    """However a server spells a number, its text is one."""
    groups: list[tuple[str, list[str]]] = [
        ("1", ["1", "1.0", "1e0", "10e-1", "1.000", '"1"']),
        ("0", ["0", "-0", "0.0", "0e9"]),
        ("-1.5", ["-1.5", "-1.50", "-15e-1"]),
        ("1200", ["1200", "1.2e3", "1200.00"]),
    ]
    for text, spellings in groups:
        assert {canonical(spelling.encode()) for spelling in spellings} == {text.encode()}


@pytest.mark.parametrize("value", ["1E999999999", "9223372036854775808", "1e19", '"1e"'])
def test_no_whole_number(value: Any) -> None:
    """What does not fit into 64 bits is refused, and fast."""
    with pytest.raises(ValueError, match="which is no"):
        whole(value.encode())
