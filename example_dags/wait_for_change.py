"""
Wait until a customer was changed within the last hour, then say which.

PowerOffice has no events: a sensor asks now and then. Deferrable, it waits in the triggerer and holds
no worker slot.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task

from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor

HOUR_AGO = "{{ (dag_run.run_after - macros.timedelta(hours=1)).strftime('%Y-%m-%dT%H:%M:%SZ') }}"

with DAG("poweroffice_wait_for_change", schedule=None, catchup=False, tags=["poweroffice"], doc_md=__doc__):
    changed = PowerOfficeSensor(
        task_id="changed",
        endpoint="Customers",
        query={
            "lastChangedDateTimeOffsetGreaterThan": HOUR_AGO,
            "Fields": "Id,Name,LastChangedDateTimeOffset",
        },
        poke_interval=30,  # seconds; PowerOffice asks integrations to poll sparingly
        timeout=3600,
        deferrable=True,
    )

    @task
    def announce(customer: Any) -> str:
        """Give the name of the first customer found."""
        return f"{customer['Name']} changed at {customer['LastChangedDateTimeOffset']}"

    announce(changed.output)
