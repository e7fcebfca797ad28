"""The search for secrets finds what is there, however it is spelt: otherwise it would prove nothing."""

from __future__ import annotations

import base64
import pickle
from pathlib import Path

import pytest

from tests.infrastructure import leaks

KEYS = {f"key {number}": f"c11e0001-0000-4000-8000-{number:012}" for number in range(1, 60)}
HIDING = KEYS["key 42"]


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_finds_a_key_inside_of_base64(before: str) -> None:
    """Whatever stands before and behind it: base64 has three ways to spell a text."""
    message = base64.b64encode(f'{before}{{"password": "{HIDING}"}}'.encode())
    assert leaks.Search(KEYS).names_in(message) >= {"key 42"}


def test_finds_a_key_in_a_pickle_that_is_shown_in_hexadecimal() -> None:
    """As PostgreSQL shows what Celery stores of a task."""
    assert leaks.Search(KEYS).names_in(pickle.dumps({"it": HIDING}).hex().encode()) == {"key 42"}


def test_finds_secrets_that_have_nothing_in_common() -> None:
    """Each is looked for by itself."""
    search = leaks.Search({"one": "first-secret", "two": "second-secret"})
    assert search.names_in(b"... second-secret, first-secret ...") == {"one", "two"}


def test_finds_nothing_where_only_the_beginning_is() -> None:
    """A key is found whole, not by what all keys begin with."""
    assert leaks.Search(KEYS).names_in(HIDING[:-1].encode()) == set()


def test_names_the_file_and_the_secret_but_no_value(tmp_path: Path) -> None:
    """What is found can be printed."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "attempt=1.log").write_text(f"Authorization: {HIDING}")
    (tmp_path / "other.log").write_text("nothing")
    count, found = leaks.leaks(leaks.files(tmp_path), [leaks.Search(KEYS)])
    assert (count, found) == (2, ["key 42 in logs/attempt=1.log"])
