"""The throttle of v1: requests per sliding second and integration key. Rule: knows keys and time only."""

from __future__ import annotations

from collections import deque


class Throttle:
    """The times of the requests let through in the last second, by key."""

    def __init__(self) -> None:
        self._passed: dict[str, deque[float]] = {}

    def lets_through(self, key: str, limit: int, now: float) -> bool:
        """
        Count a request, unless it is one too many.

        :param key: whose.
        :param limit: requests per second; 0 for no limit.
        :param now: the sandbox's time.
        """
        if not limit:
            return True
        passed = self._passed.setdefault(key, deque())
        while passed and passed[0] <= now - 1:
            passed.popleft()
        if len(passed) >= limit:
            return False
        passed.append(now)
        return True
