"""
Bring customers into the sandbox from a CSV file or from PostgreSQL: killed five times, then twice more.

The sandbox runs in this process, each try of the task in one of its own, which is ended by ``kill -9`` when
as many results are published as chance says. The second run has the same records, in the third a tenth of
them has changed. At the end the sandbox's customers are counted, by number.

    .venv/bin/python -m benchmarks.batch
    .venv/bin/python -m benchmarks.batch --source postgres --records 2000
    .venv/bin/python -m benchmarks.batch --records 600 --rate 10 --kills 0

``--rate`` is the limit of requests a second, at the sandbox and at the client; 0: none.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from poweroffice_sandbox import Sandbox
from poweroffice_sandbox.core.journal import Entry
from tests.infrastructure.postgres_server import PostgresServer

FIRST = 1_000_000
CHANGED = 10  # of the third run's records, each n-th
NAMES = ("ExternalNumber", "Name", "EmailAddress")

Row = tuple[int, str, str]


def child(source: str, folder: str, run_id: str) -> None:
    """Run the task, in a process that may be killed, and print its receipt and what memory it took."""
    from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (  # noqa: PLC0415 - after the environment
        ObjectStorageToPowerOfficeOperator,
    )
    from airflow_provider_poweroffice.transfers.sql_to_poweroffice import (  # noqa: PLC0415 - as above
        SqlToPowerOfficeOperator,
    )

    os.environ["AIRFLOW__POWEROFFICE__FILE_ROOTS"] = folder
    given: dict[str, Any] = {
        "task_id": "batch",
        "results_path": f"file://{folder}/results",
        "endpoint": "Customers",
        "action": "upsert",
        "key": "ExternalNumber",
        "concurrency": 8,
    }
    task: Any
    if source == "csv":
        task = ObjectStorageToPowerOfficeOperator(object_path=f"file://{folder}/customers.csv", **given)
    else:
        mapping = {name: f"{{{{ row.{name.lower()} }}}}" for name in NAMES}
        sql = f"select {', '.join(NAMES)} from customers order by 1"  # noqa: S608 - constants
        task = SqlToPowerOfficeOperator(sql_conn_id="pg", sql=sql, mapping=mapping, **given)
    context: Any = {"run_id": run_id, "params": {}}
    before = peak()
    receipt = task.execute(context)
    print(json.dumps(receipt | {"mb_before": before, "mb": peak()}), flush=True)


def peak() -> int:
    """Give the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class Tries:
    """
    Starts tries of the task, and ends them.

    :param folder: for everything; made of it are the folders of the runs.
    """

    def __init__(self, source: str, folder: Path) -> None:
        self.source = source
        self.folder = folder
        self._parts: dict[Path, int] = {}

    def start(self, run_id: str) -> subprocess.Popen[bytes]:
        """Start a try; what it prints goes to a file, as a pipe that nobody reads would stop it."""
        command = [sys.executable, "-m", "benchmarks.batch", "--child", self.source, str(self.folder), run_id]
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def published(self) -> int:
        """Count the results that are published; each part is read once."""
        for path in self.folder.glob("results/*/*/*/parts/*.ndjson"):
            if path not in self._parts:
                self._parts[path] = path.read_bytes().count(b"\n")
        return sum(self._parts.values())

    def end_at(self, run_id: str, count: int) -> int:
        """Kill a try when so many results are there, and give how many there are."""
        process = self.start(run_id)
        while self.published() < count and process.poll() is None:
            time.sleep(0.5)
        process.kill()
        process.wait()
        return self.published()

    def finish(self, run_id: str) -> dict[str, Any]:
        """Let a try end by itself."""
        failed = self.start(run_id).wait()
        output = (self.folder / "log").read_text()
        if failed:
            raise SystemExit(f"the task failed:\n{output[-5000:]}")
        receipt: dict[str, Any] = json.loads(next(line for line in output.splitlines() if line[:1] == "{"))
        return receipt


