"""Tasks whose worker is killed in the middle, and which Airflow then tries again."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.invoice import PowerOfficeInvoiceOperator
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

LAKE = "{{ var.value.poweroffice_lake }}"
AGAIN = {"retries": 1, "retry_delay": timedelta(seconds=1)}

with DAG("killed_while_writing", schedule=None, catchup=False):
    PowerOfficeOperator(
        task_id="write", endpoint="Customers", method="POST", body={"Name": "Avbrutt AS"}, **AGAIN
    )

with DAG("killed_while_invoicing", schedule=None, catchup=False):
    PowerOfficeInvoiceOperator(
        task_id="invoice",
        order={"CustomerNo": 10001, "SalesOrderLines": [{"Description": "Avbrutt", "ProductId": 52001}]},
        poll_interval=1,
        **AGAIN | {"retries": 3},
    )

with DAG("killed_while_reading", schedule=None, catchup=False):
    PowerOfficeToObjectStorageOperator(
        task_id="read",
        endpoint="Suppliers",
        page_size=500,
        object_path=f"{LAKE}/killed/suppliers.ndjson.gz",
        **AGAIN,
    )
