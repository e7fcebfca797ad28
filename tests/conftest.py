"""Shared by all tests: a sandbox, and time that moves without waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from databases import start_postgres
from postgres_server import PostgresServer
from support import AS_NEW, FakeClock, client_of

from airflow_provider_poweroffice.api import Client, RetryOptions
from airflow_provider_poweroffice.sandbox import Sandbox

# A proxy of the machine must not stand between the tests and the loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


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


@pytest.fixture
def client(sandbox: Sandbox, clock: FakeClock) -> Iterator[Client]:
    """Give a client of the first company with fake time and no throttle."""
    with client_of(sandbox, clock, retry=RetryOptions()) as one:
        yield one


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run one PostgreSQL server for the whole session."""
    server = start_postgres()
    yield server
    server.stop()
