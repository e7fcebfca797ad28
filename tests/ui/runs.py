"""Runs of DAGs in the Airflow under test: started, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tests.infrastructure.standalone import Standalone

Found = TypeVar("Found")


def start(airflow: Standalone, dag_id: str) -> str:
    """Start a DAG by Airflow's REST API, and give the id of the run."""
    run: dict[str, Any] = airflow.api("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})
    return str(run["dag_run_id"])


def until(look: Callable[[], Found | None], seconds: float = 90.0) -> Found:
    """Look again and again until there is something."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"nothing to be seen after {seconds:.0f} s"
        time.sleep(0.5)
    return found
