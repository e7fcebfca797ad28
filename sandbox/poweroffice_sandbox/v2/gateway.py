"""
API Management in front of the API: subscription key and throttle.

Rule: knows keys and time, never companies or resources. Portal page "Requests": 10 requests per second for
each subscription key, over all application and client keys on it. Primary and secondary key belong to one
subscription.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..core.companies import Environment
from ..core.reply import Reply
from ..core.throttle import SlidingSecond, with_retry_after
from .reply import gateway
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
    """The gateway and its memory."""

    def __init__(self) -> None:
        self._passed = SlidingSecond()

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

        :param headers: lower-case names.
        :param query: lower-case names.
        """
        key = headers.get(HEADER) or query.get(QUERY)
        if not key:
            return _MISSING
        found = next((item for item in environment.subscriptions if key.lower() in item.keys), None)
        if found is None:
            return _INVALID
        if self._passed.lets_through(found.keys[0], switches.rate_limit, now):
            return None
        return throttled(1, switches, now)


def throttled(seconds: int, switches: Switches, now: float) -> Reply:
    """Answer a request too many."""
    # Token OpenAPI, example of a 429; Retry-After is what API Management's throttle sends.
    reply = gateway(429, f"Rate limit is exceeded. Try again in {seconds} seconds.")
    return with_retry_after(reply, seconds, switches.retry_after, now)
