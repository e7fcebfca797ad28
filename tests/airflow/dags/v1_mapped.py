"""One mapped task for each filter, as users write it: values, templates and moments."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator

with DAG("v1_mapped", schedule=None, catchup=False, params={"code": Param(10003)}):
    PowerOfficeOperator.partial(
        task_id="read",
        poweroffice_conn_id="poweroffice_v1",
        endpoint="Customer",
        paginate=True,
    ).expand(
        filters=[
            ("Name", "startswith", "O'"),
            [
                ("Code", "==", "{{ params.code }}", "number"),
                ("LastChanged", ">", datetime(2020, 1, 1, tzinfo=UTC)),
            ],
            {"any": [("Code", "in", [10004, 10005]), ("Code", "==", "{{ params.code }}", "number")]},
        ]
    )
    PowerOfficeOperator(
        task_id="one",
        poweroffice_conn_id="poweroffice_v1",
        endpoint="Customer",
        filters=[("Code", "==", 10003), ("LastChanged", ">", datetime(2020, 1, 1, tzinfo=UTC))],
    )
