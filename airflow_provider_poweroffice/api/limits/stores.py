"""
Where a window is kept: in memory for one process, or in a file for all processes of a host.

Rule: nobody holds the file's lock for longer than reading and writing a few hundred bytes takes, and the
kernel releases it when its holder dies. What is not a plausible window of ours is not used: a process that
finds the file lost goes on with what it saw last, after a pause as long as the time since it looked. Where
the file cannot be used, the process keeps the limit alone, says so, and comes back.

Times in the file are of the file's own clock, which runs on from one writer to the next: each process knows
how far its monotonic clock is from it (clocks of two time namespaces differ), and the file's never goes back.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import math
import os
import secrets
import stat
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from airflow_provider_poweroffice.api.limits.throttle import Clock, ForkLock
from airflow_provider_poweroffice.api.limits.window import Window

log = logging.getLogger(__name__)

T = TypeVar("T")

VARIABLE = "AIRFLOW__POWEROFFICE__RATE_LIMIT_DIR"
"""
Environment variable that names another directory, which several accounts of a host may share. Its name is
that of Airflow's option, so that it holds for tasks and for programs without Airflow.
"""

LOCK_PATIENCE = 5.0
"""Seconds after which a lock that is still held is taken for that of a stopped process."""

AGAIN = 30.0
"""Seconds after which a file that could not be used is tried again; a held lock, at each turn."""

CAREFUL = 0.1
"""Part of the rate that a process keeps, at least, where it sees nobody but is not alone."""

CAUTION = 1.0
"""The longest pause, in seconds, where it is not known what others did meanwhile."""

_AGREE = 0.1
"""Seconds by which the wall clock and the monotonic clock may differ and still be taken to agree."""

_LOCK_NAP = 0.0005

_MOVED = 0


class Store(Protocol):
    """Keeps a window for all who share it."""

    def change(self, clock: Clock, act: Callable[[Window, float], T]) -> T:
        """Carry out a change alone, given the window and the time."""
        ...


class MemoryStore:
    """
    Keeps a window for the threads of this process.

    :param window: what is known already.
    """

    def __init__(self, window: Window | None = None) -> None:
        self.window = window or Window()
        self._lock = ForkLock()

    def change(self, clock: Clock, act: Callable[[Window, float], T]) -> T:
        """Carry out a change alone."""
        with self._lock:
            return act(self.window, clock.monotonic())


class LockHeldError(TimeoutError):
    """Another process has held the file's lock for far longer than a turn takes."""


class State(NamedTuple):
    """
    What the file holds.

    :param epoch: names the life of the file's content; another one begins where it was lost. ``_MOVED`` in a
        file that was removed: somebody went on with another file at ``stamp``.
    :param stamp: when it was written, by the file's own clock.
    :param wall: the same by the wall clock.
    """

    epoch: int
    stamp: float
    wall: float
    window: Window

    def unseen(self, now: float) -> float:
        """Give the seconds in which others may have started since, without this file."""
        if self.epoch == _MOVED:  # to a file that is lost, too
            return CAUTION
        return max(0.0, now - self.window.earliest(self.stamp))


