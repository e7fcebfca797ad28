"""
Copy the ledger and its registers of every company of a firm into a lake, by a task for each company.

Needs a connection ``poweroffice_default`` whose extra ``client_api_keys`` holds the companies, and the
variable ``poweroffice_lake``, such as ``s3://aws_default@bucket``. Each night replaces the files of the last;
the last task says which company failed and why, and draws the night.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.task_groups.company_to_object_storage import company_to_object_storage

LAKE = "{{ var.value.get('poweroffice_lake', 'file:///tmp/poweroffice') }}"

with DAG(
    "poweroffice_company_to_lake",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["poweroffice"],
    doc_md=__doc__,
):
    company_to_object_storage(
        f"{LAKE}/poweroffice/{{{{ company }}}}/{{{{ resource }}}}.ndjson.gz",
        companies="connection",
        on_missing_privilege="skip",
        picture=f"{LAKE}/night_of_files.html",
    )
