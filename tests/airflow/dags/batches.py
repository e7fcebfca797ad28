"""Batches of records into PowerOffice Go that fail in part, and are tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (
    ObjectStorageToPowerOfficeOperator,
)
from airflow_provider_poweroffice.transfers.sql_to_poweroffice import SqlToPowerOfficeOperator


def body(row: dict[str, Any]) -> dict[str, Any] | None:
    """Make a customer of a row; those without a name are left out."""
    return {"ExternalNumber": row["no"], "Name": row["name"]} if row["name"] else None


with DAG("batches", schedule=None, catchup=False, params={"folder": ""}):
    again: dict[str, Any] = {"retries": 1, "retry_delay": timedelta(0)}
    from_file = ObjectStorageToPowerOfficeOperator(
        task_id="from_file",
        object_path="file://{{ params.folder }}/customers.csv",
        results_path="file://{{ params.folder }}/results",
        endpoint="Customers",
        action="create",
        key="ExternalNumber",
        mapping=body,
        **again,
    )
    from_query = SqlToPowerOfficeOperator(
        task_id="from_query",
        sql_conn_id="db",
        sql="select no, name, amount from customers where no > :least order by no",
        parameters={"least": 0},
        results_path="file://{{ params.folder }}/results",
        endpoint="Customers",
        action="upsert",
        key="ExternalNumber",
        mapping={
            "ExternalNumber": "{{ row.no }}",
            "Name": "{{ row.name }} {{ params.folder[:0] }}",
            "Allowance": "{{ row.amount }}",
        },
        **again,
    )
    from_file >> from_query
