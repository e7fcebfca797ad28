"""Invoices whose workers stumble after each step: the retries go on, and there is one invoice of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.invoice import PowerOfficeInvoiceOperator


class Stumbling(PowerOfficeInvoiceOperator):
    """Fails once after the order was made, and once after it was asked to be sent."""

    def execute(self, context: Any) -> Any:
        """Do what this try is to do."""
        steps = {1: "make_order", 2: "advance"}
        number = context["ti"].try_number
        if number not in steps:
            return super().execute(context)
        with self.running(context) as hook:
            invoice = self._invoice(hook.client, context)
            getattr(invoice, steps[number])()
        raise RuntimeError("stumbled")


with DAG("invoice_and_stumble", schedule=None, catchup=False):
    for waits in ("worker", "triggerer"):
        Stumbling(
            task_id=waits,
            order={
                "CustomerNo": 10001,
                "SalesOrderLines": [{"ProductId": 52001, "Quantity": 1, "ProductUnitPrice": 80}],
            },
            deferrable=waits == "triggerer",
            poll_interval=1,
            retries=3,
            retry_delay=timedelta(0),
        )
