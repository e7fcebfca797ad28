"""Our transfer to PostgreSQL, one typed column for each field."""

from __future__ import annotations

from benchmarks.compare.contestants.ours_postgres import load
from benchmarks.compare.task import Task


def read(task: Task) -> int:
    """Load in the columns layout."""
    return load(task, "columns")
