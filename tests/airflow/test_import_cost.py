"""
What a DAG file loads: only what checks its arguments. The DAG processor pays it for each file.

Modules are counted, not milliseconds, which depend on the machine: ``python -m benchmarks.import_cost``
measures those.
"""

from __future__ import annotations

import pytest

from benchmarks.import_cost import import_once

PACKAGE = "airflow_provider_poweroffice."
LATER = (
    # The way to the server.
    *("api.archive", "api.auth", "api.client", "api.conditions", "api.connection", "api.filters"),
    *("api.d365fo", "api.dialects", "api.limits", "api.pages", "api.poweroffice", "api.response"),
    *("api.sending", "api.transport", "api.catalogue.fields"),
    # The work of a batch.
    *("batches.batch", "batches.engine", "batches.mapping", "batches.plan", "batches.records"),
    # Reading a connection, and what only the Test button or the form needs.
    *("hooks.diagnosis", "hooks.destinations", "hooks.settings"),
    # Writing files and tables.
    *("storage.codecs", "storage.parquet", "storage.publish", "storage.watermark"),
    *("storage.sql.load", "storage.sql.merge", "storage.sql.plan", "storage.sql.staging"),
    # The work of single tasks.
    *("cli", "tasks.deletions", "tasks.service_answers", "tasks.service_call", "tasks.waiting", "triggers"),
)
HEAVY = (
    *("requests", "urllib3", "redis", "httpx", "aiohttp"),
    *("psycopg", "psycopg2", "duckdb", "sqlite3", "airflow.providers.common.sql.hooks"),
    *(
        "pandas",
        "pyarrow",
        "pydantic_core",
        "wtforms",
        "flask_appbuilder",
        "starlette",
        "poweroffice_sandbox",
    ),
)
FEW = 57  # modules of ours; Airflow 3.1 loads one more than later ones


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    """Import everything that a DAG file may name, in a fresh process, on top of ``airflow.sdk``."""
    return import_once()[1]


def test_only_what_checks_arguments(loaded: list[str]) -> None:
    """Neither the client, nor connections, nor databases are loaded while a DAG file is read."""
    ours = [name.removeprefix(PACKAGE) for name in loaded if name.startswith(PACKAGE)]
    assert "tasks.to_sql" in ours
    assert [name for name in ours if any(name == late or name.startswith(f"{late}.") for late in LATER)] == []
    assert len(ours) <= FEW


def test_nothing_heavy(loaded: list[str]) -> None:
    """No library is loaded that takes its time, or needs an extra."""
    assert [name for name in loaded if any(name == one or name.startswith(f"{one}.") for one in HEAVY)] == []
