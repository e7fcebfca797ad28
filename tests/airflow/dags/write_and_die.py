"""A writing task whose worker ends between the call and its note: the retry must find the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_provider_poweroffice._compat import AirflowTaskTimeout
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator


class Dying(PowerOfficeOperator):
    """Ends once when its call was carried out, before that is noted."""

    def execute(self, context: Any) -> Any:
        """Make the call; on the first try, end as its answer comes."""
        if context["ti"].try_number == 1:
            client, send = self.hook.client, self.hook.client.send

            def dying(call: Any, **options: Any) -> Any:
                send(call, **options)
                raise AirflowTaskTimeout("the worker is gone")

            client.send = dying  # type: ignore[method-assign]
        return super().execute(context)


with DAG("write_and_die", schedule=None, catchup=False):
    Dying(
        task_id="write",
        endpoint="Customers",
        method="POST",
        body={"Name": "Snublesteinen AS"},
        reference="auto",
        on_exists="fail",
        full=True,
        retries=2,
        retry_delay=timedelta(0),
    )
