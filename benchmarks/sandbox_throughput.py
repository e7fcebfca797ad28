"""
How fast the sandbox gives lists, and how fast it starts.

The sandbox runs in a process of its own; the client only reads from a socket, so that it does not set
the pace. MB are 10**6 bytes of JSON; the median of several runs is given.

    .venv/bin/python benchmarks/sandbox_throughput.py
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

import requests

DATES = "fromDate=2000-01-01&toDate=2099-12-31"
LISTS = {
    "ledger by Id": f"AccountTransactions?{DATES}&OrderBy=Id%20asc&PageSize=5000",
    "ledger, default order": f"AccountTransactions?{DATES}&PageSize=5000",
    "ledger, one account": f"AccountTransactions?{DATES}&OrderBy=Id%20asc&PageSize=5000&accountNos=1500",
    "ledger, page 100": f"AccountTransactions?{DATES}&OrderBy=Id%20asc&PageSize=5000&PageNumber=100",
    "customers": "Customers?OrderBy=Id%20asc&PageSize=5000",
}


def serve(rows: int, pipe: Connection) -> None:
    """Run a sandbox until told to stop."""
    from poweroffice_sandbox import Sandbox  # noqa: PLC0415 - in its own process

    with Sandbox(size="large", ledger_rows=rows, rate_limit=0) as sandbox:
        keys = sandbox.keys()
        pipe.send(
            (sandbox.url, sandbox.token_url(), keys.application_key, keys.client_key, keys.subscription_key)
        )
        pipe.recv()


class Reader:
    """Reads answers from one connection, and counts their bytes."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port))
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._buffer = bytearray(1 << 20)

    def get(self, path: str) -> int:
        """Read one answer, and give the bytes of its body."""
        self._socket.sendall(f"GET /v2/{path} HTTP/1.1\r\nHost: sandbox\r\n{self._headers}\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._socket.recv(65536)
        head, _, body = head.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        size = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
        left = size - len(body)
        while left:
            left -= self._socket.recv_into(self._buffer, min(left, len(self._buffer)))
        return size


def start_up() -> float:
    """Measure the command from its call to its first answer, in seconds."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "poweroffice_sandbox", "--port", "0", "--size", "large"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                requests.get(f"{found[0]}/_sandbox/health", timeout=10).raise_for_status()
                break
        taken = time.perf_counter() - started
        process.terminate()
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="ledger rows of the company")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(options.rows, there), daemon=True
    )
    server.start()
    url, token_url, application_key, client_key, subscription_key = here.recv()
    headers = {"Ocp-Apim-Subscription-Key": subscription_key}
    form = {"grant_type": "client_credentials"}
    answer = requests.post(
        token_url, data=form, headers=headers, auth=(application_key, client_key), timeout=10
    )
    reader = Reader(url, headers | {"Authorization": f"Bearer {answer.json()['access_token']}"})
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {options.rows:,} ledger rows")
    print(f"{'list':<24} {'MB':>6} {'seconds':>8} {'MB/s':>6}")
    for name, path in LISTS.items():
        size = reader.get(path)  # what is made once is made now
        times = []
        for _ in range(options.runs):
            before = time.perf_counter()
            reader.get(path)
            times.append(time.perf_counter() - before)
        median = statistics.median(times)
        print(f"{name:<24} {size / 1e6:>6.1f} {median:>8.3f} {size / 1e6 / median:>6.0f}")
    here.send("stop")
    starts = [start_up() for _ in range(3)]
    print(f"start of the command to its first answer: {statistics.median(starts):.2f} s")


if __name__ == "__main__":
    main()
