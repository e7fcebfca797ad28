"""What a running Airflow leaves behind: no key and no token, wherever one looks."""

from __future__ import annotations

import base64
import gzip
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.infrastructure import browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.infrastructure.standalone import Standalone

# Come after all that the other tests have Airflow do.
pytestmark = pytest.mark.usefixtures("connections", "extract", "woken")


@pytest.fixture
def secrets(airflow: Standalone, wrong_key: str) -> dict[str, str]:
    """Give every secret there was, by a name that may be printed."""
    keys = airflow.sandbox.keys()
    pair = f"{keys.application_key}:{keys.client_key}".encode()
    tokens = list(airflow.sandbox.state.tokens._grants)
    assert len(tokens) > 1, "the runs have fetched tokens"
    return {
        "the application key": keys.application_key,
        "the client key": keys.client_key,
        "the subscription key": keys.subscription_key,
        "the wrong subscription key": wrong_key,
        "the Basic header": base64.b64encode(pair).decode(),
        # The middle part alone: it differs from token to token, and is there however a token is cut.
        **{f"token {number}": token.split(".")[1] for number, token in enumerate(tokens, 1)},
    }


@pytest.fixture
def folder(airflow: Standalone, page: Page, connections: tuple[str, str]) -> Path:
    """Give Airflow's folder, after the Test button was pressed once more."""
    for connection in connections:
        browser.test_connection(page, airflow.url, connection)
    return airflow.home.folder


def test_no_secret_is_in_a_file(folder: Path, secrets: dict[str, str]) -> None:
    """No log, setting or stored object holds a key or a token; the output of no part of Airflow does."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("airflow.db")]
    texts = {str(file.relative_to(folder)): _content(file) for file in files}
    assert any("5000 rows" in text for text in texts.values()), "the task logs are among the files"
    assert _leaks(texts, secrets) == []


def test_no_secret_is_in_the_database_file(folder: Path, secrets: dict[str, str]) -> None:
    """Even byte by byte the database has no secret, but for the login, which Airflow keeps as it is."""
    texts = {file.name: _content(file) for file in folder.glob("airflow.db*")}
    assert "po_wrong_key" in texts["airflow.db"] + texts.get("airflow.db-wal", "")
    del secrets["the application key"]
    assert _leaks(texts, secrets) == []


def test_no_secret_is_in_a_table(folder: Path, secrets: dict[str, str]) -> None:
    """No XCom, rendered field, trigger, audit entry or any other row has a key or a token."""
    texts = dict(_tables(folder / "airflow.db"))
    assert "Fjordlys Verksted AS" in texts["xcom"]
    searched = {"rendered_task_instance_fields", "trigger", "log", "task_instance", "serialized_dag"}
    assert searched <= set(texts)
    del texts["connection"]
    # Airflow's audit entry about a saved form redacts the keys, but not the login.
    saved = ("'post_connection'", "'bulk_connections'")
    entries = texts["log"].splitlines()
    texts["log"] = "\n".join(entry for entry in entries if not any(event in entry for event in saved))
    assert _leaks(texts, secrets) == []
    del secrets["the application key"]
    assert _leaks({"log": "\n".join(entries)}, secrets) == []


def test_connections_are_encrypted(folder: Path, secrets: dict[str, str]) -> None:
    """The connections themselves hold client key and subscription key encrypted."""
    stored = dict(_tables(folder / "airflow.db"))["connection"]
    assert secrets.pop("the application key") in stored
    assert _leaks({"connection": stored}, secrets) == []


def _content(file: Path) -> str:
    data = file.read_bytes()
    return (gzip.decompress(data) if file.suffix == ".gz" else data).decode("latin-1")


def _tables(database: Path) -> Iterator[tuple[str, str]]:
    """Give every table's name and all its rows as text."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        names = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (name,) in names:
            rows = connection.execute(f'select * from "{name}"').fetchall()
            yield name, "\n".join(map(repr, rows))
    connection.close()


def _leaks(texts: dict[str, str], secrets: dict[str, str]) -> list[str]:
    """Name what is where, never the value."""
    return [
        f"{name} in {place}"
        for place, text in texts.items()
        for name, value in secrets.items()
        if value in text
    ]
