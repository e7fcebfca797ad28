"""Four companies, a task for each; and all of a connection, two a task."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice._compat import HAS_ASSET_STATE
from airflow_provider_poweroffice.task_groups.load_company import DEFAULT_RESOURCES, load_company

with DAG("night", schedule=None, catchup=False):
    load_company(
        "warehouse",
        resources=DEFAULT_RESOURCES | {"Suppliers": {"on_missing_privilege": "skip"}},
        companies=["fjordlys", "havblaast", "bjorkasen", "granli"],
        picture="{{ var.value.poweroffice_lake }}/night.html",
        retry_options={"attempts": 2, "wait_initial": 0},
    )

if HAS_ASSET_STATE:
    with DAG("night_in_chunks", schedule=None, catchup=False):
        load_company("warehouse", companies="connection", companies_per_task=2)
