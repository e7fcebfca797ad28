"""
Both throttles: the user-based limits (withdrawn in 2023) and the resource-based one.

Rule: knows apps, web servers and time, nothing of services or entities. User-based limits count for each app
on each web server; the affinity cookie chooses the server. A throttled request is not processed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import ceil

from ..core.reply import Reply, as_json
from ..core.throttle import with_retry_after
from .keys import AppRegistration
from .switches import D365FOSwitches

BUSY = (
    "This request could not be processed at this time due to system experiencing high resource utilization."
)
_REFUSED = {
    "normal": set[str](),
    "high": {"Low"},
    "critical": {"Low", "Medium"},
    "exhausted": {"Low", "Medium", "High"},
}


@dataclass
class _Use:
    """What one app has used of one web server in the last window."""

    requests: deque[float] = field(default_factory=deque)
    seconds: deque[tuple[float, float]] = field(default_factory=deque)
    running: int = 0
    blocked_until: float = 0.0
    text: str = ""

    def forget(self, before: float) -> None:
        """Forget what is older than the window."""
        while self.requests and self.requests[0] <= before:
            self.requests.popleft()
        while self.seconds and self.seconds[0][0] <= before:
            self.seconds.popleft()


class Throttle:
    """The throttles' memory."""

    def __init__(self) -> None:
        self._uses: dict[tuple[str, int], _Use] = {}

    def _use(self, app: AppRegistration, server: int) -> _Use:
        return self._uses.setdefault((app.client_id, server), _Use())

    def refusal(
        self, app: AppRegistration, server: int, switches: D365FOSwitches, now: float
    ) -> Reply | None:
        """Check a request; ``None`` lets it through."""
        if app.priority in _REFUSED[switches.resource_load]:
            return busy(switches.resource_seconds, switches, now)
        if switches.user_limits == "off":
            return None
        use = self._use(app, server)
        if now < use.blocked_until:
            # "Retry interval grows if the client keeps sending during the wait."
            use.blocked_until += switches.retry_growth
        else:
            wait, use.text = _over(use, switches, now)
            use.blocked_until = now + wait
            if not wait:
                use.requests.append(now)
                return None
        wait = ceil(use.blocked_until - now)
        return throttled(use.text, wait, switches.user_retry_after, switches, now)

    def began(self, app: AppRegistration, server: int) -> None:
        """Note that a request is being served."""
        self._use(app, server).running += 1

    def ended(self, app: AppRegistration, server: int, now: float, seconds: float) -> None:
        """Note that a request has been served."""
        use = self._use(app, server)
        use.running -= 1
        if seconds:
            use.seconds.append((now, seconds))


def _over(use: _Use, switches: D365FOSwitches, now: float) -> tuple[int, str]:
    """Give how long to wait and why; 0 when no limit is reached."""
    window = switches.user_window
    use.forget(now - window)
    if switches.user_concurrent and use.running >= switches.user_concurrent:
        return 1, f"Number of concurrent requests exceeded the limit of {switches.user_concurrent}."
    if switches.user_requests and len(use.requests) >= switches.user_requests:
        text = f"Number of requests exceeded the limit of {switches.user_requests} over the time window"
        return _until(use.requests[0], window, now), f"{text} of {window} seconds."
    if switches.user_seconds and sum(used for _, used in use.seconds) >= switches.user_seconds:
        text = f"Combined execution time of incoming requests exceeded the limit of {switches.user_seconds:g}"
        return _until(
            use.seconds[0][0], window, now
        ), f"{text} seconds over the time window of {window} seconds."
    return 0, ""


def _until(oldest: float, window: int, now: float) -> int:
    return max(1, ceil(oldest + window - now))


def busy(seconds: int, switches: D365FOSwitches, now: float) -> Reply:
    """Answer as the resource-based throttle does."""
    return throttled(BUSY, seconds, switches.resource_retry_after, switches, now)


def _body(text: str, form: str) -> Reply:
    if form == "empty":
        return Reply(429)
    if form == "text":
        return Reply(429, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})
    return as_json(429, {"Message": text} if form == "message" else {"error": {"code": "", "message": text}})


def throttled(text: str, seconds: int, form: str, switches: D365FOSwitches, now: float) -> Reply:
    """
    Make a 429.

    :param form: of ``Retry-After``: ``seconds``, ``date`` or ``absent``.
    """
    return with_retry_after(_body(text, switches.throttle_body), seconds, form, now)
