"""Reading stops at once, whatever stops it: no thread is left, no request is started afterwards."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from support import Unthrottled, credentials, threads
from test_parallel import until

from airflow_provider_poweroffice.api import Client, Pages, RetryOptions
from airflow_provider_poweroffice.api.limits.throttle import SystemClock
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("alone")


class StoppedByHandError(BaseException):
    """What an operator's timeout or Ctrl-C raises, wherever the main thread is."""


@contextmanager
def real_client(sandbox: Sandbox, **options: object) -> Iterator[Client]:
    """Open a client whose waits are real."""
    given = {"host": sandbox.url, "throttle": Unthrottled()} | options
    with Client(credentials(sandbox), **given) as client:  # type: ignore[arg-type]
        yield client


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """Give a sandbox that takes a minute for each page after the first."""
    with Sandbox(rate_limit=0) as sandbox:
        sandbox.add_fault(action="delay", seconds=60, path="/Customers", times=0)
        sandbox.add_fault(action="delay", seconds=0, path="/Customers", times=1)
        yield sandbox


def begin(client: Client, sandbox: Sandbox) -> Pages:
    """Read the first page; the next four are under way, and take a minute."""
    pages = client.pages("Customers", page_size=10)
    next(pages)
    until(lambda: sandbox.count("GET", "/Customers") == 5)
    return pages


def check_quiet(sandbox: Sandbox, since: float) -> None:
    """Check that nothing waited out the minute, and nothing goes on."""
    assert time.monotonic() - since < 30
    assert threads() == []
    assert sandbox.count("GET", "/Customers") == 5


def test_close(slow: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Closing a read cuts what is under way, and says nothing of it; the client is as good as before."""
    started = time.monotonic()
    with real_client(slow) as client:
        with begin(client, slow) as pages:
            pass
        check_quiet(slow, started)
        assert list(pages) == []
        assert "no reply" not in caplog.text
        assert client.request("GET", "Suppliers").is_success


def test_abandoned(slow: Sandbox) -> None:
    """A read that nobody holds any more ends by itself."""
    started = time.monotonic()
    with real_client(slow) as client:
        begin(client, slow)
        gc.collect()
        check_quiet(slow, started)


def test_error_of_the_taker(slow: Sandbox) -> None:
    """What goes wrong with a page ends the read, by the with block."""
    started = time.monotonic()
    with (
        real_client(slow) as client,
        pytest.raises(StoppedByHandError),
        begin(client, slow),
    ):
        raise StoppedByHandError
    check_quiet(slow, started)


def test_signal_while_waiting(slow: Sandbox) -> None:
    """A signal's exception in the middle of the wait for a page, as of a task's timeout, ends all threads."""

    def strike(*_: object) -> None:
        raise StoppedByHandError

    earlier, started = signal.signal(signal.SIGUSR1, strike), time.monotonic()
    try:
        with real_client(slow) as client:
            pages = begin(client, slow)
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(StoppedByHandError):
                next(pages)
            check_quiet(slow, started)
    finally:
        signal.signal(signal.SIGUSR1, earlier)


class Sleepy(Unthrottled):
    """A throttle that makes whoever comes wait for a minute, once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = 0
        self.tired = False

    def acquire(self, *patience: Any) -> Any:
        """Wait, as the real one does."""
        if self.tired:
            self.asleep += 1
            SystemClock().sleep(60)
        return super().acquire(*patience)


def test_signal_while_a_thread_is_started(sandbox: Sandbox) -> None:
    """A timeout in the middle of starting threads comes out as itself, and ends those that run."""
    started = 0

    def interrupt(frame: FrameType, event: str, _: Any) -> None:
        nonlocal started
        if event == "call" and frame.f_code is threading.Thread.start.__code__:
            started += 1
            if started == 3:
                sys.setprofile(None)
                raise StoppedByHandError

    with real_client(sandbox) as client:
        pages = client.pages("Customers", page_size=2)
        sys.setprofile(interrupt)
        with pytest.raises(StoppedByHandError), pages:
            list(pages)
    assert started == 3
    until(lambda: threads() == [])


def test_who_waits_for_the_rate_limit_wakes_up(sandbox: Sandbox) -> None:
    """A thread that waits for its turn stops waiting, and sends nothing."""
    throttle, started = Sleepy(), time.monotonic()
    with real_client(sandbox, throttle=throttle) as client:
        with client.pages("Customers", page_size=10) as pages:
            next(pages)
            until(lambda: sandbox.count("GET", "/Customers") == 5)
            throttle.tired = True
            next(pages)
            until(lambda: throttle.asleep == 1)
        check_quiet(sandbox, started)


def test_who_waits_for_another_try_wakes_up(sandbox: Sandbox) -> None:
    """A thread that waits after a 503 stops waiting, and tries no more."""
    started = time.monotonic()
    with real_client(sandbox, retry=RetryOptions(wait_initial=60)) as client:
        with client.pages("Customers", page_size=10, max_pages=6) as pages:
            next(pages)
            until(lambda: sandbox.count("GET", "/Customers") == 5)
            sandbox.add_fault(action="status", status=503, path="/Customers", times=0)
            next(pages)
            until(lambda: sandbox.count("GET", "/Customers") == 6)
        assert time.monotonic() - started < 30
        assert threads() == []
        assert sandbox.count("GET", "/Customers") == 6
