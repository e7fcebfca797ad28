"""
Send an invoice of each order in a shop, once.

The number of an order in the shop is the reference: what was invoiced with it is not invoiced again, by no
retry and no other run. Deferrable, the tasks wait for the sending in the triggerer.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task

from airflow_provider_poweroffice.operators.invoice import PowerOfficeInvoiceOperator

with DAG("poweroffice_send_invoice", schedule=None, catchup=False, tags=["poweroffice"], doc_md=__doc__):

    @task
    def shop_orders() -> list[dict[str, Any]]:
        """Give the orders; yours come from a table."""
        line = {"ProductCode": "V-0002", "Quantity": 2, "ProductUnitPrice": 500}
        return [
            {"reference": f"shop-{number}", "order": {"CustomerNo": customer, "SalesOrderLines": [line]}}
            for number, customer in ((4711, 10001), (4712, 10002))
        ]

    PowerOfficeInvoiceOperator.partial(
        task_id="invoice",
        delivery_type="Auto",  # EHF where the customer can take it, else e-mail
        deferrable=True,
        retries=3,
        timeout=3600,  # seconds; a retry goes on waiting, and sends nothing twice
    ).expand_kwargs(shop_orders())
