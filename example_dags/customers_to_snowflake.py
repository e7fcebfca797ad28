"""
Bring a company's customers into Snowflake: Parquet in a bucket, COPY INTO, MERGE, marks for rows that went.

Needs connections ``poweroffice_default`` and ``snowflake_default``, and a stage ``books.lake`` over the
folder that the Airflow variable ``poweroffice_lake`` names, such as ``s3://aws_default@bucket/po``.
"""

from __future__ import annotations

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, chain

from airflow_provider_poweroffice.transfers.cloud_warehouse import WarehouseTable
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

LAKE = "{{ var.value.get('poweroffice_lake', 'file:///tmp/poweroffice') }}"
RUN = "{{ run_id | replace(':', '') }}"
TYPE = "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
FILE = f"FILES = ('{RUN}.parquet') {TYPE} FORCE = TRUE"
customers = WarehouseTable("snowflake", "Customers", "books.customers", company="fjordlys")
IN_ORDER = {"depends_on_past": True}  # a load that failed is cleared, not passed by: its rows come once

with DAG("poweroffice_to_snowflake", schedule=None, default_args=IN_ORDER, max_active_runs=1, doc_md=__doc__):
    tasks = []
    for name, then in (("changed", customers.upsert), ("ids", customers.mark_deleted)):
        extract = PowerOfficeToObjectStorageOperator(
            task_id=name,
            endpoint="Customers",
            query={"Fields": "Id"} if name == "ids" else None,
            incremental=name == "changed",
            format="parquet",
            object_path=f"{LAKE}/{name}/{RUN}.parquet",
        )
        copy = f"COPY INTO {customers.staging} FROM @books.lake/{name}/ {FILE}"
        sql = [customers.create, customers.create_staging, copy, *then]
        load = SQLExecuteQueryOperator(task_id=f"load_{name}", conn_id="snowflake_default", sql=sql)
        tasks += [extract, load]
    chain(*tasks)
