"""
Copy entities of Dynamics 365 Finance & Operations to files, and change a row.

The row is changed only if nobody else has changed it since it was read: its ETag goes along.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator
from airflow_provider_poweroffice.transfers.d365fo import D365FOToObjectStorageOperator

GROUP = {"dataAreaId": "usmf", "CustomerGroupId": "10"}

with DAG("d365fo_extract_entity", schedule=None, catchup=False, tags=["d365fo"], doc_md=__doc__):
    customers = D365FOToObjectStorageOperator(
        task_id="customers",
        endpoint="CustomersV3",
        query={"$select": ["dataAreaId", "CustomerAccount", "OrganizationName", "CreditLimit"]},
        filters=[("dataAreaId", "in", ["usmf", "usrt"]), ("CreditLimit", ">", 1000)],
        object_path="{{ var.value.poweroffice_lake }}/{{ run_id }}/customers.ndjson.gz",
    )
    group = D365FOEntityOperator(task_id="group", entity="CustomerGroups", key=GROUP)
    rename = D365FOEntityOperator(
        task_id="rename",
        entity="CustomerGroups",
        key=GROUP,
        method="PATCH",
        body={"Description": "Wholesale, since {{ run_id[:6] }}"},
        etag="{{ ti.xcom_pull(task_ids='group')['@odata.etag'] }}",
    )
    [customers, group >> rename]
