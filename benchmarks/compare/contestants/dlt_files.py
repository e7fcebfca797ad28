"""dlt's rest_api source to gzipped json lines."""

from __future__ import annotations

import os
from typing import Any

import dlt
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator
from dlt.sources.rest_api import rest_api_source

from benchmarks.compare.task import Task

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"


def load(task: Task, destination: Any, **options: Any) -> int:
    """Run a pipeline of one resource, with its progress and state below the task's folder."""
    query = task.query(1)
    del query["PageNumber"]
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{task.base}/",
                "headers": task.headers,
                "paginator": PageNumberPaginator(
                    base_page=1,
                    page_param="PageNumber",
                    total_path=None,
                    maximum_page=task.pages + 1,  # told, as it cannot read the 204 past the end
                ),
            },
            "resources": [
                {"name": "ledger", "endpoint": {"path": "AccountTransactions", "params": query}},
            ],
        }
    )
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=f"{task.folder}/dlt",
        destination=destination,
        dataset_name="warm" if "/warm" in task.folder else "dlt",
        dev_mode=False,
    )
    pipeline.run(source, write_disposition="replace", **options)
    return int(pipeline.last_trace.last_normalize_info.row_counts["ledger"])


def read(task: Task) -> int:
    """Run the pipeline."""
    return load(
        task,
        dlt.destinations.filesystem(bucket_url=f"file://{task.folder}/files"),
        loader_file_format="jsonl",
    )
