"""The limit of a host survives what happens to its file, and clocks that differ, with few refusals."""

from __future__ import annotations

import heapq
import itertools
import logging
import math
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from support import FakeClock

from airflow_provider_poweroffice.api.limits.stores import (
    AGAIN,
    VARIABLE,
    HostStore,
    State,
    Store,
    WindowFile,
    decode,
    directories,
    encode,
    open_directory,
    open_file,
)
from airflow_provider_poweroffice.api.limits.turns import LocalThrottle
from airflow_provider_poweroffice.api.limits.window import MOST_WAITING, Window

RATE = 10
SECONDS = 20.0
TRIP = 0.02


@dataclass
class World:
    """Time that all processes and the server share; nothing in it sleeps."""

    now: float = 1000.0
    wall: float = 1_800_000_000.0


@dataclass
class SkewedClock:
    """The clocks of one process."""

    world: World
    ahead: float = 0.0
    wall_ahead: Callable[[float], float] = field(default=lambda now: 0.0 * now)

    def monotonic(self) -> float:
        """Read this process's monotonic clock."""
        return self.world.now + self.ahead

    def time(self) -> float:
        """Read this process's wall clock."""
        return self.world.wall + self.world.now + self.wall_ahead(self.world.now)

    def sleep(self, seconds: float) -> None:
        """Nobody sleeps here."""
        raise AssertionError(f"sleeps {seconds}")


class Server:
    """Counts requests in a sliding second, as PowerOffice does."""

    def __init__(self) -> None:
        self._passed: deque[float] = deque(maxlen=RATE)
        self.passed = self.refused = 0

    def take(self, now: float) -> bool:
        """Let a request through, or refuse it."""
        if len(self._passed) == RATE and now - self._passed[0] < 1.0:
            self.refused += 1
            return False
        self._passed.append(now)
        self.passed += 1
        return True


