"""
Bring the customers of a table into PowerOffice Go: new ones are created, changed ones updated.

Needs a connection ``warehouse`` of a database with a table ``crm_customers``. The results, a line a customer,
go below the Airflow variable ``poweroffice_lake``. Trigger with ``{"preview": true}`` to look first.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_provider_poweroffice.transfers.sql_to_poweroffice import SqlToPowerOfficeOperator

with DAG(
    "poweroffice_customers_from_warehouse",
    schedule=None,
    catchup=False,
    tags=["poweroffice"],
    doc_md=__doc__,
    params={"preview": Param(default=False, type="boolean")},
):
    SqlToPowerOfficeOperator(
        task_id="customers",
        sql_conn_id="warehouse",
        sql="select id, name, email, city, zip from crm_customers order by id",
        endpoint="Customers",
        action="upsert",
        key="ExternalNumber",  # the CRM's own number finds the customer again
        mapping={
            "ExternalNumber": "{{ row.id }}",
            "Name": "{{ row.name }}",
            "EmailAddress": "{{ row.email }}",
            "MailAddress": {"City": "{{ row.city }}", "ZipCode": "{{ row.zip }}"},
        },
        results_path="{{ var.value.get('poweroffice_lake', 'file:///tmp/poweroffice') }}/results",
        max_failures=0.01,  # one customer in a hundred may be wrong
        preview="{{ params.preview }}",
    )
