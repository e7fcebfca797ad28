"""
The main job, shown: the example DAGs run in a real Airflow against the sandbox, and what landed.

First files, then the tables of a database, with questions that a bookkeeper would ask them, then reports.

Everything is kept below ``.work/demo``, and made anew at each run. What is started is stopped.

    make demo
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo_reports import show_reports, start_environment

from poweroffice_sandbox import Sandbox, V1Sandbox

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".work" / "demo"
DAGS = (
    "poweroffice_extract_company",
    "poweroffice_create_customer",
    "poweroffice_wait_for_change",
    "poweroffice_v1_changed_customers",
    "poweroffice_company_to_warehouse",
)
COMPANIES = ("fjordlys", "havblaast")
WAREHOUSE = HOME / "warehouse.duckdb"
RESOURCES = {"customers": "Customers", "ledger": "AccountTransactions"}
FIELDS = {
    "customers": ("Number", "Name", "OrganizationNumber", "EmailAddress", "LastChangedDateTimeOffset"),
    "ledger": (
        "VoucherNo",
        "PostingDate",
        "AccountNo",
        "Amount",
        "CurrencyCode",
        "VoucherType",
        "Description",
    ),
}
RUNNER = ROOT / "tools" / "demo_dags.py"
DEADLINE = 480  # seconds for all DAGs


def environment(sandbox: Sandbox, v1: V1Sandbox) -> dict[str, str]:
    """Give the settings of a small Airflow of our own, with the sandboxes' connections."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return theirs | {
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW_CONN_POWEROFFICE_DEFAULT": sandbox.connection_json(companies=COMPANIES),
        "AIRFLOW_CONN_POWEROFFICE_V1": v1.connection_json(),
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "duckdb", "host": str(WAREHOUSE)}),
        "AIRFLOW_VAR_POWEROFFICE_LAKE": f"file://{HOME}/lake",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def airflow(settings: dict[str, str], log: Path, *command: str, told: bool = False) -> None:
    """
    Run a program of our environment; on failure show the end of its log and leave.

    :param told: what it prints is for the terminal; it writes the log itself.
    """
    with log.open("w") as output:
        done = subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *command[1:]],
            env=settings,
            stdout=None if told else output,
            stderr=output,
            timeout=DEADLINE,
            check=False,
        )
    if done.returncode:
        print("".join(log.read_text().splitlines(keepends=True)[-40:]))
        sys.exit(f"Airflow failed; the whole log is in {log.relative_to(ROOT)}")


def xcoms() -> dict[str, Any]:
    """Read what the tasks returned."""
    with sqlite3.connect(HOME / "airflow.db") as database:
        rows = database.execute(
            "select task_id, value from xcom where key = 'return_value' and map_index = -1"
        ).fetchall()
    return {task: json.loads(value) for task, value in rows}


def rows_in(receipt: dict[str, Any]) -> list[bytes]:
    """Read the rows of the file that a receipt names."""
    return gzip.decompress(Path(urlsplit(receipt["path"]).path).read_bytes()).splitlines()


def show(results: dict[str, Any], sandbox: Sandbox) -> bool:
    """Print what landed, and say whether it is what the sandbox holds."""
    whole = True
    folder = Path(urlsplit(results["ledger"]["path"]).path).parent.relative_to(ROOT)
    print(f"\nFiles in {folder}/")
    print(f"  {'resource':<20} {'rows':>8} {'sandbox':>8} {'bytes':>10} {'seconds':>8}  file")
    for task, resource in RESOURCES.items():
        receipt, rows = results[task], rows_in(results[task])
        held = sandbox.totals()[resource]
        # The example that creates a customer ran after the one that reads them.
        expected = held - (resource == "Customers")
        whole &= len(rows) == receipt["rows"] == expected
        figures = f"{len(rows):>8,} {expected:>8,} {receipt['bytes']:>10,} {receipt['seconds']:>8.2f}"
        print(f"  {resource:<20} {figures}  {receipt['path'].rpartition('/')[2]}")
    for task, fields in FIELDS.items():
        print(f"\nThe first rows of {RESOURCES[task]}, some fields:")
        for line in rows_in(results[task])[:3]:
            row = json.loads(line, parse_float=str)  # as written: 1.10 is not 1.1
            print("  " + "  ".join(f"{row[name]}" for name in fields))
    print("\nOther examples")
    print(f"  company   {results['company']['ClientName']}")
    print(f"  created   customer {results['read_back']['Number']} {results['read_back']['Name']}")
    print(f"  waited    {results['announce']}")
    print(f"  v1        {results['changed_customers']['rows']} customers read")
    return whole


def main() -> int:
    """Run the examples and show what landed."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    os.environ["AIRFLOW_HOME"] = str(HOME)  # else the import of Airflow makes ~/airflow
    from demo_warehouse import show_warehouse  # noqa: PLC0415 - imports Airflow

    started = time.monotonic()
    dbt = start_environment()
    with Sandbox(size="medium") as sandbox, V1Sandbox() as v1:
        settings = environment(sandbox, v1)
        print(f"sandbox   {sandbox.url} with {sandbox.totals()['AccountTransactions']:,} ledger rows")
        print("airflow   making its database ...", flush=True)
        airflow(settings, HOME / "migrate.log", "airflow", "db", "migrate")
        airflow(settings, HOME / "dags.log", "python", str(RUNNER), str(HOME / "dags.log"), *DAGS, told=True)
        whole = show(xcoms(), sandbox)
        whole &= show_warehouse(WAREHOUSE, sandbox, COMPANIES)
    reported = show_reports(dbt, WAREHOUSE, HOME, COMPANIES[0])
    print(f"\nDone in {time.monotonic() - started:.0f} s; logs and files are in {HOME.relative_to(ROOT)}/")
    if not whole:
        print("What landed is not what the sandbox holds.")
    return 0 if whole and reported else 1


if __name__ == "__main__":
    sys.exit(main())
