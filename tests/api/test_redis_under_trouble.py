"""Whatever happens to the Redis server of the limit, a call waits a moment, or fails unsent."""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis
from limit_helpers import run_workers
from support import FakeClock

from airflow_provider_poweroffice.api.connection_options import RateLimit
from airflow_provider_poweroffice.api.limits import redis as redis_limit
from airflow_provider_poweroffice.api.limits.redis import PREFIX, RedisThrottle
from airflow_provider_poweroffice.api.limits.shared import AGAIN, FallbackThrottle, shared_throttle
from airflow_provider_poweroffice.api.limits.throttle import SystemClock
from airflow_provider_poweroffice.api.limits.window import UNKNOWN
from airflow_provider_poweroffice.errors import RateLimitStoreError
from poweroffice_sandbox import Sandbox

RATE = 10.0

HELLO = b"%1\r\n$5\r\nproto\r\n:3\r\n"


def texts(*values: bytes) -> bytes:
    """Write an answer of several texts as Redis does."""
    return b"*%d\r\n" % len(values) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in values)


ANSWERS = {
    "web server": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "no number": b":abc\r\n",
    "status": b"+OK\r\n",
    "nothing in it": b"*0\r\n",
    "one too many": b"*4\r\n:1\r\n:0\r\n:1\r\n:3\r\n",
    "nested": b"*1\r\n" * 50_000 + b":1\r\n",
    "no UTF-8": texts(b"\xff\xfe", b"0", b"1"),
    "place NaN": texts(b"nan", b"0.01", b"1"),
    "wait NaN": texts(b"1", b"nan", b"1"),
    "wait infinite": texts(b"1", b"inf", b"1"),
    "wait huge": texts(b"1", b"1e300", b"1"),
    "wait negative": texts(b"1", b"-5", b"1"),
    "start NaN": texts(b"1", b"0", b"nan"),
    "start infinite": texts(b"1", b"0", b"-inf"),
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n",
    "moved": b"-MOVED 1 192.0.2.1:6379\r\n",
    "closed": b"",
}


