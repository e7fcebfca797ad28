"""
How deferred sensors keep their deadline, and what they leave to others, whatever the server does.

Many triggers of one connection wait on one event loop, as in a triggerer, for a condition that is never
fulfilled. A server of this command's own answers every page in one way. Meanwhile a neighbour asks for a
thread of the loop's default pool ten times a second, as any other trigger may.

    .venv/bin/python -m benchmarks.deferred_sensors
    .venv/bin/python -m benchmarks.deferred_sensors --sensors 50 --timeout 8 --rows slow drip

Exit status 1: a sensor ended more than 2 s after its deadline, or the neighbour waited 1 s or more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

LATE = 2.0
"""Seconds after its deadline within which a sensor must have ended."""
NEIGHBOUR = 1.0
"""Seconds that a neighbour may wait for a thread."""
RATE = 10
TOKEN = b'{"access_token": "t", "expires_in": 1200}'


class Row(NamedTuple):
    """One way to answer every page, or every token."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b"[]"
    delay: float = 0.0
    reset: bool = False
    drip: str = ""
    of_token: bool = False


ROWS = {
    "nothing yet": Row(),
    "slow": Row(delay=12),
    "401": Row(401),
    "403": Row(403),
    "429": Row(429),
    "429, Retry-After: 20": Row(429, {"Retry-After": "20"}),
    "429, Retry-After: 45": Row(429, {"Retry-After": "45"}),
    "500": Row(500),
    "reset": Row(reset=True),
    "after 4 s": Row(delay=4),
    "drip": Row(drip="body"),
    "drip of headers": Row(drip="headers"),
    "nested": Row(body=b"[" * 100_000),
    "odd Retry-After": Row(429, {"Retry-After": "Mon, 01 Jan 2024 00:00:00 +9999999999"}),
    "token slow": Row(delay=12, of_token=True),
    "token drip": Row(drip="body", of_token=True),
    "token 401": Row(401, of_token=True),
    "token 429": Row(429, {"Retry-After": "45"}, of_token=True),
}


async def answer(row: Row | None, writer: asyncio.StreamWriter, good: bytes) -> None:
    """Answer one request, in a good way for no row."""
    row = row or Row(body=good)
    await asyncio.sleep(row.delay)
    if row.reset:
        writer.transport.abort()
        return
    headers = {"Content-Type": "application/json", "Content-Length": str(len(row.body))} | dict(row.headers)
    if row.drip:
        headers["Content-Length"] = "100000"
    head = f"HTTP/1.1 {row.status} X\r\n" + "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    if row.drip == "headers":
        head += "X-Drip: "
        writer.write(head.encode())
    else:
        writer.write(f"{head}\r\n".encode() + (b"" if row.drip else row.body))
    await writer.drain()
    while row.drip:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.4)


