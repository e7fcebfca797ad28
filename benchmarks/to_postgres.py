"""
Load a million ledger rows into PostgreSQL: by COPY and by plain inserts, in both layouts; then kill loads.

The limit is COPY of the same rows by ``psql``, from a file of CSV into an empty table like the one loaded.

The sandbox and the database run in processes of their own. Each load runs in a new process; its memory
is that above what it had before the first page. The last part kills loads of ``mode="replace"`` by
``kill -9`` at random moments, looks each time whether the table holds the old or the new state, tries
again at the end, and compares the table with the sandbox, row for row.

    .venv/bin/python benchmarks/to_postgres.py
    .venv/bin/python benchmarks/to_postgres.py --only kill --rows 20000
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.million_rows import Watch, resident, serve
from tests.infrastructure.postgres_dump import query
from tests.infrastructure.postgres_server import PostgresServer

DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
NOTHING = {"fromDate": "1999-01-01", "toDate": "1999-01-02"}
BEFORE = {"fromDate": "2000-01-01", "toDate": "2022-01-31"}
KILLS = 10


def operator(query: dict[str, str], **arguments: Any) -> Any:
    """Make the operator; the connections are in the environment."""
    from airflow_provider_poweroffice.transfers.poweroffice_to_sql import (  # noqa: PLC0415 - after the environment
        PowerOfficeToSqlOperator,
    )

    return PowerOfficeToSqlOperator(
        task_id="load", endpoint="AccountTransactions", query=query, sql_conn_id="pg", **arguments
    )


def measure(pipe: Connection, table: str, page_size: int, options: dict[str, Any]) -> None:
    """Run one load in this process and send what it took."""
    from airflow_provider_poweroffice.storage.sql import load, plan  # noqa: PLC0415 - after the environment

    took: list[float] = []
    store = load.Load.store

    def timed(self: load.Load, session: Any) -> plan.LoadResult:
        began = time.monotonic()
        stored = store(self, session)
        took.append(time.monotonic() - began)
        return stored

    load.Load.store = timed  # type: ignore[method-assign]
    context: Any = {"run_id": "benchmark"}
    # Load everything once, so that the growth is that of the data.
    operator(NOTHING, table=f"{table}_warm", **options).execute(context)
    before, watch, spent = resident(), Watch(), time.process_time()
    watch.start()
    receipt = operator(DATES, table=table, page_size=page_size, **options).execute(context)
    watch.on = False
    spent = time.process_time() - spent
    pipe.send(
        {
            "rows": receipt["rows"],
            "mb_json": round(receipt["bytes"] / 1e6),
            "read_s": round(receipt["seconds"] - took[-1], 1),
            "store_s": round(took[-1], 1),
            "seconds": receipt["seconds"],
            "cpu_s_per_100_000_rows": round(spent / receipt["rows"] * 100_000, 2),
            "rows_per_s_stored": round(receipt["rows"] / took[-1]),
            "rows_per_s_in_all": round(receipt["rows"] / receipt["seconds"]),
            "growth_mb": round((watch.peak - before) / 1e6, 1),
        }
    )


def copy_seconds(server: PostgresServer, table: str) -> float:
    """Copy a table's rows from a file of CSV into an empty table like it, by psql."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        query(server, f"\\copy {table} TO '{file.name}' CSV")
        query(server, f"CREATE TABLE {table}_copied (LIKE {table} INCLUDING ALL)")
        began = time.monotonic()
        query(server, f"\\copy {table}_copied FROM '{file.name}' CSV")
        return time.monotonic() - began


def speeds(page_size: int, server: PostgresServer) -> dict[str, Any]:
    """Measure each layout by each way, and COPY of the same rows."""
    found = {}
    for layout in ("raw", "columns"):
        for bulk in (True, False):
            here, there = multiprocessing.Pipe()
            name = f"{layout}, {'COPY' if bulk else 'inserts'}"
            options = {"layout": layout, "bulk": bulk, "mode": "replace"}
            child = multiprocessing.get_context("spawn").Process(
                target=measure, args=(there, f"{layout}_{bulk}".lower(), page_size, options)
            )
            child.start()
            there.close()  # so that a child that fails is noticed
            found[name] = here.recv()
            child.join()
            if bulk:
                seconds = copy_seconds(server, f"{layout}_true")
                ratio = found[name]["seconds"] / seconds
                found[name] |= {"copy_by_psql_s": round(seconds, 2), "whole_load_over_copy": round(ratio, 2)}
    return found