class Race:
    """
    Processes that call as fast as they are let, side by side, in no real time.

    :param clocks: one for each process.
    :param apart: seconds between their beginnings.
    :param store: makes what a process keeps the limit by.
    """

    def __init__(
        self, clocks: list[SkewedClock], apart: float, store: Callable[[str], Store] = WindowFile
    ) -> None:
        self.world = clocks[0].world
        self.server = Server()
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        for number, clock in enumerate(clocks):
            throttle = LocalThrottle(RATE, clock, store("one"))
            self.after(apart * number, partial(self._enter, throttle, None))

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Plan something."""
        heapq.heappush(self._events, (self.world.now + seconds, next(self._order), act))

    def run(self) -> None:
        """Let the time pass."""
        end = self.world.now + SECONDS
        while self._events and self._events[0][0] < end:
            self.world.now, _, act = heapq.heappop(self._events)
            act()

    def _enter(self, throttle: LocalThrottle, place: float | None) -> None:
        turn, _ = throttle._enter(place)
        if turn.wait:
            self.after(turn.wait, partial(self._enter, throttle, turn.place))
        else:
            self.after(TRIP / 2, partial(self._arrive, throttle, turn.start))

    def _arrive(self, throttle: LocalThrottle, start: float) -> None:
        self.after(TRIP / 2, partial(self._answered, throttle, start, self.server.take(self.world.now)))

    def _answered(self, throttle: LocalThrottle, start: float, passed: bool) -> None:
        throttle._settle(start, TRIP, lost=False)
        if not passed:
            throttle.pause(1.0)
        self._enter(throttle, None)


def run(
    clocks: list[SkewedClock],
    trouble: Callable[[], None] = lambda: None,
    every: float = math.inf,
    apart: float = 0.01,
    store: Callable[[str], Store] = WindowFile,
) -> Server:
    """
    Run a race.

    :param trouble: happens every so many seconds.
    :param apart: see :class:`Race`, as is ``store``.
    """
    race = Race(clocks, apart, store)

    def again() -> None:
        trouble()
        race.after(every, again)

    race.after(every, again)
    race.run()
    return race.server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a directory of the test's own for the limits."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "limits"))
    return tmp_path / "limits"


@pytest.mark.finding("D9")
@pytest.mark.parametrize("odd", [0, 3, 7])
@pytest.mark.parametrize("ahead", [0.0, 3600.0, -900.0, 0.5, -0.5, 0.02])
def test_clocks_of_other_namespaces(folder: Path, ahead: float, odd: int) -> None:
    """One of eight processes has another monotonic clock, whenever it comes: the limit stays one."""
    world = World()
    server = run([SkewedClock(world, ahead if number == odd else 0.0) for number in range(8)], apart=0.3)
    assert server.refused <= 2
    assert server.passed > 0.9 * RATE * SECONDS
    assert folder.exists()


@pytest.mark.finding("D9")
def test_clocks_all_differ(folder: Path) -> None:
    """Every process has clocks of its own, and the wall clocks jump by a day each second."""
    world = World()
    clocks = [
        SkewedClock(world, 0.0, lambda now, number=number: 86_400.0 * (int(now) % 3 - number % 2))  # type: ignore[misc]
        for number in range(8)
    ]
    server = run(clocks, apart=0.3)
    assert server.refused <= 2
    assert server.passed > 0.9 * RATE * SECONDS
    assert folder.exists()


@pytest.mark.finding("D9")
@pytest.mark.parametrize("every", [0.5, 0.13, 3.0])
def test_file_removed(folder: Path, every: float) -> None:
    """Whoever has the removed file open takes what it held along."""
    world = World()
    server = run(
        [SkewedClock(world) for _ in range(8)], lambda: (folder / "one").unlink(missing_ok=True), every
    )
    assert server.refused <= 3
    assert server.passed > 0.75 * RATE * SECONDS


@pytest.mark.finding("D9", "S21")
@pytest.mark.parametrize("what", ["noise", "empty", "torn", "forged"])
@pytest.mark.parametrize("every", [0.5, 3.0])
def test_file_filled_with_noise(folder: Path, what: str, every: float) -> None:
    """Whoever finds the file lost goes on with what it saw, and is careful for as long as it did not look."""
    world, chance = World(), random.Random(1)  # noqa: S311 - noise

    def spoil() -> None:
        path = folder / "one"
        content = {
            "noise": chance.randbytes(700),
            "empty": b"",
            "torn": path.read_bytes()[:-3],
            "forged": encode(State(1, world.now, 0.0, Window(rate=math.nan))),
        }
        path.write_bytes(content[what])

    server = run([SkewedClock(world) for _ in range(8)], spoil, every)
    assert server.refused <= 6
    assert server.passed > 0.5 * RATE * SECONDS


REPLACEMENTS: dict[str, Callable[[Path], None]] = {
    "a directory": lambda path: path.mkdir(),
    "a link": lambda path: path.symlink_to("/dev/full"),
    "a pipe": os.mkfifo,
}


@pytest.mark.finding("D9", "S21")
@pytest.mark.parametrize("what", REPLACEMENTS)
@pytest.mark.parametrize("processes", [1, 8])
def test_file_replaced(folder: Path, what: str, processes: int) -> None:
    """Where something else lies in its place for good, each process goes on alone, and slower if refused."""
    world = World()

    def replace() -> None:
        (path,) = folder.iterdir()
        if path.is_file():
            path.unlink()
            REPLACEMENTS[what](path)

    server = run([SkewedClock(world) for _ in range(processes)], replace, 2.0, store=HostStore)
    assert server.refused <= 5 * (processes - 1)
    assert server.passed > (0.75 if processes > 1 else 0.97) * RATE * SECONDS


@pytest.mark.finding("D9")
@pytest.mark.parametrize("every", [0.5, 3.0])
def test_directory_removed(folder: Path, every: float) -> None:
    """A cleaner of temporary files that removes the directory too un-shares nothing."""
    world = World()

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    server = run([SkewedClock(world) for _ in range(8)], remove, every, store=HostStore)
    assert server.refused <= 3
    assert server.passed > 0.75 * RATE * SECONDS


@pytest.mark.finding("D9")
@pytest.mark.parametrize("hours", [5.0, -5.0])
@pytest.mark.parametrize("of_all", [True, False])
def test_clocks_jump(folder: Path, hours: float, of_all: bool) -> None:
    """Where the clocks of one process, or of all, jump by hours while they wait, the limit goes on as one."""
    world = World()
    clocks = [SkewedClock(world) for _ in range(8)]
    jump = itertools.cycle([hours * 3600, 0.0])

    def leap() -> None:
        ahead = next(jump)
        for clock in clocks if of_all else clocks[:1]:
            clock.ahead = ahead
            clock.wall_ahead = lambda now: ahead + 0.0 * now

    server = run(clocks, leap, 7.0)
    assert server.refused <= 6, "what nobody knows of the moment of each leap"
    assert server.passed > 0.75 * RATE * SECONDS
    assert folder.exists()


@pytest.mark.finding("S21")
@pytest.mark.parametrize(
    "window",
    [
        Window(rate=math.nan),
        Window(rate=0.0),
        Window(rate=-1.0),
        Window(rate=1e-300),
        Window(rate=10.0, rate_until=math.inf),
        Window(rate=0.5, rate_until=1e9),
        Window(rate=10.0, paused_until=math.nan),
        Window(rate=10.0, paused_until=1e9),
        Window(rate=10.0, balance=math.nan),
        Window(rate=10.0, balance=1e9),
        Window(rate=10.0, strict_until=1e9),
        Window(rate=10.0, strict_for=-1.0),
        Window(rate=10.0, longest=1e9),
        Window(rate=10.0, starts=[(1e9, 900.0)]),
        Window(rate=10.0, starts=[(900.0, 1e9)]),
        Window(rate=10.0, starts=[(math.nan, 900.0)]),
        Window(rate=10.0, starts=[(900.0, 900.0)] * 500),
        Window(rate=10.0, waiting=[(900.0, 1e9)]),
        Window(rate=10.0, waiting=[(math.inf, 900.0)]),
        Window(rate=10.0, waiting=[(900.0 + n, 1000.0) for n in range(MOST_WAITING + 1)]),
    ],
)
def test_implausible_state(folder: Path, window: Window) -> None:
    """A state that no process of ours could have written is not used: a start takes a second at most."""
    assert decode(encode(State(1, 1000.0, 0.0, window))) is None
    folder.mkdir()
    (folder / "one").write_bytes(encode(State(1, 1000.0, 0.0, window)))
    clock = FakeClock()
    began = clock.now
    LocalThrottle(10, clock, WindowFile("one")).acquire()
    assert clock.now - began <= 1.1


@pytest.mark.finding("S21")
@pytest.mark.parametrize("stamp", [1e12, -1e12, math.nan, math.inf])
def test_implausible_time(folder: Path, stamp: float) -> None:
    """A file that claims to be of another time holds up nobody."""
    folder.mkdir()
    (folder / "one").write_bytes(encode(State(1, stamp, stamp, Window(rate=10.0))))
    clock = FakeClock()
    one, other = (LocalThrottle(10, clock, WindowFile("one")) for _ in range(2))
    began = clock.now
    for throttle in (one, other) * 5:
        throttle.acquire()
    assert clock.now - began <= 1.1
    one.acquire()
    assert clock.now - began > 0.9


HOLD = (
    "import sys, time\n"
    "from airflow_provider_poweroffice.api.limits.throttle import SystemClock\n"
    "from airflow_provider_poweroffice.api.limits.stores import WindowFile, boot\n"
    "def hold(window, now):\n"
    "    print('locked', flush=True)\n"
    "    time.sleep(60)\n"
    "WindowFile(f'one-{boot()}.limit').change(SystemClock(), hold)\n"
)


@pytest.mark.finding("D9")
def test_held_lock_comes_back(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While a stopped process holds the lock the others are careful; then the limit is one again."""
    clock = FakeClock()
    one, other = (LocalThrottle(10, clock, HostStore("one")) for _ in range(2))
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        began = clock.now
        one.acquire()
        assert 5 <= clock.now - began < 5.1
        other.acquire()
        began = clock.now
        for _ in range(4):
            one.acquire()
        assert clock.now - began >= 3, "a tenth of the rate: nobody knows how many others there are"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    for throttle in (one, other):
        throttle.acquire()
    clock.sleep(100)
    began = clock.now
    for throttle in (one, other) * 5:
        throttle.acquire()
    assert clock.now == began
    other.acquire()
    assert clock.now - began > 1, "they share again"
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [("alone" in text, "again" in text) for text in said] == [(True, True)] * 2 + [(False, True)] * 2
    assert folder.exists()