@dataclass
class Server:
    """Answers every page or token in one way, and notes what came: ``(time, is for a token)``."""

    row: Row
    seen: list[tuple[float, bool]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = head.partition("content-length: ")[2].partition("\r\n")[0] or "0"
                await reader.readexactly(int(length))
                for_token = head.startswith("post")
                self.seen.append((time.monotonic(), for_token))
                row = self.row if for_token == self.row.of_token else None
                await answer(row, writer, TOKEN if for_token else b"[]")
                if writer.is_closing():
                    break
        writer.close()

    async def run(self, ready: Callable[[int], None], stop: Coroutine[Any, Any, Any]) -> None:
        """Serve until told to stop."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 20)
        ready(server.sockets[0].getsockname()[1])
        await stop
        server.close()
        logging.disable()  # of the connections that are cut now


def serve(name: str, pipe: Connection) -> None:
    """Run a server in a process of its own until told to stop, and give what came."""
    server = Server(ROWS[name])
    asyncio.run(server.run(pipe.send, asyncio.to_thread(pipe.recv)))
    pipe.send(server.seen)
    os._exit(0)  # connections that still drip


@contextmanager
def served(name: str) -> Iterator[tuple[int, Callable[[], list[tuple[float, bool]]]]]:
    """Run a server; give its port, and a function that ends it and gives what came."""
    start = multiprocessing.get_context("spawn")
    ours, theirs = start.Pipe()
    process = start.Process(target=serve, args=(name, theirs), daemon=True)
    process.start()

    def end() -> list[tuple[float, bool]]:
        ours.send("stop")
        seen: list[tuple[float, bool]] = ours.recv()
        return seen

    try:
        yield ours.recv(), end
    finally:
        process.join(2)
        process.terminate()


@dataclass
class Result:
    """
    What came of some rows; times in seconds, ``tokens`` and ``most`` of the row that had most of them.

    :param busy: threads that were still in a call when all sensors had ended.
    :param threads: the most threads that the triggers had at once.
    """

    ended: list[float]
    verdicts: Counter[str]
    messages: Counter[str]
    neighbour: list[float]
    lag: list[float]
    busy: int
    threads: int
    tokens: int = 0
    pages: int = 0
    most: int = 0

    def problems(self, timeout: float) -> list[str]:
        """Say what was promised and did not hold."""
        found = []
        if (late := max(self.ended) - timeout) > LATE:
            found.append(f"a sensor ended {late:.1f} s after its deadline")
        if (wait := max(self.neighbour)) >= NEIGHBOUR:
            found.append(f"the neighbour waited {wait:.1f} s for a thread")
        if self.busy:
            found.append(f"{self.busy} threads were still busy 1 s after the last sensor had ended")
        return found


async def measure_triggers(triggers: list[Any], cancel_after: float | None = None) -> Result:
    """
    Run triggers side by side.

    :param cancel_after: seconds after which all are cancelled, as when their tasks are.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    verdicts: Counter[str] = Counter()
    messages: Counter[str] = Counter()
    ended: list[float] = []
    neighbour: list[float] = []
    lag: list[float] = []
    threads = 0

    async def one(trigger: Any) -> None:
        events: AsyncIterator[Any] = trigger.run()
        try:
            event = await anext(aiter(events))
            verdicts[event.payload["status"]] += 1
            messages[event.payload.get("message", "")] += 1
        except asyncio.CancelledError:
            verdicts["cancelled"] += 1
        ended.append(loop.time() - began)

    async def beside() -> None:
        nonlocal threads
        while True:
            threads = max(threads, len(threads_of_triggers()))
            asked = loop.time()
            await asyncio.to_thread(int)
            neighbour.append(loop.time() - asked)
            asked = loop.time()
            await asyncio.sleep(0.1)
            lag.append(loop.time() - asked - 0.1)

    other = asyncio.ensure_future(beside())
    tasks = [asyncio.ensure_future(one(trigger)) for trigger in triggers]
    if cancel_after is not None:
        await asyncio.sleep(cancel_after)
        for task in tasks:
            task.cancel()
    await asyncio.gather(*tasks)
    free_by = loop.time() + 1.0
    while (busy := busy_threads()) and loop.time() < free_by:  # noqa: ASYNC110 - threads set no event
        await asyncio.sleep(0.05)
    other.cancel()
    return Result(ended, verdicts, messages, neighbour, lag, busy, threads)


def threads_of_triggers() -> list[threading.Thread]:
    """List the threads of the triggers' pool."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("poweroffice-trigger")]


def busy_threads() -> int:
    """Count the threads of the triggers' pool that are inside a call."""
    frames = sys._current_frames()  # noqa: SLF001 - the way to see it from outside
    busy = 0
    for thread in threads_of_triggers():
        frame = frames.get(thread.ident or 0)
        names = set()
        while frame is not None:
            names.add(frame.f_code.co_name)
            frame = frame.f_back
        busy += "carry_out" in names
    return busy


def connection_json(port: int) -> str:
    """Write the connection to a server of this command."""
    extra = {
        "subscription_api_key": "00000000-0000-0000-0000-000000000003",
        "requests_per_second": RATE,
    }
    return json.dumps(
        {
            "conn_type": "poweroffice",
            "host": f"http://127.0.0.1:{port}",
            "login": "00000000-0000-0000-0000-000000000001",
            "password": "00000000-0000-0000-0000-000000000002",
            "extra": extra,
        }
    )


def measure(
    names: Sequence[str], sensors: int, timeout: float, poll: float, cancel_after: float | None = None
) -> Result:
    """
    Run rows side by side on one event loop, each with a connection of its own.

    :param sensors: for each row.
    :param timeout: seconds from the deferral to the deadline.
    :param poll: seconds between two looks.
    """
    from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeTrigger  # noqa: PLC0415 - slow

    with ExitStack() as stack:
        servers = [stack.enter_context(served(name)) for name in names]
        for number, (port, _) in enumerate(servers):
            os.environ[f"AIRFLOW_CONN_POWEROFFICE_BENCH_{number}"] = connection_json(port)
        deadline = (datetime.now(UTC) + timedelta(seconds=timeout)).isoformat()
        triggers = [
            PowerOfficeTrigger(
                endpoint="Customers",
                field="Number",
                value=sensor,
                poll_interval=poll,
                deadline=deadline,
                poweroffice_conn_id=f"poweroffice_bench_{number}",
            )
            for number in range(len(names))
            for sensor in range(sensors)
        ]
        result = asyncio.run(measure_triggers(triggers, cancel_after))
        seen = [end() for _, end in servers]
    result.tokens = max(sum(for_token for _, for_token in one) for one in seen)
    result.pages = sum(not for_token for one in seen for _, for_token in one)
    times = [[moment for moment, _ in one] for one in seen]
    result.most = max(sum(a <= b < a + 1 for b in one) for one in times for a in one or [0.0])
    return result


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--sensors", type=int, default=50, help="of each row")
    parser.add_argument(
        "--timeout", type=float, default=8.0, help="seconds from the deferral to the deadline"
    )
    parser.add_argument("--poll", type=float, default=5.0, help="poke_interval in seconds")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    options = parser.parse_args()
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "CRITICAL"
    print(f"{options.sensors} sensors, timeout {options.timeout:g} s, poke_interval {options.poll:g} s")
    print(
        f"{'every page answered with':<24} {'ended by':>8} {'neighbour p50 / max':>20} {'loop lag max':>12} "
        f"{'tokens':>6} {'pages':>5} {'most in 1 s':>11} {'threads':>7}  verdicts"
    )
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AIRFLOW__POWEROFFICE__RATE_LIMIT_DIR"] = folder
        for name in options.rows:
            one = measure([name], options.sensors, options.timeout, options.poll)
            verdicts = ", ".join(f"{count} {verdict}" for verdict, count in one.verdicts.items())
            print(
                f"{name:<24} {max(one.ended):>6.1f} s {statistics.median(one.neighbour):>9.3f} / "
                f"{max(one.neighbour):.3f} s {max(one.lag):>10.3f} s {one.tokens:>6} {one.pages:>5} "
                f"{one.most:>11} {one.threads:>7}  {verdicts}",
                flush=True,
            )
            for problem in one.problems(options.timeout):
                failed = True
                print(f"    {problem}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
