"""What holds for every API when something goes wrong on the way: waits, repetitions, tokens, strangers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from support.dialects import ROWS, Bench

from airflow_provider_poweroffice.api import RetryOptions
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    InvalidResponseError,
    PermissionDeniedError,
    PowerOfficeError,
    RateLimitError,
    ServerError,
    UntrustedHostError,
)

if TYPE_CHECKING:
    from tap import Tap

PAGE_OF_A_GATEWAY = "<html><head><title>Bad Gateway</title></head></html>"


@pytest.mark.parametrize("wait", ["7", "0", "date", None])
def test_throttled(bench: Bench, wait: str | None) -> None:
    """A 429 in the middle is waited out as it says, a second at least, and costs no row."""
    moment = datetime.fromtimestamp(bench.clock.time() + 7, UTC)
    said = format_datetime(moment, usegmt=True) if wait == "date" else wait
    headers = {} if said is None else {"Retry-After": said}
    bench.fault(action="status", status=429, headers=headers, every=3, times=1)
    assert len(set(bench.read())) == ROWS
    (nap,) = bench.clock.naps
    assert 1 <= nap <= 16
    if wait in {"7", "date"}:
        assert 6 <= nap <= 9


def test_throttled_post(bench: Bench) -> None:
    """A 429 was not carried out, so that a POST too is sent again, and makes one row."""
    before = bench.made
    bench.fault(action="status", status=429, path=bench.api.creates_path, method="POST", times=2)
    bench.create()
    assert (bench.made - before, bench.posts, len(bench.clock.naps)) == (1, 3, 2)


def test_throttled_for_ever(bench: Bench) -> None:
    """The waits end at the call's deadline, with an error that says what it is."""
    bench.fault(action="status", status=429, headers={"Retry-After": "50"}, times=0)
    client = bench.open(retry=RetryOptions(deadline=120))
    with pytest.raises(RateLimitError):
        bench.read(client)
    assert sum(bench.clock.naps) <= 120


TROUBLE = [
    {"action": "status", "status": 500},
    {"action": "status", "status": 502, "body": PAGE_OF_A_GATEWAY},
    {"action": "status", "status": 503, "headers": {"Retry-After": "7"}},
    {"action": "status", "status": 504},
    {"action": "status", "status": 408},
    {"action": "reset_before"},
    {"action": "reset_after"},
    {"action": "truncate"},
    {"action": "garbage"},
    {"action": "status", "status": 200, "body": PAGE_OF_A_GATEWAY},
    {"action": "status", "status": 200, "body": ""},
]


@pytest.mark.sample(8)
@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: " ".join(str(item) for item in fault.values()))
def test_trouble_in_the_middle(bench: Bench, fault: dict[str, object]) -> None:
    """A read is repeated after whatever may pass, after a wait that doubles: each row once."""
    bench.fault(**fault, every=3, times=2)
    found = bench.read()
    assert found == sorted(set(found))
    assert len(found) == ROWS
    assert len(bench.clock.naps) == 2
    assert "Retry-After" not in fault.get("headers", {}) or min(bench.clock.naps) >= 7  # type: ignore[operator]


@pytest.mark.parametrize("action", ["reset_after", "truncate", "500"])
def test_post_whose_reply_is_lost(bench: Bench, action: str) -> None:
    """A POST that may have been carried out is sent once, and the error says so."""
    rule = {"action": "status", "status": 500} if action == "500" else {"action": action}
    bench.sandbox.add_fault(**rule, path=bench.api.creates_path, method="POST")
    before = bench.made
    with pytest.raises((APIConnectionError, InvalidResponseError, ServerError)) as caught:
        bench.create()
    assert getattr(caught.value, "outcome_unknown", None) is True
    assert bench.posts == 1
    assert bench.clock.naps == []
    assert bench.made - before == (0 if action == "500" else 1)


def test_post_that_was_never_sent(bench: Bench) -> None:
    """Where nothing listens, nothing was sent: a POST is tried again, and the error says that it was not."""
    client = bench.open(retry=RetryOptions(attempts=3))
    client.auth.token()
    bench.sandbox.stop()
    try:
        with pytest.raises(APIConnectionError, match="nothing was sent") as caught:
            bench.create(client)
    finally:
        bench.sandbox.start()
    assert caught.value.outcome_unknown is False
    assert len(bench.clock.naps) == 2


def test_trouble_that_lasts(bench: Bench) -> None:
    """Attempts and deadline end the repetitions."""
    bench.fault(action="status", status=503, times=0)
    with pytest.raises(ServerError):
        bench.read(bench.open(retry=RetryOptions(attempts=3)))
    assert (bench.requests, len(bench.clock.naps)) == (3, 2)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_final_status(bench: Bench, status: int) -> None:
    """What a repetition cannot cure is not repeated."""
    bench.fault(action="status", status=status, times=0)
    with pytest.raises(APIStatusError) as caught:
        bench.client.request("GET", bench.api.endpoint)
    assert (caught.value.status, bench.requests, bench.clock.naps) == (status, 1, [])


