"""
The session that every request leaves through: paced, timed, and never redirected.

Rule: token requests, resent requests and requests a user makes on a borrowed session all pass
``PacedAdapter``, so none can escape the rate limit or go without a timeout.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from airflow_provider_poweroffice.api.cancellation import current
from airflow_provider_poweroffice.api.cuttable import POOLS
from airflow_provider_poweroffice.api.limits.throttle import NoSlotError, Throttle
from airflow_provider_poweroffice.api.options import MAX_CONCURRENCY, Timeouts
from airflow_provider_poweroffice.errors import APIConnectionError, APITimeoutError

USER_AGENT = (
    f"airflow-provider-poweroffice/{version('airflow-provider-poweroffice')} "
    f"requests/{requests.__version__} python/{platform.python_version()}"
)

seconds_left: ContextVar[Callable[[], float] | None] = ContextVar("seconds_left", default=None)
"""Of the call that is being made, until its deadline; none on a session that a user borrowed."""


class PacedAdapter(HTTPAdapter):
    """Sends at the throttle's pace, with a timeout even when the caller gave none."""

    def __init__(self, throttle: Throttle, timeouts: Timeouts) -> None:
        self._throttle = throttle
        self._timeouts = timeouts
        # One connection for each thread; urllib3's pool is safe to share between them.
        super().__init__(max_retries=0, pool_maxsize=MAX_CONCURRENCY)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Give the pools behind a proxy, whose connections can be cut too."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def send(  # noqa: PLR0917 - requests' signature
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT002 - requests' signature
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT002 - requests' signature
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """
        Wait for a slot, then send.

        :raises APITimeoutError: there is no slot before the call's deadline; nothing was sent. It says by
            ``retry_after`` when there is one, which ends the tries of this call, not those of a task.
        """
        limits: Any = timeout if timeout is not None else (self._timeouts.connect, self._timeouts.read)
        left = seconds_left.get()
        try:
            slot = self._throttle.acquire(left() if left else None)
        except NoSlotError as error:
            raise APITimeoutError(
                f"{request.method} {urlsplit(request.url or '').path}: not sent: the rate limit has no slot "
                f"before the deadline; the next is {error.wait:.1f} s away",
                outcome_unknown=False,
                retry_after=error.wait,
            ) from None
        if stop := current.get():
            stop.check()
        answer = super().send(request, stream, limits, verify, cert, proxies)
        self._throttle.answered(slot)
        return answer


class Session(requests.Session):
    """
    A ``requests.Session`` below one base URL.

    A relative URL such as ``Customers`` is taken below the base URL. Redirects are never followed:
    ``requests`` would carry the subscription key along to the new host. Cookies are neither kept nor sent.
    """

    def __init__(self, base_url: str, adapter: HTTPAdapter, *, verify: bool | str = True) -> None:
        super().__init__()
        self.base_url = base_url + "/"
        self.verify = verify
        # A load balancer's cookie would tie all calls to one server, whose limits count for itself.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update({"Accept": "application/json, */*;q=0.5", "User-Agent": USER_AGENT})
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, with ``verify`` given so that the environment can not switch it back on or off."""
        target = url.decode() if isinstance(url, bytes) else url
        if not urlsplit(target).scheme:
            target = urljoin(self.base_url, target.lstrip("/"))
        kwargs.setdefault("verify", self.verify)
        return super().request(method, target, *args, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' signature
        """Follow nothing."""
        return None


class Sessions:
    """
    Sessions for several threads: each has one for itself while it uses it.

    They share one adapter, hence its connections: a connection is used again by whoever comes next.

    :param make: opens one.
    """

    def __init__(self, make: Callable[[], Session]) -> None:
        self._make = make
        self._idle: list[Session] = []

    @contextmanager
    def lend(self) -> Iterator[Session]:
        """Lend a session that nobody else uses meanwhile."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = self._make()
        try:
            yield session
        finally:
            self._idle.append(session)


def connection_error(error: requests.RequestException, label: str, *, left: bool) -> APIConnectionError:
    """
    Tell what is known of a request that got no answer.

    The original is not chained: its text holds the URL with the query's values.

    :param label: method and path without query.
    :param left: bytes of the request were written to a connection, see
        :class:`~airflow_provider_poweroffice.api.cuttable.Departure`.
    """
    what = innermost(error)
    server = urlsplit(getattr(error.request, "url", None) or "").netloc or "the server"
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return APIConnectionError(
            f"{label}: the server's certificate is not trusted ({what}); nothing was sent. "
            "Set ca_bundle in the connection to your own certificate authority",
            outcome_unknown=False,
            permanent=True,
        )
    kind = APITimeoutError if isinstance(error, requests.exceptions.Timeout) else APIConnectionError
    if not left:
        return kind(f"{label}: no connection to {server} ({what}); nothing was sent", outcome_unknown=False)
    warning = "" if label.startswith("GET ") else "; the request may have been carried out"
    return kind(f"{label}: no reply from {server} ({what}){warning}", outcome_unknown=True)


def innermost(error: BaseException) -> str:
    """Name the last cause: urllib3's own messages repeat the URL."""
    seen: BaseException = error
    while (below := _below(seen)) is not None:
        seen = below
    reason = getattr(seen, "strerror", None) or getattr(seen, "verify_message", None)
    return f"{type(seen).__name__}: {reason}" if reason else type(seen).__name__


def _below(error: BaseException) -> BaseException | None:
    nested = [
        item for item in (getattr(error, "reason", None), *error.args) if isinstance(item, BaseException)
    ]
    return nested[0] if nested else error.__cause__
