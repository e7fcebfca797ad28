"""
API Management in front of the API: subscription key and throttle.

Rule: knows keys and time, never companies or resources. Portal page "Requests": 10 requests per second for
each subscription key, over all application and client keys on it. Primary and secondary key belong to one
subscription.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from email.utils import formatdate

from ..core.companies import Environment
from ..core.reply import Reply, gateway
from .switches import Switches

HEADER = "ocp-apim-subscription-key"
QUERY = "subscription-key"

# API Management's standard texts.
_MISSING = gateway(
    401,
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API.",
)
_INVALID = gateway(
    401,
    "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription.",
)


class Gateway:
    """The throttle's memory: the times of the requests let through in the last second."""

    def __init__(self) -> None:
        self._passed: dict[str, deque[float]] = {}

    def refusal(
        self,
        environment: Environment,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        switches: Switches,
        now: float,
    ) -> Reply | None:
        """
        Check a request; ``None`` lets it through.

        :param environment: the one called.
        :param headers: lower-case names.
        :param query: lower-case names.
        :param switches: how the sandbox behaves.
        :param now: the sandbox's time.
        """
        key = headers.get(HEADER) or query.get(QUERY)
        if not key:
            return _MISSING
        found = next((item for item in environment.subscriptions if key.lower() in item.keys), None)
        if found is None:
            return _INVALID
        return self._throttled(found.keys[0], switches, now)

    def _throttled(self, subscription: str, switches: Switches, now: float) -> Reply | None:
        limit = switches.rate_limit
        if not limit:
            return None
        passed = self._passed.setdefault(subscription, deque())
        while passed and passed[0] <= now - 1:
            passed.popleft()
        if len(passed) < limit:
            passed.append(now)
            return None
        return throttled(1, switches, now)


def throttled(seconds: int, switches: Switches, now: float) -> Reply:
    """
    Answer a request too many.

    :param seconds: how long to wait.
    :param switches: how the sandbox behaves.
    :param now: the sandbox's time.
    """
    # Token OpenAPI, example of a 429; Retry-After is what API Management's throttle sends.
    reply = gateway(429, f"Rate limit is exceeded. Try again in {seconds} seconds.")
    if switches.retry_after == "absent":
        return reply
    wait = str(seconds) if switches.retry_after == "seconds" else formatdate(now + seconds, usegmt=True)
    return Reply(reply.status, reply.body, {**reply.headers, "Retry-After": wait})
