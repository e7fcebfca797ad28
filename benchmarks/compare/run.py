"""Run contestants, interleaved, and take medians."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.compare.server import Server
from benchmarks.compare.task import Task

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """
    Medians of one contestant in one scenario.

    :param wall: seconds, with the least and the most.
    :param cpu: processor seconds of the contestant.
    :param memory: bytes of resident memory above what there was before the first page.
    :param counts: what the server saw in one run: calls, tokens, refused, connections.
    """

    name: str
    wall: float
    least: float
    most: float
    cpu: float
    memory: float
    rows: int
    counts: dict[str, int] = field(default_factory=dict)


class ContestantError(RuntimeError):
    """A contestant failed, or lost rows."""


class _Contestant:
    """One process, made ready and then let go."""

    def __init__(self, name: str, task: Task, root: Path) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.compare.measure", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        self._say(task.to_json())
        self._expect()

    def _say(self, text: str) -> None:
        if self._process.stdin is None:
            raise AssertionError("unreachable: stdin is a pipe")
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def _expect(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            _, errors = self._process.communicate(timeout=30)
            raise ContestantError(f"{self.name}: {errors[-2000:]}")
        return line

    def go(self) -> None:
        """Start the measured read."""
        self._say("go")

    def result(self) -> dict[str, float]:
        """Wait for its end."""
        result: dict[str, float] = json.loads(self._expect())
        self._process.communicate(timeout=30)
        return result


def once(
    server: Server, name: str, task: Task, at_once: int = 1, *, root: Path = ROOT
) -> tuple[list[dict[str, float]], dict[str, int]]:
    """
    Run one contestant, or several of it at once.

    :param root: the checkout whose code runs.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        ready = [
            _Contestant(name, replace(task, folder=f"{scratch}/{number}"), root) for number in range(at_once)
        ]
        before = server.seen()
        for contestant in ready:
            contestant.go()
        results = [contestant.result() for contestant in ready]
        after = server.seen()
    after["connections"] -= before["connections"]
    return results, after


def compare(
    server: Server,
    names: Sequence[str],
    task: Task,
    *,
    runs: int,
    rows: int,
) -> list[Figures]:
    """
    Run contestants in turn, several times over.

    :param rows: that each must have read; one that reads others is an error, not a result.
    """
    results: dict[str, list[tuple[dict[str, float], dict[str, int]]]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            (result,), counts = once(server, name, task)
            if result["rows"] != rows:
                raise ContestantError(f"{name} read {result['rows']} rows of {rows}")
            results[name].append((result, counts))
            print(f"  {name:<18} {result['wall']:7.2f} s", file=sys.stderr)
    return [figures(name, found) for name, found in results.items()]


def figures(name: str, found: Sequence[tuple[dict[str, float], dict[str, int]]]) -> Figures:
    """Take the medians."""
    walls = [result["wall"] for result, _ in found]
    return Figures(
        name=name,
        wall=statistics.median(walls),
        least=min(walls),
        most=max(walls),
        cpu=statistics.median(result["cpu"] for result, _ in found),
        memory=statistics.median(result["memory"] for result, _ in found),
        rows=int(found[0][0]["rows"]),
        counts=found[-1][1],
    )
