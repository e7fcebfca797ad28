"""What the tests of shared limits have in common."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from poweroffice_sandbox import Sandbox

WORKER = Path(__file__).with_name("limit_worker.py")


def run_workers(sandbox: Sandbox, backend: str, *, workers: int, calls: int) -> Counter[int]:
    """Have several processes call at once; count the statuses that the sandbox gave."""
    keys = sandbox.keys()
    command = [sys.executable, str(WORKER), sandbox.url]
    command += [keys.application_key, keys.client_key, keys.subscription_key, backend, str(calls)]
    started = [subprocess.Popen(command) for _ in range(workers)]
    assert [one.wait(60) for one in started] == [0] * workers
    return Counter(entry.status for entry in sandbox.journal())
