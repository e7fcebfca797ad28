"""
One call, tried until it is answered or may not be tried again.

Rule: throttle and token are inside the retry loop, so a repeated call waits its turn and carries a
fresh token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit
from uuid import uuid4

import requests

from airflow_provider_poweroffice.api.auth import TokenAuth
from airflow_provider_poweroffice.api.body import Waiting, read_to_wait, read_whole
from airflow_provider_poweroffice.api.call import Call
from airflow_provider_poweroffice.api.credentials import Keys
from airflow_provider_poweroffice.api.dialects import DIALECTS, Dialect
from airflow_provider_poweroffice.api.failures import status_error
from airflow_provider_poweroffice.api.options import RetryOptions, Timeouts
from airflow_provider_poweroffice.api.rate_limit import RateLimit
from airflow_provider_poweroffice.api.response import Response, is_success
from airflow_provider_poweroffice.api.retry import MINIMUM_RATE_LIMIT_WAIT, note_uncertain_attempts, retrying
from airflow_provider_poweroffice.api.stopping import current
from airflow_provider_poweroffice.api.throttle import Clock, SystemClock, Throttle
from airflow_provider_poweroffice.api.throttles.shared import shared_throttle
from airflow_provider_poweroffice.api.transport import (
    PacedAdapter,
    Session,
    Sessions,
    connection_error,
    seconds_left,
)
from airflow_provider_poweroffice.errors import APIStatusError, PowerOfficeError, RateLimitError

T = TypeVar("T")


class Caller:
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
    :raises ValueError: a key, environment, host or version that can not be used.
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
                f"unknown api_version {api_version!r}; this release speaks: {', '.join(DIALECTS)}"
            )
        if isinstance(verify, str) and not Path(verify).exists():
            raise ValueError(
                f"verify {verify!r} is no file of certificate authorities (ca_bundle of a connection)"
            )
        self.dialect: Dialect[Any] = DIALECTS[api_version]
        self.endpoints = self.dialect.endpoints(credentials, environment, host)
        self.retry = retry or RetryOptions()
        self.company = company
        self._credentials = credentials
        self._clock = clock or SystemClock()
        limit = RateLimit.of(rate_limit)
        self._throttle = throttle or shared_throttle(
            credentials.limit_key,
            urlsplit(self.endpoints.base).netloc,
            limit.rate(requests_per_second, self.dialect.requests_per_second),
            limit,
            SystemClock(),
        )
        limits = timeouts or Timeouts()
        adapter = PacedAdapter(self._throttle, limits)
        # A token never takes for ever, however long the API itself may.
        for_tokens = replace(limits, read=limits.read or Timeouts().read)

        def session() -> Session:
            return Session(self.endpoints.base, adapter, verify=verify)

        self.auth = TokenAuth(
            dialect=self.dialect,
            endpoints=self.endpoints,
            credentials=credentials,
            session=Session(self.endpoints.base, PacedAdapter(self._throttle, for_tokens), verify=verify),
            clock=self._clock,
            on_token=on_token,
        )
        self.session = self._signed(session())
        self._sessions = Sessions(lambda: self._signed(session()))

    def _signed(self, session: Session) -> Session:
        session.auth = self.auth
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def carry_out(
        self,
        call: Call,
        idempotent: bool | None,
        read: Callable[[Response], T],
        *,
        waiting: Waiting | None = None,
        retry: RetryOptions | None = None,
        limit: int | None = None,
    ) -> T:
        """
        Try a call until it is answered and read, or may not be tried again.

        :param waiting: its answer, if it was fetched ahead; takes the place of the first try.
        :param retry: instead of the client's own.
        :param limit: largest body in bytes; None for any.
        :raises PageTooLargeError: it is larger.
        """
        ahead = [waiting] if waiting else []

        def attempt(label: str) -> T:
            response = ahead.pop().whole() if ahead else self._send(call, label, limit, read_whole)
            return read(self._accept(call, response))

        return self._repeat(call, idempotent, attempt, retry)

    def fetch_ahead(self, call: Call, limit: int | None) -> Waiting:
        """
        Carry out a GET whose answer is asked for later, then with :meth:`carry_out`.

        :param limit: largest body in bytes; None for any.
        """

        def attempt(label: str) -> Waiting:
            return self._send(call, label, limit, read_to_wait)

        return self._repeat(call, None, attempt, None)

    def _repeat(
        self,
        call: Call,
        idempotent: bool | None,
        attempt: Callable[[str], T],
        retry: RetryOptions | None,
    ) -> T:
        uncertain = 0

        def on_wait(error: BaseException) -> None:
            nonlocal uncertain
            if call.method != "GET":
                uncertain += bool(getattr(error, "outcome_unknown", False))

        label = f"{call.method} {self.path_of(call)}"
        loop = retrying(
            retry or self.retry,
            method=call.method,
            label=self.label_of(call),
            idempotent=idempotent,
            clock=self._clock,
            on_wait=on_wait,
            unsaid_wait=self.dialect.unsaid_wait,
        )

        def paused() -> T:
            try:
                return attempt(label)
            except RateLimitError as error:  # of the API or the token endpoint: all who share it are refused
                self._throttle.pause(max(error.retry_after or 0.0, MINIMUM_RATE_LIMIT_WAIT))
                raise

        deadline = self._clock.monotonic() + self.retry.longest
        token = seconds_left.set(lambda: deadline - self._clock.monotonic())
        try:
            return loop(paused)
        except PowerOfficeError as error:
            error.company = self.company
            note_uncertain_attempts(error, uncertain)
            raise
        finally:
            seconds_left.reset(token)

    def _send(
        self,
        call: Call,
        label: str,
        limit: int | None,
        take: Callable[[requests.Response, int | None], T],
    ) -> T:
        """Send once, and take an answer with a status of success."""
        headers = dict(call.headers)
        id_header = self.dialect.request_id_header
        if id_header:
            headers.setdefault(id_header, str(uuid4()))
        query = {} if call.url else self._completed(call)
        try:
            with self._sessions.lend() as session:
                answer = session.request(
                    call.method,
                    call.url or self.dialect.url(self.endpoints, call.endpoint),
                    params=urlencode(query, safe="$", quote_via=quote),  # a space as %20: not all read +
                    data=call.content,
                    files=call.files,
                    headers=headers,
                    allow_redirects=False,
                    stream=True,
                )
                if is_success(answer.status_code):
                    return take(answer, limit)
                response = read_whole(answer)
        except requests.RequestException as error:
            if stop := current.get():
                stop.check()  # the connection was cut: nothing failed
            raise connection_error(error, label) from None
        refusal = self._status_error(call, response, len(answer.request.url or ""))
        refusal.request_id = headers[id_header] if id_header else None
        raise refusal

    def _accept(self, call: Call, response: Response) -> Response:
        """
        Look for a refusal in the body.

        :raises APIStatusError: there is one.
        """
        if not self.dialect.refusal(response.content):
            return response
        raise self._status_error(call, replace(response, refused=True), 0)

    def _status_error(self, call: Call, response: Response, url_length: int) -> APIStatusError:
        resource = self.dialect.known.find(call.endpoint)
        return status_error(
            self.dialect,
            response,
            self._clock.time(),
            self.auth.secrets,
            url_length=url_length,
            privilege=resource.privilege_for(call.method) if resource else "",
            meant=None if resource else self.dialect.known.suggest(call.endpoint),
        )

    def _completed(self, call: Call) -> dict[str, str]:
        return self.dialect.query(self._credentials, call.method, call.endpoint, call.query)

    def label_of(self, call: Call) -> str:
        """Name a call in logs and errors: its company, if there are several, its method and its path."""
        mark = f"[{self.company}] " if self.company else ""
        return f"{mark}{call.method} {self.path_of(call)}"

    def path_of(self, call: Call) -> str:
        """Give the path of a call's URL, without the query."""
        return urlsplit(self.dialect.url(self.endpoints, call.endpoint)).path

    def resolve(self, call: Call, link: str) -> str:
        """
        Give the URL of a link in the answer to a call.

        :raises UntrustedHostError: it leads to another server, or to an unencrypted connection.
        """
        url = urljoin(self.dialect.url(self.endpoints, call.endpoint), link)
        self.auth.check_origin(url)
        return url
