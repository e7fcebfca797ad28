"""Timestamps and keys: exact, whatever form the values come in."""

from __future__ import annotations

import pytest

from airflow_provider_poweroffice.api.blanking import scrub
from airflow_provider_poweroffice.api.client import Client
from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.timestamps import latest, ticks


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-05-02T13:09:55.9103400Z", "2026-05-02T13:09:55.91034Z"),
        ("2026-05-02 13:09:55.91034+00:00", "2026-05-02T13:09:55.91034"),
        ("2026-05-02T15:09:55+02:00", "2026-05-02T13:09:55Z"),
        ("2026-05-02T15:09:55 +02:00", "2026-05-02t13:09:55z".replace("t", "T")),
        ("2026-05-02T15:09:55.123456789Z", "2026-05-02T15:09:55.1234567Z"),
    ],
)
def test_same_moment(text: str, same: str) -> None:
    """All forms of one moment are equal."""
    assert ticks(text) == ticks(same)


def test_seventh_digit_counts() -> None:
    """Two moments 100 ns apart differ, which datetime would not see."""
    assert ticks("2026-05-02T13:09:55.1234567Z") - ticks("2026-05-02T13:09:55.1234566Z") == 1


@pytest.mark.parametrize(
    "text", ["", "2026-05-02", "yesterday", "2026-13-01T00:00:00Z", "2026-05-02T13:09:55.Z"]
)
def test_no_timestamp(text: str) -> None:
    """What is no timestamp is an error, not a guess."""
    with pytest.raises(ValueError):  # noqa: PT011 - two sources of the same meaning
        ticks(text)


def test_latest_over_mixed_forms() -> None:
    """The latest is found among forms that do not sort as text, and is given as it was sent."""
    stamps = [
        "2026-05-02T13:09:55.91Z",
        "2026-05-02T13:09:55.9Z",
        "2026-05-02T15:09:55.92+02:00",
        "2026-05-02T13:09:55.9199999",
        "2026-05-02T12:59:59.99999Z",
        "2026-05-02 13:09:55.911Z",
    ]
    for shift in range(len(stamps)):
        assert latest(stamps[shift:] + stamps[:shift]) == "2026-05-02T15:09:55.92+02:00"
    assert latest([]) is None


@pytest.mark.parametrize("missing", ["application_key", "client_key", "subscription_key"])
@pytest.mark.parametrize("value", ["", "  ", None, " spaced ", "ø", "a\nb"])
def test_bad_key(missing: str, value: str) -> None:
    """A key that is missing or cannot be sent is named, and not shown."""
    keys = {"application_key": "aaaaaa", "client_key": "bbbbbb", "subscription_key": "cccccc", missing: value}
    with pytest.raises(ValueError, match=missing) as caught:
        Client(Credentials(**keys))
    assert not any(key in str(caught.value) for key in ("aaaaaa", "bbbbbb", "cccccc"))


def test_keys_stay_out_of_texts() -> None:
    """A repr shows no key, and a text that holds one is blanked."""
    keys = Credentials(application_key="aaaaaa", client_key="bbbbbb", subscription_key="cccccc")
    assert repr(keys) == "Credentials()"
    assert scrub(f"x {keys.basic} CCCCCC y", keys.secrets) == "x *** *** y"
