"""
A worker of Airflow that copies a company into files, in a process of its own that can be killed.

What Airflow keeps between the tries of a task is in files, so that it outlives the process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow.sdk import DAG
from company_tries import TaskInstance

from airflow_provider_poweroffice.task_groups.company_to_object_storage import company_to_object_storage

PAGED = {"page_size": 5, "paging": {"concurrency": 1}}


class OnDisk:
    """A state store of Airflow, as far as it is used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> Any:
        """Give a value."""
        path = self.folder / quote(key, safe="")
        return json.loads(path.read_bytes()) if path.exists() else None

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:  # noqa: ARG002 - Airflow's argument
        """Keep a value."""
        made = self.folder / "new"
        made.write_text(json.dumps(value))
        made.replace(self.folder / quote(key, safe=""))


class KeptOnDisk:
    """What Airflow keeps of assets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, asset: Any) -> OnDisk:
        return OnDisk(self.folder / quote(asset.uri, safe=""))


def copy_company(*, home: str, run_id: str, company: str, path: str, **arguments: Any) -> Any:
    """Carry out a try of the task that the group makes of one company."""
    with DAG("d", schedule=None) as dag:
        company_to_object_storage(path, **arguments)
    task: Any = dag.get_task("company_to_object_storage.company")
    task.company = company
    task.render_template_fields({"run_id": run_id, "params": {}})
    context = {
        "run_id": run_id,
        "ti": TaskInstance(run_id=run_id),
        "task_state_store": OnDisk(Path(home, "states", run_id)),
        "asset_state_store": KeptOnDisk(Path(home, "assets")),
    }
    return task.execute(context)


def die_at(event: str, name: str) -> None:
    """Have the process killed when it is about to do something to a file with a name."""

    def kill(happens: str, arguments: tuple[Any, ...]) -> None:
        if happens == event and any(name in str(argument) for argument in arguments[:2]):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    if die := told.pop("die", None):
        die_at(*die)
    copy_company(**told)