@contextmanager
def odd_server(answer: bytes, hello: bytes = HELLO) -> Iterator[str]:
    """Run what takes a client's first words, and answers each script in one way; give its URL."""

    class Handler(socketserver.StreamRequestHandler):
        """Reads one command after another."""

        def handle(self) -> None:
            """Answer until the client has gone."""
            while head := self.rfile.readline():
                command = []
                for _ in range(int(head[1:])):
                    size = int(self.rfile.readline()[1:])
                    command.append(self.rfile.read(size + 2)[:-2])
                if not command[0].startswith(b"EVAL"):
                    self.wfile.write(hello if command[0] == b"HELLO" else b"+OK\r\n")
                elif answer:
                    self.wfile.write(answer)
                else:
                    self.connection.shutdown(socket.SHUT_RDWR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()


def fails(throttle: RedisThrottle) -> None:
    """See that nobody starts, for the one reason there is, which is worth another try."""
    with pytest.raises(RateLimitStoreError, match="rate_limit_backend cannot be used") as caught:
        throttle.acquire()
    assert (caught.value.outcome_unknown, caught.value.permanent) == (False, False)


@pytest.mark.finding("D9", "S21")
@pytest.mark.parametrize("name", ANSWERS)
def test_odd_answer(name: str) -> None:
    """Where what answers is no Redis, or none of ours, nobody starts, sleeps for ever or breaks."""
    with odd_server(ANSWERS[name]) as url:
        throttle = RedisThrottle(RATE, SystemClock(), url=url, name="odd")
        fails(throttle)
        throttle.pause(1.0)


@pytest.mark.finding("D9")
def test_odd_greeting() -> None:
    """What does not greet as a Redis does is none; told to, the limit is kept for the host meanwhile."""
    with odd_server(b"+OK\r\n", hello=b"+OK\r\n") as url:
        fails(RedisThrottle(RATE, SystemClock(), url=url, name="odd"))
        clock = FakeClock()
        limit = RateLimit(backend=url, on_unreachable="local")
        throttle = shared_throttle("greeting", "host", RATE, limit, clock)
        began = clock.now
        for _ in range(11):
            throttle.answered(throttle.acquire())
        assert 1 <= clock.now - began < 1.1


@pytest.fixture
def server(redis_url: str) -> Iterator[redis.Redis]:
    """Give the server as another client sees it."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def own(start_redis: Callable[..., str]) -> Iterator[tuple[str, redis.Redis]]:
    """Run a server of the test's own, which it may spoil; give its URL, and another client of it."""
    url = start_redis()
    with redis.Redis.from_url(url) as client:
        yield url, client


def enter(throttle: RedisThrottle) -> tuple[float, float]:
    """Enter; give how long to wait, and until when, by the server's clock."""
    turn, _ = throttle._enter(None)
    return turn.wait, turn.start + turn.wait


SPOILT = {
    "nothing": "redis.call('SET', KEYS[1], '')",
    "noise": "redis.call('SET', KEYS[1], string.rep('\\193\\7', 300))",
    "a list": "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'one')",
    "a text": "redis.call('SET', KEYS[1], cmsgpack.pack('window'))",
    "no fields": "redis.call('SET', KEYS[1], cmsgpack.pack({}))",
} | {
    what: f"local window = cmsgpack.unpack(redis.call('GET', KEYS[1])) {what} "
    "redis.call('SET', KEYS[1], cmsgpack.pack(window))"
    for what in (
        "window.rate = 0/0",
        "window.rate = -1",
        "window.rate = 1e-300",
        "window.rate = 'ten'",
        "window.rate_until = math.huge",
        "window.paused_until = 0/0",
        "window.paused_until = window.stamp + 1e9",
        "window.balance = -1e300",
        "window.strict_until = 1e300",
        "window.strict_for = 'long'",
        "window.longest = 1e9",
        "window.shortest = 0/0",
        "window.answers = {}",
        "window.starts = 7",
        "window.starts = {7}",
        "window.starts = {{window.stamp, 1e300}}",
        "window.starts = {{0/0, window.stamp}}",
        "for n = 1, 500 do window.starts[n] = {window.stamp, window.stamp} end",
        "window.waiting = {{1e300, window.stamp}}",
        "window.waiting = {{window.stamp, 1e300}}",
        "for n = 1, 3000 do window.waiting[n] = {window.stamp, window.stamp + 9} end",
        "window.stamp = window.stamp + 3600",
        "window.stamp = 0/0",
        "window.stamp = nil",
    )
}


@pytest.mark.finding("D9", "S21")
@pytest.mark.parametrize("how", SPOILT)
def test_spoilt_window(redis_url: str, server: redis.Redis, how: str) -> None:
    """A window that no client of ours could have left is started again, after a second, as it was in use."""
    throttle = RedisThrottle(RATE, SystemClock(), url=redis_url, name=f"spoilt {how}")
    throttle.answered(throttle.acquire())
    server.eval(SPOILT[how], 1, PREFIX + f"spoilt {how}")
    wait, due = enter(throttle)
    assert wait == pytest.approx(1)
    wait, other_due = enter(RedisThrottle(RATE, SystemClock(), url=redis_url, name=f"spoilt {how}"))
    assert not wait or other_due == pytest.approx(due, abs=1e-3), "the window is sound again"


@pytest.mark.finding("D9")
def test_small_step_back(redis_url: str, server: redis.Redis) -> None:
    """Where the server's clock was set back by less than a second, what started then still counts."""
    throttle = RedisThrottle(RATE, SystemClock(), url=redis_url, name="step")
    first = throttle.acquire().start
    for _ in range(9):
        throttle.acquire()
    shift = (
        "local window = cmsgpack.unpack(redis.call('GET', KEYS[1])) window.stamp = window.stamp + 0.5 "
        "for _, one in ipairs(window.starts) do one[1], one[2] = one[1] + 0.5, one[2] + 0.5 end "
        "redis.call('SET', KEYS[1], cmsgpack.pack(window))"
    )
    server.eval(shift, 1, PREFIX + "step")
    wait, due = enter(throttle)
    assert not wait or due == pytest.approx(first + 0.5 + 1 + UNKNOWN, abs=1e-3)


@pytest.mark.finding("D9")
def test_lost_window(own: tuple[str, redis.Redis]) -> None:
    """If the server was emptied, evicted the limit or began anew, those who knew it wait for a second."""
    url, client = own
    one, other = (RedisThrottle(RATE, SystemClock(), url=url, name="lost") for _ in range(2))
    assert not enter(one)[0], "a limit that nobody has used begins at once"
    client.flushall()
    client.script_flush()
    client.client_kill_filter(_type="normal", skipme=True)
    wait, due = enter(one)
    assert wait == pytest.approx(1)
    wait, other_due = enter(other)
    assert not wait or other_due == pytest.approx(due, abs=1e-3)
    client.delete(PREFIX + "lost")
    idle = RedisThrottle(RATE, FakeClock(), url=url, name="lost")
    idle.acquire()
    idle._clock.sleep(1000)
    client.delete(PREFIX + "lost")
    assert not enter(idle)[0], "a window lapses by itself when nobody has used it for a while"


@pytest.mark.finding("D9")
def test_emptied_again_and_again(own: tuple[str, redis.Redis]) -> None:
    """Processes whose limit is lost every other second are hardly ever refused, and get on."""
    url, client = own
    stop = threading.Event()

    def empty() -> None:
        while not stop.wait(2.0):
            client.flushall()

    emptying = threading.Thread(target=empty)
    emptying.start()
    try:
        with Sandbox(rate_limit=10) as sandbox:
            statuses = run_workers(sandbox, url, workers=3, calls=9)
    finally:
        stop.set()
        emptying.join()
    assert statuses[200] == 3 * (9 + 1), "a token each"
    # A process that begins behind an emptying knows of nothing lost: then all three may be refused at once.
    assert statuses[429] <= 9, "each alone would be refused some twenty times"


@pytest.mark.finding("D9")
@pytest.mark.parametrize("setting", [("REPLICAOF", "127.0.0.1", "9"), ("CONFIG", "SET", "maxmemory", "1")])
def test_server_that_cannot_be_written_to(own: tuple[str, redis.Redis], setting: tuple[str, ...]) -> None:
    """A replica or a full server fails calls unsent; once it takes writes again, the limit goes on."""
    url, client = own
    throttle = RedisThrottle(RATE, SystemClock(), url=url, name="one")
    throttle.acquire()
    client.execute_command(*setting)
    fails(throttle)
    back = ("REPLICAOF", "NO", "ONE") if setting[0] == "REPLICAOF" else ("CONFIG", "SET", "maxmemory", "0")
    client.execute_command(*back)
    throttle.acquire()


@pytest.mark.finding("D9")
def test_server_that_stands_still(
    own: tuple[str, redis.Redis], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for a server that does not answer waits once, then goes on alone, and comes back."""
    url, client = own
    monkeypatch.setattr(redis_limit, "TIMEOUT", 1.0)
    limit = RateLimit(backend=url, on_unreachable="local")
    throttle = shared_throttle("still", "host", RATE, limit, clock)
    assert isinstance(throttle, FallbackThrottle)
    throttle.answered(throttle.acquire())
    process = client.info()["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(11):
            throttle.answered(throttle.acquire())
        assert time.monotonic() - began < 10, "not once for each of them"
    finally:
        os.kill(process, signal.SIGCONT)
    client.ping()  # it is awake
    clock.sleep(AGAIN)
    throttle.acquire()
    assert client.exists(*client.keys(PREFIX + "*"))
    assert not throttle._is_away
