"""
A command that never outlives the program that started it, nor do its children.

Rule: the command runs in a session of its own, below a guard (this file, run as a program). The guard
holds the reading end of a pipe: when the starter closes it, or dies in whatever way, the guard ends
every process of the session, TERM first, then KILL. A process group would not do: Airflow puts its
tasks and parsers into groups of their own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # an Airflow dependency

PATIENCE = 15.0
"""Seconds between TERM and KILL."""


class Guarded:
    """
    A running command.

    :param command: the program and its arguments.
    :param env: its whole environment.
    :param folder: its working directory.
    :param log: the file its output goes to, begun anew.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], folder: Path, log: Path) -> None:
        with log.open("wb") as output:
            self._guard = subprocess.Popen(
                [sys.executable, __file__, *command],
                env=dict(env),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether the command has not ended."""
        return self._guard.poll() is None

    @property
    def pid(self) -> int:
        """Of the guard, which all its processes have as their session."""
        return self._guard.pid

    def stop(self) -> None:
        """End the command and all its children; returns when they are gone."""
        if self._guard.stdin:
            self._guard.stdin.close()
        try:
            self._guard.wait(2 * PATIENCE)
        except subprocess.TimeoutExpired:
            end_session(self._guard.pid, patience=0.0)
            self._guard.wait()


def members(session: int) -> list[int]:
    """Give the processes of a session that still run, without the caller's own."""

    def belongs(pid: int) -> bool:
        try:
            return os.getsid(pid) == session and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except (OSError, psutil.Error):
            return False

    return [pid for pid in psutil.pids() if pid not in {0, os.getpid()} and belongs(pid)]


def cpu_seconds(pids: Iterable[int]) -> float:
    """
    Give the CPU seconds of processes, in user and system mode.

    Those of children that have ended are in their parents' as soon as these have waited for them.
    """
    spent = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            spent += sum(psutil.Process(pid).cpu_times()[:4])
    return spent


def end_session(session: int, patience: float = PATIENCE) -> None:
    """End every process of a session but the caller."""
    deadline = time.monotonic() + patience
    for pid in members(session):
        _send(pid, signal.SIGTERM)
    while left := members(session):
        if time.monotonic() >= deadline:
            for pid in left:
                _send(pid, signal.SIGKILL)
        time.sleep(0.1)


def _send(pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)


def _guard(command: Sequence[str]) -> int:
    """Run the command until it ends, or the starter is gone."""
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_default_signals)  # noqa: PLW1509 - no threads yet
    ended = threading.Event()

    def wait_for_starter() -> None:
        sys.stdin.buffer.read()
        ended.set()

    def wait_for_child() -> None:
        child.wait()
        ended.set()

    for wait in (wait_for_starter, wait_for_child):
        threading.Thread(target=wait, daemon=True).start()
    ended.wait()
    end_session(os.getsid(0))
    return child.poll() or 0


def _default_signals() -> None:
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sign, signal.SIG_DFL)


if __name__ == "__main__":
    sys.stdout.flush()
    os._exit(_guard(sys.argv[1:]))  # the waiting threads need no farewell
