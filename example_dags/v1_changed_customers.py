"""
Read the customers of a company in PowerOffice Go v1 that changed since the last successful run into a file.

Needs a connection ``poweroffice_v1`` of the type PowerOffice Go with API version v1. The files go below the
Airflow variable ``poweroffice_lake``, as those of the other examples.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

LAKE = "{{ var.value.get('poweroffice_lake', 'file:///tmp/poweroffice') }}/{{ run_id | replace(':', '') }}"

with DAG(
    "poweroffice_v1_changed_customers", schedule=None, catchup=False, tags=["poweroffice"], doc_md=__doc__
):
    PowerOfficeToObjectStorageOperator(
        task_id="changed_customers",
        endpoint="Customer",  # v1 names are singular
        poweroffice_conn_id="poweroffice_v1",
        changed_since="{{ prev_start_date_success or '' }}",  # the first run reads all
        overlap=60,  # seconds: the clocks of Airflow and the server differ
        filters=[("IsArchived", "==", False), ("Name", "!=", "O'Neill")],  # values are escaped
        object_path=f"{LAKE}/v1_customers.ndjson.gz",
    )
