"""
The session that every request leaves through: paced, timed, never redirected, and hidden from strangers.

Rule: token requests, resent requests and requests a user makes on a borrowed session all pass
``PacedAdapter``, so none can escape the rate limit, go without a timeout, or show its keys to a proxy.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy

from airflow_provider_poweroffice.api.body import ACCEPTED_ENCODINGS
from airflow_provider_poweroffice.api.call_context import CallLimits, adding, call_context
from airflow_provider_poweroffice.api.connection_options import Timeouts
from airflow_provider_poweroffice.api.limits.throttle import Clock, NoSlotError, SystemClock, Throttle
from airflow_provider_poweroffice.api.options import MAX_CONCURRENCY
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.api.wire import POOLS
from airflow_provider_poweroffice.errors import APIConnectionError, APITimeoutError

_NO_TUNNEL = "Tunnel connection failed"
USER_AGENT = (
    f"airflow-provider-poweroffice/{version('airflow-provider-poweroffice')} "
    f"requests/{requests.__version__} python/{platform.python_version()}"
)


class PacedAdapter(HTTPAdapter):
    """
    Sends at the throttle's pace, with a timeout even when the caller gave none.

    :param longest: seconds for an exchange, even one that belongs to no call; None for what the call allows.
    """

    def __init__(
        self,
        throttle: Throttle,
        timeouts: Timeouts,
        *,
        clock: Clock | None = None,
        longest: float | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._throttle = throttle
        self._timeouts = timeouts
        self._longest = longest
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

        :raises APITimeoutError: there is no slot before the call's deadline; nothing was sent. Its
            ``retry_after`` says when there is one; that ends the tries of this call, not those of a task.
        :raises APIConnectionError: keys would go to a proxy unencrypted; nothing was sent.
        """
        allowed = _proxies_for(request, proxies)
        limits = call_context().limits
        try:
            slot = self._throttle.acquire(limits.seconds_left() if limits else None)
        except NoSlotError as error:
            raise APITimeoutError(
                f"{_label(request)}: not sent: the rate limit has no slot "
                f"before the deadline; the next is {error.wait:.1f} s away",
                outcome_unknown=False,
                retry_after=error.wait,
            ) from None
        call_context().check_cancelled()
        left = self._exchange(limits)
        if left() <= 0:
            raise APITimeoutError(
                f"{_label(request)}: not sent: the deadline has passed", outcome_unknown=False
            )
        try:
            with adding(exchange_left=left):
                answer = super().send(request, stream, self._within(timeout, left), verify, cert, allowed)
        except BaseException:
            self._throttle.lost(slot)
            raise
        self._throttle.answered(slot)
        return answer

    def _exchange(self, limits: CallLimits | None) -> Callable[[], float]:
        """Begin an exchange: of the call, at most as long as this adapter allows."""
        of_call = limits.exchange() if limits else None
        end = self._clock.monotonic() + (math.inf if self._longest is None else self._longest)
        return lambda: min(end - self._clock.monotonic(), of_call() if of_call else math.inf)

    def _within(self, timeout: Any, left: Callable[[], float]) -> Any:
        """Give the limits of a wait, the one to connect within what is left."""
        if timeout is not None:
            return timeout
        return (min(self._timeouts.connect, max(left(), 0.001)), self._timeouts.read)


def _label(request: requests.PreparedRequest) -> str:
    return f"{request.method} {urlsplit(request.url or '').path}"


def _proxies_for(
    request: requests.PreparedRequest, proxies: Mapping[str, str] | None
) -> Mapping[str, str] | None:
    """
    Give the proxies that a request may pass: none on its way to this machine.

    :raises APIConnectionError: it is not encrypted, so that a proxy would see the keys.
    """
    parts = urlsplit(request.url or "")
    if _is_loopback(parts.hostname or ""):
        return {}
    if parts.scheme == "http" and proxies and select_proxy(request.url or "", proxies):
        raise APIConnectionError(
            f"{_label(request)}: not sent: http://{parts.netloc} would be reached through a proxy, which "
            "would see the keys. Use https://, or name the host in NO_PROXY",
            outcome_unknown=False,
            permanent=True,
        )
    return proxies


def _is_loopback(host: str) -> bool:
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 §6.3
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


class _NoQuery(logging.Filter):
    """Keeps the values of a query out of what urllib3 logs about requests of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Cut each text behind its question mark."""
        if call_context().exchange_left and isinstance(record.args, tuple):
            record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
        return True


for _name in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_name).addFilter(_NoQuery())


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
        self._settings: dict[tuple[Any, ...], Any] = {}
        # A load balancer's cookie would tie all calls to one server, whose limits count for itself.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update(
            {
                "Accept": "application/json, */*;q=0.5",
                "Accept-Encoding": ACCEPTED_ENCODINGS,
                "User-Agent": USER_AGENT,
            }
        )
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, with ``verify`` given so that the environment cannot switch it back on or off."""
        target = url.decode() if isinstance(url, bytes) else url
        if not urlsplit(target).scheme:
            target = urljoin(self.base_url, target.lstrip("/"))
        kwargs.setdefault("verify", self.verify)
        return super().request(method, target, *args, **kwargs)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Look proxies and certificates up in the environment, once for each origin: it takes long."""
        if proxies:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        asked = (*urlsplit(url)[:2], stream, verify, cert)
        if asked not in self._settings:
            found = super().merge_environment_settings(url, {}, stream, verify, cert)
            self._settings[asked] = found
        return dict(self._settings[asked])

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' signature
        """Follow nothing."""
        return None


class Sessions:
    """
    Sessions for several threads: each has one for itself while it uses it.

    They share one adapter, hence its connections: a connection is used again by whoever comes next.
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

    :param left: bytes of the request were written to a connection, see
        :class:`~airflow_provider_poweroffice.api.call_context.Departure`.
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
    late = isinstance(error, requests.exceptions.Timeout) or isinstance(_deepest(error), TimeoutError)
    kind = APITimeoutError if late else APIConnectionError
    if not left:
        return kind(f"{label}: no connection to {server} ({what}); nothing was sent", outcome_unknown=False)
    warning = "" if label.startswith("GET ") else "; the request may have been carried out"
    return kind(f"{label}: no reply from {server} ({what}){warning}", outcome_unknown=True)


_E = TypeVar("_E", bound=BaseException)


def without_traces(error: _E) -> _E:
    """
    Give an error without the frames that it came through, and without the errors that led to it.

    Those frames hold requests with their keys, and error trackers show what frames hold.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def innermost(error: BaseException) -> str:
    """Name the last cause: urllib3's own messages repeat the URL."""
    seen = _deepest(error)
    reason = getattr(seen, "strerror", None) or getattr(seen, "verify_message", None)
    if not reason and str(seen).startswith(_NO_TUNNEL):  # of http.client: what a proxy answered to CONNECT
        reason = one_line(seen)
    return f"{type(seen).__name__}: {reason}" if reason else type(seen).__name__


def _deepest(error: BaseException) -> BaseException:
    while (below := _below(error)) is not None:
        error = below
    return error


def _below(error: BaseException) -> BaseException | None:
    nested = [
        item for item in (getattr(error, "reason", None), *error.args) if isinstance(item, BaseException)
    ]
    return nested[0] if nested else error.__cause__
