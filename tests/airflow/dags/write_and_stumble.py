"""A writing task whose worker stumbles after the call: the retry must not write again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator


class Stumbling(PowerOfficeOperator):
    """Fails once after its call was carried out."""

    def execute(self, context: Any) -> Any:
        """Make the call, then fail on the first try."""
        result = super().execute(context)
        if context["ti"].try_number == 1:
            raise RuntimeError("stumbled")
        return result


with DAG("write_and_stumble", schedule=None, catchup=False):
    Stumbling(
        task_id="write",
        endpoint="Customers",
        method="POST",
        # Another text on each try: the retry must not take it for another call.
        body={"Name": "Snublesteinen AS", "ExternalImportReference": "{{ macros.uuid.uuid4() }}"},
        retries=2,
        retry_delay=timedelta(0),
    )
