"""Options that are refused before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from poweroffice_sandbox import Sandbox, SizeError, SwitchError, Switches


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nulls": "maybe"}, "nulls = 'maybe': choose one of included, omitted"),
        ({"rate_limit": -1}, "rate_limit = -1: give a whole number that is not negative"),
        ({"read_lag": "2"}, "read_lag = '2': give a number that"),
        ({"page_size_cap": 1.5}, "page_size_cap = 1.5"),
        ({"colour": 1}, "colour: no such option; there are rate_limit,"),
    ],
)
def test_refused_values(options: Any, words: str) -> None:
    """A wrong switch names parameter, value and what is allowed, before anything starts."""
    with pytest.raises(SwitchError) as caught:
        Sandbox(**options)
    assert words in str(caught.value)


def test_switches_are_a_value() -> None:
    """Changing switches gives a new value; names may be written with dashes."""
    first = Switches()
    assert first.changed({"page-size-cap": 5}) == Switches(page_size_cap=5)
    assert first == Switches()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": "huge"}, "size = 'huge': choose one of small, medium, large."),
        ({"customers": -1}, "customers = -1: give a whole number from 0 to 200000."),
        ({"companies": 3}, "companies = 3: give a whole number from 4 to 1000."),
        ({"ledger_rows": 10_000_001}, "give a whole number from 0 to 10000000."),
    ],
)
def test_refused_sizes(options: Any, words: str) -> None:
    """A wrong size names parameter, value and range."""
    with pytest.raises(SizeError) as caught:
        Sandbox(**options)
    assert words in str(caught.value)
