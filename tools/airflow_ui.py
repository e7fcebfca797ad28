"""
``make airflow``: a real Airflow with the sandbox beside it, to be clicked through until Ctrl-C.

Rule: it tells a person what is there. The starting and stopping is done by :mod:`standalone`.
"""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from tests.infrastructure.airflow_home import PASSWORD, ROOT, USER, StartError, sandbox_port
from tests.infrastructure.standalone import CONNECTION, FOLDER, Standalone


class Progress:
    """What is being waited for: a line that counts on in a terminal, a line for each thing elsewhere."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = ""

    def __call__(self, text: str) -> None:
        """Tell what is being waited for."""
        if sys.stdout.isatty():
            print(f"\r\033[K{time.monotonic() - self._began:3.0f} s  {text}", end="", flush=True)
        elif text != self._last:
            print(text, flush=True)
        self._last = text

    def end(self) -> None:
        """Begin a new line if one is unfinished."""
        if sys.stdout.isatty() and self._last:
            print("\r\033[K", end="")


def main() -> int:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--port", type=int, default=8080, help="of Airflow, 0 for a free one (default: 8080)")
    options = parser.parse_args()
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)
    progress = Progress()
    try:
        last = books_end(FOLDER)
        with Standalone(port=options.port, sandbox_port=sandbox_port(), today=last, say=progress) as airflow:
            make_customers(airflow.warehouse)
            progress.end()
            print(_guide(airflow, last), flush=True)
            airflow.watch()
    except KeyboardInterrupt:
        progress.end()
        print("Airflow and the sandboxes are stopped.")
        return 0
    except StartError as error:
        progress.end()
        print(error, file=sys.stderr)
        return 1
    return 0


def books_end(folder: Path) -> date:
    """
    Give the day on which the sandboxes' books end: that of the first start in a folder.

    Books that moved on with each start would not be those that a warehouse in the folder holds.
    """
    file = folder / "books_end"
    with suppress(OSError, ValueError):
        return date.fromisoformat(file.read_text(encoding="ascii"))
    folder.mkdir(parents=True, exist_ok=True)
    today = datetime.now(UTC).date()
    file.write_text(today.isoformat(), encoding="ascii")
    return today


def make_customers(warehouse: Path) -> None:
    """Make the table that an example DAG takes customers from, unless it is there."""
    with closing(sqlite3.connect(warehouse)) as database, database:
        columns = "id integer primary key, name text, email text, city text, zip text"
        database.execute(f"create table if not exists crm_customers ({columns})")
        rows = [
            (70_001, "Lofoten Tørrfisk AS", "post@lofoten.example", "Svolvær", "8300"),
            (70_002, "Nordlys Kajakk AS", "post@nordlys.example", "Tromsø", "9008"),
        ]
        database.executemany("insert or ignore into crm_customers values (?, ?, ?, ?, ?)", rows)


def _guide(airflow: Standalone, last: date) -> str:
    paths = (airflow.lake, airflow.warehouse, airflow.home.log, airflow.own_dags)
    lake, warehouse, log, own = (path.relative_to(ROOT) for path in paths)
    return f"""\
Airflow     {airflow.url}  user {USER}, password {PASSWORD}
Sandbox     {airflow.sandbox.url}  behaves like PowerOffice Go; all its data is invented, until {last}.
            Those of v1 and of Dynamics 365 run too
Connection  {CONNECTION}: Admin > Connections, the pulse at the end of its row tests it
Your DAGs   put their files into {own}: they are here within 10 s
DAGs        open one, press Trigger
  poweroffice_company_to_warehouse  two companies into the tables of {warehouse}
  poweroffice_extract_company       customers and ledger to {lake}; then task "customers" > Storage > XCom
  poweroffice_wait_for_change       waits, deferred, until a customer is changed ...
  poweroffice_create_customer       ... which this one does
  poweroffice_send_invoice          two orders, an invoice of each, once
  poweroffice_customers_from_warehouse  the table crm_customers of the warehouse into PowerOffice
  Those for a voucher's PDF, Snowflake and dbt need something of yours: its "Dag Docs" says what.
Log         {log}
Ctrl-C stops all."""


if __name__ == "__main__":
    sys.exit(main())
