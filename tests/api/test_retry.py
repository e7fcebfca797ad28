"""What may be tried again, why, and when: pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from support import FakeClock, Unthrottled, client_of

from airflow_provider_poweroffice.api.connection_options import Timeouts
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.retry import (
    LONGEST_WAIT,
    parse_retry_after,
    retry_reason,
    wait_seconds,
)
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    IncompleteReadError,
    InvalidResponseError,
    PaginationError,
    UntrustedHostError,
    error_class,
)
from poweroffice_sandbox import Sandbox


def status_error(
    status: int, *, unknown: bool | None = None, retry_after: float | None = None
) -> APIStatusError:
    """Build the error of a status."""
    response = Response(status, {}, b"", "GET", "/v2/x")
    unknown = status >= 500 if unknown is None else unknown
    return error_class(status)("x", response=response, outcome_unknown=unknown, retry_after=retry_after)


LOST = APIConnectionError("x", outcome_unknown=True)
NOT_SENT = APIConnectionError("x", outcome_unknown=False)
BAD_CERTIFICATE = APIConnectionError("x", outcome_unknown=False, permanent=True)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "PATCH"])
@pytest.mark.parametrize(
    ("error", "idempotent_only"),
    [
        (status_error(429), False),
        (NOT_SENT, False),
        (status_error(503, unknown=False), False),
        (status_error(500), True),
        (status_error(502), True),
        (status_error(503), True),
        (status_error(504), True),
        (status_error(520), True),
        (IncompleteReadError("x"), True),
        (status_error(408, unknown=True), True),
        (LOST, True),
        (InvalidResponseError("x"), True),
    ],
)
def test_transient(error: Exception, method: str, *, idempotent_only: bool) -> None:
    """Refused or undelivered calls repeat for any method, uncertain ones for idempotent methods only."""
    allowed = not idempotent_only or method in {"GET", "PUT", "DELETE"}
    assert bool(retry_reason(error, method)) == allowed
    assert bool(retry_reason(error, method, idempotent=True))
    assert bool(retry_reason(error, method, idempotent=False)) == (not idempotent_only)


@pytest.mark.parametrize(
    "error",
    [
        *(status_error(status) for status in (301, 400, 403, 404, 409, 412, 422, 501, 505)),
        BAD_CERTIFICATE,
        AuthenticationError("x", key="k", status=400),
        PaginationError("x"),
        UntrustedHostError("x"),
        ValueError("x"),
        KeyboardInterrupt(),
    ],
)
def test_final(error: BaseException) -> None:
    """What a repetition cannot cure is never repeated, whatever the caller declares."""
    assert retry_reason(error, "GET", idempotent=True) is None


def test_backoff_bounds() -> None:
    """Our own wait doubles, is capped, and is random between half and whole."""
    options = RetryOptions(wait_initial=1, wait_max=10)
    waits = [
        (wait_seconds(options, LOST, n, 0.0), wait_seconds(options, LOST, n, 0.999)) for n in range(1, 7)
    ]
    assert [low for low, _ in waits] == [0.5, 1, 2, 4, 5, 5]
    assert [round(high) for _, high in waits] == [1, 2, 4, 8, 10, 10]
    assert wait_seconds(options, LOST, 5000, 0.5) == 7.5


def test_server_wait_wins() -> None:
    """The server's wait is never cut short, is a second at least for a 429, and holds for a 503 too."""
    options = RetryOptions(wait_max=5)
    assert wait_seconds(options, status_error(429, retry_after=30), 1, 0.0) == 30
    assert wait_seconds(options, status_error(429, retry_after=0), 1, 0.0) == 1
    assert wait_seconds(options, status_error(429), 1, 1.0) == 1.5
    assert wait_seconds(options, status_error(503, retry_after=20), 1, 0.0) == 20
    assert wait_seconds(options, status_error(503, retry_after=0), 3, 0.0) == 2, "0 is no leave to hammer"


def test_wait_that_a_429_does_not_name() -> None:
    """Where throttling lasts, a 429 that names no wait, or 0, has one that doubles up to the cap."""
    options = RetryOptions(wait_max=60)
    for error in (status_error(429), status_error(429, retry_after=0)):
        waits = [wait_seconds(options, error, attempt, 0.0, 10.0) for attempt in range(1, 6)]
        assert waits == [10, 20, 40, 60, 60]
    assert wait_seconds(options, status_error(429, retry_after=3), 4, 0.0, 10.0) == 3


