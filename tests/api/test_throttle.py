"""The limit is kept, in the order of arrival, by all who share it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from support import FakeClock, client_of, credentials

from airflow_provider_poweroffice.api import Client, RetryOptions
from airflow_provider_poweroffice.api.call_context import Queueing, adding
from airflow_provider_poweroffice.api.limits.stores import MemoryStore
from airflow_provider_poweroffice.api.limits.throttle import Clock, NoSlotError
from airflow_provider_poweroffice.api.limits.turns import LocalThrottle
from airflow_provider_poweroffice.api.limits.window import (
    GRACE,
    LEARN,
    LEASE,
    LEAST,
    MOST_BALANCE,
    REMEMBERED,
    SHARE,
    Window,
)
from airflow_provider_poweroffice.api.retry import retry_reason
from airflow_provider_poweroffice.errors import APITimeoutError
from poweroffice_sandbox import Sandbox

T = TypeVar("T")


@pytest.mark.parametrize("rate", [10, 1, 0.5, 2.5, 50, 400])
def test_rate_is_kept(clock: FakeClock, rate: float) -> None:
    """In no second do more requests start than allowed; a first burst of a whole rate does not wait."""
    throttle = LocalThrottle(rate, clock)
    starts = []
    for _ in range(int(rate * 5) + 5):
        slot = throttle.acquire()
        starts.append(clock.now)
        throttle.answered(slot)
    burst = min(50, int(rate)) if rate == int(rate) else 1
    assert starts[burst - 1] == starts[0]
    for first, later in zip(starts, starts[burst:], strict=False):
        assert later - first >= burst / rate
    assert starts[-1] - starts[0] <= len(starts) / rate * 1.01


def answer(window: Window, start: float, trip: float) -> float:
    """Start and be answered; say by how much the start is held to be counted late."""
    assert not window.enter(start, 10).wait
    window.settle(start + trip, start, trip)
    return next(counted - at for counted, at in window.starts if at == start)


def test_outlier_is_waited_out() -> None:
    """A late answer is taken as counted late, as of a new connection; many of them are a slow server."""
    window = Window()
    for number in range(LEARN + 1):
        answer(window, number * 100.0, 0.1)
    assert answer(window, 1000.0, 0.15) == pytest.approx(0.05)
    spent = sum(answer(window, number * 100.0, 0.19 if number % 50 else 0.1) for number in range(100, 1100))
    assert 20 < spent <= MOST_BALANCE + 1000 * max(LEAST, SHARE)


def test_shortest_trip_is_that_of_all() -> None:
    """A task whose few answers were all slow is compared with those who share the limit, not with itself."""
    window = Window()
    for number in range(LEARN):
        assert answer(window, 100.0 * number, 0.006) == pytest.approx(0.006), "nothing to compare with yet"
    slow = 1000.0
    for number in range(10):
        assert answer(window, slow + number / 1000, 0.016) == pytest.approx(0.01)
    assert window.enter(slow + 1.009, 10).wait == pytest.approx(0.001)


def test_wait_for_the_lock_is_no_trip(clock: FakeClock) -> None:
    """Who waited for whoever held the window's lock was not counted later for that."""

    class HeldStore(MemoryStore):
        """Another process holds the lock for a while, each time."""

        def change(self, clock: Clock, act: Callable[[Window, float], T]) -> T:
            clock.sleep(3.0)
            return super().change(clock, act)

    store = HeldStore()
    throttle = LocalThrottle(10, clock, store)
    slot = throttle.acquire()
    throttle.answered(slot)
    assert slot.asked == slot.start
    ((counted, start),) = store.window.starts
    assert counted - start == pytest.approx(LEAST)


def test_shortest_trip_is_forgotten() -> None:
    """Where the way has become longer, that is no delay after a while; a lost request was never quick."""
    window = Window()
    answer(window, 0.0, 0.02)
    delays = [answer(window, 100.0 * number, 0.1) for number in range(1, 2 * REMEMBERED + 1)]
    assert delays[LEARN] == pytest.approx(0.08)
    assert delays[-1] == pytest.approx(LEAST)
    assert not window.enter(1e6, 10).wait
    window.settle(1e6 + 0.001, 1e6, 0.001, lost=True)
    assert answer(window, 1.1e6, 0.1) == pytest.approx(LEAST)