def child(run_id: str) -> None:
    """Load everything, in a process that may be killed."""
    query = BEFORE if run_id == "before" else DATES
    one = operator(query, table="killed", layout="raw", mode="replace", max_deletions=1)
    print("go", flush=True)
    print(json.dumps(one.execute({"run_id": run_id})), flush=True)


def start(run_id: str) -> subprocess.Popen[str]:
    """Start such a process and wait until it begins."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--child", run_id],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    if process.stdout is None:
        raise AssertionError("unreachable: it has a pipe")
    while process.stdout.readline().strip() != "go":
        if process.poll() is not None:
            raise RuntimeError("the load did not begin")
    return process


def finish(run_id: str) -> dict[str, Any]:
    """Load without killing."""
    out, _ = start(run_id).communicate()
    receipt: dict[str, Any] = json.loads(out.splitlines()[-1])
    return receipt


def kills(server: PostgresServer, seed: int) -> dict[str, Any]:
    """Kill loads at random moments, look, try again, compare."""
    import psycopg2  # noqa: PLC0415 - not installed everywhere

    database = psycopg2.connect(**server.parts)
    database.autocommit = True
    cursor = database.cursor()

    def state() -> dict[str, int]:
        cursor.execute("SELECT run_id, count(*) FROM killed GROUP BY run_id")
        return dict(cursor.fetchall())

    cursor.execute("DROP TABLE IF EXISTS killed")
    seconds = finish("after")["seconds"]
    whole = state()
    finish("before")
    old = state()
    chance = random.Random(seed)  # noqa: S311 - no cryptography
    moments, left = [], []
    for _ in range(KILLS):
        process = start("after")
        moments.append(round(chance.uniform(0, seconds), 2))
        time.sleep(moments[-1])
        process.kill()
        process.wait()
        now = state()
        left.append("old" if now == old else "new" if now == whole else f"neither: {now}")
        if now == whole:
            finish("before")
    receipt = finish("after")
    same, rows = compare(database)
    database.close()
    return {
        "rows": rows,
        "receipt_rows": receipt["rows"],
        "load_s": seconds,
        "killed_after_s": moments,
        "state_then": left,
        "equal_rows": same,
    }


def compare(database: Any) -> tuple[int, int]:
    """Count the rows that are in the table as the sandbox sends them, and the rows of the table."""
    from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook  # noqa: PLC0415

    database.autocommit = False
    cursor = database.cursor("rows")
    cursor.execute(
        "SELECT id, payload::text FROM killed WHERE company = 'poweroffice_default' ORDER BY id::bigint"
    )
    same = 0
    with PowerOfficeHook() as hook:
        for page in hook.client.pages("AccountTransactions", query=DATES):
            for sent, (_, held) in zip(page.raw_rows, cursor.fetchmany(len(page)), strict=True):
                same += bytes(sent).decode() == held
    if cursor.fetchone():
        raise AssertionError("the table holds rows that the sandbox does not")
    database.rollback()
    database.autocommit = True
    with database.cursor() as count:
        count.execute("SELECT count(*) FROM killed")
        return same, int(count.fetchone()[0])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--page-size", type=int, default=5000)
    parser.add_argument("--only", choices=("speed", "kill"))
    parser.add_argument("--seed", type=int, default=1, help="of the moments to kill at")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    sandbox = context.Process(target=serve, args=(options.rows, there), daemon=True)
    sandbox.start()
    fields, held = here.recv()
    fields["extra"]["requests_per_second"] = 1e6
    found: dict[str, Any] = {"held": held}
    with tempfile.TemporaryDirectory() as home, PostgresServer() as server:
        os.environ["AIRFLOW_CONN_POWEROFFICE_DEFAULT"] = json.dumps(fields)
        os.environ["AIRFLOW_CONN_PG"] = json.dumps(server.airflow)
        os.environ.setdefault("AIRFLOW_HOME", home)
        if options.only != "kill":
            found |= speeds(options.page_size, server)
        if options.only != "speed":
            found["kill"] = kills(server, options.seed)
    here.send("stop")
    if options.json:
        print(json.dumps(found))
        return
    print(f"Airflow {version('apache-airflow')}, Python {platform.python_version()}, {os.cpu_count()} cores")
    for name, figures in found.items():
        print(name, json.dumps(figures, indent=2), sep=": ")


if __name__ == "__main__":
    main()
