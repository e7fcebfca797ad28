"""The ledger of every company of a connection, a task for each, in a pool; and what became of each."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.companies import (
    PowerOfficeCompaniesOperator,
    PowerOfficeCompaniesSummaryOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

with DAG("all_ledgers", schedule=None, catchup=False):
    companies = PowerOfficeCompaniesOperator(task_id="companies")
    ledger = PowerOfficeToObjectStorageOperator.partial(
        task_id="ledger",
        endpoint="AccountTransactions",
        query={"fromDate": "2000-01-01", "toDate": "2100-01-01"},
        page_size=200,  # many requests, so that the rate limit is felt
        object_path="{{ var.value.poweroffice_lake }}/{{ company }}/ledger.ndjson.gz",
        map_index_template="{{ company }}",
        pool="poweroffice",
    ).expand(company=companies.output)
    ledger >> PowerOfficeCompaniesSummaryOperator(task_id="summary", companies=companies.output)
