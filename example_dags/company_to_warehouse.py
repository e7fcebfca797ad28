"""
Load the ledger, its accounts, customers and more of every company of an accounting firm into tables.

Needs a connection ``poweroffice_default`` whose extra ``client_api_keys`` holds the companies, and a
connection ``warehouse``: PostgreSQL, MySQL, DuckDB, SQLite or any other database. Each run reads what
changed, marks what is gone, and compares the ledger with the trial balance.
"""

from airflow.sdk import DAG

from airflow_provider_poweroffice.task_groups.load_company import load_company

with DAG(
    "poweroffice_company_to_warehouse", schedule=None, catchup=False, tags=["poweroffice"], doc_md=__doc__
):
    load_company(
        "warehouse",
        companies="connection",
        verify=True,
        picture="{{ var.value.get('poweroffice_lake', 'file:///tmp/poweroffice') }}/night.html",
    )
