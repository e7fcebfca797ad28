"""
What an expert writes by hand for one known server: threads, sessions, unparsed rows, in order.

It knows how many pages there are, renews no token, checks no page and retries nothing: the limit of what
can be had, not something to run.
"""

from __future__ import annotations

import gzip
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import requests

from benchmarks.compare.task import Task

_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read(task: Task) -> int:
    """Read and write."""
    task.target.parent.mkdir(parents=True, exist_ok=True)
    local = threading.local()
    count = 0

    def fetch(number: int) -> bytes:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.headers.update(task.headers)
        answer = local.session.get(task.url, params=task.query(number), timeout=60)
        answer.raise_for_status()
        content: bytes = answer.content
        return content

    with ThreadPoolExecutor(task.concurrency) as pool, gzip.open(task.target, "wb", compresslevel=1) as lines:
        waiting: deque[Future[bytes]] = deque()
        for number in range(1, task.pages + task.concurrency + 1):
            if number <= task.pages:
                waiting.append(pool.submit(fetch, number))
            if number > task.concurrency and waiting:
                rows = _rows(waiting.popleft().result())
                lines.write(b"\n".join(rows) + b"\n")
                count += len(rows)
        while waiting:
            rows = _rows(waiting.popleft().result())
            lines.write(b"\n".join(rows) + b"\n")
            count += len(rows)
    return count
