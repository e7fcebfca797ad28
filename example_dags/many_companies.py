"""
Copy the customers of every company of an accounting firm into files, a task for each company.

Needs a connection ``poweroffice_default`` whose extra ``client_api_keys`` holds the companies, and the
variable ``poweroffice_lake``. A company that fails stops no other; the last task says which failed and why.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.companies import (
    PowerOfficeCompaniesOperator,
    PowerOfficeCompaniesSummaryOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)

LAKE = "{{ var.value.get('poweroffice_lake', 'file:///tmp/poweroffice') }}/{{ run_id | replace(':', '') }}"

with DAG("poweroffice_many_companies", schedule=None, catchup=False, tags=["poweroffice"], doc_md=__doc__):
    companies = PowerOfficeCompaniesOperator(task_id="companies")  # aliases, never keys

    customers = PowerOfficeToObjectStorageOperator.partial(
        task_id="customers",
        endpoint="Customers",
        object_path=f"{LAKE}/{{{{ company }}}}/customers.ndjson.gz",
        map_index_template="{{ company }}",  # its name in the UI instead of a number
    ).expand(company=companies.output)

    summary = PowerOfficeCompaniesSummaryOperator(task_id="summary", companies=companies.output)
    customers >> summary
