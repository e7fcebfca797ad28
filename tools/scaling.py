"""
Nights of a firm on Airflow's executors for many processes: what they cost, and whether all of it is right.

PostgreSQL, Redis, the parts of Airflow, two Celery workers and the sandbox are started on free ports of this
machine, and end with this program; logs and files stay in ``.work/scaling``. ``load_company`` loads eight
lists of each company into PostgreSQL, three times: for the first time, on a night in which nothing has
changed, and on one of which a worker is killed. One company has a client key that is refused, one lacks
modules. Ends with 1 when anything is wrong; the ratios depend on the machine, and are only told.

    make scaling
    make scaling COMPANIES=100 EXECUTOR=local
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from itertools import chain
from typing import Any

import psutil  # type: ignore[import-untyped]  # an Airflow dependency
from airflow_ui import Progress

from tests.infrastructure import postgres_dump
from tests.infrastructure.airflow_home import ROOT, StartError
from tests.infrastructure.cluster import EXECUTORS, WORKER_PROCESSES, Cluster
from tests.infrastructure.processes import cpu_seconds
from tests.infrastructure.scaling_checks import (
    TABLES,
    leaked,
    searches,
    stored_rows,
    wrong_rows,
    wrong_summary,
)

DAG = "firm"
TASK = "load_company.company"
FAILING, LACKING = "firma-004", "bjorkasen"
LACKS = frozenset({"account_transactions", "general_ledger_accounts", "suppliers"})
"""Tables for which a company has no privilege."""
REFUSED_KEY = "c11e0bad-0000-4000-8000-00000000bad0"
LIMIT = 10
"""Requests a second."""
RUN_SECONDS = 1800.0
MOST_REFUSED = 0.05
"""Share of the requests that may be refused; where the limit is not shared, it is a quarter."""
MOST_WASTED = 1.05
"""Requests over those needed."""
_POSTGRES = "PostgreSQL"
KILL_AFTER = 3
"""Companies that are loaded before a worker is killed."""


class Trial:
    """
    The nights on one executor.

    :param pool: tasks at once.
    """

    def __init__(self, executor: str, companies: int, pool: int) -> None:
        self._progress = Progress()
        self._pool = pool
        self._cluster = Cluster(
            ROOT / ".work" / "scaling" / executor,
            executor=executor,
            keys={FAILING: REFUSED_KEY},
            dags=ROOT / "tests" / "scaling" / "dags",
            settings=ROOT / "tests" / "scaling" / "airflow_local_settings.py",
            say=self._progress,
            companies=companies,
        )
        self._sandbox = self._cluster.sandbox
        self._problems: list[str] = []

    def run(self) -> list[str]:
        """
        Run the nights, and tell how they went.

        :return: what is wrong.
        """
        cluster, began = self._cluster, time.monotonic()
        lists = len(TABLES)
        with cluster:
            self._progress.end()
            _tell("started in", f"{time.monotonic() - began:.0f} s")
            cluster.api("POST", "pools", {"name": "poweroffice", "slots": self._pool})
            _tell("at once", f"{len(cluster.workers) or 1} x {self._processes()}, pool of {self._pool}")
            self._night("the first night", requests=1 + lists, expected={"loaded"})
            self._compare()
            # Of the six that have a filter for changes, ids are listed too, to find deleted rows.
            self._night("a quiet night", requests=1 + lists + 6, expected={"loaded", "unchanged"})
            self._night("a night of which a worker is killed", meanwhile=self._kill)
            self._compare()
            self._search()
        return self._problems

    def _night(
        self,
        name: str,
        *,
        requests: int | None = None,
        expected: set[str] | None = None,
        meanwhile: Callable[[str, int], None] | None = None,
    ) -> None:
        """
        Run the DAG once, and check what it has left.

        :param requests: that each company needs, its token included.
        :param expected: outcomes of loads.
        :param meanwhile: is given the run, and the number of requests made before it.
        """
        print(f"  {name}", flush=True)
        cluster, sandbox = self._cluster, self._sandbox
        begin, before = len(sandbox.journal()), self._spent()
        run = cluster.api("POST", f"dags/{DAG}/dagRuns", {"logical_date": None})["dag_run_id"]
        if meanwhile:
            meanwhile(run, begin)
        wall = self._wait_for_end(run, begin)
        spent = {name: seconds - before[name] for name, seconds in self._spent().items()}
        companies = sandbox.aliases()
        right = len(companies) - 1
        entries = sandbox.journal()[begin:]
        refused = sum(entry.status == HTTPStatus.TOO_MANY_REQUESTS for entry in entries)
        made = len(entries) - refused
        if requests:
            needed = (requests * right + 1) / LIMIT
            _tell("wall", f"{wall:.1f} s / {needed:.1f} s that the limit needs = {wall / needed:.2f}")
            each = {name: seconds / len(companies) for name, seconds in spent.items()}
            of_airflow = sum(each.values()) - each[_POSTGRES]
            told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in sorted(each.items()))
            _tell("CPU seconds a company", f"{of_airflow:.2f} of Airflow's processes; of all: {told}")
            if made > MOST_WASTED * requests * len(companies):
                self._problems.append(f"{name}: {made} requests, {requests} a company are needed")
        _tell("requests", f"{made}, and {refused} refused by the limit and repeated later")
        if refused > MOST_REFUSED * made:
            self._problems.append(f"{name}: {refused} requests were refused: the rate limit is not shared")
        self._tell_tasks(name, run, killed=meanwhile is not None)
        tokens = Counter(
            e.company for e in entries if e.path.endswith("/Token") and e.status == HTTPStatus.OK
        )
        _tell("tokens", f"{tokens.total()} for {len(companies)} companies")
        if FAILING in tokens or (requests and tokens.total() != right):
            self._problems.append(f"{name}: {tokens.total()} tokens for {right} companies with a good key")
        self._check_left(name, run, expected or {"loaded", "unchanged"})

    def _tell_tasks(self, name: str, run: str, *, killed: bool) -> None:
        tasks = self._tasks(run)
        again = [str(task["rendered_map_index"]) for task in tasks if task["try_number"] > 1]
        _tell("tasks", f"{len(tasks)}" + (f", again: {', '.join(again)}" if again else ""))
        if len(tasks) > len(self._sandbox.aliases()) + 2:
            self._problems.append(f"{name}: {len(tasks)} tasks")
        if killed is not bool(again):
            self._problems.append(f"{name}: {len(again)} tasks were tried again")
        for worker in self._cluster.workers:
            if not self._cluster.tasks_of(worker):
                self._problems.append(f"{worker} has done nothing")

    def _tasks(self, run: str, which: str = "") -> list[dict[str, Any]]:
        at = f"dags/{DAG}/dagRuns/{run}/taskInstances?limit=100{which}"
        found: list[dict[str, Any]] = []
        total = 1
        while len(found) < total:
            page = self._cluster.api("GET", f"{at}&offset={len(found)}")
            found, total = found + page["task_instances"], page["total_entries"]
        return found

    def _check_left(self, name: str, run: str, expected: set[str]) -> None:
        """Check the summary, the table of loads and the picture."""
        cluster, companies = self._cluster, self._sandbox.aliases()
        at = f"dags/{DAG}/dagRuns/{run}/taskInstances/load_company.summary/xcomEntries/return_value"
        summary = cluster.api("GET", at)["value"]
        problems = wrong_summary(summary, companies, FAILING, LACKING)
        count = f"SELECT outcome, count(*) FROM _loads WHERE run_id = '{run}' GROUP BY 1"  # noqa: S608 - Airflow's own id
        lines = postgres_dump.query(cluster.postgres, count, cluster.warehouse_name).decode().split()
        loads = {outcome: int(number) for outcome, _, number in (line.partition("|") for line in lines)}
        _tell("loads", ", ".join(f"{number} {outcome}" for outcome, number in sorted(loads.items())))
        good = sum(loads.get(outcome, 0) for outcome in expected)
        wanted = (len(TABLES) * (len(companies) - 1) - len(LACKS), len(TABLES), len(LACKS))
        if (good, loads.get("not_run"), loads.get("left_out")) != wanted:
            problems.append(f"the table of loads has {loads}")
        picture = (cluster.lake / "night.html").read_text()
        problems += [f"{one} is not in the picture" for one in companies if one not in picture]
        _tell("summary, loads, picture", "wrong" if problems else "right")
        self._problems += [f"{name}: {problem}" for problem in problems]

    def _wait_for_end(self, run: str, begin: int) -> float:
        """Give the seconds from the run's start to its end, as Airflow has them."""
        found: dict[str, Any] = {}
        asked = time.monotonic()

        def missing() -> str:
            nonlocal asked
            if time.monotonic() < asked:
                return self._progress_of(begin)
            asked = time.monotonic() + 2  # each question is work of the API server's
            found.update(self._cluster.api("GET", f"dags/{DAG}/dagRuns/{run}"))
            return "" if found["state"] in {"success", "failed"} else self._progress_of(begin)

        self._cluster.wait(missing, RUN_SECONDS)
        self._progress.end()
        start, end = (datetime.fromisoformat(found[name]) for name in ("start_date", "end_date"))
        return (end - start).total_seconds()

    def _progress_of(self, begin: int) -> str:
        hundreds = (len(self._sandbox.journal()) - begin) // 100
        return f"the run: {hundreds * 100} requests"

    def _kill(self, run: str, begin: int) -> None:
        """Kill a worker's process that runs a company's task, and the task, when some are loaded."""
        found: list[psutil.Process] = []

        def missing() -> str:
            asked = {entry.company for entry in self._sandbox.journal()[begin:]}
            found[:] = self._running(run) if len(asked) > KILL_AFTER else []
            return "" if found else "a task to kill"

        self._cluster.wait(missing, RUN_SECONDS)
        self._progress.end()
        family = [found[0], *found[0].children(recursive=True)]
        for process in family:
            process.kill()
        _tell("killed", f"process {family[0].pid} of a worker, with its task")

    def _running(self, run: str) -> list[psutil.Process]:
        """
        Give the processes of workers that run a company's task; their titles name it by its id.

        The last to begin is the first: the others may end before they can be killed.
        """
        ids = [task["id"] for task in self._tasks(run, "&state=running") if task["task_id"] == TASK]
        found: list[tuple[float, psutil.Process]] = []
        for pid in chain(*self._cluster.processes().values()) if ids else ():
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                title = " ".join(process.cmdline())
                began = max((child.create_time() for child in process.children()), default=None)
                if began is not None and any(one in title for one in ids):
                    found.append((began, process))
        return [process for _, process in sorted(found, key=lambda one: one[0], reverse=True)]

    def _spent(self) -> dict[str, float]:
        """Give CPU seconds so far, by part of Airflow, and those of PostgreSQL."""
        spent = {name: cpu_seconds(pids) for name, pids in self._cluster.processes().items()}
        server = psutil.Process(self._cluster.postgres.pid)
        spent[_POSTGRES] = cpu_seconds([server.pid, *(one.pid for one in server.children(recursive=True))])
        return spent

    def _processes(self) -> int:
        return WORKER_PROCESSES if self._cluster.workers else 2 * WORKER_PROCESSES

    def _compare(self) -> None:
        """Compare all rows of all companies with the sandbox's."""
        cluster, sandbox = self._cluster, self._sandbox
        sandbox.set(rate_limit=0)
        stored = stored_rows(cluster.postgres, cluster.warehouse_name)
        companies = sandbox.aliases()
        rest = [company for company in companies if company not in {FAILING, LACKING}]
        problems = wrong_rows(stored, sandbox, rest, frozenset())
        problems += wrong_rows(stored, sandbox, [LACKING], LACKS)
        problems += wrong_rows(stored, sandbox, [FAILING], frozenset(TABLES))
        sandbox.set(rate_limit=LIMIT)
        rows = sum(len(own) for table in stored.values() for own in table.values())
        _tell("rows as the sandbox's", "no" if problems else f"all {rows:,}")
        self._problems += problems

    def _search(self) -> None:
        """Look for keys and tokens in all that was written."""
        searched, found = leaked(self._cluster, searches(self._sandbox, {FAILING: REFUSED_KEY}))
        _tell("keys and tokens found", f"{len(found)}, in {searched}")
        self._problems += found


def _tell(what: str, how: str) -> None:
    print(f"    {what:<24} {how}", flush=True)


def main() -> int:
    """Run the trials that are asked for."""
    names = {name.removesuffix("Executor").lower(): name for name in EXECUTORS}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--executor", choices=[*names, "both"], default="both", help="default: both in turn")
    parser.add_argument(
        "--companies", type=int, default=100, help="of the connection, 8 to 1000 (default: 100)"
    )
    parser.add_argument("--pool", type=int, default=6, help="tasks at once, 1 to 6 (default: 6)")
    options = parser.parse_args()
    if not 8 <= options.companies <= 1000:  # noqa: PLR2004 - as the help says
        parser.error(f"--companies {options.companies}: give 8 to 1000")
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)
    problems: list[str] = []
    try:
        for name in names if options.executor == "both" else [options.executor]:
            load = os.getloadavg()[0]
            print(f"\n{names[name]}, {options.companies} companies, load of {load:.1f} before", flush=True)
            trial = Trial(names[name], options.companies, options.pool)
            problems += [f"{name}: {one}" for one in trial.run()]
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
