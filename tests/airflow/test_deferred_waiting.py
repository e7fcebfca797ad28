"""Deferred sensors end at their deadline, and take nothing that others need, whatever the server does."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from airflow_provider_poweroffice._compat import aget_connection
from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.api.call_context import Queueing
from airflow_provider_poweroffice.api.limits.stores import VARIABLE
from airflow_provider_poweroffice.hooks.settings import read_settings
from airflow_provider_poweroffice.triggers.clients import _in_thread, _threads, shared_client
from benchmarks.deferred_sensors import ROWS, Result, busy_threads, connection_json, measure, served

TIMEOUT = 2.0


def kept(names: list[str], sensors: int) -> Result:
    """Measure until all holds, three times at most: a machine that stands still breaks promises too."""
    problems: list[str] = []
    for _ in range(3):
        result = measure(names, sensors=sensors, timeout=TIMEOUT, poll=1.0)
        assert sum(result.verdicts.values()) == sensors * len(names)
        problems = result.problems(TIMEOUT)
        if not problems:
            return result
    raise AssertionError(problems)


@pytest.fixture(autouse=True)
def _own_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the limit of each test apart; the connections are the measurement's."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    for number in range(len(ROWS)):
        monkeypatch.setenv(f"AIRFLOW_CONN_POWEROFFICE_BENCH_{number}", "")


@pytest.mark.finding("D3", "S6", "D14")
@pytest.mark.parametrize("row", ["slow", "429, Retry-After: 45", "drip", "401"])
def test_fifty_sensors_end_in_time(row: str) -> None:
    """50 sensors of a connection end within 2 s of their deadline; a neighbour gets its threads."""
    result = kept([row], sensors=50)
    assert result.most <= 12
    if row != "401":
        assert result.tokens == 1, "one for the connection, not for each sensor"


@pytest.mark.finding("D3", "S6", "D10")
def test_all_troubles_at_once() -> None:
    """Servers that do everything wrong side by side: each sensor gets a verdict in time."""
    result = kept(list(ROWS), sensors=4)
    assert set(result.verdicts) <= {"timeout", "error"}


@pytest.mark.finding("D3", "S6")
@pytest.mark.parametrize("row", ["slow", "drip", "drip of headers", "token slow", "429, Retry-After: 45"])
def test_cancelled_triggers_free_their_threads(row: str) -> None:
    """A second after their tasks were ended, no thread is busy for them."""
    result = measure([row], sensors=12, timeout=60, poll=1.0, cancel_after=1.0)
    assert set(result.verdicts) == {"cancelled"}
    assert result.busy == 0
    assert max(result.ended) < 2.0


@pytest.mark.finding("S6")
def test_one_of_many_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that waits for a token which another fetches is freed as well."""

    def ask(client: Client) -> object:
        return client.request("GET", "Customers")

    async def some() -> int:
        with served("token slow") as (port, _):
            monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_BENCH", connection_json(port))
            settings = read_settings(await aget_connection("poweroffice_bench"), None)
            async with shared_client(settings) as client:
                calls = [asyncio.ensure_future(client.call(ask, Queueing())) for _ in range(4)]
                await asyncio.sleep(1.0)
                for call in calls[1:]:
                    call.cancel()
                await asyncio.sleep(1.0)
                busy = busy_threads()
                calls[0].cancel()
                await asyncio.gather(*calls, return_exceptions=True)
                return busy

    assert asyncio.run(some()) <= 1


def test_threads_are_few() -> None:
    """However many triggers there are, the pool stays small, and is not the loop's own."""

    async def many() -> set[str]:
        names = await asyncio.gather(
            *(_in_thread(lambda: threading.current_thread().name, None) for _ in range(99))
        )
        return set(names)

    names = asyncio.run(many())
    assert len(names) <= 32
    assert all(name.startswith("poweroffice-trigger") for name in names)
    assert _threads() is _threads()
