"""
What importing this package costs a DAG file: CPU time on top of ``airflow.sdk``, which all of them import.

    python -m benchmarks.import_cost

Everything that a DAG file may name is imported: hooks, operators, transfers, sensors and task groups. A
fresh process each time, bytecode compiled before, no garbage collection; the least of all runs counts, since
other programs can only add to it. Which modules are loaded is held by tests/airflow/test_import_cost.py.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from airflow_provider_poweroffice.provider_info import get_provider_info

RUNS = 15
MOST = 20.0  # ms

_MEASURE = """
import gc, importlib, sys, time
gc.disable()
import airflow.sdk
from airflow.sdk import DAG, Asset, BaseHook, BaseOperator, BaseSensorOperator
from airflow.sdk import ObjectStoragePath, TaskGroup, XComArg
before, start = set(sys.modules), time.process_time()
for name in sys.argv[1:]:
    importlib.import_module(name)
spent = time.process_time() - start
print(spent * 1000, *sorted(set(sys.modules) - before))
"""


def public_modules() -> list[str]:
    """List the modules that a DAG file imports from."""
    info: dict[str, Any] = get_provider_info()
    names = [
        name
        for kind in ("hooks", "operators", "sensors")
        for item in info[kind]
        for name in item["python-modules"]
    ]
    names += [item["python-module"] for item in info["transfers"]]
    groups = ("load_company", "company_to_object_storage")
    return [*names, *(f"airflow_provider_poweroffice.task_groups.{name}" for name in groups)]


def import_once() -> tuple[float, list[str]]:
    """
    Import them all in a fresh process.

    :return: CPU time in ms, and the modules that were loaded.
    """
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *public_modules()],
        capture_output=True,
        text=True,
        check=True,
    )
    spent, *modules = done.stdout.splitlines()[-1].split()
    return float(spent), modules


def main() -> int:
    """Print the cost."""
    spec = find_spec("airflow_provider_poweroffice")
    assert spec is not None  # noqa: S101 - it was imported above
    assert spec.origin is not None  # noqa: S101 - as above
    compileall.compile_dir(str(Path(spec.origin).parent), quiet=2)
    runs = sorted(import_once() for _ in range(RUNS))
    spent, modules = runs[0]
    ours = [name for name in modules if name.startswith("airflow_provider_poweroffice")]
    verdict = "met" if spent <= MOST else "missed"
    print(f"{spent:.1f} ms CPU (median {runs[RUNS // 2][0]:.1f}), {len(ours)} modules of ours")
    print(f"goal: at most {MOST:g} ms: {verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
