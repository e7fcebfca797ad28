"""
Whether, why and when a call may be tried again.

Rule: ``retry_reason`` and ``wait_seconds`` are pure; only ``retrying`` knows tenacity and the log.

Reasons, by what is known about the call:

=========================================  ==================================
answer                                     repeated for
=========================================  ==================================
429                                        any method: the gateway refused it
provably not delivered                     any method
token endpoint 429, 5xx                    any method: the call was not sent
401 although the token is new              any method: a service that restarts;
                                           F&O, where an app is mostly not
                                           registered then, three times
408, 5xx but 501 and 505, no reply,        GET, PUT, DELETE, or when the
unreadable reply                           caller declares ``idempotent=True``
anything else                              never
=========================================  ==================================
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import tenacity

from airflow_provider_poweroffice.api.decoding import http_date
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    IncompleteReadError,
    InvalidResponseError,
    PowerOfficeError,
    RateLimitError,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.limits.throttle import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

IDEMPOTENT_METHODS = frozenset({"GET", "PUT", "DELETE"})
FINAL_SERVER_ERRORS = frozenset({501, 505})  # not implemented, HTTP version: they stay
MINIMUM_RATE_LIMIT_WAIT = 1.0  # "wait at least one second": portal page "Requests"
LONGEST_WAIT = 366 * 86_400.0  # whatever is asked for: more fits neither a clock nor a calendar
LONGEST_ASKED_WAIT = 900.0  # seconds; whoever asks for more, by mistake or not, is asked again by then
SERVER_WAIT_JITTER = 0.5  # so that all who were refused together do not come back together


def is_idempotent(method: str, idempotent: bool | None) -> bool:
    """Tell whether a call may be carried out twice: the caller's word, else the method's meaning."""
    return method in IDEMPOTENT_METHODS if idempotent is None else idempotent


def is_disturbance(status: int) -> bool:
    """Tell whether the next try may get another answer than this status."""
    return status == 408 or status >= 500  # noqa: PLR2004 - request timeout, and the HTTP class


def may_have_been_carried_out(status: int) -> bool:
    """
    Tell whether an answer with this status leaves open what became of a writing call.

    A redirect may follow the work (303 says so: RFC 9110 §15.4.4, and 301 and 302 are sent in its place); 307
    and 308 ask for the request to be sent elsewhere.
    """
    sent_elsewhere = status in {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
    redirected = 300 <= status < 400 and not sent_elsewhere  # noqa: PLR2004 - the HTTP class
    return is_disturbance(status) or redirected or status < 200  # noqa: PLR2004 - the HTTP class


def retry_reason(error: BaseException, method: str, *, idempotent: bool | None = None) -> str | None:
    """
    Say why this call may be tried again, or None.

    :param error: what the last try raised.
    :param method: upper-case HTTP method.
    :param idempotent: the caller's declaration; None decides by the method.
    """
    reason, uncertain = _classify(error)
    return None if uncertain and not is_idempotent(method, idempotent) else reason


def _classify(error: BaseException) -> tuple[str | None, bool]:
    """Name a transient error, and say whether the call may have been carried out nevertheless."""
    if isinstance(error, RateLimitError):
        return "429 too many requests", False
    if isinstance(error, APIConnectionError):
        reason = "no reply" if error.outcome_unknown else "not delivered"
        return None if error.permanent else reason, error.outcome_unknown
    if isinstance(error, IncompleteReadError):
        return "incomplete read", True
    if isinstance(error, InvalidResponseError):
        return "unreadable reply", error.outcome_unknown
    if isinstance(error, APIStatusError) and _is_transient(error.status):
        return None if error.final else f"status {error.status}", error.outcome_unknown
    return None, False


def _is_transient(status: int) -> bool:
    """Tell whether another try may be answered differently; a 401 here was given to a new token."""
    again = is_disturbance(status) and status not in FINAL_SERVER_ERRORS
    return again or status == HTTPStatus.UNAUTHORIZED


def wait_seconds(
    options: RetryOptions,
    error: BaseException,
    attempt: int,
    jitter: float,
    default_retry_after: float = MINIMUM_RATE_LIMIT_WAIT,
) -> float:
    """
    Say how long to wait before the next try, in seconds.

    :param attempt: tries made so far, from 1.
    :param jitter: a random number in [0, 1).
    :param default_retry_after: after a 429 that names no wait; doubled for each further try if above 1.
    """
    asked = getattr(error, "retry_after", None)
    if isinstance(error, RateLimitError):
        asked = (
            max(asked or 0.0, MINIMUM_RATE_LIMIT_WAIT)
            if asked
            else _unsaid(options, attempt, default_retry_after)
        )
    backoff: float = min(options.wait_max, options.wait_initial * 2.0 ** min(attempt - 1, 30))
    backoff *= 0.5 + 0.5 * jitter
    if asked is None:
        return backoff
    asked = min(float(asked), LONGEST_ASKED_WAIT) + SERVER_WAIT_JITTER * jitter
    return asked if isinstance(error, RateLimitError) else max(asked, backoff)


def fitting_wait(  # noqa: PLR0917 - those of wait_seconds
    options: RetryOptions,
    error: BaseException,
    attempt: int,
    jitter: float,
    left: float,
    default_retry_after: float,
) -> float:
    """
    Say the same, but cut the jitter after a 429 where the wait would otherwise be too long.

    :param left: seconds that may still be waited.
    """
    seconds = wait_seconds(options, error, attempt, jitter, default_retry_after)
    if not isinstance(error, RateLimitError):
        return seconds
    return max(wait_seconds(options, error, attempt, 0.0, default_retry_after), min(seconds, left))


def _unsaid(options: RetryOptions, attempt: int, first: float) -> float:
    """Say how long to wait after a 429 that names no wait, or one of 0 s."""
    growth = 2.0 ** min(attempt - 1, 30) if first > MINIMUM_RATE_LIMIT_WAIT else 1.0
    return max(first, min(options.wait_max, first * growth))


def parse_retry_after(value: str | None, now: float) -> float | None:
    """
    Read a ``Retry-After`` header: seconds or an HTTP-date (RFC 9110 §10.2.3), as seconds from now.

    :param now: seconds since 1970.
    :return: seconds from 0 to a year; None when there is none or it cannot be read.
    """
    if not value or not value.strip():
        return None
    text = value.strip()
    if text.replace(".", "", 1).isdigit() and text.isascii():
        return min(float(text), LONGEST_WAIT)
    moment = http_date(text)
    if moment is None:
        return None
    return min(max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds()), LONGEST_WAIT)


def retrying(
    options: RetryOptions,
    *,
    method: str,
    label: str,
    idempotent: bool | None,
    clock: Clock,
    on_wait: Callable[[BaseException], None],
    default_retry_after: float = MINIMUM_RATE_LIMIT_WAIT,
    refused_attempts: float = math.inf,
    jitter: Callable[[], float] = random.random,
) -> tenacity.Retrying:
    """
    Build the loop around one call.

    :param label: method and path without query, for the log.
    :param on_wait: told of each error that is waited out.
    :param default_retry_after: see :func:`wait_seconds`.
    :param refused_attempts: tries at most of a call whose new token is refused with 401.
    :param jitter: source of random numbers in [0, 1).
    """
    started = clock.monotonic()
    fits = True  # the next wait, into what is left
    refused = 0  # by the rate limit; they count as attempts only where they have no deadline of their own

    def waited_out(error: BaseException) -> bool:
        return isinstance(error, RateLimitError) and options.rate_limit_deadline is not None

    def reason(error: BaseException) -> str | None:
        return retry_reason(error, method, idempotent=idempotent)

    def wait(state: tenacity.RetryCallState) -> float:
        nonlocal fits
        error = _error(state)
        budget = (options.rate_limit_deadline or 0.0) if waited_out(error) else options.deadline
        left = budget - (clock.monotonic() - started)
        seconds = fitting_wait(options, error, state.attempt_number, jitter(), left, default_retry_after)
        fits = seconds <= left
        return seconds

    def stop(state: tenacity.RetryCallState) -> bool:
        error = _error(state)
        is_refused = getattr(error, "status", None) == HTTPStatus.UNAUTHORIZED
        most = min(options.attempts, refused_attempts) if is_refused else options.attempts
        tired = not waited_out(error) and state.attempt_number - refused >= most
        return tired or not fits

    def before_sleep(state: tenacity.RetryCallState) -> None:
        nonlocal refused
        error = _error(state)
        on_wait(error)
        limit = f"attempt {state.attempt_number - refused} of {options.attempts}"
        if waited_out(error):
            refused += 1
            forever = options.rate_limit_deadline == math.inf
            allowed = (
                "until the task's own time limit" if forever else f"for {options.rate_limit_deadline:g} s"
            )
            limit = (
                f"attempt {state.attempt_number}, {clock.monotonic() - started:.0f} s so far, tried {allowed}"
            )
        log.warning("%s: %s: %s; next try in %.1f s", label, limit, reason(error), state.upcoming_sleep)

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: reason(error) is not None),
        wait=wait,
        stop=stop,
        sleep=clock.sleep,
        before_sleep=before_sleep,
        reraise=True,
    )


def carry_out(loop: tenacity.Retrying, attempt: Callable[[], T]) -> T:
    """
    Try once, and enter the loop with what that raised.

    Nearly every call ends with its first try, and the loop's machinery takes as long as parsing a small page.
    """
    failed: list[PowerOfficeError] = []
    try:
        return attempt()
    except PowerOfficeError as error:
        failed.append(error)

    def next_attempt() -> T:
        if failed:
            raise failed.pop()
        return attempt()

    return loop(next_attempt)


def _error(state: tenacity.RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    if error is None:
        raise AssertionError("unreachable: waiting only after an error")
    return error


def note_uncertain_attempts(error: PowerOfficeError, uncertain: int) -> None:
    """Add to an error that earlier attempts of a writing call may have been carried out."""
    error.uncertain_attempts = uncertain
    if uncertain and not error.outcome_unknown:
        error.add_note(f"{uncertain} earlier attempt(s) got no clear reply and may have been carried out.")
