"""
What a revision costs against an earlier one: our own readers of ``make bench``, both revisions in turn.

    .venvs/bench/bin/python -m benchmarks.against v1.0 --rounds 7

Both run in this environment, each from its own checkout, against one sandbox and one PostgreSQL. CPU seconds
are those of the reader alone, so that a busy machine hardly moves them; a ratio is that of two medians, and
beside it stands that of the two least. ``>`` marks a ratio of CPU or memory above the bound.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from benchmarks.compare.run import ROOT, ContestantError, once
from benchmarks.compare.scenarios import LONG_TOKEN, task_of
from benchmarks.compare.server import Server
from benchmarks.compare.task import Task
from tests.infrastructure.postgres_server import PostgresServer

Runs: TypeAlias = dict[str, list[dict[str, float]]]
"""Revision to the figures of each of its runs."""
MOST = 1.05
_MEMORY_NOISE = 2e6  # bytes: a difference of a few pages of the allocator is none


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One reader in one setting."""

    contestant: str
    rows: int
    page_size: int
    latency: float = 0.0
    concurrency: int = 4

    @property
    def label(self) -> str:
        """Name it in a line."""
        late = f", {self.latency * 1000:.0f} ms a page" if self.latency else ""
        return f"{self.contestant}: {self.rows:,} rows, pages of {self.page_size}{late}"


SCENARIOS = {
    "small": Scenario(contestant="ours", rows=20_000, page_size=100, concurrency=8),
    "late": Scenario(contestant="ours", rows=20_000, page_size=100, latency=0.02, concurrency=8),
    "pages": Scenario(contestant="ours", rows=100_000, page_size=1000),
    "large": Scenario(contestant="ours", rows=100_000, page_size=5000, concurrency=8),
    "growth": Scenario(contestant="ours", rows=200_000, page_size=1000),
    "million": Scenario(contestant="ours", rows=1_000_000, page_size=5000),
    "raw": Scenario(contestant="ours_postgres", rows=200_000, page_size=5000),
    "columns": Scenario(contestant="ours_postgres_columns", rows=200_000, page_size=5000),
}


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Check a revision out beside this one, or take a folder that is a checkout already."""
    if (Path(revision) / "benchmarks" / "compare").is_dir():
        yield Path(revision).resolve()
        return
    with tempfile.TemporaryDirectory(prefix="bench-old-") as folder:
        target = Path(folder) / "old"
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", target, revision], cwd=ROOT, check=True
        )
        try:
            yield target
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(target)], cwd=ROOT, check=True)


def in_turn(server: Server, name: str, task: Task, roots: Mapping[str, Path], rounds: int) -> Runs:
    """Run both revisions, each first in every other round."""
    found: Runs = {label: [] for label in roots}
    for number in range(rounds):
        for label in list(roots)[:: 1 if number % 2 else -1]:
            (result,), _ = once(server, name, task, root=roots[label])
            if result["rows"] != server.rows:
                raise ContestantError(f"{name} of {label} read {result['rows']} rows of {server.rows}")
            found[label].append(result)
    return found


def line(found: Runs, figure: str) -> str:
    """Compare one figure."""
    new, old = ([run[figure] for run in found[label]] for label in ("new", "old"))
    now, then = statistics.median(new), statistics.median(old)
    unit, noise = (1e6, _MEMORY_NOISE) if figure == "memory" else (1.0, 0.0)
    is_worse = figure != "wall" and now > then * MOST and now - then > noise
    return (
        f"  {figure:<7} new {now / unit:8.3f}  old {then / unit:8.3f}  ratio {now / then:5.3f}"
        f"  of the least {min(new) / min(old):5.3f}{' >' if is_worse else ''}"
    )


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("revision", help="of git, or the folder of a checkout")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=SCENARIOS, action="append")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-home-") as home, ExitStack() as stack:
        os.environ["AIRFLOW_HOME"] = home
        os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "false"
        os.environ["AIRFLOW__POWEROFFICE__RATE_LIMIT_DIR"] = home
        roots = {"new": ROOT, "old": stack.enter_context(checkout(options.revision))}
        uri = ""
        for name in options.only or SCENARIOS:
            scenario = SCENARIOS[name]
            if scenario.contestant != "ours" and not uri:
                own = stack.enter_context(PostgresServer()).parts
                uri = f"postgresql://{own['user']}:{own['password']}@{own['host']}:{own['port']}/{own['dbname']}"
            with Server(scenario.rows, **LONG_TOKEN) as server:
                server.latency(scenario.latency)
                pages = -(-server.rows // scenario.page_size)
                task = task_of(server, pages, scenario.page_size, concurrency=scenario.concurrency)
                task = replace(task, database=uri)
                found = in_turn(server, scenario.contestant, task, roots, options.rounds)
            print(f"{name}: {scenario.label}")
            for figure in ("cpu", "wall", "memory"):
                print(line(found, figure))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
