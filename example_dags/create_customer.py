"""
Create a customer in PowerOffice Go, then read it back.

The external reference is unique in PowerOffice: a second customer with the same one is refused, so a
rerun cannot create it twice.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator

with DAG("poweroffice_create_customer", schedule=None, catchup=False, tags=["poweroffice"], doc_md=__doc__):
    create = PowerOfficeOperator(
        task_id="create",
        endpoint="Customers",
        method="POST",
        body={
            "Name": "Havblikk Kafé AS",
            "OrganizationNumber": "999111222",
            "ExternalImportReference": "{{ run_id[-50:] }}",  # at most 50 characters
            "MailAddress": {"AddressLine1": "Nedre Brygge 4", "ZipCode": "5014", "City": "Bergen"},
        },
    )
    read_back = PowerOfficeOperator(
        task_id="read_back",
        endpoint="Customers/{{ ti.xcom_pull(task_ids='create')['Id'] }}",
    )
    create >> read_back
