"""Our transfer to PostgreSQL, rows as they were sent."""

from __future__ import annotations

import json
import os

from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator
from benchmarks.compare.task import QUERY, Task


def load(task: Task, layout: str) -> int:
    """Run the operator."""
    os.environ["AIRFLOW_CONN_POWEROFFICE_DEFAULT"] = json.dumps(task.connection)
    os.environ["AIRFLOW_CONN_WAREHOUSE"] = task.database
    warm = "/warm" in task.folder
    receipt = PowerOfficeToSqlOperator(
        task_id="ledger",
        endpoint="AccountTransactions",
        query={"fromDate": QUERY["fromDate"], "toDate": QUERY["toDate"]},
        page_size=task.page_size,
        paging={"max_pages": task.pages if warm else None, "concurrency": task.concurrency},
        sql_conn_id="warehouse",
        table=f"{'warm' if warm else 'ours'}_{layout}",
        layout=layout,
        mode="append" if warm else "replace",
    ).execute({"run_id": "bench"})
    return int(receipt["rows"])


def read(task: Task) -> int:
    """Load in the raw layout."""
    return load(task, "raw")
