"""
One call, tried until it is answered or may not be tried again.

Rule: throttle and token are inside the retry loop, so a repeated call waits its turn and carries a
fresh token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

import requests

from airflow_provider_poweroffice.api.body import Waiting, read_error, read_to_wait, read_whole
from airflow_provider_poweroffice.api.call import Call
from airflow_provider_poweroffice.api.cancellation import current
from airflow_provider_poweroffice.api.connection import Connection
from airflow_provider_poweroffice.api.failures import status_error
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.response import Response, is_success
from airflow_provider_poweroffice.api.retry import (
    LONGEST_ASKED_WAIT,
    MINIMUM_RATE_LIMIT_WAIT,
    note_uncertain_attempts,
    retrying,
)
from airflow_provider_poweroffice.api.transport import (
    CallLimits,
    call_limits,
    connection_error,
    without_traces,
)
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
)

T = TypeVar("T")


class Caller(Connection):
    """Carries calls out; the arguments are those of :class:`Connection`."""

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
        open_end = False  # a try was begun, and nothing is known of its end

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
            nonlocal open_end
            open_end = True
            try:
                return attempt(label)
            except PowerOfficeError as error:
                open_end = False
                if isinstance(error, RateLimitError):  # of the API or the token endpoint: of all who share it
                    asked = min(error.retry_after or 0.0, LONGEST_ASKED_WAIT)
                    self._throttle.pause(max(asked, MINIMUM_RATE_LIMIT_WAIT))
                raise

        reset = call_limits.set(CallLimits(self._clock, retry or self.retry, self._timeouts))
        try:
            return loop(paused)
        except PowerOfficeError as error:
            error.company = self.company
            note_uncertain_attempts(error, uncertain)
            raise
        except BaseException as error:
            # A task that is ended, by its time limit or by a person, while it waits: nothing was carried out.
            error.outcome_unknown = open_end or uncertain > 0  # type: ignore[attr-defined]
            raise
        finally:
            call_limits.reset(reset)

    def _send(
        self,
        call: Call,
        label: str,
        limit: int | None,
        take: Callable[[requests.Response, int | None], T],
    ) -> T:
        """Send once, and take an answer with a status of success."""
        given = self._exchange(call, label, limit, take)
        if isinstance(given, PowerOfficeError):
            try:
                raise given
            finally:
                del given  # this frame is in its traceback
        return given

    def _exchange(
        self,
        call: Call,
        label: str,
        limit: int | None,
        take: Callable[[requests.Response, int | None], T],
    ) -> T | PowerOfficeError:
        """
        Send once, and give the answer or the error.

        The error is raised by the caller, where no frame below holds a request with its keys.
        """
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
                response = read_error(answer)
        except requests.RequestException as error:
            if stop := current.get():
                stop.check()  # the connection was cut: nothing failed
            return connection_error(error, label)
        except PowerOfficeError as error:
            if stop := current.get():
                stop.check()
            return without_traces(error)
        if stop := current.get():
            stop.check()
        refusal = self._status_error(call, response, len(answer.request.url or ""))
        refusal.request_id = headers[id_header] if id_header else None
        return refusal

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
        error = status_error(
            self.dialect,
            response,
            self._clock.time(),
            self.auth.secrets,
            url_length=url_length,
            privilege=resource.privilege_for(call.method) if resource else "",
            meant=None if resource else self.dialect.known.suggest(call.endpoint),
        )
        error.final = error.final or (self.auth.is_fixed and isinstance(error, PermissionDeniedError))
        return error

    def _completed(self, call: Call) -> dict[str, str]:
        return self.dialect.query(self._credentials, call.method, call.endpoint, call.query)
