"""Loads that go on from where the last run came, and a DAG that waits for what they bring."""

from __future__ import annotations

import os

from airflow.sdk import DAG

from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator

LAKE = f"file://{os.environ.get('AIRFLOW_HOME', '/tmp')}/lake"  # noqa: S108 - always set in tests

with DAG("increments", schedule=None):
    PowerOfficeToSqlOperator(
        task_id="to_table", endpoint="Customers", sql_conn_id="warehouse", table="customers", incremental=True
    )
    PowerOfficeToObjectStorageOperator(
        task_id="to_file",
        endpoint="Customers",
        object_path=LAKE + "/customers/{{ run_id }}.ndjson.gz",
        incremental=True,
    )

with DAG("mapped_increments", schedule=None):
    PowerOfficeToSqlOperator.partial(
        task_id="to_table",
        endpoint="Customers",
        sql_conn_id="warehouse",
        table="customers",
        incremental=True,
        outlets=[poweroffice_asset("Customers")],
        inlets=[poweroffice_asset("Customers")],
    ).expand(company=["fjordlys", "havblaast"])
