"""Shared by all tests: a sandbox, and time that moves without waiting."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import support.airflow_home  # noqa: F401 - sets where Airflow lives, before anything imports it
from support import AS_NEW, V1_AS_NEW, FakeClock, client_of, settle, v1_client_of
from support.d365fo import AS_NEW as FO_AS_NEW
from support.d365fo import fo_client
from support.databases import SECOND, SERVED, start_mariadb, start_postgres
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from airflow_provider_poweroffice.api import Client, RetryOptions
from airflow_provider_poweroffice.api.limits.stores import VARIABLE
from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox
from tests.infrastructure.mariadb_server import MariaDBServer
from tests.infrastructure.postgres_server import PostgresServer

# A proxy of the machine must not stand between the tests and the loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Share tests out in units of which each stays in one process."""
    config.option.loadscopereorder = False  # those of Airflow, the slowest, begin
    return Units(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the fast run leaves out: all but a sample of combinations, further drivers and databases."""
    combinations: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sample"):
            combinations[item.nodeid.partition("[")[0]].append(item)
        given = item.callspec.params.values() if hasattr(item, "callspec") else ()
        values = {value for value in given if isinstance(value, str)}
        if values & SECOND:
            item.add_marker("wide")
        servers = {"postgres", "mariadb", "pg"}.intersection(getattr(item, "fixturenames", ()))
        if servers or values & {*SERVED, "duckdb"}:
            item.add_marker("other_database")
    for each in combinations.values():
        mark = each[0].get_closest_marker("sample")
        step = -(-len(each) // (mark.args[0] if mark else 1))
        for place, item in enumerate(each):
            if place % step:
                item.add_marker("wide")


class Units(LoadScopeScheduling):
    """
    Files; those in the browser as one, as they share an Airflow.

    Where a test is short, one with many cases is a unit of its own, so that both processes end at one time.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path.startswith("tests/ui/"):
            return "tests/ui"
        is_quick = path.startswith(("tests/api/", "tests/batches/", "tests/storage/"))
        return nodeid.partition("[")[0] if is_quick and "[" in nodeid else path


@pytest.fixture(scope="session", autouse=True)
def limits_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the limits of this run apart from those of the machine, in the programs it starts too."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("limits")
        patch.setenv(VARIABLE, str(folder))
        yield folder


def renew(sandbox: Sandbox | V1Sandbox | D365FOSandbox) -> None:
    """Put a sandbox back, its time too: what changed in a time that a test moved on lies in the future."""
    settle(sandbox.url)
    sandbox.advance(time.time() - sandbox.clock.now())
    sandbox.reset()


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
    renew(shared_sandbox)
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


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDBServer]:
    """Run one MariaDB server for the whole session."""
    server = start_mariadb()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared_v1_sandbox() -> Iterator[V1Sandbox]:
    """Run one sandbox of v1 for the whole session; use ``v1_sandbox``, which resets it."""
    with V1Sandbox(rate_limit=0, read_lag=0) as running:
        yield running


@pytest.fixture
def v1_sandbox(shared_v1_sandbox: V1Sandbox) -> V1Sandbox:
    """Give the sandbox of v1 as new, without a limit and a lag."""
    renew(shared_v1_sandbox)
    shared_v1_sandbox.set(**V1_AS_NEW)
    return shared_v1_sandbox


@pytest.fixture
def v1_client(v1_sandbox: V1Sandbox, clock: FakeClock) -> Iterator[Client]:
    """Give a client of the first company of v1 with fake time and no throttle."""
    with v1_client_of(v1_sandbox, clock) as one:
        yield one


@pytest.fixture(scope="session")
def shared_fo_sandbox() -> Iterator[D365FOSandbox]:
    """Run one sandbox of Finance & Operations for the whole session; use ``fo``, which resets it."""
    with D365FOSandbox(port=0) as running:
        yield running


@pytest.fixture
def fo(shared_fo_sandbox: D365FOSandbox) -> D365FOSandbox:
    """Give the sandbox of Finance & Operations as new."""
    renew(shared_fo_sandbox)
    shared_fo_sandbox.set(**FO_AS_NEW)
    return shared_fo_sandbox


@pytest.fixture
def fo_api(fo: D365FOSandbox, clock: FakeClock) -> Iterator[Client]:
    """Give a client of Finance & Operations with fake time and no throttle."""
    with fo_client(fo, clock) as one:
        yield one
