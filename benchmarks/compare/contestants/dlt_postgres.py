"""dlt's rest_api source to PostgreSQL."""

from __future__ import annotations

import dlt

from benchmarks.compare.contestants.dlt_files import load
from benchmarks.compare.task import Task


def read(task: Task) -> int:
    """Run the pipeline."""
    return load(task, dlt.destinations.postgres(task.database))
