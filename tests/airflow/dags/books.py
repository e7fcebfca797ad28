"""What the reports are made of: two companies, with their trial balances and open items."""

from __future__ import annotations

import os

from airflow.sdk import DAG

from airflow_provider_poweroffice.task_groups.load_company import DEFAULT_RESOURCES, load_company

EVERYTHING = {"query": {"date": "2099-12-31"}, "mode": "replace"}
# A test gives a day before the first invoice, on which nothing is open.
OPEN_ITEMS = {
    "query": {"date": os.environ.get("OPEN_ITEMS_ON", "2099-12-31")},
    "mode": "replace",
    "max_deletions": 1,
}

with DAG("books", schedule=None, catchup=False):
    load_company(
        "warehouse",
        resources=DEFAULT_RESOURCES
        | {
            "TrialBalance": EVERYTHING,
            "Customerledger/OpenItems": OPEN_ITEMS,
            "Supplierledger/OpenItems": OPEN_ITEMS,
        },
        companies=["fjordlys", "havblaast"],
        verify=True,
    )
