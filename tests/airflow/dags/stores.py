"""Objects of a store, some of which are not there; needs the connection ``store``."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG

from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (
    ObjectStorageToPowerOfficeOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

STORE = "{{ params.scheme }}://store@"

with DAG("stores", schedule=None, catchup=False, params={"scheme": "s3"}):
    for task, bucket in (("ledger", "lake"), ("no_bucket", "no-lake")):
        PowerOfficeToObjectStorageOperator(
            task_id=task,
            endpoint="AccountTransactions",
            query={"fromDate": "2000-01-01", "toDate": "2099-12-31"},
            object_path=f"{STORE}{bucket}/ledger.parquet",
            format="parquet",
        )
    batch: dict[str, Any] = {
        "endpoint": "Customers",
        "action": "create",
        "key": "ExternalNumber",
        "results_path": f"{STORE}lake/results",
    }
    for task, name in (("batch", "customers"), ("no_object", "nobody")):
        ObjectStorageToPowerOfficeOperator(task_id=task, object_path=f"{STORE}lake/in/{name}.ndjson", **batch)
