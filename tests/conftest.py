"""Shared by all tests: a sandbox, and time that moves without waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from airflow_provider_poweroffice.api import Client, Credentials, RetryOptions
from airflow_provider_poweroffice.sandbox import Sandbox, Switches

# A proxy of the machine must not stand between the tests and the loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


AS_NEW = Switches(rate_limit=0).as_dict()


class FakeClock:
    """Time that passes by being slept; ``naps`` are the sleeps in order."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        """Read the fake time."""
        return self.now

    def time(self) -> float:
        """Read the fake time as a date: 2026-11-22."""
        return self.now + 1_794_000_000.0

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.naps.append(seconds)
        self.now += seconds


class Unthrottled:
    """A throttle that counts and never waits."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def acquire(self) -> None:
        """Let everyone pass."""

    def pause(self, seconds: float) -> None:
        """Note the pause."""
        self.pauses.append(seconds)


@pytest.fixture
def clock() -> FakeClock:
    """Give a clock of the test's own."""
    return FakeClock()


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """Run one small sandbox for the whole session; use ``sandbox``, which resets it."""
    with Sandbox(port=0, size="small", rate_limit=0) as running:
        yield running


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """Give the sandbox as new: no faults, default switches, no journal."""
    shared_sandbox.reset()
    shared_sandbox.set(**AS_NEW)
    return shared_sandbox


def credentials(sandbox: Sandbox, company: int = 0, environment: str = "production") -> Credentials:
    """Take the published keys of one company."""
    keys = sandbox.keys(company=company, environment=environment)
    return Credentials(
        application_key=keys.application_key,
        client_key=keys.client_key,
        subscription_key=keys.subscription_key,
    )


@pytest.fixture
def client(sandbox: Sandbox, clock: FakeClock) -> Iterator[Client]:
    """Give a client of the first company with fake time and no throttle."""
    with Client(
        credentials(sandbox), host=sandbox.url, clock=clock, throttle=Unthrottled(), retry=RetryOptions()
    ) as one:
        yield one