@pytest.mark.finding("D9")
def test_unusable_directory_comes_back(folder: Path) -> None:
    """A directory that cannot be used is tried again after half a minute."""
    folder.write_text("not a directory")
    clock = FakeClock()
    one, other = (LocalThrottle(10, clock, HostStore("one")) for _ in range(2))
    one.acquire()
    other.acquire()
    folder.unlink()
    one.acquire()
    assert not folder.exists(), "not yet"
    clock.sleep(AGAIN)
    for throttle in (one, other):
        throttle.acquire()
    clock.sleep(100)
    began = clock.now
    for throttle in (one, other) * 5 + (one,):
        throttle.acquire()
    assert clock.now - began > 1


@pytest.mark.finding("S21")
def test_squatted_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another made the directory in /tmp first, the account's own are used, by all its processes."""
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    runtime, home = tmp_path / "run", tmp_path / "airflow"
    for path in (tmp_path / "tmp", runtime, home):
        path.mkdir()
    name = f"airflow-provider-poweroffice-{os.geteuid()}"
    (tmp_path / "tmp" / name).mkdir(mode=0o777)
    (tmp_path / "tmp" / name).chmod(0o777)
    monkeypatch.setenv("AIRFLOW_HOME", str(home))
    clock = FakeClock()
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    LocalThrottle(10, clock, WindowFile("one")).acquire()
    assert (home / name / "one").exists()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    LocalThrottle(10, clock, WindowFile("one")).acquire()
    assert (runtime / name / "one").exists()
    assert not list((tmp_path / "tmp" / name).iterdir())
    assert len(list(directories())) == 3


