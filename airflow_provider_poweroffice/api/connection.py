"""
The connection with one company's API: its dialect, its sessions, its token, its share of the limit.

Rule: one adapter for all sessions, so that each connection is kept for the next call of any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from airflow_provider_poweroffice.api.auth import TokenAuth
from airflow_provider_poweroffice.api.call import Call, has_dots
from airflow_provider_poweroffice.api.connection_options import RateLimit, Timeouts
from airflow_provider_poweroffice.api.credentials import Keys
from airflow_provider_poweroffice.api.dialects.base import Dialect
from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
from airflow_provider_poweroffice.api.limits.shared import shared_throttle
from airflow_provider_poweroffice.api.limits.throttle import Clock, SystemClock, Throttle
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.api.transport import PacedAdapter, Session, Sessions
from airflow_provider_poweroffice.errors import UntrustedHostError

TOKEN_SECONDS = 120.0
"""Longest time for a token's request and its answer, whatever the API itself is allowed."""


class ConnectionArguments(TypedDict, total=False):
    """What a :class:`Connection` takes besides the keys."""

    environment: str
    host: str | None
    api_version: str
    retry: RetryOptions | None
    timeouts: Timeouts | None
    verify: bool | str
    requests_per_second: float | None
    rate_limit: RateLimit | Mapping[str, Any] | None
    throttle: Throttle | None
    clock: Clock | None
    on_token: Callable[[str], None] | None
    company: str | None


class Connection:
    """
    The session with one company's API.

    :param credentials: the API's keys, such as :class:`Credentials`.
    :param environment: ``"production"`` or ``"demo"``.
    :param host: another server instead of the vendor's: ``https://host[:port]``, or a base URL that
        ends in ``/v2``.
    :param api_version: which API, such as ``"v2"`` or ``"v1"``.
    :param retry: see :class:`RetryOptions`.
    :param timeouts: see :class:`Timeouts`.
    :param verify: False trusts any certificate; a path trusts the authorities in that file.
    :param requests_per_second: the limit to keep; default the vendor's own.
    :param rate_limit: with whom the limit is shared, see :class:`RateLimit`; default all processes of
        this host that use the same subscription key.
    :param throttle: keeps the limit instead of that.
    :param clock: time; a test's own clock moves without waiting.
    :param on_token: told of each new token, so that a log can mask it.
    :param company: alias of the company, which begins every log line and error; never a key.
    :raises ValueError: a key, environment, host or version that cannot be used.
    """

    def __init__(
        self,
        credentials: Keys,
        *,
        environment: str = "production",
        host: str | None = None,
        api_version: str = "v2",
        retry: RetryOptions | None = None,
        timeouts: Timeouts | None = None,
        verify: bool | str = True,
        requests_per_second: float | None = None,
        rate_limit: RateLimit | Mapping[str, Any] | None = None,
        throttle: Throttle | None = None,
        clock: Clock | None = None,
        on_token: Callable[[str], None] | None = None,
        company: str | None = None,
    ) -> None:
        if api_version not in DIALECTS:
            raise ValueError(
                f"unknown api_version {shown(api_version)}: PowerOffice Go has v2 and v1, and "
                "Finance & Operations is a type of connection, d365fo"
            )
        if isinstance(verify, str) and not Path(verify).exists():
            raise ValueError(
                f"verify {shown(verify)} is not a file of certificate authorities (ca_bundle of a connection)"
            )
        self.dialect: Dialect[Any] = DIALECTS[api_version]
        self.endpoints = self.dialect.endpoints(credentials, environment, host)
        self.retry = retry or RetryOptions()
        self.company = company
        self.credentials = credentials
        self.clock = clock or SystemClock()
        limit = RateLimit.from_mapping(rate_limit, "rate_limit")
        self.throttle = throttle or shared_throttle(
            credentials.limit_key,
            urlsplit(self.endpoints.base).netloc,
            limit.rate(requests_per_second, self.dialect.requests_per_second),
            limit,
            self.clock,
        )
        self.timeouts = limits = timeouts or Timeouts()
        adapter = PacedAdapter(self.throttle, limits)
        # A token never takes for ever, however long the API itself may.
        for_tokens = replace(limits, read=min(limits.read or TOKEN_SECONDS, TOKEN_SECONDS))
        self._token_session = Session(
            self.endpoints.base,
            PacedAdapter(self.throttle, for_tokens, clock=self.clock, longest=TOKEN_SECONDS),
            verify=verify,
        )

        def session() -> Session:
            return Session(self.endpoints.base, adapter, verify=verify)

        self.auth = TokenAuth(
            dialect=self.dialect,
            endpoints=self.endpoints,
            credentials=credentials,
            session=self._token_session,
            clock=self.clock,
            on_token=on_token,
        )
        self.session = self._signed(session())
        self.sessions = Sessions(lambda: self._signed(session()))

    def _signed(self, session: Session) -> Session:
        session.auth = self.auth
        return session

    def close(self) -> None:
        """Close the connections."""
        self.session.close()
        self._token_session.close()

    def label_of(self, call: Call) -> str:
        """Name a call in logs and errors: its company, if there are several, its method and its path."""
        mark = f"[{self.company}] " if self.company else ""
        return f"{mark}{call.method} {self.path_of(call)}"

    def path_of(self, call: Call) -> str:
        """Give the path of a call's URL, without the query."""
        return urlsplit(self.dialect.url(self.endpoints, call.endpoint)).path

    def resolve(self, call: Call, link: str) -> str:
        """
        Give the URL of a link in the answer to a call: on our own server, whichever it names.

        Behind a proxy that ends TLS, a server writes links with its own scheme, port or inner host. Only the
        path and the query of a link are taken, so that no key can be led to another server.

        :raises UntrustedHostError: it leads out of the API's own paths, or is not a URL.
        """
        own = self.dialect.url(self.endpoints, call.endpoint)
        try:
            url = _on_own_server(own, link)
            self.auth.check_origin(url)
        except ValueError as error:
            raise UntrustedHostError(
                f"{self.label_of(call)}: the link to the next page is not a URL ({error})"
            ) from None
        path, base = urlsplit(url).path, urlsplit(own.removesuffix(call.endpoint)).path
        first = call.endpoint.partition("/")[0]  # such as "data"
        below = f"{base}{first}/" if "/" in call.endpoint else base
        if not path.lower().startswith(below.lower()):
            raise UntrustedHostError(
                f"{self.label_of(call)}: the link to the next page leads out of the API's paths, to {path}"
            )
        return url


def _on_own_server(own: str, link: str) -> str:
    """
    Rewrite a link to the server of our own URL.

    :raises ValueError: it is not a link over HTTP, or names a user, or is written to be misread.
    """
    if not link.isprintable() or "\\" in link or " " in link:
        raise ValueError("it holds characters that a URL cannot have")
    parts = urlsplit(urljoin(own, link))
    if not _is_plain_http(parts):
        raise ValueError("it is not a plain link over HTTP")
    path = unquote(parts.path)
    if has_dots(path) or "//" in path or "\\" in path:
        raise ValueError("its path has parts that lead elsewhere")
    ours = urlsplit(own)
    return urlunsplit((ours.scheme, ours.netloc, parts.path, parts.query, ""))


def _is_plain_http(parts: SplitResult) -> bool:
    """
    Tell whether a URL is one over HTTP, without a user, to a host in ASCII.

    :raises ValueError: its port is not a number.
    """
    _ = parts.port  # raises
    host = parts.hostname or ""
    return parts.scheme in {"http", "https"} and parts.username is None and host != "" and host.isascii()
