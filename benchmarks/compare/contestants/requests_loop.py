"""The loop that people write: one session, page after page, ``json()``, json lines."""

from __future__ import annotations

import gzip
import json
import time

import requests

from benchmarks.compare.task import Task


def read(task: Task) -> int:
    """Read and write."""
    task.target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with requests.Session() as session, gzip.open(task.target, "wt", compresslevel=1) as lines:
        session.headers.update(task.headers)
        number = 1
        while number <= task.pages:
            answer = session.get(task.url, params=task.query(number), timeout=60)
            if answer.status_code == requests.codes.too_many_requests:
                time.sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            answer.raise_for_status()
            for row in answer.json():
                lines.write(json.dumps(row) + "\n")
                count += 1
            number += 1
    return count
