"""A batch over the sandbox, and a folder whose writer can be killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.batches import Batches, KilledError

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.batches import results
from airflow_provider_poweroffice.storage.publish import publish


@pytest.fixture
def batches(client: Client, tmp_path: Path) -> Batches:
    """Give what runs batches."""
    return Batches(client, tmp_path)


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """
    Give a function that says when the worker dies: before the n-th object is published.

    What it would do after that does not happen; 0: it lives again.
    """
    left = [0]

    def publish_or_die(file: Any, target: Any) -> None:
        if left[0] < 0 or left[0] == 1:
            left[0] = -1
            raise KilledError
        left[0] -= left[0] > 0
        publish(file, target)

    monkeypatch.setattr(results, "publish", publish_or_die)

    def at(count: int) -> None:
        left[0] = count

    return at
