"""What a transfer tells those who collect lineage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_poweroffice import _compat
from airflow_provider_poweroffice.tasks import lineage as lineage_of_product
from airflow_provider_poweroffice.tasks.lineage import object_uri, table_uri
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator

try:
    from airflow.sdk import lineage, plugins_manager
except ImportError:  # Airflow 3.1
    from airflow import plugins_manager
    from airflow.lineage import hook as lineage


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch, connection: str) -> Iterator[Any]:
    """Let Airflow believe that a plugin reads lineage, and give what collects it."""
    assert connection
    if hasattr(plugins_manager, "get_hook_lineage_readers_plugins"):
        monkeypatch.setattr(plugins_manager, "get_hook_lineage_readers_plugins", lambda: [object])
    else:
        monkeypatch.setattr(plugins_manager, "hook_lineage_reader_classes", [object])
        monkeypatch.setattr(plugins_manager, "initialize_hook_lineage_readers_plugins", lambda: None)
    forget = getattr(lineage.get_hook_lineage_collector, "cache_clear", lambda: None)
    monkeypatch.setattr(lineage, "_hook_lineage_collector", None, raising=False)
    forget()
    yield _compat.lineage_collector()
    forget()


def uris(found: Any) -> list[str]:
    """Give the URIs of collected assets."""
    return [item.asset.uri for item in found]


def test_object(collector: Any, tmp_path: Path) -> None:
    """A file is said to come from the collection that was read."""
    PowerOfficeToObjectStorageOperator(
        task_id="t", endpoint="Departments", object_path=f"file://{tmp_path}/x.ndjson.gz"
    ).execute({})
    found = collector.collected_assets
    assert "poweroffice://poweroffice_default/Departments" in uris(found.inputs)
    assert f"file://{tmp_path}/x.ndjson.gz" in uris(found.outputs)


def test_table(collector: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table has its source, and that of a database in a file its name."""
    monkeypatch.setenv("AIRFLOW_CONN_DB", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "db")}))
    PowerOfficeToSqlOperator(task_id="t", endpoint="Departments", sql_conn_id="db", table="t").execute(
        {"run_id": "r"}  # type: ignore[typeddict-item]
    )
    assert uris(collector.collected_assets.inputs) == ["poweroffice://poweroffice_default/Departments"]
    assert uris(collector.collected_assets.outputs) == [
        f"sqlite:{tmp_path}/db/main.t"
    ]  # so Airflow writes it


def test_names() -> None:
    """A target is named without the connection in its path, a table of PostgreSQL as its provider does."""
    assert object_uri("s3://aws_default@bucket/a/b.gz") == "s3://bucket/a/b.gz"
    postgres = SimpleNamespace(conn_type="postgres", host="db", port=None, schema="books")
    assert table_uri(postgres, "ledger") == "postgres://db:5432/books/public/ledger"
    assert table_uri(postgres, "po.ledger") == "postgres://db:5432/books/po/ledger"
    for kind, host, named in (
        ("duckdb", "/data/warehouse.duckdb", ("duckdb:///data/warehouse.duckdb", "warehouse.main.ledger")),
        ("sqlite", "/data/warehouse.sqlite", ("sqlite:///data/warehouse.sqlite", "main.ledger")),
    ):
        uri = table_uri(SimpleNamespace(conn_type=kind, host=host, schema=None), "ledger")
        assert uri == "/".join(named)
        assert lineage_of_product._dataset(uri) == named
        for nowhere in ("x", ":memory:", "", None):
            assert table_uri(SimpleNamespace(conn_type=kind, host=nowhere, schema=None), "ledger") is None
    for kind in ("postgres", "mysql"):
        nameless = SimpleNamespace(conn_type=kind, host="db", port=None, schema=None)
        assert table_uri(nameless, "ledger") is None
