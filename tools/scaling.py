"""
A run over many companies on Airflow's executors for many processes, and whether all of it is right.

PostgreSQL, Redis, the parts of Airflow, two Celery workers and the sandbox are started on free ports of this
machine, and end with this program; logs and files stay in ``.work/scaling``. One company has a client
key that is refused. Ends with 1 when anything is wrong.

    make scaling
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from http import HTTPStatus
from typing import Any

from airflow_ui import Progress

from tests.infrastructure.airflow_home import ROOT, StartError
from tests.infrastructure.cluster import EXECUTORS, WORKER_PROCESSES, Cluster
from tests.infrastructure.scaling_checks import leaked, searches, tokens, wrong_rows, wrong_summary

DAG = "all_ledgers"
FAILING = "firma-004"
REFUSED_KEY = "c11e0bad-0000-4000-8000-00000000bad0"
POOL = 6
RUN_SECONDS = 600.0
MOST_REFUSED = 0.05
"""Share of the requests that may be refused; where the limit is not shared, it is a quarter."""


def trial(executor: str, companies: int) -> list[str]:
    """
    Run it on one executor, and tell how it went.

    :return: what is wrong.
    """
    print(f"\n{executor}, {companies} companies", flush=True)
    progress, began = Progress(), time.monotonic()
    cluster = Cluster(
        ROOT / ".work" / "scaling" / executor,
        executor=executor,
        keys={FAILING: REFUSED_KEY},
        dags=ROOT / "tests" / "scaling" / "dags",
        say=progress,
        companies=companies,
    )
    cluster.sandbox.set_privileges("bjorkasen", add=["AccountTransaction"])
    with cluster:
        progress.end()
        _tell("started in", f"{time.monotonic() - began:.0f} s")
        cluster.api("POST", "pools", {"name": "poweroffice", "slots": POOL})
        run = cluster.api("POST", f"dags/{DAG}/dagRuns", {"logical_date": None})["dag_run_id"]
        tasks = _wait_for_end(cluster, run)
        progress.end()
        return [*_report_run(cluster, tasks), *_report_results(cluster, run)]


def _wait_for_end(cluster: Cluster, run: str) -> list[dict[str, Any]]:
    """Wait, and give the task instances."""
    at = f"dags/{DAG}/dagRuns/{run}"
    found: list[dict[str, Any]] = []

    def missing() -> str:
        found[:] = cluster.api("GET", f"{at}/taskInstances?limit=1000")["task_instances"]
        ended = sum(task["end_date"] is not None for task in found)
        state = cluster.api("GET", at)["state"]
        tens = ended // 10 * 10  # a line for each would be a long text where there is no terminal
        return "" if state in {"success", "failed"} else f"the run: {tens} of {len(found)} tasks have ended"

    cluster.wait(missing, RUN_SECONDS)
    return found


def _report_run(cluster: Cluster, tasks: list[dict[str, Any]]) -> list[str]:
    """Tell what the machinery did: workers, requests, tokens."""
    problems = []
    entries = cluster.sandbox.journal()
    seconds = max(entries[-1].time - entries[0].time, 0.001)
    refused = sum(entry.status == HTTPStatus.TOO_MANY_REQUESTS for entry in entries)
    _tell(
        "tasks", f"{len(tasks)}, {len(cluster.workers) or 1} x {_processes(cluster)} at once, pool of {POOL}"
    )
    for worker in cluster.workers:
        done = cluster.tasks_of(worker)
        _tell(worker, f"{done} tasks")
        problems += [] if done else [f"{worker} has done nothing"]
    _tell("requests", f"{len(entries)} in {seconds:.1f} s, {len(entries) / seconds:.1f} a second")
    _tell("refused by the limit", f"{refused}, all repeated later" if refused else "0")
    if refused > MOST_REFUSED * len(entries):
        problems.append(f"{refused} requests were refused: the processes do not share the rate limit")
    counts = {company: len(issued) for company, issued in tokens(cluster.sandbox).items()}
    _tell("tokens a company", f"{min(counts[c] for c in counts if c != FAILING)} to {max(counts.values())}")
    if counts[FAILING]:
        problems.append(f"{FAILING} was given a token for a refused key")
    return problems


def _processes(cluster: Cluster) -> int:
    return WORKER_PROCESSES if cluster.workers else 2 * WORKER_PROCESSES


def _report_results(cluster: Cluster, run: str) -> list[str]:
    """Tell what landed, what failed, and whether a key can be read anywhere."""
    sandbox, companies = cluster.sandbox, cluster.sandbox.aliases()
    issued = tokens(sandbox)  # before this program fetches some itself
    sandbox.set(rate_limit=0)
    at = f"dags/{DAG}/dagRuns/{run}/taskInstances/summary/xcomEntries/return_value"
    summary = cluster.api("GET", at)["value"]
    problems = wrong_summary(summary, companies, FAILING)
    right = [company for company in companies if company != FAILING]
    rows = wrong_rows(cluster, right)
    _tell("right, row for row", f"{len(right) - len(rows)} companies")
    for failure in summary["failed"]:
        _tell("failed", f"{failure['company']}: {failure['error']}")
    searched, found = leaked(cluster, searches(sandbox, issued, {FAILING: REFUSED_KEY}))
    _tell("keys and tokens found", f"{len(found)}, in {searched}")
    return [*problems, *rows, *found]


def _tell(what: str, how: str) -> None:
    print(f"  {what:<24} {how}", flush=True)


def main() -> int:
    """Run the trials that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--executor", choices=EXECUTORS, help="only this one (default: one after the other)")
    parser.add_argument(
        "--companies", type=int, default=50, help="of the connection, 5 to 1000 (default: 50)"
    )
    options = parser.parse_args()
    if not 5 <= options.companies <= 1000:  # noqa: PLR2004 - as the help says
        parser.error(f"--companies {options.companies}: give 5 to 1000")
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)
    problems: list[str] = []
    try:
        for executor in [options.executor] if options.executor else EXECUTORS:
            problems += [f"{executor}: {one}" for one in trial(executor, options.companies)]
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print("\nWrong:\n  " + "\n  ".join(problems) if problems else "\nAll right.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