def test_pause_holds_for_all(clock: FakeClock) -> None:
    """After a 429 nobody starts before the server's wait is over, not even who had a start to wait for."""
    throttle = LocalThrottle(10, clock)
    began = clock.now
    throttle.pause(7)
    throttle.pause(3)
    throttle.acquire()
    assert clock.now - began == 7
    throttle.pause(5000)
    throttle.acquire()
    assert clock.now - began == 67, "one refusal does not stop all others for ever"

    window = Window()
    for _ in range(10):
        window.enter(0.0, 10)
    place, wait, _ = window.enter(0.1, 10)
    window.pause(0.5, 30)
    assert window.enter(0.1 + wait, 10, place).wait == pytest.approx(30.5 - 0.1 - wait)


def test_refusals_side_by_side() -> None:
    """Where each refusal halves the rate, those of calls that were under way together count as one."""
    window = Window(least_share=0.1)
    for now in (10.0, 10.01, 10.5):
        window.refuse(now, 1.0)
    assert window.share == 0.5
    for now in (12.0, 14.0, 16.0):
        window.refuse(now, 1.0)
    assert window.share == 0.1


def test_first_come_first_served() -> None:
    """Whoever came first starts first, whatever the order in which they wake; the dead are not waited for."""
    window = Window()
    for _ in range(10):
        window.enter(0.0, 10)
    places = [window.enter(0.1 + 0.01 * number, 10).place for number in range(12)]
    assert places == sorted(places)
    due = 1.05
    assert [place for place in reversed(places) if not window.enter(due, 10, place).wait] == places[9::-1]
    assert not window.enter(due + 1.1, 10, places[11]).wait

    window = Window()
    for _ in range(10):
        window.enter(0.0, 10)
    dead = [window.enter(0.1, 10) for _ in range(10)]
    alive = window.enter(0.2, 10)
    assert alive.wait > 1.7, "ten are in front"
    assert not window.enter(0.1 + dead[0].wait + GRACE + 0.01, 10, alive.place).wait


