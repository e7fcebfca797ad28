"""A worker that is killed outright in the middle of a call: nothing is lost, doubled or half-written."""

from __future__ import annotations

import gzip
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest
from runs import start, until

if TYPE_CHECKING:
    from tests.infrastructure.standalone import Standalone

WHILE = 12.0  # seconds in which a worker is killed surely, after which the work is done all the same
FOREVER = 60.0  # seconds that a held-back answer would take: longer than it takes to kill


def kill_worker(airflow: Standalone) -> None:
    """Kill the process that runs the task: the youngest that has a connection to the sandbox."""
    port = urlsplit(airflow.sandbox.url).port

    def workers() -> list[psutil.Process] | None:
        connections = [
            item for item in psutil.net_connections("tcp") if item.raddr and item.raddr.port == port
        ]
        pids = {item.pid for item in connections if item.status == psutil.CONN_ESTABLISHED}
        return [psutil.Process(pid) for pid in pids - {None, os.getpid()}] or None

    max(until(workers), key=psutil.Process.create_time).send_signal(signal.SIGKILL)


def held_back(airflow: Standalone, method: str, path: str, number: int) -> None:
    """Wait until the sandbox has the n-th request, and holds its answer back."""
    until(lambda: airflow.sandbox.count(method, path) >= number or None)


def end_of(airflow: Standalone, dag_id: str, run_id: str, task: str) -> dict[str, Any]:
    """Wait for the end of a task, and give it."""

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = airflow.api("GET", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task}")
        return found if found["state"] in {"success", "failed"} else None

    return until(ended, 120)


@pytest.fixture
def _calm(airflow: Standalone) -> Any:
    yield
    airflow.sandbox.clear_faults()


@pytest.mark.usefixtures("_calm")
def test_killed_while_writing(airflow: Standalone) -> None:
    """The retry finds that the call was sent, does not send it again, and says what to look for."""
    before = airflow.sandbox.count("POST", "/Customers")
    airflow.sandbox.add_fault(action="delay", seconds=FOREVER, method="POST", path="/Customers", times=1)
    run_id = start(airflow, "killed_while_writing")
    held_back(airflow, "POST", "/Customers", before + 1)
    kill_worker(airflow)
    task = end_of(airflow, "killed_while_writing", run_id, "write")
    assert (task["state"], task["try_number"]) == ("failed", 2)
    assert airflow.sandbox.count("POST", "/Customers") == before + 1
    log = airflow.api("GET", f"dags/killed_while_writing/dagRuns/{run_id}/taskInstances/write/logs/2")
    assert "how it ended is not known" in json.dumps(log)


@pytest.mark.usefixtures("_calm")
def test_killed_while_invoicing(airflow: Standalone) -> None:
    """Killed while the order is made, and while it is asked to be sent: one order, one invoice."""
    before = airflow.sandbox.totals()
    path = "/SalesOrders/*"
    for name in ("Complete", "*/createAndSendInvoice"):
        where = f"/SalesOrders/{name}"
        airflow.sandbox.add_fault(action="delay", seconds=WHILE, method="POST", path=where, times=1)
    run_id = start(airflow, "killed_while_invoicing")
    for number in (1, 3):  # the order, its repetition, the request to send
        held_back(airflow, "POST", path, number)
        kill_worker(airflow)
    task = end_of(airflow, "killed_while_invoicing", run_id, "invoice")
    assert (task["state"], task["try_number"]) == ("success", 3)
    after = airflow.sandbox.totals()
    assert after["SalesOrders"] == before["SalesOrders"]
    assert after["OutgoingInvoices"] == before["OutgoingInvoices"] + 1
    assert airflow.sandbox.count("POST", "/SalesOrders/*/createAndSendInvoice") == 1


@pytest.mark.usefixtures("_calm")
def test_killed_while_reading(airflow: Standalone) -> None:
    """The retry reads everything, once; the killed try left nothing under the final name or beside it."""
    folder = Path(airflow.lake) / "killed"
    before = airflow.sandbox.count("GET", "/Suppliers")
    airflow.sandbox.add_fault(action="delay", seconds=FOREVER, path="/Suppliers", every=2, times=1)
    run_id = start(airflow, "killed_while_reading")
    held_back(airflow, "GET", "/Suppliers", before + 2)
    assert not folder.exists()
    kill_worker(airflow)
    task = end_of(airflow, "killed_while_reading", run_id, "read")
    assert (task["state"], task["try_number"]) == ("success", 2)
    assert [path.name for path in folder.iterdir()] == ["suppliers.ndjson.gz"]
    lines = gzip.decompress((folder / "suppliers.ndjson.gz").read_bytes()).splitlines()
    ids = [json.loads(line)["Id"] for line in lines]
    assert len(ids) == len(set(ids)) == airflow.sandbox.totals()["Suppliers"]
