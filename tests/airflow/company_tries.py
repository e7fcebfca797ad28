"""Carry out the tries of a company's task, without an Airflow: what it keeps between them stands in."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sql_loads import Kept, Store

from airflow_provider_poweroffice._compat import (
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
)
from airflow_provider_poweroffice.tasks.company import LoadsFailedError
from airflow_provider_poweroffice.tasks.company_notes import DONE
from poweroffice_sandbox import Sandbox


class TaskInstance(SimpleNamespace):
    """Stands in for the task instance: keeps what is pushed."""

    def __init__(self, **about: Any) -> None:
        given = {"dag_id": "d", "task_id": "company", "map_index": 0, "max_tries": 1, "pushed": {}}
        super().__init__(**given | about)

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep it."""
        self.pushed[key] = json.loads(json.dumps(value))


class Events(dict[str, Any]):
    """The events of a task's assets; before 3.2 an asset cannot be a key of a dict."""

    def __getitem__(self, asset: Any) -> Any:
        return self.setdefault(asset.uri, SimpleNamespace(extra={}))


class Airflow:
    """What Airflow keeps between the tries and runs of a task, as 3.3 does."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.states: dict[str, Store] = {}

    def run(self, task: Any, run_id: str = "1", **about: Any) -> tuple[Any, TaskInstance, Events]:
        """Carry out one try, and give its result, what it pushed, and its events."""
        ti, events = TaskInstance(run_id=run_id, **about), Events()
        context: Any = {
            "run_id": run_id,
            "ti": ti,
            "asset_state_store": self.kept,
            "task_state_store": self.states.setdefault(run_id, Store()),
            "outlet_events": events,
        }
        try:
            return task.execute(context), ti, events
        except (LoadsFailedError, AirflowFailException, AirflowTaskTimeout, AirflowSkipException) as error:
            return error, ti, events


def connect(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, **keys: str) -> None:
    """Set ``poweroffice_default``, with some client keys changed."""
    fields = json.loads(sandbox.connection_json("granli", companies=sandbox.aliases()))
    fields["extra"]["requests_per_second"] = 1000
    fields["extra"]["client_api_keys"] |= keys
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps(fields))


def asked(sandbox: Sandbox, begin: int = 0) -> Counter[str]:
    """Count the requests for each list since an entry of the journal."""
    return Counter(entry.path.rpartition("/")[2] for entry in sandbox.journal()[begin:])


@contextmanager
def timed_out_in_the_middle(firm: Sandbox, airflow: Airflow, alias: str) -> Iterator[None]:
    """Have Airflow's time-out come once three lists are noted as done, while another waits for its answer."""
    firm.add_fault(action="delay", seconds=60, path="/Suppliers", times=0)

    def time_out(*_: object) -> None:
        raise AirflowTaskTimeout

    def kill() -> None:
        state = airflow.states.setdefault("1", Store())
        while (
            firm.count("GET", "/Suppliers") < 1
            or len(state.get(f"{DONE}.{alias}", {"loads": ()})["loads"]) < 3
        ):
            time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, time_out)
    killer = threading.Thread(target=kill, daemon=True)
    try:
        killer.start()
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)
