"""Fixtures of the cases that hold for every API, and the count of them at the end of a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from dialects import APART, APIS, ROWS, Bench
from tap import Tap

from airflow_provider_poweroffice.sandbox import D365FOSandbox, Sandbox, V1Sandbox

if TYPE_CHECKING:
    from support import FakeClock

_CASE = re.compile(r"test_dialects\w*\.py::test_\w+\[(\w+)")


@pytest.fixture(scope="session")
def shared_benches() -> Iterator[dict[str, Sandbox | V1Sandbox | D365FOSandbox]]:
    """Run a sandbox of each API for the whole session; use ``bench``, which resets it."""
    running = {name: api.build(ROWS) for name, api in APIS.items()}
    for sandbox in running.values():
        sandbox.start()
    yield running
    for sandbox in running.values():
        sandbox.stop()


@pytest.fixture(params=APIS)
def bench(
    request: pytest.FixtureRequest,
    shared_benches: dict[str, Sandbox | V1Sandbox | D365FOSandbox],
    clock: FakeClock,
) -> Iterator[Bench]:
    """Give each API in turn, as new; a case that it can not have is left out with the reason."""
    api = APIS[request.param]
    case = request.function.__name__.removeprefix("test_")
    if reason := APART.get((case, api.name)):
        pytest.skip(f"{api.name} {reason}")
    sandbox = shared_benches[api.name]
    before = sandbox.state.switches.as_dict()
    sandbox.reset()
    one = Bench(api, sandbox, clock)
    yield one
    one.close()
    sandbox.set(**before)


@pytest.fixture
def stranger() -> Iterator[Tap]:
    """Run a server that must see nothing."""
    with Tap() as server:
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases held for how many APIs."""
    passed = Counter(
        found[1]
        for report in terminalreporter.stats.get("passed", ())
        if report.when == "call" and (found := _CASE.search(report.nodeid))
    )
    if passed:
        counts = ", ".join(f"{name} {passed[name]}" for name in APIS)
        terminalreporter.write_line(
            f"cases x dialects: {max(passed.values())} x {len(passed)} ({counts} passed)"
        )
