"""
The window of one host: a small file under a lock.

Rule: nobody holds the lock for longer than reading and writing a few hundred bytes takes, and the kernel
opens it when its holder dies. Where the file can not be used, the limit is kept in the process, and the
log says so once.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from airflow_provider_poweroffice.api.limits.codec import MOST_BYTES, decode, encode
from airflow_provider_poweroffice.api.limits.directory import chosen_directory, open_directory, open_file
from airflow_provider_poweroffice.api.limits.forklock import ForkLock
from airflow_provider_poweroffice.api.limits.local import MemoryStore, Store
from airflow_provider_poweroffice.api.limits.throttle import Clock
from airflow_provider_poweroffice.api.limits.window import Window

log = logging.getLogger(__name__)

T = TypeVar("T")

LOCK_PATIENCE = 5.0
"""Seconds after which a lock that is not opened is taken for one that never will be: a stopped process."""

_LOCK_NAP = 0.0005


class WindowFile:
    """
    Keeps a window in a file, for all processes of this host.

    :param name: of the file; says nothing of the key.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._handle: int | None = None
        self._lock = ForkLock()  # the kernel's lock is the process's, not the thread's

    def change(self, clock: Clock, act: Callable[[Window, float], T]) -> T:
        """
        Carry out a change alone, given the window and the time.

        :raises OSError: the file can not be opened, locked or written.
        """
        with self._lock:
            handle = self._locked(clock)
            try:
                now = clock.monotonic()
                window = decode(os.pread(handle, MOST_BYTES, 0))
                if window is None or not window.is_plausible(now):
                    window = Window()
                result = act(window, now)
                _write(handle, encode(window))
            finally:
                fcntl.lockf(handle, fcntl.LOCK_UN)
        return result

    def _locked(self, clock: Clock) -> int:
        """Open and lock the file; one that was removed meanwhile is made anew."""
        while True:
            handle = self._handle = self._open() if self._handle is None else self._handle
            _lock(handle, clock)
            if os.fstat(handle).st_nlink:
                return handle
            os.close(handle)
            self._handle = None

    def _open(self) -> int:
        path, chosen = chosen_directory()
        directory = open_directory(path, chosen=chosen)
        try:
            return open_file(directory, self._name)
        finally:
            os.close(directory)


def _write(handle: int, data: bytes) -> None:
    if os.pwrite(handle, data, 0) < len(data):
        raise OSError(errno.ENOSPC, "it could not be written whole")


def _lock(handle: int, clock: Clock) -> None:
    began = clock.monotonic()
    while True:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            if clock.monotonic() - began > LOCK_PATIENCE:
                raise TimeoutError(errno.ETIMEDOUT, f"its lock was held for {LOCK_PATIENCE:g} s") from None
            clock.sleep(_LOCK_NAP)
        else:
            return


class HostStore:
    """
    Keeps a window for all processes of this host, or of this process where that can not be done.

    :param name: of the file; says nothing of the key.
    """

    def __init__(self, name: str) -> None:
        self._store: Store = WindowFile(f"{name}-{boot()}.limit")

    def change(self, clock: Clock, act: Callable[[Window, float], T]) -> T:
        """Carry out a change alone."""
        try:
            return self._store.change(clock, act)
        except OSError as error:
            log.warning(
                "the rate limit is kept for this process alone, not for the host: %s: %s",
                chosen_directory()[0],
                error,
            )
            self._store = MemoryStore()
            return self._store.change(clock, act)


@cache
def boot() -> str:
    """
    Name this run of the machine; empty where the system does not say.

    Times in the file are of the clock that starts with the machine: another machine or another start, as
    on a volume that containers share, must have a file of its own.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return ""
