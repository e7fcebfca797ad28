"""The DAG of docs/reports.md that has Cosmos build the reports."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.airflow_home import ROOT
from support.databases import postgres_database

from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset
from airflow_provider_poweroffice.hooks.database import database_hook
from tests.infrastructure.postgres_server import PostgresServer

REPORTS = ("general_ledger", "trial_balance", "profit_and_loss", "balance_sheet")


def test_reports(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the ledger, has a task for each model in their order, and dbt finds the warehouse."""
    fields = postgres.airflow | {"schema": postgres_database(postgres, "psycopg2")["dbname"]}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(fields))
    monkeypatch.setenv("HOME", str(tmp_path))
    made = [sys.executable, str(ROOT / "tools/environment.py"), ".venvs/dbt", "requirements/dbt.txt"]
    subprocess.run([*made, "--pins-only"], check=True)
    page = (ROOT / "docs/reports.md").read_text(encoding="utf-8")
    (code,) = (one for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "from cosmos" in one)
    code = code.replace("/opt/dbt_poweroffice", str(ROOT / "dbt"))
    space: dict[str, Any] = {}
    exec(code.replace("/opt/dbt/bin/dbt", str(ROOT / ".venvs/dbt/bin/dbt")), space)
    dag = space["reports"]
    assert list(dag.timetable.asset_condition.objects) == [poweroffice_asset("AccountTransactions")]
    for report in REPORTS:
        assert dag.task_dict[f"poweroffice__{report}_model_build"].upstream_task_ids
    seed = dag.task_dict["ns4102_account_classes_seed_build"]
    seed.execute({"run_id": "r"})
    assert database_hook("warehouse").get_records("select count(*) from ns4102_account_classes") == [(22,)]
