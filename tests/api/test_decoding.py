"""Texts of a server: parsed with one kind of error, and shown as one printable line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_poweroffice.api.decoding import (
    JSONReader,
    finite_number,
    http_date,
    read_json,
    whole_number,
)
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import InvalidResponseError, PaginationError

READERS: tuple[Any, ...] = (
    read_json,
    JSONReader(object),
    JSONReader(msgspec.Raw),
    JSONReader(list[msgspec.Raw], mismatch=PaginationError),
    JSONReader(dict[str, object]),
)
ODD = (
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"Name":"Kaf\xe9"}',
    b'{"Name":"\\ud83d"}',
    b"[1e400]",
    b"1" * 5000,
    b"[" + b"1" * 5000 + b"]",
    b'{"a":NaN}',
    b"",
    b"\xff\xfe",
    b"\xef\xbb\xbf[1]",
    b'["cut',
)


def attempt(reader: Any, content: bytes) -> None:
    """Read a text; nothing but a typed error may come out."""
    caught: Exception | None = None
    try:
        reader(content)
    except (InvalidResponseError, PaginationError) as error:
        caught = error
    if caught is None:
        return
    assert str(caught).isprintable()
    assert caught.__cause__ is None
    assert isinstance(caught, InvalidResponseError) or not content.lstrip().startswith(b"[")


@pytest.mark.sample(2)
@pytest.mark.finding("D10", "S15", "R18")
@pytest.mark.parametrize("reader", READERS)
@settings(derandomize=True)
@given(st.binary() | st.builds(lambda text: json.dumps([text]).encode(), st.text()))
def test_a_parser_raises_nothing_but_typed_errors(reader: Any, content: bytes) -> None:
    """Whatever the bytes are, a parser reads them or raises an error of the tree."""
    attempt(reader, content)


@pytest.mark.finding("D10", "S15")
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", ODD)
def test_each_known_trap(reader: Any, content: bytes) -> None:
    """The same for texts that made a parser raise an error of its own."""
    attempt(reader, content)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        ("7", 7),
        (" 42 ", 42),
        (7.0, 7),
        ("0" * 5000 + "3", 3),
        (None, None),
        (True, None),
        (-1, None),
        ("-1", None),
        ("1_0", None),
        ("\u0661", None),
        (2.5, None),
        ("9" * 5000, None),
        (10**400, None),
        (float("inf"), None),
        ([], None),
    ],
)
@pytest.mark.finding("D10")
def test_a_count(value: object, number: int | None) -> None:
    """A count is a whole number in a sensible range, or nothing."""
    assert whole_number(value) == number


@pytest.mark.finding("D10")
@pytest.mark.parametrize("value", ["9" * 400, 10**400, "nan", "1e999", None, True, [], "soon"])
def test_what_is_no_finite_number(value: object) -> None:
    """What is no finite number is nothing."""
    assert finite_number(value) is None


def test_a_finite_number() -> None:
    """A number, or the text of one."""
    assert (finite_number("3599"), finite_number(1200), finite_number(1.5)) == (3599.0, 1200.0, 1.5)


@pytest.mark.finding("D10", "R18")
@pytest.mark.parametrize(
    "text",
    [
        "Mon, 01 Jan 2024 00:00:00 +" + "9" * 40,
        "Mon, 01 Jan 2024 00:" + "9" * 40,
        "Wed, 21 Oct 99999999999 07:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +99999999999999",
        "Wed, 21 Oct 2015 07:28:00 CET",
        "Wed, 21 Oct 2015 07:28:00 NZDT",
        "soon",
        "",
        None,
    ],
)
def test_a_date_beyond_the_calendar_is_none(text: str | None) -> None:
    """A date that no calendar has, or of a zone that is not known, is nothing, not an error."""
    assert http_date(text) is None


@pytest.mark.finding("D7")
@pytest.mark.parametrize(
    "text",
    [
        "Wed, 21 Oct 2015 07:28:00 GMT",
        "Wednesday, 21-Oct-15 07:28:00 GMT",
        "Wed Oct 21 07:28:00 2015",
        "Wed, 21 Oct 2015 09:28:00 +0200",
        "Wed, 21 Oct 2015 03:28:00 EDT",
    ],
)
def test_spellings_of_one_moment(text: str) -> None:
    """All forms of HTTP, and zones that have a meaning in mail, are one moment."""
    assert http_date(text) == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)


@pytest.mark.finding("D10", "R18")
@settings(derandomize=True)
@given(st.text(alphabet="Mon, 01Jan2024:+-9GMT", max_size=60))
def test_any_date_is_a_moment_or_none(text: str) -> None:
    """Whatever the text is, it is a moment in UTC or nothing."""
    moment = http_date(text)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.finding("S17")
@settings(derandomize=True)
@given(st.text(), st.integers(0, 50))
def test_one_line(text: str, limit: int) -> None:
    """Any text becomes one printable line within the limit."""
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.isprintable()
    assert one_line(line, limit) == line


@pytest.mark.finding("S17")
def test_what_is_not_printable_is_shown_as_such() -> None:
    """Escapes, bidi controls and half pairs are replaced; a long text is cut with a mark."""
    assert (
        one_line("Kari\r\n\x1b[31m \u202eNordmann\ud83d\u00a0AS") == "Kari \ufffd[31m \ufffdNordmann\ufffd AS"
    )
    assert one_line("å" * 20_000_000) == "å" * 996 + " […]"
    assert one_line(None) == "None"
