"""
One contestant in a process of its own: a task comes in as a line, figures go out as JSON.

What it imports, and a first small read, are not measured: it says ``ready``, and waits for a line to go.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.compare.task import Task

PAGE = os.sysconf("SC_PAGESIZE")


def resident() -> int:
    """Read this process's resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def cpu() -> float:
    """Read the processor time of this process and its children in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in used)


class Watch(threading.Thread):
    """Notes the highest resident memory."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = resident()
        self.on = True

    def run(self) -> None:
        """Look every few milliseconds."""
        while self.on:
            self.peak = max(self.peak, resident())
            time.sleep(0.005)


def main(name: str) -> None:
    """Measure one contestant; what it prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    task = Task.from_json(sys.stdin.readline())
    read: Callable[[Task], int] = importlib.import_module(f"benchmarks.compare.contestants.{name}").read
    read(replace(task, pages=1, page_size=10, folder=f"{task.folder}/warm"))
    print("ready", file=out, flush=True)
    sys.stdin.readline()
    before, watch = resident(), Watch()
    watch.start()
    used, started = cpu(), time.monotonic()
    rows = read(task)
    figures = {
        "wall": time.monotonic() - started,
        "cpu": cpu() - used,
        "memory": max(watch.peak, resident()) - before,
        "rows": rows,
    }
    watch.on = False
    print(json.dumps(figures), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
