"""
Bring customers from a CSV file into the sandbox: killed five times, then once more without changes.

The sandbox runs in this process, each try of the task in one of its own, which is ended by ``kill -9`` when
as many results are published as chance says. At the end the sandbox's customers are counted, by number.

    .venv/bin/python -m benchmarks.batch
    .venv/bin/python -m benchmarks.batch --records 600 --rate 10 --kills 0

``--rate`` is the limit of requests a second, at the sandbox and at the client; 0: none.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from poweroffice_sandbox import Sandbox

FIRST = 1_000_000


def child(folder: str, run_id: str) -> None:
    """Run the task, in a process that may be killed."""
    from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (  # noqa: PLC0415 - after the environment
        ObjectStorageToPowerOfficeOperator,
    )

    os.environ["AIRFLOW__POWEROFFICE__FILE_ROOTS"] = folder
    context: Any = {"run_id": run_id, "params": {}}
    task = ObjectStorageToPowerOfficeOperator(
        task_id="batch",
        object_path=f"file://{folder}/customers.csv",
        results_path=f"file://{folder}/results",
        endpoint="Customers",
        action="upsert",
        key="ExternalNumber",
        concurrency=8,
    )
    print(json.dumps(task.execute(context)), flush=True)


def start(folder: Path, run_id: str) -> subprocess.Popen[str]:
    """Start a try."""
    command = [sys.executable, "-m", "benchmarks.batch", "--child", str(folder), run_id]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def published(folder: Path) -> int:
    """Count the results that are published."""
    return sum(len(path.read_bytes().splitlines()) for path in folder.glob("results/**/parts/*.ndjson"))


def end_at(process: subprocess.Popen[str], folder: Path, count: int) -> int:
    """Kill a try when so many results are there, and give how many there are."""
    while published(folder) < count and process.poll() is None:
        time.sleep(0.2)
    process.kill()
    process.wait()
    return published(folder)


def finish(folder: Path, run_id: str) -> dict[str, Any]:
    """Let a try end by itself."""
    output, _ = start(folder, run_id).communicate()
    receipt: dict[str, Any] = json.loads(output.splitlines()[-1])
    return receipt


def numbers(sandbox: Sandbox) -> Counter[int]:
    """Count the customers that were made, by number."""
    from airflow_provider_poweroffice.api import Client, Credentials  # noqa: PLC0415 - only this process

    keys = sandbox.keys()
    credentials = Credentials(
        application_key=keys.application_key,
        client_key=keys.client_key,
        subscription_key=keys.subscription_key,
    )
    query = {"Fields": "Id,ExternalNumber"}
    with Client(credentials, host=sandbox.url) as client, client.pages("Customers", query=query) as pages:
        found = (row["ExternalNumber"] or 0 for page in pages for row in page.rows)
        return Counter(number for number in found if number >= FIRST)


def measure(records: int, kills: int, rate: int, folder: Path) -> dict[str, Any]:
    """Run all of it."""
    rows = (f"{FIRST + n},Kunde {n} AS,post@{n}.example" for n in range(records))
    (folder / "customers.csv").write_text("\n".join(["ExternalNumber,Name,EmailAddress", *rows]))
    with Sandbox(port=0, size="small", rate_limit=rate) as sandbox:
        fields = json.loads(sandbox.connection_json())
        fields["extra"]["requests_per_second"] = rate or 1000
        os.environ["AIRFLOW_CONN_POWEROFFICE_DEFAULT"] = json.dumps(fields)
        began = time.monotonic()
        chance = random.Random(1)  # noqa: S311 - the same in every run
        marks = sorted(chance.randrange(1, records) for _ in range(kills))
        found: dict[str, Any] = {"killed_at": [end_at(start(folder, "one"), folder, mark) for mark in marks]}
        receipt = finish(folder, "one")
        found["receipt"] = {name: receipt[name] for name in ("records", "created", "unchanged", "failed")}
        found["seconds"] = round(time.monotonic() - began, 1)
        found["seconds_of_the_last_try"] = receipt["seconds"]
        posts = [entry for entry in sandbox.journal() if entry.method == "POST" and "Token" not in entry.path]
        found["posts"] = len(posts)
        if not kills:
            found["per_second"] = round((len(posts) - 1) / (posts[-1].time - posts[0].time), 2)
        began, last = time.monotonic(), sandbox.journal()[-1].number
        receipt = finish(folder, "two")
        after = [entry for entry in sandbox.journal() if entry.number > last]
        found["again"] = {
            "unchanged": receipt["unchanged"],
            "requests": Counter(entry.method for entry in after if "Token" not in entry.path),
            "seconds": round(time.monotonic() - began, 1),
        }
        counts = numbers(sandbox)
        found["once"] = sum(count == 1 for count in counts.values())
        found["more_than_once"] = sum(count > 1 for count in counts.values())
    return found


def main() -> None:
    """Read the arguments and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--child", nargs=2)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(given.records, given.kills, given.rate, Path(folder)), indent=2))


if __name__ == "__main__":
    main()
