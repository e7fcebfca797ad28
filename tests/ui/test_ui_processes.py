"""What is left running when the program that started Airflow ends: nothing, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.infrastructure import processes

# A child in a process group of its own, as Airflow's tasks are, that does not listen to TERM at once.
COMMAND = "trap 'sleep 0.3; exit' TERM; set -m; sleep 600 & echo $! >child; wait"
STARTER = """
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the suite runs in the background
sys.path.insert(0, sys.argv[1])
from processes import Guarded
here = Path.cwd()
command = Guarded(["bash", "-c", sys.argv[2]], os.environ, here, here / "log")
time.sleep(600)
"""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_starter(tmp_path: Path, sign: signal.Signals) -> None:
    """Children end with the program that started them, even those in other groups, even after kill -9."""
    tools = str(Path(processes.__file__).parent)
    starter = subprocess.Popen([sys.executable, "-c", STARTER, tools, COMMAND], cwd=tmp_path)
    try:
        child = psutil.Process(_number_in(tmp_path / "child"))
        starter.send_signal(sign)
        starter.wait(timeout=60)
        child.wait(timeout=60)
    finally:
        starter.kill()
        starter.wait()


def _number_in(file: Path) -> int:
    deadline = time.monotonic() + 60
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < deadline, f"{file} was not written"
        time.sleep(0.05)
    return int(file.read_text())
