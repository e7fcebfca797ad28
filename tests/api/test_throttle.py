"""The limit is kept, in the order of arrival, by all threads of a process."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from support import FakeClock, credentials

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.api.throttle import WindowThrottle, shared_throttle
from airflow_provider_poweroffice.sandbox import Sandbox


@pytest.mark.parametrize("rate", [10, 1, 0.5, 50])
def test_rate_is_kept(clock: FakeClock, rate: float) -> None:
    """In no second do more requests start than allowed, and a first burst does not wait."""
    throttle = WindowThrottle(rate, clock)
    starts = []
    for _ in range(int(rate * 5) + 5):
        throttle.acquire()
        starts.append(clock.now)
    burst = max(1, int(rate))
    assert starts[burst - 1] == starts[0]
    for first, later in zip(starts, starts[burst:], strict=False):
        assert later - first >= burst / rate
    assert starts[-1] - starts[0] <= len(starts) / rate * 1.06


def test_pause_holds_for_all(clock: FakeClock) -> None:
    """After a 429 nobody starts before the server's wait is over."""
    throttle = WindowThrottle(10, clock)
    began = clock.now
    throttle.pause(7)
    throttle.pause(3)
    throttle.acquire()
    assert clock.now - began == 7
    throttle.pause(5000)
    throttle.acquire()
    assert clock.now - began == 67, "one refusal does not stop all others for ever"


def test_threads_share_the_limit() -> None:
    """Threads reserve their starts one after the other: none is given the same slot."""
    clock = FakeClock()
    throttle = WindowThrottle(10, clock)
    gaps: list[float] = []
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            gaps.append(round(seconds, 6))

    clock.sleep = sleep  # type: ignore[method-assign]  # time stands still: what is asked for is the start
    threads = [threading.Thread(target=throttle.acquire) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(gaps) == sorted([1.05] * 10 + [2.1] * 10 + [3.15] * 10)


def test_shared_by_subscription_key() -> None:
    """Clients of one subscription key share a throttle; others do not; the key is not kept."""
    one = shared_throttle("key-one", "host", 10)
    assert shared_throttle("key-one", "host", 5) is one
    assert one.rate == 5
    assert shared_throttle("key-two", "host", 10) is not one
    assert shared_throttle("key-one", "other", 10) is not one
    from airflow_provider_poweroffice.api import throttle  # noqa: PLC0415 - to look inside

    assert "key-one" not in repr(throttle._shared)


def test_every_request_is_paced(clock: FakeClock) -> None:
    """Against a server that counts, nothing is refused: token calls and resent calls are paced too."""
    with Sandbox(rate_limit=10) as sandbox:
        clock.lead(sandbox)
        with Client(
            credentials(sandbox), host=sandbox.url, clock=clock, throttle=WindowThrottle(10, clock)
        ) as client:
            for number in range(60):
                if number % 20 == 10:
                    sandbox.expire_tokens()
                client.session.get("VatCodes")
        statuses = [entry.status for entry in sandbox.journal()]
    assert statuses.count(429) == 0
    assert statuses.count(200) == 64


def test_rate_of_the_client_is_an_option() -> None:
    """requests_per_second sets the pace; of several for one key, the lowest holds for all."""
    with Sandbox(rate_limit=0) as sandbox:
        for asked, kept in ((1000, 1000), (None, 10), (4, 4), (1000, 4)):
            client = Client(credentials(sandbox), host=sandbox.url, requests_per_second=asked)
            assert client._throttle.rate == kept  # type: ignore[attr-defined]


def test_core_needs_no_airflow() -> None:
    """The core, the codecs and the sandbox load without Airflow."""
    code = (
        "import sys, importlib, pkgutil, airflow_provider_poweroffice as root\n"
        "for area in ('api', 'storage', 'sandbox'):\n"
        "    package = importlib.import_module(f'{root.__name__}.{area}')\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        module.name.endswith(('__main__', 'fixtures')) or importlib.import_module(module.name)\n"
        "sys.exit('airflow' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sandbox_mirrors_nothing() -> None:
    """The sandbox loads without any of the client: it is an oracle, not a mirror."""
    code = (
        "import sys, airflow_provider_poweroffice.sandbox\n"
        "ours = [name for name in sys.modules if name.startswith('airflow_provider_poweroffice.')]\n"
        "sys.exit(any('.sandbox' not in name for name in ours))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
