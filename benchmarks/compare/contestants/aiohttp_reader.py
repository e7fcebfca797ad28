"""The same by hand with asyncio and aiohttp: the least that this can cost in Python."""

from __future__ import annotations

import asyncio
import gzip
from collections import deque

import aiohttp
import msgspec

from benchmarks.compare.task import Task

_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode


async def _read(task: Task) -> int:
    count = 0
    limit = aiohttp.TCPConnector(limit=task.concurrency)
    async with aiohttp.ClientSession(headers=task.headers, connector=limit) as session:

        async def fetch(number: int) -> bytes:
            async with session.get(task.url, params=task.query(number)) as answer:
                answer.raise_for_status()
                content: bytes = await answer.read()
                return content

        with gzip.open(task.target, "wb", compresslevel=1) as lines:
            waiting: deque[asyncio.Task[bytes]] = deque()
            number = 1
            while waiting or number <= task.pages:
                while number <= task.pages and len(waiting) < task.concurrency:
                    waiting.append(asyncio.create_task(fetch(number)))
                    number += 1
                rows = _rows(await waiting.popleft())
                lines.write(b"\n".join(rows) + b"\n")
                count += len(rows)
    return count


def read(task: Task) -> int:
    """Read and write."""
    task.target.parent.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_read(task))
