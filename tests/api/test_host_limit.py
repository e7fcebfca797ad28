"""The limit of a host is kept by a file that survives whatever happens to its users, and to itself."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from limit_helpers import run_workers
from support import FakeClock

from airflow_provider_poweroffice.api.connection_options import RateLimit
from airflow_provider_poweroffice.api.limits.shared import shared_throttle
from airflow_provider_poweroffice.api.limits.stores import (
    VARIABLE,
    HostStore,
    WindowFile,
    open_directory,
    open_file,
)
from airflow_provider_poweroffice.api.limits.throttle import SystemClock
from airflow_provider_poweroffice.api.limits.turns import LocalThrottle
from poweroffice_sandbox import Sandbox


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a directory of the test's own for the limits."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "limits"))
    return tmp_path / "limits"


def pair(clock: FakeClock, rate: float = 10) -> tuple[LocalThrottle, LocalThrottle]:
    """Give two throttles that share nothing but a file."""
    return LocalThrottle(rate, clock, WindowFile("one")), LocalThrottle(rate, clock, WindowFile("one"))


def is_shared(clock: FakeClock, one: LocalThrottle, other: LocalThrottle) -> bool:
    """Tell whether eleven starts by two throttles take longer than the first ten."""
    one.acquire()  # whatever it finds, and is careful about, is over then
    clock.sleep(100)
    began = clock.now
    for throttle in (one, other) * 5:
        throttle.acquire()
    assert clock.now == began
    one.acquire()
    return clock.now - began > 1


def test_processes_share_the_limit(folder: Path) -> None:
    """Three processes at once stay below the limit that the server counts by; each alone would not."""
    with Sandbox(rate_limit=10) as sandbox:
        statuses = run_workers(sandbox, "host", workers=3, calls=9)
    assert statuses[200] == 3 * (9 + 1), "a token each"
    assert statuses[429] < 5, "each alone would be refused some twenty times"
    assert len(list(folder.iterdir())) == 1


def test_throttles_share_a_file(folder: Path, clock: FakeClock) -> None:
    """Starts, pauses and lower rates of one hold for the other."""
    one, other = pair(clock)
    assert is_shared(clock, one, other)
    one.pause(20)
    began = clock.now
    other.acquire()
    assert clock.now - began == pytest.approx(20)
    LocalThrottle(1, clock, WindowFile("one")).acquire()
    began = clock.now
    other.acquire()
    assert clock.now - began > 1
    assert folder.stat().st_mode & 0o777 == 0o700


def test_key_is_not_kept(folder: Path) -> None:
    """One file for each subscription key and server; neither its name nor its content has the key."""
    key = "0123456789abcdef0123456789abcdef"
    for origin, subscription_key in (("host", key), ("host", key[::-1]), ("other", key), ("host", key)):
        shared_throttle(subscription_key, origin, 10, RateLimit(), SystemClock()).acquire()
    files = list(folder.iterdir())
    assert len(files) == 3
    assert not any(key in file.name or key.encode() in file.read_bytes() for file in files)


def test_killed_holder(folder: Path, clock: FakeClock) -> None:
    """A process killed while it held the lock holds up nobody."""
    code = (
        "import sys, time\n"
        "from airflow_provider_poweroffice.api.limits.throttle import SystemClock\n"
        "from airflow_provider_poweroffice.api.limits.stores import WindowFile\n"
        "def hold(window, now):\n"
        "    print('locked', flush=True)\n"
        "    time.sleep(60)\n"
        "WindowFile('one').change(SystemClock(), hold)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(TimeoutError, match=r"held for 5 s"):
            LocalThrottle(10, clock, WindowFile("one")).acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        clock.naps.clear()
        LocalThrottle(10, clock, WindowFile("one")).acquire()
    assert clock.naps == []
    assert folder.exists()


@pytest.mark.parametrize("damage", ["torn", "foreign", "empty", "removed", "flipped"])
def test_damaged_file(folder: Path, clock: FakeClock, damage: str) -> None:
    """A file that is torn, foreign or gone is begun anew, by all."""
    one, other = pair(clock)
    one.acquire()
    other.acquire()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        flipped = whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]
        file.write_bytes(
            {"torn": whole[:-5], "foreign": b"x" * 900, "empty": b"", "flipped": flipped}[damage]
        )
    assert is_shared(clock, one, other)


def test_clock_set_back(folder: Path, clock: FakeClock) -> None:
    """Times from another clock, as after a new start of the machine, hold up nobody."""
    one, _ = pair(clock)
    for _ in range(10):
        one.acquire()
    one.pause(60)
    date = clock.time()
    clock.now = 5.0
    clock._date = date + 90 - clock.now  # the wall clock runs on meanwhile
    other, third = pair(clock)
    other.acquire()
    assert clock.now == 5.0
    assert is_shared(clock, other, third)
    assert folder.exists()


@pytest.mark.parametrize("trouble", ["not a directory", "open to all", "link"])
def test_unusable_directory(
    folder: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    """Where the file cannot be kept, the process keeps the limit alone, and says so once."""
    if trouble == "not a directory":
        folder.write_text("")
    elif trouble == "link":
        (folder.parent / "elsewhere").mkdir()
        folder.symlink_to(folder.parent / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    throttle = LocalThrottle(10, clock, HostStore("one"))
    began = clock.now
    for _ in range(21):
        throttle.answered(throttle.acquire())
    assert 2 < clock.now - began < 2.1
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "for this process alone" in record.getMessage()
    assert str(folder) in record.getMessage()


def test_full_disk(folder: Path) -> None:
    """A file that cannot grow is as good as none."""
    code = (
        "import resource, signal, sys\n"
        "from airflow_provider_poweroffice.api.limits.throttle import SystemClock\n"
        "from airflow_provider_poweroffice.api.limits.stores import HostStore\n"
        "from airflow_provider_poweroffice.api.limits.turns import LocalThrottle\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\n"
        "throttle = LocalThrottle(1000, SystemClock(), HostStore('one'))\n"
        "[throttle.acquire() for _ in range(5)]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("for this process alone") == 1
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 20


def test_traps(tmp_path: Path) -> None:
    """A directory or file that others could have prepared is not used."""
    mine = tmp_path / "mine"
    directory = open_directory(mine, chosen=False)
    (mine / "link").symlink_to(tmp_path / "target")
    os.mkfifo(mine / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(OSError, match=name):
            open_file(directory, name)
    assert not (tmp_path / "target").exists()
    os.close(directory)

    (tmp_path / "link").symlink_to(mine)
    with pytest.raises(OSError, match="link"):
        open_directory(tmp_path / "link", chosen=False)
    mine.chmod(0o750)
    with pytest.raises(PermissionError, match=VARIABLE):
        open_directory(mine, chosen=False)
    os.close(open_directory(mine, chosen=True))


def test_directory_of_another_account(tmp_path: Path) -> None:
    """Of another account is used only what an administrator chose."""
    theirs, uid = Path("/"), 0
    if os.geteuid() == 0:  # only root can give a directory away
        theirs, uid = tmp_path / "theirs", 12345
        theirs.mkdir(mode=0o700)
        os.chown(theirs, uid, -1)
    with pytest.raises(PermissionError, match=f"uid {uid}"):
        open_directory(theirs, chosen=False)
    os.close(open_directory(theirs, chosen=True))


def test_accounts_of_a_group(folder: Path, clock: FakeClock) -> None:
    """In a directory that a group may write to, the group may use the files too."""
    folder.mkdir()
    folder.chmod(0o2770)
    LocalThrottle(10, clock, WindowFile("one")).acquire()
    assert (folder / "one").stat().st_mode & 0o777 == 0o660


def test_forked_child(folder: Path) -> None:
    """A child forked while another thread held a lock is not held up, and shares the limit."""
    code = (
        "import os, signal, threading, time\n"
        "from airflow_provider_poweroffice.api.limits.throttle import SystemClock\n"
        "from airflow_provider_poweroffice.api.limits.stores import WindowFile\n"
        "from airflow_provider_poweroffice.api.limits.turns import LocalThrottle\n"
        "from airflow_provider_poweroffice.api.limits.stores import MemoryStore\n"
        "from airflow_provider_poweroffice.api.connection_options import RateLimit\n"
        "from airflow_provider_poweroffice.api.limits import shared\n"
        "stores, held = [MemoryStore(), WindowFile('one')], threading.Event()\n"
        "def hold(window, now):\n"
        "    held.set()\n"
        "    time.sleep(1)\n"
        "for store in stores:\n"
        "    held.clear()\n"
        "    threading.Thread(target=store.change, args=(SystemClock(), hold)).start()\n"
        "    held.wait()\n"
        "    if not (child := os.fork()):\n"
        "        LocalThrottle(10, SystemClock(), store).acquire(5)\n"
        "        os._exit(7)\n"
        "    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
        "def other():\n"
        "    return shared.shared_throttle('k', 'o', 10, RateLimit(backend='process'), SystemClock())\n"
        "one = other()\n"
        "with shared._stores_lock, one._store._lock:\n"
        "    if not (child := os.fork()):\n"
        "        signal.alarm(5)\n"
        "        one.answered(one.acquire())\n"
        "        other()\n"
        "        os._exit(7)\n"
        "    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert folder.exists()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("backend", ["process", "host"])
def test_clocks_of_one_process(backend: str) -> None:
    """Clients with clocks of their own wait by these, also where the process has clients with others."""
    early, late = FakeClock(), FakeClock()
    late.now += 5000.0
    for clock in (late, early, late):
        throttle = shared_throttle("clocks", "host", 10, RateLimit(backend=backend), clock)
        began = clock.now
        for _ in range(25):
            throttle.acquire()
        assert 1.9 < clock.now - began < 4
