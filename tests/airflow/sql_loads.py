"""Run the transfer to SQL as a task does, and read the sandbox's rows to compare with."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.hooks.database import database_hook
from airflow_provider_poweroffice.transfers.d365fo import D365FOToSqlOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator

DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
FAST = {"wait_initial": 0, "attempts": 6}
Query = Callable[[str], list[tuple[Any, ...]]]


def set_database(monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]) -> None:
    """Have ``db`` be a connection."""
    monkeypatch.setenv("AIRFLOW_CONN_DB", json.dumps(fields))


def operator(**arguments: Any) -> PowerOfficeToSqlOperator | D365FOToSqlOperator:
    """Make a transfer of the ledger, or of what a connection of Finance & Operations has."""
    kind = D365FOToSqlOperator if "d365fo_conn_id" in arguments else PowerOfficeToSqlOperator
    defaults = {"endpoint": "AccountTransactions", "query": DATES, "sql_conn_id": "db", "table": "ledger"}
    return kind(task_id="load", **defaults | {"retry_options": FAST} | arguments)


def load(run_id: str = "run 1", map_index: int = -1, **arguments: Any) -> dict[str, Any]:
    """Run a transfer of the ledger."""
    context: Any = {"run_id": run_id}
    if map_index >= 0:
        context["ti"] = SimpleNamespace(map_index=map_index)
    return operator(**arguments).execute(context)


def sent(client: Client, endpoint: str = "AccountTransactions") -> list[str]:
    """Read the rows as the sandbox sends them."""
    query = DATES if endpoint == "AccountTransactions" else None
    return [bytes(row).decode() for page in client.pages(endpoint, query=query) for row in page.raw_rows]


def change(sql: str) -> None:
    """Change the database behind the load's back."""
    hook = database_hook("db")
    with hook.get_conn() as connection:
        connection.cursor().execute(sql)
        connection.commit()


class Store(dict[str, Any]):
    """A state store of Airflow, as far as it is used."""

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:  # noqa: ARG002 - Airflow's argument
        """Keep a value."""
        self[key] = value


class Kept:
    """What Airflow keeps of assets; before 3.2 an asset cannot be a key of a dict."""

    def __init__(self) -> None:
        self._stores: dict[str, Store] = {}

    def __getitem__(self, asset: Any) -> Store:
        return self._stores.setdefault(asset.uri, Store())

    def watermarks(self, endpoint: str) -> list[str]:
        """Give how far the loads of a collection have come."""
        stores = [store for uri, store in self._stores.items() if uri.endswith(f"/{endpoint}")]
        return [note["watermark"] for store in stores for note in store.values()]
