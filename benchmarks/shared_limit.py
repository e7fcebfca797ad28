"""
How much of a shared limit several processes use, and how often they are refused.

A sandbox counts 10 requests per sliding second. N processes call it as fast as they are let, for a bounded
time. Share: see ``benchmarks/share.py``. Refusals: 429s per 200 requests let through, start-up included.

    .venv/bin/python -m benchmarks.shared_limit
    .venv/bin/python -m benchmarks.shared_limit --processes 4 --method POST --backend host

``--trouble`` runs eight processes on a host while something happens to the file of the limit or to the
clock of one of them, and says how often they were refused in all, and in the second half of the time.

    .venv/bin/python -m benchmarks.shared_limit --trouble

A Redis backend starts a ``redis-server`` of its own; without one it is left out, and that is said.
"""

from __future__ import annotations

import argparse
import fcntl
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

from airflow_provider_poweroffice.api import Client, Credentials
from airflow_provider_poweroffice.api.connection_options import RateLimit
from airflow_provider_poweroffice.api.limits.shared import shared_throttle
from airflow_provider_poweroffice.api.limits.stores import VARIABLE
from airflow_provider_poweroffice.api.limits.throttle import SystemClock
from airflow_provider_poweroffice.errors import RateLimitError
from benchmarks.share import share
from poweroffice_sandbox import Sandbox

LIMIT = 10
CALLS = {"GET": ("VatCodes", None), "POST": ("Departments", {"Code": "", "Name": "A department"})}


def serve(latency: float, pipe: Connection) -> None:
    """Run a sandbox until told to stop, and give its journal."""
    with Sandbox(port=0, size="small", rate_limit=LIMIT) as sandbox:
        sandbox.add_fault(action="delay", seconds=latency, chance=1.0)
        keys = sandbox.keys()
        pipe.send((sandbox.url, keys.application_key, keys.client_key, keys.subscription_key))
        pipe.recv()
        pipe.send([(entry.time, entry.status) for entry in sandbox.journal()])


def work(  # noqa: PLR0917 - given to a process
    call: tuple[int, str],
    place: tuple[str, ...],
    backend: str,
    seconds: float,
    begin: Barrier,
    ahead: float = 0.0,
) -> None:
    """
    Call as often as the limit lets, for so many seconds.

    :param ahead: seconds by which this process's monotonic clock is ahead, as in a time namespace.
    """
    monotonic = time.monotonic
    time.monotonic = lambda: monotonic() + ahead
    number, method = call
    url, application_key, client_key, subscription_key = place
    credentials = Credentials(
        application_key=application_key, client_key=client_key, subscription_key=subscription_key
    )
    endpoint, body = CALLS[method]
    with Client(credentials, host=url, rate_limit={"backend": backend}) as client:
        begin.wait()
        end = time.monotonic() + seconds
        count = 0
        while time.monotonic() < end:
            count += 1
            with suppress(RateLimitError):  # counted by the server
                client.request(method, endpoint, body=body and body | {"Code": f"{number}-{count}"})


