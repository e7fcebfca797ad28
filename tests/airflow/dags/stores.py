"""Objects of S3, some of which are not there; needs the connection ``aws_lake``."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG

from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (
    ObjectStorageToPowerOfficeOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

with DAG("stores", schedule=None, catchup=False):
    for task, bucket in (("ledger", "lake"), ("no_bucket", "no-lake")):
        PowerOfficeToObjectStorageOperator(
            task_id=task,
            endpoint="AccountTransactions",
            query={"fromDate": "2000-01-01", "toDate": "2099-12-31"},
            object_path=f"s3://aws_lake@{bucket}/ledger.parquet",
            format="parquet",
        )
    batch: dict[str, Any] = {
        "endpoint": "Customers",
        "action": "create",
        "key": "ExternalNumber",
        "results_path": "s3://aws_lake@lake/results",
    }
    for task, name in (("batch", "customers"), ("no_object", "nobody")):
        ObjectStorageToPowerOfficeOperator(
            task_id=task, object_path=f"s3://aws_lake@lake/in/{name}.ndjson", **batch
        )