@contextmanager
def source_of(name: str, folder: Path) -> Iterator[Any]:
    """Give a function that stores rows where the task reads them."""
    if name == "csv":

        def write(rows: list[Row]) -> None:
            lines = [",".join(NAMES), *(",".join(map(str, row)) for row in rows)]
            (folder / "customers.csv").write_text("\n".join(lines) + "\n")

        yield write
        return
    import psycopg  # noqa: PLC0415 - only for this source

    with PostgresServer() as server, closing(psycopg.connect(**server.parts, autocommit=True)) as database:
        os.environ["AIRFLOW_CONN_PG"] = json.dumps(server.airflow)
        database.execute("create table customers (externalnumber integer, name text, emailaddress text)")

        def copy(rows: list[Row]) -> None:
            database.execute("truncate customers")
            with database.cursor().copy("copy customers from stdin") as target:
                for row in rows:
                    target.write_row(row)

        yield copy


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


def requests(sandbox: Sandbox, after: int = 0) -> list[Entry]:
    """Give the requests behind a number of the journal, without those for tokens."""
    return [entry for entry in sandbox.journal() if entry.number > after and "Token" not in entry.path]


def share_of(entries: list[Entry], rate: int) -> str:
    """Say how much of a limit the POSTs took, from the first to the last."""
    posts = [entry for entry in entries if entry.method == "POST"]
    if not rate or len(posts) < 2:  # noqa: PLR2004 - a span has two ends
        return "-"
    return f"{(len(posts) - 1) / (posts[-1].time - posts[0].time) / rate:.1%}"


def measure(source: str, records: int, kills: int, rate: int, folder: Path) -> dict[str, Any]:
    """Run all of it."""
    rows = [(FIRST + n, f"Kunde {n} AS", f"post@{n}.example") for n in range(records)]
    with ExitStack() as stack:
        write = stack.enter_context(source_of(source, folder))
        sandbox = stack.enter_context(Sandbox(port=0, size="small", rate_limit=rate))
        fields = json.loads(sandbox.connection_json())
        fields["extra"]["requests_per_second"] = rate or 1000
        os.environ["AIRFLOW_CONN_POWEROFFICE_DEFAULT"] = json.dumps(fields)
        write(rows)
        tries, began = Tries(source, folder), time.monotonic()
        chance = random.Random(1)  # noqa: S311 - the same in every run
        marks = sorted(chance.randrange(1, records) for _ in range(kills))
        killed_at, last = [], 0
        for mark in marks:
            killed_at.append(tries.end_at("one", mark))
            last = sandbox.journal()[-1].number
        one = tries.finish("one")
        seconds = time.monotonic() - began
        first, share = requests(sandbox), share_of(requests(sandbox, last), rate)
        last = sandbox.journal()[-1].number
        two = tries.finish("two")
        second = requests(sandbox, last)
        last = sandbox.journal()[-1].number
        write([(no, name, f"ny-{mail}" if no % CHANGED == 0 else mail) for no, name, mail in rows])
        three = tries.finish("three")
        third = requests(sandbox, last)
        counts = numbers(sandbox)
    return {
        "source": source,
        "records": one["records"],
        "kills": f"{len(killed_at)}, at {', '.join(map(str, killed_at))}" if killed_at else 0,
        "seconds": round(seconds),
        "there once": sum(count == 1 for count in counts.values()),
        "there more often": sum(count > 1 for count in counts.values()),
        "requests per created row": round(len(first) / records, 4),
        "share of the limit": share,
        "second run": f"{two['unchanged']} unchanged, "
        + ", ".join(f"{count} {method}" for method, count in Counter(e.method for e in second).items()),
        "seconds of it": round(two["seconds"], 1),
        "requests per updated row": f"{len(third) / three['updated']:.4f} ({three['updated']} rows)",
        "peak memory": f"{max(r['mb'] for r in (one, two, three))} MiB, {one['mb_before']} before",
    }


def main() -> None:
    """Read the arguments and print a table of what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--source", choices=("csv", "postgres"), default="csv")
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--child", nargs=3)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(given.source, given.records, given.kills, given.rate, Path(folder))
    print("| | |\n|---|---|")
    for name, value in found.items():
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