def test_threads_share_the_limit() -> None:
    """Threads book their starts one after the other: none is given the same slot."""
    clock = FakeClock()
    throttle = LocalThrottle(10, clock)
    naps: list[float] = []
    lock = threading.Lock()

    class AsleepError(Exception):
        """The thread would sleep now."""

    def sleep(seconds: float) -> None:
        with lock:
            naps.append(round(seconds, 2))
        raise AsleepError

    clock.sleep = sleep  # type: ignore[method-assign]  # time stands still: the first nap is the start

    def start() -> None:
        try:
            throttle.acquire()
        except AsleepError:
            return

    threads = [threading.Thread(target=start) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(naps) == [1.02] * 10 + [2.02] * 10 + [3.02] * 10


def test_lowest_rate_holds_while_it_is_asked_for(clock: FakeClock) -> None:
    """A lower rate of one holds for all, and lapses when nobody has asked for it for a while."""
    store = MemoryStore()
    fast, slow = LocalThrottle(1000, clock, store), LocalThrottle(4, clock, store)
    slow.acquire()

    def spent(throttle: LocalThrottle, count: int) -> float:
        began = clock.now
        for _ in range(count):
            throttle.acquire()
        return clock.now - began

    assert spent(fast, 40) > 9
    clock.sleep(LEASE)
    assert spent(fast, 40) < 0.2
    assert spent(slow, 8) > 0.9


def test_answer_to_a_window_begun_anew(clock: FakeClock) -> None:
    """An answer to a start that nobody remembers changes nothing."""
    first, later = LocalThrottle(10, clock), LocalThrottle(10, clock)
    later.answered(first.acquire())
    later.acquire()
    assert clock.naps == []


def test_patience(clock: FakeClock) -> None:
    """Who cannot wait so long is told at once, and gives the place in the queue back."""
    throttle = LocalThrottle(1, clock)
    throttle.acquire()
    with pytest.raises(NoSlotError) as caught:
        throttle.acquire(0.5)
    assert caught.value.wait == pytest.approx(1.02)
    assert clock.naps == []
    throttle.acquire(1.1)
    assert sum(clock.naps) == pytest.approx(1.02)


def test_deadline_bounds_the_wait_for_a_slot(sandbox: Sandbox, clock: FakeClock) -> None:
    """A call whose slot is after its deadline is not sent, and not waited for."""
    throttle = LocalThrottle(10, clock)
    with client_of(sandbox, clock, throttle=throttle, retry=RetryOptions(deadline=20)) as client:
        client.request("GET", "VatCodes")
        throttle.pause(30)
        with pytest.raises(
            APITimeoutError, match=r"^POST /v2/Departments: not sent: .* 30\.0 s away"
        ) as caught:
            client.request("POST", "Departments", body={"Code": "7", "Name": "Seven"})
        assert (caught.value.outcome_unknown, caught.value.permanent) == (False, False)
        assert retry_reason(caught.value, "POST") == "not delivered", "for the task's own retry"
        assert sandbox.count("POST", "/v2/Departments") == 0
        assert clock.naps == []
        client.session.get("VatCodes")
        assert sum(clock.naps) == pytest.approx(30), "a borrowed session has no deadline"


def test_every_request_is_paced(clock: FakeClock) -> None:
    """Against a server that counts, nothing is refused: token calls and resent calls are paced too."""
    with Sandbox(rate_limit=10) as sandbox:
        clock.lead(sandbox)
        with Client(
            credentials(sandbox), host=sandbox.url, clock=clock, throttle=LocalThrottle(10, clock)
        ) as client:
            for number in range(60):
                if number % 20 == 10:
                    sandbox.expire_tokens()
                client.session.get("VatCodes")
        statuses = [entry.status for entry in sandbox.journal()]
    assert statuses.count(429) == 0
    assert statuses.count(200) == 64


def test_core_needs_no_airflow() -> None:
    """The core and the codecs load without Airflow."""
    code = (
        "import sys, importlib, pkgutil, airflow_provider_poweroffice as root\n"
        "for area in ('api', 'storage'):\n"
        "    package = importlib.import_module(f'{root.__name__}.{area}')\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        module.name.endswith(('__main__', 'fixtures')) or importlib.import_module(module.name)\n"
        "sys.exit('airflow' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sandbox_mirrors_nothing() -> None:
    """The sandbox loads without any of the client: it is an oracle, not a mirror."""
    code = (
        "import sys, poweroffice_sandbox\n"
        "ours = [name for name in sys.modules if name.startswith('airflow_provider_poweroffice')]\n"
        "sys.exit(bool(ours))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.finding("D3")
def test_places_are_kept_while_nobody_sleeps(clock: FakeClock) -> None:
    """Who waits on an event loop keeps its place in the queue, sleeps in no thread, and is not passed by."""
    throttle, place = LocalThrottle(10, clock), Queueing()
    with adding(queueing=place):
        for _ in range(10):
            place.begin()
            throttle.acquire()
        place.begin()
        with pytest.raises(NoSlotError):
            throttle.acquire()
    assert clock.naps == []
    assert place.wait == pytest.approx(1.02)
    for _ in range(3):
        with pytest.raises(NoSlotError):
            throttle.acquire(0)
    later, _ = throttle._enter(None)
    clock.now += place.wait
    with adding(queueing=place):
        place.begin()
        assert throttle.acquire().start == clock.now, "its turn, before the one that came later"
        assert later.wait > 0
        clock.sleep(0.5)
        throttle.pause(30)
        with pytest.raises(NoSlotError):
            throttle.acquire()
    assert clock.naps == [0.5], "a further slot of the same call is not slept for longer than a second"