def test_token_is_fetched_once(bench: Bench) -> None:
    """One token serves a read, and is renewed before it ends, so that none dies on its way."""
    bench.read()
    assert bench.tokens == 1
    bench.clock.sleep(bench.api.token_lifetime - 30)
    bench.read()
    assert bench.tokens == 2


def test_token_dies_in_the_middle(bench: Bench) -> None:
    """A 401 in the middle costs one new token, no wait and no row."""
    pages = bench.client.pages(bench.api.endpoint, **bench.one_by_one())
    found = [row[bench.api.key] for row in next(pages).rows]
    bench.sandbox.expire_tokens()
    found += [row[bench.api.key] for page in pages for row in page.rows]
    assert (len(set(found)), bench.tokens, bench.clock.naps) == (ROWS, 2, [])


def test_token_dies_before_a_post(bench: Bench) -> None:
    """A 401 was not carried out: a POST is sent again with a new token, and makes one row."""
    bench.client.auth.token()
    before = bench.made
    bench.sandbox.expire_tokens()
    bench.create()
    assert (bench.made - before, bench.posts, bench.tokens) == (1, 2, 2)


def test_new_token_refused(bench: Bench) -> None:
    """A 401 with a new token is waited out: one renewal for each try, and the tries end."""
    bench.fault(action="status", status=401, times=0)
    with pytest.raises(PermissionDeniedError):
        bench.read()
    tries = min(6, bench.client.dialect.refused_attempts)
    assert (bench.requests, bench.tokens, len(bench.clock.naps)) == (2 * tries, tries + 1, tries - 1)


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"status": 200, "body": ""}])
def test_token_endpoint_in_trouble(bench: Bench, fault: dict[str, object]) -> None:
    """Trouble at the token endpoint is waited out, for a POST too, as the call itself was not sent."""
    before = bench.made
    bench.sandbox.add_fault(action="status", **fault, path=bench.api.token_path)
    bench.create()
    assert (bench.made - before, bench.posts, bench.tokens) == (1, 1, 2)


def test_wrong_keys(bench: Bench) -> None:
    """Refused keys are final, and are in no message."""
    client = bench.open(wrong=True)
    with pytest.raises(AuthenticationError) as caught:
        bench.read(client)
    assert (bench.tokens, bench.requests, bench.clock.naps) == (1, 0, [])
    assert not any(secret in str(caught.value) for secret in client.auth.secrets)


@pytest.mark.sample(6)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirect_to_a_stranger(bench: Bench, stranger: Tap, status: int, method: str) -> None:
    """A redirect is an error: neither token nor body goes to another server."""
    path = bench.api.path if method == "GET" else bench.api.creates_path
    bench.sandbox.add_fault(
        action="status", status=status, headers={"Location": f"{stranger.url}/x"}, path=path, method=method
    )
    with pytest.raises(APIStatusError, match="redirects are not followed"):
        _ = bench.read() if method == "GET" else bench.create()
    assert stranger.seen == []


def test_token_request_redirected(bench: Bench, stranger: Tap) -> None:
    """The keys do not follow a redirect either."""
    bench.sandbox.add_fault(
        action="status", status=307, headers={"Location": f"{stranger.url}/x"}, path=bench.api.token_path
    )
    with pytest.raises(PowerOfficeError):
        bench.read()
    assert stranger.seen == []


def test_link_to_a_stranger(bench: Bench, stranger: Tap) -> None:
    """A link to another server in an answer is refused where links are followed, else left alone."""
    link = f"{stranger.url}/next"
    rows = f'[{{"{bench.api.key}":0,"Name":"A"}}]'
    body = bench.api.wrap(rows, **{"@odata.nextLink": link, "nextLink": link})
    pagination = f'{{"nextPageLink":"{link}","totalCount":{ROWS},"totalPages":9}}'
    bench.fault(
        action="status", status=200, body=body, headers={"X-Pagination": pagination, "Link": f"<{link}>"}
    )
    pages = bench.client.pages(bench.api.endpoint, **bench.one_by_one())
    assert next(pages)
    if bench.api.by_link:
        with pytest.raises(UntrustedHostError):
            next(pages)
    else:
        next(pages)
    assert stranger.seen == []


def test_url_of_a_stranger(bench: Bench, stranger: Tap) -> None:
    """The session that is lent to a user signs no request to another server."""
    with pytest.raises(UntrustedHostError):
        bench.client.session.get(f"{stranger.url}/x")
    with pytest.raises((ValueError, PowerOfficeError)):
        bench.client.request("GET", f"{stranger.url}/x")
    assert stranger.seen == []


def test_echoed_secrets(bench: Bench) -> None:
    """A server that repeats the token in its error puts it in no message."""
    bench.fault(action="echo_credentials")
    client = bench.client
    with pytest.raises(APIStatusError) as caught:
        bench.read()
    assert not any(secret in str(caught.value) for secret in client.auth.secrets)
    assert not any(secret in repr(caught.value) for secret in client.auth.secrets)
