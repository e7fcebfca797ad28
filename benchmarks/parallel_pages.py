"""
Pages in flight against a hand-written reader with threads, and big pages against requests and json.

Each variant runs in a process of its own, the sandbox in another; the variants take turns, so that a busy
machine slows all of them alike. Printed are medians and their ratios.

    .venv/bin/python -m benchmarks.parallel_pages
    .venv/bin/python -m benchmarks.parallel_pages --only latency --runs 7
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import platform
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.million_rows import Watch, resident

DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Case:
    """What is read: so many rows, in pages of a size, after a delay for each answer."""

    rows: int
    page_size: int
    delay: float = 0.0
    concurrency: int = 1


@dataclass(frozen=True)
class Target:
    """The sandbox, as a client sees it."""

    url: str
    connection: dict[str, Any]
    keys: tuple[str, str, str]


def serve(rows: int, delay: float, pipe: Connection) -> None:
    """Run the sandbox until told to stop."""
    from poweroffice_sandbox import Sandbox  # noqa: PLC0415 - in its own process

    with Sandbox(rate_limit=0, ledger_rows=rows) as sandbox:
        if delay:
            sandbox.add_fault(action="delay", seconds=delay, path="/AccountTransactions", times=0)
        keys = sandbox.keys()
        fields = json.loads(sandbox.connection_json())
        fields["extra"]["requests_per_second"] = 1e6
        pipe.send(Target(sandbox.url, fields, (keys.application_key, keys.client_key, keys.subscription_key)))
        while pipe.recv() == "count":
            pipe.send((sandbox.connections, sandbox.count("POST"), sandbox.count("GET")))


def by_operator(target: Target, case: Case, path: Path) -> int:
    """Read with the transfer."""
    os.environ["AIRFLOW_CONN_POWEROFFICE_DEFAULT"] = json.dumps(target.connection)
    from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (  # noqa: PLC0415
        PowerOfficeToObjectStorageOperator,
    )

    def run(name: str, query: dict[str, str]) -> dict[str, Any]:
        receipt: dict[str, Any] = PowerOfficeToObjectStorageOperator(
            task_id="ledger",
            endpoint="AccountTransactions",
            query=query,
            page_size=case.page_size,
            paging={"concurrency": case.concurrency},
            object_path=f"file://{path.with_name(name)}",
        ).execute({})
        return receipt

    run("warm.ndjson.gz", {"fromDate": "1999-01-01", "toDate": "1999-01-02"})
    with measured():
        return int(run(path.name, DATES)["rows"])


def open_session(target: Target) -> Any:
    """Fetch a token by hand."""
    import requests  # noqa: PLC0415 - only where it is used

    application, client, subscription = target.keys
    session = requests.Session()
    session.trust_env = False
    session.headers["Ocp-Apim-Subscription-Key"] = subscription
    answer = session.post(
        f"{target.url}/OAuth/Token", data={"grant_type": "client_credentials"}, auth=(application, client)
    )
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return session


def page(session: Any, target: Target, case: Case, number: int) -> Any:
    """Get a page by hand."""
    query = {**DATES, "OrderBy": "Id asc", "PageNumber": number, "PageSize": case.page_size}
    answer = session.get(f"{target.url}/v2/AccountTransactions", params=query, timeout=60)
    answer.raise_for_status()
    return answer


def by_threads(target: Target, case: Case, path: Path) -> int:
    """Read by hand: a pool of threads, a session each, rows not parsed, written in order."""
    import msgspec  # noqa: PLC0415 - only where it is used

    split = msgspec.json.Decoder(list[msgspec.Raw]).decode
    open_session(target)
    with measured():
        own, rows = threading.local(), 0
        token = open_session(target).headers["Authorization"]

        def fetch(number: int) -> list[msgspec.Raw]:
            if not hasattr(own, "session"):
                import requests  # noqa: PLC0415

                own.session = requests.Session()
                own.session.trust_env = False
                own.session.headers.update(
                    {"Authorization": token, "Ocp-Apim-Subscription-Key": target.keys[2]}
                )
            return split(page(own.session, target, case, number).content)

        last = -(-case.rows // case.page_size)
        with (
            gzip.open(path, "wb", compresslevel=1) as file,
            ThreadPoolExecutor(case.concurrency) as pool,
        ):
            waiting: queue.SimpleQueue[Future[list[msgspec.Raw]]] = queue.SimpleQueue()
            for number in range(1, last + 1):
                waiting.put(pool.submit(fetch, number))
                if number > case.concurrency:
                    some = waiting.get().result()
                    rows += len(some)
                    file.write(b"\n".join([*some, b""]))
            while not waiting.empty():
                some = waiting.get().result()
                rows += len(some)
                file.write(b"\n".join([*some, b""]))
    return rows


def by_json(target: Target, case: Case, path: Path) -> int:
    """Read by hand: requests, json, one page after the other."""
    open_session(target)
    with measured():
        session, rows = open_session(target), 0
        with gzip.open(path, "wb", compresslevel=1) as file:
            for number in range(1, -(-case.rows // case.page_size) + 1):
                for row in page(session, target, case, number).json():
                    file.write(json.dumps(row).encode() + b"\n")
                    rows += 1
    return rows


class measured:  # noqa: N801 - reads like a function
    """Measures time, CPU and growth of the block; what else a variant loads is outside."""

    last: dict[str, float]

    def __enter__(self) -> None:
        self._watch, self._start = Watch(), resident()
        self._watch.start()
        self._cpu, self._wall = time.process_time(), time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._watch.on = False
        measured.last = {
            "wall": time.monotonic() - self._wall,
            "cpu": time.process_time() - self._cpu,
            "growth": max(0, self._watch.peak - self._start) / 1e6,
        }


Variant = Callable[[Target, Case, Path], int]


def work(variant: Variant, target: Target, case: Case, pipe: Connection) -> None:
    """Run one variant once, in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AIRFLOW_HOME"] = f"{folder}/airflow"
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
            os.dup2(nowhere.fileno(), 1)  # Airflow's log
        rows = variant(target, case, Path(folder) / "ledger.ndjson.gz")
    pipe.send({"rows": rows, **measured.last})


