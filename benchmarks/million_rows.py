"""
Read a million ledger rows to a compressed file, and say what it took in time and memory.

The sandbox runs in a process of its own; the memory is that of the process that runs the operator,
above what it had before the first page.

    .venv/bin/python benchmarks/million_rows.py [--format ndjson.zst]
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import platform
import tempfile
import threading
import time
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

PAGE = os.sysconf("SC_PAGESIZE")


def resident() -> int:
    """Read this process's resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def serve(rows: int, pipe: Connection) -> None:
    """Run the sandbox until told to stop."""
    from poweroffice_sandbox import Sandbox  # noqa: PLC0415 - in its own process

    with Sandbox(rate_limit=0, ledger_rows=rows) as sandbox:
        pipe.send((json.loads(sandbox.connection_json()), sandbox.totals()["AccountTransactions"]))
        pipe.recv()


class Watch(threading.Thread):
    """Notes the highest resident memory."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.on = True

    def run(self) -> None:
        """Look every few milliseconds."""
        while self.on:
            self.peak = max(self.peak, resident())
            time.sleep(0.005)


def measure(rows: int, folder: Path, page_size: int, form: str) -> dict[str, Any]:
    """Run the operator against a sandbox of so many rows."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(rows, there), daemon=True)
    server.start()
    fields, held = here.recv()
    fields["extra"]["requests_per_second"] = 1e6
    os.environ["AIRFLOW_CONN_POWEROFFICE_DEFAULT"] = json.dumps(fields)
    os.environ.setdefault("AIRFLOW_HOME", str(folder / "airflow"))

    from airflow_provider_poweroffice.storage.codecs import zstd  # noqa: PLC0415
    from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (  # noqa: PLC0415
        PowerOfficeToObjectStorageOperator,
    )

    def operator(name: str, **query: str) -> PowerOfficeToObjectStorageOperator:
        return PowerOfficeToObjectStorageOperator(
            task_id="ledger",
            endpoint="AccountTransactions",
            query=query,
            page_size=page_size,
            object_path=f"file://{folder}/{name}.{form}",
            format=form,
        )

    # Load everything once, so that the growth is that of the data.
    operator("warm", fromDate="1999-01-01", toDate="1999-01-02").execute({})
    before, watch = resident(), Watch()
    watch.start()
    cpu, wall = time.process_time(), time.monotonic()
    receipt = operator("ledger", fromDate="2000-01-01", toDate="2099-12-31").execute({})
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    watch.on = False
    here.send("stop")
    ids = set()
    path = folder / f"ledger.{form}"
    with gzip.open(path, "rb") if form.endswith(".gz") else zstd().open(path, "rb") as lines:
        for line in lines:
            ids.add(json.loads(line)["Id"])
    return {
        "rows": receipt["rows"],
        "distinct_ids": len(ids),
        "held": held,
        "pages": receipt["pages"],
        "mb_file": round(receipt["bytes"] / 1e6, 1),
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "start_mb": round(before / 1e6, 1),
        "growth_mb": round((watch.peak - before) / 1e6, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--page-size", type=int, default=5000)
    parser.add_argument("--format", default="ndjson.gz", choices=["ndjson.gz", "ndjson.zst"])
    parser.add_argument("--folder", type=Path, help="where to write; default: a folder that is removed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures = measure(options.rows, options.folder or Path(scratch), options.page_size, options.format)
    if options.json:
        print(json.dumps(figures))
        return
    print(f"Airflow {version('apache-airflow')}, Python {platform.python_version()}, {os.cpu_count()} cores")
    for name, value in figures.items():
        print(f"{name:>14}  {value:,}" if isinstance(value, int) else f"{name:>14}  {value}")


if __name__ == "__main__":
    main()
