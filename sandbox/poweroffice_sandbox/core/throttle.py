"""
Counting requests, and saying how long to wait.

Rule: knows keys and time only; what a 429 looks like is decided by the APIs.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from email.utils import formatdate

from .reply import Reply


class SlidingSecond:
    """The times of the requests let through in the last second, by key."""

    def __init__(self) -> None:
        self._passed: dict[str, deque[float]] = {}

    def lets_through(self, key: str, limit: int, now: float) -> bool:
        """
        Count a request, unless it is one too many.

        :param limit: requests per second; 0 for no limit.
        """
        if not limit:
            return True
        passed = self._passed.setdefault(key, deque())
        # What lies more than a second ahead was let through before the time was moved back.
        while passed and not now - 1 < passed[0] <= now + 1:
            passed.popleft()
        if len(passed) >= limit:
            return False
        passed.append(now)
        return True


def with_retry_after(reply: Reply, seconds: int, form: str, now: float) -> Reply:
    """
    Give a 429 its ``Retry-After``.

    :param seconds: how long to wait.
    :param form: ``seconds``, ``date`` or ``absent``.
    """
    if form == "absent":
        return reply
    wait = str(seconds) if form == "seconds" else formatdate(now + seconds, usegmt=True)
    return replace(reply, headers={**reply.headers, "Retry-After": wait})