def turns(variants: dict[str, tuple[Variant, Case]], runs: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Let the variants take turns, each against a sandbox of its own."""
    for _ in range(runs):
        for name, (variant, case) in variants.items():
            near, far = multiprocessing.Pipe()
            server = SPAWN.Process(target=serve, args=(case.rows, case.delay, far), daemon=True)
            server.start()
            target = near.recv()
            mine, theirs = multiprocessing.Pipe()
            worker = SPAWN.Process(target=work, args=(variant, target, case, theirs))
            worker.start()
            figures = mine.recv()
            worker.join()
            near.send("count")
            figures["connections"], figures["tokens"], figures["requests"] = near.recv()
            near.send("stop")
            server.join()
            if figures["rows"] != case.rows:
                raise SystemExit(f"{name}: {figures['rows']} rows, not {case.rows}")
            yield name, figures


def compare(title: str, variants: dict[str, tuple[Variant, Case]], runs: int) -> dict[str, dict[str, float]]:
    """Print the medians."""
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in variants}
    for name, figures in turns(variants, runs):
        seen[name].append(figures)
    medians = {
        name: {key: median(run[key] for run in found) for key in found[0]} for name, found in seen.items()
    }
    print(f"\n{title}\n{'':>34}  wall s   CPU s  +MB  connections  tokens  requests")
    for name, found in medians.items():
        print(
            f"{name:>34}  {found['wall']:6.2f}  {found['cpu']:6.2f}  {found['growth']:3.0f}"
            f"  {found['connections']:11.0f}  {found['tokens']:6.0f}  {found['requests']:8.0f}"
        )
    return medians


def ratio(label: str, value: float, goal: float) -> None:
    """Print a ratio and what it is to be."""
    print(f"  {label}: {value:.2f} (goal: at most {goal:g}){'' if value <= goal else '  MISSED'}")


def latency(runs: int, _rows: int) -> None:
    """Read 200 pages of 100 rows at 20 ms, eight in flight."""
    case = Case(20_000, 100, 0.02, 8)
    found = compare(
        "200 pages of 100 rows, 20 ms each",
        {
            "transfer, 8 in flight": (by_operator, case),
            "by hand, 8 threads": (by_threads, case),
            "transfer, one after the other": (by_operator, Case(20_000, 100, 0.02)),
        },
        runs,
    )
    ours, theirs, serial = found.values()
    ratio("wall, transfer to threads by hand", ours["wall"] / theirs["wall"], 1.10)
    ratio("wall, 8 in flight to one", ours["wall"] / serial["wall"], 0.25)


def big(runs: int, _rows: int) -> None:
    """Read 100 000 rows in 20 pages."""
    found = compare(
        "100 000 rows in 20 pages",
        {
            "transfer, 4 in flight": (by_operator, Case(100_000, 5000, 0.0, 4)),
            "transfer, one after the other": (by_operator, Case(100_000, 5000)),
            "requests and json by hand": (by_json, Case(100_000, 5000)),
        },
        runs,
    )
    ours, _, theirs = found.values()
    ratio("CPU, transfer to requests and json", ours["cpu"] / theirs["cpu"], 0.5)


def memory(runs: int, rows: int) -> None:
    """Read a small and a large ledger in pages of 5000 rows."""
    sizes = (100_000, rows)
    found = compare(
        "pages of 5000 rows, 4 in flight",
        {f"transfer, {size:,} rows": (by_operator, Case(size, 5000, 0.0, 4)) for size in sizes},
        runs,
    )
    few, many = found.values()
    ratio("MB above the start", many["growth"], 25)
    ratio("wall by page, large to small", many["wall"] / few["wall"] / (rows / 100_000), 1.02)


PARTS = {"latency": latency, "big": big, "memory": memory}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="of each variant; the median counts")
    parser.add_argument("--only", choices=PARTS, action="append", help="default: all")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large ledger; default a million")
    options = parser.parse_args()
    print(f"Airflow {version('apache-airflow')}, Python {platform.python_version()}, {os.cpu_count()} cores")
    for name in options.only or PARTS:
        PARTS[name](options.runs, options.rows)


if __name__ == "__main__":
    main()
