"""What the reports are made of: two companies, with their trial balances and open items."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.task_groups.load_company import DEFAULT_RESOURCES, load_company

EVERYTHING = {"query": {"date": "2099-12-31"}, "mode": "replace"}

with DAG("books", schedule=None, catchup=False):
    load_company(
        "warehouse",
        resources=DEFAULT_RESOURCES
        | dict.fromkeys(("TrialBalance", "Customerledger/OpenItems", "Supplierledger/OpenItems"), EVERYTHING),
        companies=["fjordlys", "havblaast"],
        verify=True,
    )