class WindowFile:
    """
    Keeps a window in a file, for all processes of this host.

    :param name: the file's; does not reveal the key.
    :param directory: see :func:`directories`.
    """

    def __init__(self, name: str, directory: str = "") -> None:
        self._name = name
        self._directory = directory
        self._handle: int | None = None
        self._lock = ForkLock()  # the kernel's lock is the process's, not the thread's
        self._ahead: float | None = None  # the file's clock before this process's, once it was compared
        self._seen: State | None = None  # at this process's last turn

    def change(
        self,
        clock: Clock,
        act: Callable[[Window, float], T],
        *,
        patience: float = LOCK_PATIENCE,
        alone: Window | None = None,
    ) -> T:
        """
        Carry out a change alone, given the window and the time.

        :param patience: seconds to wait for the lock.
        :param alone: what this process did while it could not use the file.
        :raises LockHeldError: the lock was held for longer.
        :raises OSError: the file cannot be opened, locked or written.
        """
        with self._lock:
            handle, removed = self._locked(clock, patience)
            try:
                now, state = self._read(handle, removed, clock)
                if alone is not None:
                    state.window.adopt(alone, self._ahead or 0.0)
                    state.window.pause(now, CAUTION)
                result = act(state.window, now)
                self._seen = State(state.epoch, now, clock.time(), state.window)
                _write(handle, encode(self._seen))
            finally:
                fcntl.lockf(handle, fcntl.LOCK_UN)
        return result

    def tell(self, window: Window) -> None:
        """Add what was known at this process's last turn to a window kept by the process's own clock."""
        with self._lock:
            if self._seen is not None:
                window.adopt(self._seen.window, -(self._ahead or 0.0))

    def _read(self, handle: int, removed: State | None, clock: Clock) -> tuple[float, State]:
        """
        Give the time by the file's clock, and what is known of all.

        :param removed: what the file held that was removed.
        """
        data = os.pread(handle, MOST_BYTES, 0)
        last = removed or self._seen
        state = decode(data)
        if state is None and last is None:
            now = clock.monotonic()
            window = Window()
            if data:
                window.pause(now, CAUTION)
            return now, State(1 + secrets.randbits(63), now, clock.time(), window)
        now = self._now(state or last, clock)  # type: ignore[arg-type]  # one of the two is there
        if state is None:
            state = State(1 + secrets.randbits(63), now, clock.time(), Window())
            if last is not None:
                state.window.pause(now, min(CAUTION, last.unseen(now)))
        if last is not None and last.epoch != state.epoch:
            state.window.adopt(last.window)
        return now, state

    def _now(self, state: State, clock: Clock) -> float:
        """Give the time by the file's clock."""
        now = clock.monotonic()
        if self._ahead is None:
            self._ahead = state.stamp + _elapsed(now - state.stamp, clock.time() - state.wall) - now
        self._ahead = max(self._ahead, state.stamp - now)
        return max(state.stamp, now + self._ahead)

    def _locked(self, clock: Clock, patience: float) -> tuple[int, State | None]:
        """Open and lock the file; give also what is left of one that was removed meanwhile."""
        removed = None
        while True:
            handle = self._handle = self._open() if self._handle is None else self._handle
            _lock(handle, clock, patience)
            links = os.fstat(handle).st_nlink
            if links == 1:
                return handle, removed
            if not links:
                removed = self._leave(handle, clock) or removed
            os.close(handle)
            self._handle = None
            if links:
                raise PermissionError(errno.EPERM, "it has another name (a hard link)", self._name)

    def _leave(self, handle: int, clock: Clock) -> State | None:
        """Take along what a removed file held, and note there that it is no longer the latest."""
        state = decode(os.pread(handle, MOST_BYTES, 0))
        if state is not None and state.epoch != _MOVED:
            note = state._replace(epoch=_MOVED, stamp=self._now(state, clock), wall=clock.time())
            _write(handle, encode(note))
        return state

    def _open(self) -> int:
        directory = usable_directory(self._directory)
        try:
            return open_file(directory, self._name)
        finally:
            os.close(directory)


def _elapsed(by_clock: float, by_wall: float) -> float:
    """
    Say how long ago the file was written, to a process that comes to it first.

    Its monotonic clock may be of another time namespace, and the wall clock may have been set. Where they do
    not agree, the shorter time holds: too short a time costs a wait, too long a time costs refusals.
    """
    if by_clock >= 0 and abs(by_clock - by_wall) <= _AGREE:
        return by_clock
    return min((one for one in (by_clock, by_wall) if one >= 0), default=0.0)


def _write(handle: int, data: bytes) -> None:
    if os.pwrite(handle, data, 0) < len(data):
        raise OSError(errno.ENOSPC, "it could not be written whole")


def _lock(handle: int, clock: Clock, patience: float) -> None:
    began = clock.monotonic()
    while True:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            if clock.monotonic() - began >= patience:
                raise LockHeldError(errno.ETIMEDOUT, f"its lock was held for {patience:g} s") from None
            clock.sleep(_LOCK_NAP)
        else:
            return


class HostStore:
    """
    Keeps a window for all processes of this host, and for this process while that cannot be done.

    :param name: the file's; does not reveal the key.
    :param directory: see :func:`directories`.
    """

    def __init__(self, name: str, directory: str = "") -> None:
        self._directory = directory
        self._file = WindowFile(f"{name}-{boot()}.limit", directory)
        self._alone: MemoryStore | None = None
        self._again = 0.0
        self._lock = ForkLock()

    def change(self, clock: Clock, act: Callable[[Window, float], T]) -> T:
        """Carry out a change alone."""
        with self._lock:
            alone = self._alone
            if alone is not None and clock.monotonic() < self._again:
                return alone.change(clock, act)
            try:
                if alone is None:
                    return self._file.change(clock, act)
                result = self._file.change(clock, act, patience=0.0, alone=alone.window)
            except OSError as error:
                return self._without(error, clock).change(clock, act)
            self._alone = None
            log.warning("the rate limit is kept for the host again")
            return result

    def _without(self, error: OSError, clock: Clock) -> MemoryStore:
        is_held = isinstance(error, LockHeldError)
        self._again = clock.monotonic() + (0.0 if is_held else AGAIN)
        if self._alone is None:
            window = Window(share=CAREFUL if is_held else 1.0, least_share=CAREFUL)
            self._file.tell(window)
            self._alone = MemoryStore(window)
            log.warning(
                "the rate limit is kept for this process alone, not for the host, until the file can be used "
                "again: %s: %s",
                next(directories(self._directory))[0],
                error,
            )
        return self._alone


