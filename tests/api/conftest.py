"""Fixtures of the cases that hold for every API, and the count of them at the end of a run."""

from __future__ import annotations

import contextlib
import gc
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import threads
from support.dialects import APART, APIS, ROWS, Bench
from support.tap import Tap

if TYPE_CHECKING:
    from support import FakeClock

_CASE = re.compile(r"test_dialects\w*\.py::test_\w+\[(\w+)")


@pytest.fixture(params=APIS)
def bench(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Bench]:
    """
    Give each API in turn.

    The sandbox is the test's own: a page that was in flight when another test ended would be counted.
    """
    api = APIS[request.param]
    with api.build(ROWS) as sandbox:
        one = Bench(api, sandbox, clock)
        yield one
        one.close()


@pytest.fixture
def alone() -> None:
    """Let go of reads that earlier tests left in the frames of a caught error; their threads end too."""
    gc.collect()
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.fixture
def stranger() -> Iterator[Tap]:
    """Run a server that must see nothing."""
    with Tap() as server:
        yield server


@pytest.fixture(scope="session")
def start_redis() -> Iterator[Callable[..., str]]:
    """Give a function that runs a server on a socket and gives its URL."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("no redis-server: apt-get install redis-server")
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder:  # a socket's path must be short

        def start(*options: str) -> str:
            path = Path(folder) / f"{len(running)}.sock"
            command = [program, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
            running.append(subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL))
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                # The file is there before the server listens.
                with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as plug:
                    plug.connect(str(path))
                    break
                time.sleep(0.01)
            return f"unix://{path}"

        yield start
        for one in running:
            one.terminate()
            one.wait()


@pytest.fixture(scope="session")
def redis_url(start_redis: Callable[..., str]) -> str:
    """Run one server for all tests."""
    return start_redis()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the cases that an API cannot have; docs/dialects.md gives the reasons."""
    apart = {f"test_{case}[{name}]" for case, name in APART}
    left_out = [item for item in items if item.name in apart]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.name not in apart]


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
