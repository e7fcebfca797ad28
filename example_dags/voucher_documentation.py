"""
Put a PDF on a posted voucher, then wait until PowerOffice has it.

The voucher must have been posted by this integration. Trigger the DAG with its id and the receipt: an object
such as ``s3://aws_default@receipts/1001.pdf``, or a local file below the worker's ``file_roots``.
What is no PDF, or larger than 30 MiB, is refused before anything is sent. A later PDF takes the place of an
earlier one, so a repeated upload leaves one.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor

with DAG(
    "poweroffice_voucher_documentation",
    schedule=None,
    catchup=False,
    tags=["poweroffice"],
    doc_md=__doc__,
    params={"voucher_id": "", "receipt": ""},
):
    upload = PowerOfficeOperator(
        task_id="upload",
        endpoint="VoucherDocumentation",
        method="PUT",
        query={"id": "{{ params.voucher_id }}"},
        files={"file": "{{ params.receipt }}"},
    )
    stored = PowerOfficeSensor(
        task_id="stored",
        endpoint="VoucherDocumentation",
        query={"id": "{{ params.voucher_id }}"},
        field="HasPdf",
        value=True,
        poke_interval=30,
    )
    upload >> stored
