"""
A real Airflow's home, made when this module is first imported: before anything imports Airflow.

Everything lies below ``.work`` in the checkout and is removed at the end.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

if __name__ != "support.airflow_home":
    raise ImportError("import support.airflow_home: under another name it would make a second home")
ROOT = Path(__file__).resolve().parents[2]
(ROOT / ".work").mkdir(exist_ok=True)
HOME = Path(tempfile.mkdtemp(prefix="airflow-tests-", dir=ROOT / ".work"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

BUNDLES = [
    {
        "name": name,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(ROOT / folder)},
    }
    for name, folder in (("examples", "example_dags"), ("tests", "tests/airflow/dags"))
]
os.environ.update(
    {
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(BUNDLES),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(HOME / "logs"),
        "AIRFLOW_VAR_POWEROFFICE_LAKE": f"file://{HOME}/lake",
    }
)


def xcoms(run: Any) -> dict[str, Any]:
    """Read what the tasks of a run returned."""
    with sqlite3.connect(HOME / "airflow.db") as database:
        rows = database.execute(
            "select task_id, key, value from xcom where dag_id = ? and run_id = ?", (run.dag_id, run.run_id)
        ).fetchall()
    return {f"{task}.{key}": json.loads(value) for task, key, value in rows}


def states(run: Any) -> dict[str, str]:
    """Read the states of a run's tasks."""
    return {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
