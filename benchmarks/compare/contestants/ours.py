"""Our transfer to ndjson.gz."""

from __future__ import annotations

import json
import os

from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from benchmarks.compare.task import QUERY, Task


def read(task: Task) -> int:
    """Run the operator."""
    os.environ["AIRFLOW_CONN_POWEROFFICE_DEFAULT"] = json.dumps(task.connection)
    receipt = PowerOfficeToObjectStorageOperator(
        task_id="ledger",
        endpoint="AccountTransactions",
        query={"fromDate": QUERY["fromDate"], "toDate": QUERY["toDate"]},
        page_size=task.page_size,
        paging={
            "max_pages": task.pages if "/warm" in task.folder else None,
            "concurrency": task.concurrency,
        },
        object_path=f"file://{task.target}",
    ).execute({})
    return int(receipt["rows"])
