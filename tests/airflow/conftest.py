"""Fixtures of a real Airflow."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from company_tries import connect
from sql_loads import Query, set_database
from support.airflow_home import BUNDLES, HOME
from support.databases import mysql_database, postgres_database, spelled

from airflow_provider_poweroffice.hooks.database import database_hook
from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox
from tests.infrastructure.mariadb_server import MariaDBServer
from tests.infrastructure.postgres_server import PostgresServer


@pytest.fixture
def connection(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Point ``poweroffice_default`` at the sandbox's first company."""
    fields = json.loads(sandbox.connection_json())
    fields["extra"]["requests_per_second"] = 1000  # the tests must not wait for the real limit
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps(fields))
    return "poweroffice_default"


@pytest.fixture
def firm(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Point ``poweroffice_default`` at an accounting firm."""
    connect(monkeypatch, sandbox)
    return sandbox


@pytest.fixture(autouse=True)
def _forgotten_secrets() -> Iterator[None]:
    """Have the masker forget a test's tokens: it would look for them in each log line of all later tests."""
    yield
    from airflow.sdk._shared.secrets_masker import reset_secrets_masker  # noqa: PLC0415 - takes seconds

    reset_secrets_masker()


@pytest.fixture
def v1_connection(v1_sandbox: V1Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point ``poweroffice_v1`` at the first company of the sandbox of v1."""
    fields = json.loads(v1_sandbox.connection_json())
    fields["extra"]["requests_per_second"] = 1000
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_V1", json.dumps(fields))
    return "poweroffice_v1"


@pytest.fixture
def fo_connection(fo: D365FOSandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point ``d365fo_default`` at the sandbox of Finance & Operations."""
    fields = json.loads(fo.connection_json())
    fields["extra"]["requests_per_second"] = 1000
    monkeypatch.setenv("AIRFLOW_CONN_D365FO_DEFAULT", json.dumps(fields))
    return "d365fo_default"


@pytest.fixture
def lake() -> Path:
    """Give the folder that the example DAGs write to."""
    return HOME / "lake"


@pytest.fixture(scope="session")
def airflow_db() -> None:
    """Make Airflow's database."""
    from airflow.utils import db  # noqa: PLC0415 - takes seconds

    db.initdb()


@pytest.fixture(scope="session", autouse=True)
def one_in_process_api() -> Iterator[None]:
    """Build the in-process API once: Airflow 3.1 and 3.2 build it anew for each task."""
    from airflow.sdk.execution_time import supervisor  # noqa: PLC0415 - takes seconds

    original = supervisor.in_process_api_server
    supervisor.in_process_api_server = functools.cache(original)
    yield
    supervisor.in_process_api_server = original


@pytest.fixture
def run_dag(airflow_db: None) -> Callable[..., Any]:  # noqa: ARG001 - the database is needed
    """Give a function that runs a DAG of the bundles through the real task runner."""
    try:
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - 3.2
    except ImportError:
        from airflow.models.dagbag import DagBag  # noqa: PLC0415

    def run(dag_id: str, **options: Any) -> Any:
        for bundle in BUNDLES:
            bag = DagBag(dag_folder=bundle["kwargs"]["path"])
            assert bag.import_errors == {}
            if dag_id in bag.dags:
                return bag.dags[dag_id].test(**options)
        raise AssertionError(f"no DAG {dag_id}")

    return run


@pytest.fixture(params=["postgres", "mysql", "sqlite", "duckdb"])
def query(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Query:
    """Make ``db`` an empty database of each kind, and give a function that asks it."""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        database = postgres_database(server, "psycopg2")["dbname"]
        # A cursor that is set up to give dicts must not matter.
        set_database(monkeypatch, server.airflow | {"schema": database, "extra": {"cursor": "dictcursor"}})
    elif request.param == "mysql":
        mariadb: MariaDBServer = request.getfixturevalue("mariadb")
        name = mysql_database(mariadb, "mysql.connector")["database"]
        set_database(monkeypatch, mariadb.airflow | {"schema": name})
    else:
        set_database(
            monkeypatch, {"conn_type": request.param, "host": str(tmp_path / f"books.{request.param}")}
        )

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return [
            tuple(row.values() if isinstance(row, dict) else row)
            for row in database_hook("db").get_records(spelled(request.param, sql))
        ]

    return ask


@pytest.fixture
def lite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make ``db`` an empty SQLite and give its path."""
    path = tmp_path / "books.sqlite"
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(path)})
    return path
