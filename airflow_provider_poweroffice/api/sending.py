"""
Sends one call, retrying until it is answered or may not be retried.

Rule: throttle and token are inside the retry loop, so a repeated call waits its turn and carries a
fresh token.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

import requests

from airflow_provider_poweroffice.api.blanking import scrub
from airflow_provider_poweroffice.api.body import SpooledResponse, read_error, read_spooled, read_whole
from airflow_provider_poweroffice.api.call import Call
from airflow_provider_poweroffice.api.call_context import CallLimits, Departure, adding, call_context
from airflow_provider_poweroffice.api.cancellation import CancelledScopeError
from airflow_provider_poweroffice.api.connection import Connection
from airflow_provider_poweroffice.api.decoding import reason_of
from airflow_provider_poweroffice.api.echoes import echoes, scrubbed
from airflow_provider_poweroffice.api.failures import status_error
from airflow_provider_poweroffice.api.multipart import Multipart
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.response import Response, is_success
from airflow_provider_poweroffice.api.retry import (
    LONGEST_ASKED_WAIT,
    MINIMUM_RATE_LIMIT_WAIT,
    carry_out,
    note_uncertain_attempts,
    retrying,
)
from airflow_provider_poweroffice.api.transport import (
    connection_error,
    without_traces,
)
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    InvalidResponseError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
)

log = logging.getLogger(__name__)

T = TypeVar("T")


class Tries:
    """
    The tries of one call, and what is known of them.

    Whether a call may have been carried out is decided by what left this process, not by the class of an
    error: what fails before the first byte was written was not sent, and after it only an answer can tell.

    :param method: upper-case HTTP method.
    :param label: names the call in errors.
    :param pause: told how long a 429 pauses all who share the limit, in seconds.
    """

    def __init__(self, method: str, label: str, pause: Callable[[float], None]) -> None:
        self.label = label
        self.made = 0
        self.uncertain = 0
        self._writes = method != "GET"
        self._pause = pause
        self._current = Departure()

    @property
    def outcome_unknown(self) -> bool:
        """Tell whether the call may have been carried out although no answer told so."""
        return self._current.left or self.uncertain > 0

    def waited_out(self, error: BaseException) -> None:
        """Count a try that is to be repeated although it may have been carried out."""
        self.uncertain += self._writes and bool(getattr(error, "outcome_unknown", False))

    def make(self, attempt: Callable[[], T]) -> T:
        """
        Make one try; only errors of this package, and the cancellation of the thread, leave it.

        :raises InvalidResponseError: the call was sent, and something in its answer broke a parser.
        :raises APIConnectionError: something broke before it was sent.
        """
        self._current = Departure()
        self.made += 1
        try:
            with adding(departure=self._current):
                return attempt()
        except PowerOfficeError as error:
            self._current = Departure(error.outcome_unknown)  # also for what interrupts the handling of it
            if isinstance(error, RateLimitError):  # of the API or the token endpoint: of all who share it
                asked = min(error.retry_after or 0.0, LONGEST_ASKED_WAIT)
                self._pause(max(asked, MINIMUM_RATE_LIMIT_WAIT))
            raise
        except CancelledScopeError:
            raise
        except Exception as error:  # noqa: BLE001 - of a library: what matters is whether the call had left
            foreign = self._foreign(error)
        raise foreign  # here, as the frames of the other one may hold keys

    def _foreign(self, error: Exception) -> PowerOfficeError:
        left = self._current.left
        what = f"{reason_of(error) or 'no reason given'}: {type(error).__name__} in {_place(error)}"
        if left:
            return InvalidResponseError(f"{self.label}: the answer cannot be read ({what})")
        return APIConnectionError(f"{self.label}: not sent ({what})", outcome_unknown=False)


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}"


def _has_left() -> bool:
    departure = call_context().departure
    return departure is None or departure.left


class Sender:
    """Sends calls over a connection, each until it is answered or may not be tried again."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(
        self,
        call: Call,
        idempotent: bool | None,
        read: Callable[[Response], T],
        *,
        spooled: SpooledResponse | None = None,
        retry: RetryOptions | None = None,
        limit: int | None = None,
    ) -> T:
        """
        Try a call until it is answered and read, or may not be tried again.

        :param spooled: its answer, if it was fetched ahead; replaces the first try.
        :param retry: instead of the client's own.
        :param limit: largest body in bytes; None for any.
        :raises ValueError: the API cannot take the query.
        :raises PageTooLargeError: it is larger.
        """
        call = self.completed(call)
        ahead = [spooled] if spooled else []

        def attempt() -> T:
            response = ahead.pop().whole() if ahead else self._send(call, limit, read_whole)
            return read(self._accept(call, response))

        return self._repeat(call, idempotent, attempt, retry)

    def fetch_ahead(self, call: Call, limit: int | None) -> SpooledResponse:
        """
        Carry out a GET whose answer is asked for later, then with :meth:`send`.

        :param limit: largest body in bytes; None for any.
        """
        call = self.completed(call)

        def attempt() -> SpooledResponse:
            return self._send(call, limit, read_spooled)

        return self._repeat(call, None, attempt, None)

    def completed(self, call: Call) -> Call:
        """
        Complete the query of a call the API's way, unless that was done; a page's link is left as it is.

        :raises ValueError: a value in it cannot be used.
        """
        if call.url or call.is_complete:
            return call
        query = self.connection.dialect.query(
            self.connection.credentials, call.method, call.endpoint, call.query
        )
        return replace(call, query=query, is_complete=True)

    def _repeat(
        self,
        call: Call,
        idempotent: bool | None,
        attempt: Callable[[], T],
        retry: RetryOptions | None,
    ) -> T:
        tries = Tries(call.method, self.connection.label_of(call), self.connection.throttle.pause)
        options = retry or self.connection.retry
        loop = retrying(
            options,
            method=call.method,
            label=tries.label,
            idempotent=idempotent,
            clock=self.connection.clock,
            on_wait=tries.waited_out,
            default_retry_after=self.connection.dialect.default_retry_after,
            refused_attempts=self.connection.dialect.refused_attempts,
        )
        limits = CallLimits(
            self.connection.clock.monotonic,
            options.longest,
            self.connection.timeouts.one_try(options.deadline),
        )
        try:
            with adding(limits=limits):
                found = carry_out(loop, lambda: tries.make(attempt))
            if isinstance(found, Response) and tries.made > 1:
                return replace(found, attempts=tries.made, uncertain_attempts=tries.uncertain)
            return found  # noqa: TRY300 - as above
        except PowerOfficeError as error:
            error.company = self.connection.company
            error.attempts = tries.made
            note_uncertain_attempts(error, tries.uncertain)
            blanked = scrub(str(error), self.connection.auth.secrets)
            if blanked == str(error):
                raise
            error.args = (blanked,)  # a charset or an encoding that a server named held a key
            ended: BaseException = without_traces(error)
        except BaseException as error:  # noqa: BLE001 - raised below, where its frames hold no keys
            # A task that is ended, by its time limit or by a person; while it waits nothing is under way.
            error.outcome_unknown = tries.outcome_unknown  # type: ignore[attr-defined]
            ended = without_traces(error)
        raise ended

    def _send(
        self,
        call: Call,
        limit: int | None,
        take: Callable[[requests.Response, int | None], T],
    ) -> T:
        """Send once, and take an answer with a status of success."""
        given = self._exchange(call, limit, take)
        if isinstance(given, PowerOfficeError):
            try:
                raise given
            finally:
                del given  # this frame is in its traceback
        return given

    def _exchange(
        self,
        call: Call,
        limit: int | None,
        take: Callable[[requests.Response, int | None], T],
    ) -> T | PowerOfficeError:
        """
        Send once, and give the answer or the error.

        The error is raised by the caller, where no frame below holds a request with its keys.
        """
        headers = dict(call.headers)
        body = Multipart(call.files) if call.files else call.content
        if isinstance(body, Multipart):
            headers["Content-Type"] = body.content_type
        id_header = self.connection.dialect.request_id_header
        if id_header:
            headers.setdefault(id_header, str(uuid4()))
        try:
            with self.connection.sessions.lend() as session:
                answer = session.request(
                    call.method,
                    call.url or self.connection.dialect.url(self.connection.endpoints, call.endpoint),
                    params=urlencode(call.query, safe="$", quote_via=quote),  # a space as %20: not all read +
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                    stream=True,
                )
                if is_success(answer.status_code):
                    self._refuse_part(call, answer.status_code)
                    return take(answer, limit)
                response = read_error(answer)
        except requests.RequestException as error:
            call_context().check_cancelled()  # the connection was cut: nothing failed
            label = f"{call.method} {self.connection.path_of(call)}"
            return connection_error(error, label, left=_has_left())
        except PowerOfficeError as error:
            call_context().check_cancelled()
            return without_traces(error)
        call_context().check_cancelled()
        refusal = self._status_error(call, response, len(answer.request.url or ""))
        refusal.request_id = headers[id_header] if id_header else None
        return refusal

    def _refuse_part(self, call: Call, status: int) -> None:
        """
        Refuse a part of an answer that was not asked for: a proxy or a cache cut it.

        :raises InvalidResponseError: 206 without a ``Range`` of the caller's (RFC 9110 §15.3.7).
        """
        if status == HTTPStatus.PARTIAL_CONTENT and not any(name.lower() == "range" for name in call.headers):
            label = f"{call.method} {self.connection.path_of(call)}"
            raise InvalidResponseError(f"{label}: 206: a part of the answer came, and none was asked for")

    def _accept(self, call: Call, response: Response) -> Response:
        """
        Take an answer with a status of success: in UTF-8, and without keys that the server repeats.

        :raises APIStatusError: its body is a refusal.
        :raises InvalidResponseError: it is in a charset that cannot be read.
        """
        response = self.without_secrets(call, response.in_utf8())
        if not self.connection.dialect.refusal(response.content):
            return response
        raise self._status_error(call, replace(response, refused=True), 0)

    def without_secrets(self, call: Call, response: Response) -> Response:
        """Blank out keys that a good answer repeats; this frame holds them, so nothing is raised here."""
        secrets = self.connection.auth.secrets
        if not echoes(response, secrets, self.connection.auth.sent):
            return response
        log.warning(
            "%s: the answer repeats keys or a token; they were blanked out", self.connection.label_of(call)
        )
        return scrubbed(response, secrets)

    def _status_error(self, call: Call, response: Response, url_length: int) -> APIStatusError:
        known = self.connection.dialect.catalogue
        if resource := known.find(call.endpoint):
            hint = known.takers(resource, call.method)
        else:
            meant = known.suggest(call.endpoint)
            hint = f"did you mean {meant}?" if meant else ""
        error = status_error(
            self.connection.dialect,
            response,
            self.connection.clock.time(),
            self.connection.auth.secrets,
            url_length=url_length,
            privilege=resource.privilege_for(call.method) if resource else "",
            hint=hint,
        )
        error.final = error.final or (
            self.connection.auth.is_fixed and isinstance(error, PermissionDeniedError)
        )
        return error
