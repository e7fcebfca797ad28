"""
A lock that a forked child finds open.

Airflow forks a process for each task; a thread that held a lock at that moment is not in the child.
"""

from __future__ import annotations

import os
import threading
from weakref import WeakSet


class ForkLock:
    """A mutex for the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Open it, in a child just forked."""
        self._lock = threading.Lock()


_LOCKS: WeakSet[ForkLock] = WeakSet()


def _renew_all() -> None:
    for lock in _LOCKS:
        lock.renew()


os.register_at_fork(after_in_child=_renew_all)
