"""
Run DAGs as ``airflow dags test`` does, but all in one process: Airflow takes seconds to start.

    python tools/demo_dags.py LOG DAG_ID...

Rule: what Airflow says goes to the log, also while it is imported; which DAG runs, to the terminal.
"""

from __future__ import annotations

import os
import sys
import time


def main(log: str, *dag_ids: str) -> int:
    """Run them in order, up to the first that fails."""
    terminal = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    with open(log, "ab") as output:  # noqa: PTH123 - descriptors are what is wanted
        for stream in (sys.stdout, sys.stderr):
            os.dup2(output.fileno(), stream.fileno())
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - after its output has a place to go

    bag = DagBag()
    for dag_id in dag_ids:
        print(f"airflow   {dag_id:<34}", end="", flush=True, file=terminal)
        began = time.monotonic()
        state = str(bag.dags[dag_id].test().state)
        print(f"{state} in {time.monotonic() - began:.0f} s", file=terminal)
        if state != "success":
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
