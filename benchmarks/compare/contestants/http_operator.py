"""
Airflow's HttpOperator with a pagination function, rows filtered out and written to ndjson.gz.

It holds all pages until the last has come; that is what it offers.
"""

from __future__ import annotations

import gzip
import json
import os
from typing import Any
from urllib.parse import urlsplit

from airflow.providers.http.operators.http import HttpOperator

from benchmarks.compare.task import Task


def read(task: Task) -> int:
    """Run the operator, and write what it returns."""
    parts = urlsplit(task.base)
    os.environ["AIRFLOW_CONN_HTTP_DEFAULT"] = json.dumps(
        {"conn_type": "http", "host": f"{parts.scheme}://{parts.netloc}{parts.path}"}
    )
    asked = 1

    def following(response: Any) -> dict[str, Any] | None:
        nonlocal asked
        if len(response.json()) < task.page_size or asked == task.pages:
            return None
        asked += 1
        return {"data": task.query(asked)}

    ledger = HttpOperator(
        task_id="ledger",
        http_conn_id="http_default",
        method="GET",
        endpoint="AccountTransactions",
        data=task.query(1),
        headers=task.headers,
        pagination_function=following,
        response_filter=lambda answers: [
            row for answer in (answers if isinstance(answers, list) else [answers]) for row in answer.json()
        ],
    )
    rows = ledger.execute({})
    task.target.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(task.target, "wt", compresslevel=1, encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    return len(rows)
