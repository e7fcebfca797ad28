"""The limit of several hosts is kept by a real Redis server."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable

import pytest
import redis
from limit_helpers import run_workers
from support import FakeClock, client_of

from airflow_provider_poweroffice.api.connection_options import RateLimit
from airflow_provider_poweroffice.api.limits.redis import PREFIX, RedisThrottle
from airflow_provider_poweroffice.api.limits.shared import AGAIN, shared_throttle
from airflow_provider_poweroffice.api.limits.throttle import SystemClock, Throttle
from airflow_provider_poweroffice.api.limits.window import Window
from airflow_provider_poweroffice.errors import RateLimitStoreError
from poweroffice_sandbox import Sandbox

PASSWORD = "p@ss/word-of-redis"
QUOTED = "p%40ss%2Fword-of-redis"
NOWHERE = "redis://127.0.0.1:9/0"


def throttle_of(
    backend: str, clock: FakeClock, *, on_unreachable: str = "error", password: str = ""
) -> Throttle:
    """Give the throttle that a client would get."""
    limit = RateLimit(backend=backend, on_unreachable=on_unreachable, password=password)
    return shared_throttle("key", "host", 10, limit, clock)


def test_processes_share_the_limit(redis_url: str) -> None:
    """Three processes at once stay below the limit that the server counts by."""
    with Sandbox(rate_limit=10) as sandbox:
        statuses = run_workers(sandbox, redis_url, workers=3, calls=9)
    assert statuses[200] == 3 * (9 + 1), "a token each"
    assert statuses[429] < 5, "each alone would be refused some twenty times"


class Twins:
    """The script and the Python rule, told the same; each answer of one is that of the other."""

    def __init__(self, url: str, rate: float) -> None:
        self._script = RedisThrottle(rate, SystemClock(), url=url, name=f"twins-{rate}")
        self._window = Window()
        self.rate = rate
        self.places: list[float] = []
        self.starts: list[float] = []

    def enter(self, dice: random.Random) -> None:
        """Come anew, or come back."""
        again = (self.places.pop(0),) if self.places and dice.random() < 0.6 else ()
        asked = self.rate / 2 if dice.random() < 0.01 else self.rate
        turn = self._script._run("enter", asked, *again)
        same = self._window.enter(turn.start, asked, *again)
        assert (turn.place, turn.wait) == pytest.approx((same.place, same.wait), abs=1e-6)
        (self.places if turn.wait else self.starts).append(turn.place if turn.wait else turn.start)

    def settle(self, dice: random.Random) -> None:
        """Be answered."""
        start, trip = dice.choice(self.starts or [0.0]), dice.random() / 10
        lost = dice.random() < 0.1
        now = self._script._run("settle", start, trip, float(lost)).start
        self._window.settle(now, start, trip, lost=lost)

    def leave(self, dice: random.Random) -> None:
        """Lose patience."""
        place = self.places.pop(dice.randrange(len(self.places))) if self.places else 0.0
        self._script._run("leave", place)
        self._window.leave(place)

    def refuse(self, dice: random.Random) -> None:
        """Be refused."""
        seconds = dice.random() / 50
        self._window.refuse(self._script._run("refuse", seconds).start, seconds)


@pytest.mark.sample(1)
@pytest.mark.parametrize("rate", [10, 2.5, 60, 3])
def test_script_equals_the_rule(redis_url: str, rate: float) -> None:
    """The script does what the Python rule does, step by step, by the time of Redis."""
    dice = random.Random(int(rate * 10))  # noqa: S311 - the same steps in every run
    twins = Twins(redis_url, rate)
    steps = [twins.enter] * 8 + [twins.settle] * 4 + [twins.leave, twins.refuse]
    for _ in range(600):
        dice.choice(steps)(dice)
        time.sleep(dice.random() / 500)
    assert twins.starts


def test_nothing_is_left_behind(redis_url: str) -> None:
    """The limit is one entry that lapses, and holds no key."""
    throttle = RedisThrottle(10, SystemClock(), url=redis_url, name="lapses")
    throttle.acquire()
    with redis.Redis.from_url(redis_url) as server:
        assert 60 < server.ttl(PREFIX + "lapses") <= 120
        server.set(PREFIX + "lapses", b"")
        server.delete(PREFIX + "lapses")
    throttle.acquire()


def test_pause_and_patience(redis_url: str) -> None:
    """A pause of one holds for the other."""
    one, other = (RedisThrottle(10, SystemClock(), url=redis_url, name="pause") for _ in range(2))
    one.answered(one.acquire())
    one.pause(0.3)
    began = time.monotonic()
    other.acquire()
    assert 0.25 < time.monotonic() - began < 2


def test_unreachable(clock: FakeClock, sandbox: Sandbox) -> None:
    """Without the server a call fails, for a reason that is worth another try, and nothing is sent."""
    with (
        client_of(sandbox, clock, throttle=throttle_of(NOWHERE, clock)) as client,
        pytest.raises(RateLimitStoreError, match="rate_limit_backend cannot be used") as caught,
    ):
        client.request("POST", "Departments", body={"Code": "7", "Name": "Seven"})
    assert (caught.value.outcome_unknown, caught.value.permanent) == (False, False)
    assert len([nap for nap in clock.naps if nap >= 0.5]) == 5, "five more tries"
    assert sandbox.journal() == []


def test_fallback(
    start_redis: Callable[..., str], clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Told to, the limit is kept for the host meanwhile; the server is asked again after a while."""
    throttle = throttle_of(NOWHERE, clock, on_unreachable="local")
    began = clock.now
    for _ in range(21):
        throttle.answered(throttle.acquire())
    assert clock.now - began > 2
    throttle.pause(7)
    began = clock.now
    throttle.acquire()
    assert clock.now - began == pytest.approx(7)
    clock.sleep(AGAIN)
    throttle.acquire()
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [text.partition(":")[0] for text in warnings] == ["the rate limit is kept for this host alone"]

    throttle._first._redis = redis.Redis.from_url(start_redis(), decode_responses=True)  # type: ignore[attr-defined]
    throttle._first._script.registered_client = throttle._first._redis  # type: ignore[attr-defined]
    clock.sleep(AGAIN)
    throttle.acquire()
    assert caplog.records[-1].getMessage() == "the rate limit is shared again"


@pytest.mark.parametrize("on_unreachable", ["error", "local"])
def test_password(start_redis: Callable[..., str], clock: FakeClock, on_unreachable: str) -> None:
    """A password is taken from the URL or beside it; a wrong one is an error that shows none."""
    url = start_redis("--requirepass", PASSWORD)
    path = url.removeprefix("unix://")
    throttle_of(url, clock, on_unreachable=on_unreachable, password=PASSWORD).acquire()
    throttle_of(f"unix://:{QUOTED}@{path}", clock, on_unreachable=on_unreachable).acquire()
    for wrong in (url, f"unix://:wrong-secret@{path}"):
        with pytest.raises(RateLimitStoreError, match="AuthenticationError") as caught:
            throttle_of(wrong, clock, on_unreachable=on_unreachable).acquire()
        assert caught.value.permanent
        assert "wrong-secret" not in f"{caught.value!r} {caught.value.__cause__}"


def test_no_url_of_a_server() -> None:
    """A URL that leads nowhere is refused at once, without showing it."""
    with pytest.raises(ValueError, match="redis://server:6379/0") as caught:
        throttle_of(f"redis://:{QUOTED}@server:no-port/0", FakeClock())
    assert QUOTED not in str(caught.value)