@cache
def boot() -> str:
    """
    Name this run of the machine; empty where the system does not say.

    Another machine or another start, as on a volume that containers share, must have a file of its own.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return ""


# A window as bytes. Whatever is not exactly such bytes, or not plausible, reads as None.

_HEAD = struct.Struct("<8sI")  # what it is, and the checksum of the rest
_FIELDS = struct.Struct("<QddddddddddddII")  # epoch, stamp, wall, ten of the window's, starts, waiting
_MAGIC = b"POLIMIT4"

MOST_BYTES = 1 << 16
"""Twice what the longest plausible queue takes; a megabyte would be mapped anew for each request."""


def encode(state: State) -> bytes:
    """Write a window."""
    window = state.window
    pairs = [value for pair in (*window.starts, *window.waiting) for value in pair]
    body = _FIELDS.pack(
        state.epoch,
        state.stamp,
        state.wall,
        window.rate,
        window.rate_until,
        window.paused_until,
        window.balance,
        window.strict_until,
        window.strict_for,
        window.longest,
        window.shortest,
        window.lately,
        window.answers,
        len(window.starts),
        len(window.waiting),
    ) + struct.pack(f"<{len(pairs)}d", *pairs)
    return _HEAD.pack(_MAGIC, zlib.crc32(body)) + body


def decode(data: bytes) -> State | None:
    """Read a window; bytes after its end are left over from a longer one."""
    start = _HEAD.size + _FIELDS.size
    if len(data) < start:
        return None
    magic, checksum = _HEAD.unpack_from(data)
    epoch, stamp, wall, rate, until, paused, *caution, starts, waiting = _FIELDS.unpack_from(data, _HEAD.size)
    end = start + 16 * (starts + waiting)
    if magic != _MAGIC or len(data) < end or zlib.crc32(data[_HEAD.size : end]) != checksum:
        return None
    values = struct.unpack_from(f"<{2 * (starts + waiting)}d", data, start)
    pairs = list(zip(values[::2], values[1::2], strict=True))
    window = Window(rate, until, paused, pairs[:starts], pairs[starts:], *caution)
    if not (math.isfinite(stamp) and math.isfinite(wall) and window.is_plausible(stamp)):
        return None
    return State(epoch, stamp, wall, window)


# A directory that nobody else can put a trap into: a symbolic link is never followed, and a directory that
# strangers may write to is not used.


def chosen_directory(directory: str = "") -> str:
    """Give the directory that was chosen: by the argument, else by ``VARIABLE``; empty where none was."""
    return directory or os.environ.get(VARIABLE, "")


def directories(directory: str = "") -> Iterator[tuple[Path, bool]]:
    """
    List the directories to use, the first that can be; each with whether an administrator chose it.

    :param directory: the one chosen in Airflow's configuration; empty for that of ``VARIABLE``.

    The temporary directory is the same for all processes of an account. Where another user made it first,
    the account's own directories follow.
    """
    if chosen := chosen_directory(directory):
        yield Path(chosen), True
        return
    name = f"airflow-provider-poweroffice-{os.geteuid()}"
    yield Path(tempfile.gettempdir()) / name, False
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / name, False
    yield Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser() / name, False


def usable_directory(directory: str = "") -> int:
    """
    Open the first directory that can be used.

    :param directory: see :func:`directories`.
    :raises OSError: there is none; the reason is the first one's.
    """
    first: OSError | None = None
    for path, chosen in directories(directory):
        try:
            return open_directory(path, chosen=chosen)
        except OSError as error:
            first = first or error
    raise first or AssertionError("unreachable: there is always a first directory")


def open_directory(path: Path, *, chosen: bool) -> int:
    """
    Open a directory, made if it is not there; only its owner may enter one made here.

    :param chosen: it was chosen by an administrator: another account may own it, and its group may write.
    :raises OSError: it cannot be made, is a link, or others could have prepared it.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=0o700, parents=chosen)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    found = os.fstat(handle)
    strangers = stat.S_IWOTH if chosen else stat.S_IRWXG | stat.S_IRWXO
    if found.st_mode & strangers or not (chosen or found.st_uid == os.geteuid()):
        os.close(handle)
        raise PermissionError(
            errno.EPERM,
            f"it belongs to uid {found.st_uid} with mode {stat.S_IMODE(found.st_mode):04o}, which others "
            f"may use; remove it, or name another directory in [poweroffice] rate_limit_dir of "
            f"airflow.cfg, or in {VARIABLE}",
            str(path),
        )
    return handle


def open_file(directory: int, name: str) -> int:
    """
    Open a file for reading and writing, made if it is not there; the directory's group may use it too.

    :param directory: see :func:`open_directory`.
    :raises OSError: it cannot be made, or is not a plain file with one name.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    handle = os.open(name, flags, 0o600, dir_fd=directory)
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(handle)
        raise PermissionError(errno.EPERM, "it is not a plain file with one name", name)
    group = os.fstat(directory).st_mode & stat.S_IWGRP
    if group and found.st_uid == os.geteuid():
        os.fchmod(handle, 0o660)
    return handle