def measure(  # noqa: PLR0917 - one run
    processes: int,
    backend: str,
    method: str,
    seconds: float,
    latency: float,
    ahead: float = 0.0,
    spoil: Callable[[], None] = lambda: None,
) -> list[tuple[float, int]]:
    """
    Run it once.

    :param ahead: of the clock of the last process.
    :param spoil: called when the processes have begun.
    :return: the server's journal: time and status of each request.
    """
    start = multiprocessing.get_context("spawn")
    ours, theirs = start.Pipe()
    server = start.Process(target=serve, args=(latency, theirs))
    server.start()
    place = ours.recv()
    begin = start.Barrier(processes + 1)
    workers = [
        start.Process(
            target=work,
            args=(
                (number, method),
                place,
                backend,
                seconds + 2,
                begin,
                ahead if number == processes - 1 else 0.0,
            ),
        )
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    begin.wait()
    spoil()
    for worker in workers:
        worker.join()
    ours.send("stop")
    journal: list[tuple[float, int]] = ours.recv()
    server.join()
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a worker failed; see above")
    return journal


def figures(journal: list[tuple[float, int]]) -> tuple[float, float, int]:
    """Give the share of the limit that was used, refusals per 200 calls, and calls let through."""
    passed = [moment for moment, status in journal if status != 429]  # noqa: PLR2004 - the status
    refused = len(journal) - len(passed)
    return share(passed, LIMIT), refused * 200 / len(passed), len(passed)


def spoil_file(folder: Path, seconds: float, content: Callable[[], bytes] | None) -> None:
    """Remove the limit's file each half second, or fill it with something else."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.5)
        for path in folder.glob("*.limit"):
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content())


def noise() -> bytes:
    """Make what is no window."""
    return os.urandom(700)


def hold_lock(folder: Path, seconds: float) -> None:
    """Hold the lock of the limit's file, as a stopped process would."""
    time.sleep(3)
    (path,) = folder.glob("*.limit")
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        time.sleep(seconds)


TROUBLES: dict[str, tuple[float, Callable[[Path, float], None] | None]] = {
    "undisturbed": (0.0, None),
    "lock held for 8 s": (0.0, lambda folder, _: hold_lock(folder, 8)),
    "one clock 1 h ahead": (3600.0, None),
    "one clock 0.5 s ahead": (0.5, None),
    "file removed each 0.5 s": (0.0, lambda folder, seconds: spoil_file(folder, seconds, None)),
    "file noise each 0.5 s": (
        0.0,
        lambda folder, seconds: spoil_file(folder, seconds, lambda: os.urandom(700)),
    ),
}


def troubles(method: str, seconds: float, latency: float, processes: int = 8) -> None:
    """Print what comes of each trouble."""
    print(f"{'trouble':<24} {'calls':>6} {'refused':>8} {'in the second half':>19} {'most in 1 s':>12}")
    for name, (ahead, act) in TROUBLES.items():
        with tempfile.TemporaryDirectory() as folder:
            os.environ[VARIABLE] = folder
            other = threading.Thread(target=act, args=(Path(folder), seconds), daemon=True) if act else None
            journal = measure(
                processes, "host", method, seconds, latency, ahead, other.start if other else lambda: None
            )
            if other:
                other.join()
        middle = (journal[0][0] + journal[-1][0]) / 2
        refused = [moment for moment, status in journal if status == 429]  # noqa: PLR2004 - the status
        most = max(sum(a <= b < a + 1 for b, _ in journal) for a, _ in journal)
        print(
            f"{name:<24} {len(journal):>6} {len(refused):>8} {sum(one > middle for one in refused):>19} "
            f"{most:>12}",
            flush=True,
        )


def cost(backend: str) -> float:
    """Measure what one request spends on the limit when it need not wait, in microseconds; the median."""
    throttle = shared_throttle("key", "host", 1e9, RateLimit(backend=backend), SystemClock())
    spent = []
    for _ in range(5000):
        began = time.perf_counter()
        throttle.answered(throttle.acquire())
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1e6


@contextmanager
def redis_server() -> Iterator[str | None]:
    """Run a Redis server on a socket of its own; give its URL, or None if there is none to run."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        command = [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                while not socket.exists():
                    time.sleep(0.05)
                yield f"unix://{socket}"
            finally:
                process.terminate()


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument(
        "--backend", nargs="+", choices=["host", "redis", "process"], default=["host", "redis"]
    )
    parser.add_argument("--method", choices=sorted(CALLS), default="GET")
    parser.add_argument("--seconds", type=float, default=20.0, help="counted time of one run")
    parser.add_argument("--latency", type=float, default=0.012, help="seconds the server takes on purpose")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--trouble", action="store_true", help="see above")
    options = parser.parse_args()
    if options.trouble:
        troubles(options.method, options.seconds, options.latency)
        return 0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; {options.method}, {LIMIT} requests/s")
    print(f"{'backend':<8} {'processes':>9} {'calls':>6} {'share':>7} {'refusals per 200':>17}")
    with tempfile.TemporaryDirectory() as folder, redis_server() as redis_url:
        os.environ[VARIABLE] = folder
        for backend in options.backend:
            url = redis_url if backend == "redis" else backend
            if url is None:
                print(f"{backend:<8} no redis-server on this machine")
                continue
            print(f"{backend:<8} {cost(url):.0f} microseconds for a request that need not wait")
            for processes in options.processes:
                for _ in range(options.runs):
                    share, refused, calls = figures(
                        measure(processes, url, options.method, options.seconds, options.latency)
                    )
                    print(
                        f"{backend:<8} {processes:>9} {calls:>6} {share:>7.1%} {refused:>17.1f}", flush=True
                    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
