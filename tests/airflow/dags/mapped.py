"""One mapped task for each collection, as users write it."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

LAKE = "{{ var.value.poweroffice_lake }}"

with DAG("mapped", schedule=None, catchup=False):
    PowerOfficeToObjectStorageOperator.partial(
        task_id="copy",
        object_path=f"{LAKE}/mapped/{{{{ ti.map_index }}}}-{{{{ task.endpoint }}}}.ndjson.gz",
        map_index_template="{{ task.endpoint }}",
    ).expand(endpoint=["Customers", "Suppliers", "Employees"])
