"""
Compare, and write docs/benchmarks.md with its chart.

    make bench
    .venvs/bench/bin/python -m benchmarks.compare --only latencies --runs 1 --print
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.compare.report import write
from benchmarks.compare.run import ROOT
from benchmarks.compare.scenarios import parts
from tests.infrastructure.postgres_server import PostgresServer

PARTS = ("latencies", "page_sizes", "growth", "limited", "sensors", "database")


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--runs", type=int, default=3, help="of each contestant; the median counts")
    parser.add_argument("--database", metavar="URI", help="of a PostgreSQL; default: one of its own")
    parser.add_argument("--print", action="store_true", help="print instead of writing docs/benchmarks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-home-") as home, ExitStack() as stack:
        os.environ["AIRFLOW_HOME"] = home
        os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "false"
        os.environ["AIRFLOW__POWEROFFICE__RATE_LIMIT_DIR"] = home
        uri = options.database
        if uri is None and options.only in {None, "database"}:
            own = stack.enter_context(PostgresServer()).parts
            uri = f"postgresql://{own['user']}:{own['password']}@{own['host']}:{own['port']}/{own['dbname']}"
        found = list(parts(options.only, options.runs, uri or ""))
        folder = Path(home) if options.print else ROOT / "docs"
        write(found, folder)
        if options.print:
            sys.stdout.write((folder / "benchmarks.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
