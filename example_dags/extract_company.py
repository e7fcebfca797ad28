"""
Read a company's customers and ledger from PowerOffice Go into files.

Needs a connection ``poweroffice_default``. The files go below the Airflow variable
``poweroffice_lake``: a folder such as ``file:///data/poweroffice`` or ``s3://aws_default@bucket/po``.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

# run_id is there in every kind of run; ds is not.
LAKE = "{{ var.value.get('poweroffice_lake', 'file:///tmp/poweroffice') }}/{{ run_id | replace(':', '') }}"

with DAG("poweroffice_extract_company", schedule=None, catchup=False, tags=["poweroffice"], doc_md=__doc__):
    # A small answer goes to XCom as JSON.
    company = PowerOfficeOperator(task_id="company", endpoint="ClientIntegrationInformation")

    # A collection goes to storage, one row a line; XCom gets a receipt: path, rows, bytes, watermark.
    customers = PowerOfficeToObjectStorageOperator(
        task_id="customers", endpoint="Customers", object_path=f"{LAKE}/customers.ndjson.gz"
    )
    ledger = PowerOfficeToObjectStorageOperator(
        task_id="ledger",
        endpoint="AccountTransactions",
        query={"fromDate": "2000-01-01", "toDate": "{{ dag_run.run_after | ds }}"},  # both are required
        object_path=f"{LAKE}/ledger.ndjson.gz",
    )
    company >> [customers, ledger]
