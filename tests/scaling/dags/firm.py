"""Every company of a connection into a warehouse, a task for each, in a pool; and what became of each."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from airflow_provider_poweroffice.task_groups.load_company import load_company

with DAG("firm", schedule=None, catchup=False, max_active_runs=1):
    load_company(
        "warehouse",
        companies="connection",
        on_missing_privilege="skip",
        picture="{{ var.value.poweroffice_lake }}/night.html",
        pool="poweroffice",
        retries=1,
        retry_delay=timedelta(seconds=1),
    )