@pytest.mark.parametrize("wrong", [-1, float("nan"), "60", True])
def test_rate_limit_deadline(wrong: object) -> None:
    """It is a number of seconds, or infinite."""
    assert RetryOptions(rate_limit_deadline=float("inf")).longest == float("inf")
    assert RetryOptions(deadline=9).longest == 9
    with pytest.raises((ValueError, TypeError), match="rate_limit_deadline"):
        RetryOptions(rate_limit_deadline=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        (" 2.5 ", 2.5),
        ("0", 0.0),
        ("", None),
        (None, None),
        ("soon", None),
        ("-1", None),
        ("٣", None),
        ("99999999999", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        ("Wed, 21 Oct 2099 07:28:00 GMT", LONGEST_WAIT),
    ],
)
def test_retry_after_seconds(text: str | None, seconds: float | None) -> None:
    """Seconds are read; nonsense is no wait rather than an error."""
    assert parse_retry_after(text, 0.0) == seconds


def test_retry_after_date() -> None:
    """An HTTP-date is a moment: the wait is what is left of it, never negative."""
    moment = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
    now = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC).timestamp()
    assert parse_retry_after(format_datetime(moment, usegmt=True), now) == 30
    assert parse_retry_after(format_datetime(moment, usegmt=True), now + 60) == 0
    assert parse_retry_after("Sun Nov 22 12:00:30 2026", now) == 30


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"attempts": 0}, ValueError),
        ({"attempts": -1}, ValueError),
        ({"attempts": 2.5}, TypeError),
        ({"attempts": True}, TypeError),
        ({"wait_initial": -1}, ValueError),
        ({"wait_max": float("inf")}, ValueError),
        ({"deadline": -0.1}, ValueError),
        ({"deadline": "60"}, TypeError),
        ({"atempts": 3}, ValueError),
        ("3", TypeError),
    ],
)
def test_bad_retry_options(values: object, error: type[Exception]) -> None:
    """A bad number is named before it can do harm."""
    with pytest.raises(error) as caught:
        RetryOptions.from_mapping(values)  # type: ignore[arg-type]
    assert not isinstance(values, dict) or next(iter(values)) in str(caught.value)


def test_good_retry_options() -> None:
    """Options come from a mapping, from options, or from nothing."""
    assert RetryOptions.from_mapping({"attempts": 3}) == RetryOptions(attempts=3)
    assert RetryOptions.from_mapping(RetryOptions(deadline=1)).deadline == 1
    assert RetryOptions.from_mapping(None) == RetryOptions()


@pytest.mark.parametrize("values", [{"connect": 0}, {"read": -1}, {"read": float("nan")}])
def test_bad_timeouts(values: dict[str, float]) -> None:
    """There is always a positive time limit."""
    with pytest.raises(ValueError, match=next(iter(values))):
        Timeouts(**values)


@pytest.mark.finding("S16")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", [901, 31_536_000, LONGEST_WAIT])
def test_whoever_asks_for_long_waits_is_asked_again(status: int, asked: float) -> None:
    """No server makes a worker sleep for longer than a quarter of an hour at a time."""
    assert wait_seconds(RetryOptions(), status_error(status, retry_after=asked), 1, 0.0) == 900


@pytest.mark.finding("S16")
def test_a_forged_wait_does_not_pause_everybody_for_long(sandbox: Sandbox, clock: FakeClock) -> None:
    """What pauses all who share the limit is capped in the same way; the error says what was asked for."""
    asks = {"Retry-After": "31536000"}
    sandbox.add_fault(action="status", status=429, headers=asks, path="/Customers", times=1)
    throttle = Unthrottled()
    options = RetryOptions(rate_limit_deadline=float("inf"))
    with client_of(sandbox, clock, throttle=throttle, retry=options) as client:
        assert client.request("GET", "Customers").is_success
    assert throttle.pauses == [900]
    assert 900 <= sum(clock.naps) < 901