@pytest.mark.finding("S21")
def test_hard_link(folder: Path, tmp_path: Path) -> None:
    """A file that has another name is not written through, however it came about."""
    folder.mkdir(mode=0o700)
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    (folder / "one").hardlink_to(victim)
    directory = open_directory(folder, chosen=True)
    with pytest.raises(PermissionError, match="one name"):
        open_file(directory, "one")
    os.close(directory)
    LocalThrottle(10, FakeClock(), HostStore("one")).acquire()
    assert victim.read_bytes() == b"untouched"

    file = WindowFile("two")
    LocalThrottle(10, FakeClock(), file).acquire()
    (folder / "other name").hardlink_to(folder / "two")
    with pytest.raises(PermissionError, match="hard link"):
        LocalThrottle(10, FakeClock(), file).acquire()


def test_state_survives_the_file() -> None:
    """What is written is read; a flipped bit is noticed."""
    window = Window(10.0, 1050.0, 1001.0, [(999.5, 999.0)], [(1000.0, 1002.0)], 1.5, 1020.0, 60.0, 0.4)
    state = State(7, 1000.0, time.time(), window)
    assert decode(encode(state) + b"left over") == state
    spoiled = bytearray(encode(state))
    spoiled[struct.calcsize("<8sI") + 9] ^= 1
    assert decode(bytes(spoiled)) is None
