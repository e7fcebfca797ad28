"""
Make a virtual environment inside the checkout from one file of pinned versions.

Runs on the machine's own python3 with nothing but venv and pip. Nothing is left outside the checkout:
caches go to ``.cache/``. A finished environment holds a stamp of its pins and is not made again.

    python3 tools/environment.py .venv requirements/airflow-3.3.txt
    python3 tools/environment.py .venvs/dbt requirements/dbt.txt --pins-only
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = "uv==0.13.9"


def main(folder: str, pins: str, pins_only: str = "") -> int:
    """
    Make the environment unless it is there already.

    :param pins_only: not empty: without the two distributions of this checkout.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever python3 the machine has
        print(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}; try PYTHON=python3.12")
        return 2
    target = ROOT / folder
    stamp = target / "made-from"
    wanted = hashlib.sha256(
        b"".join((ROOT / name).read_bytes() for name in (pins, "pyproject.toml", "sandbox/pyproject.toml"))
    ).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    print(f"making {folder} from {pins} on Python {sys.version.split()[0]} ...", flush=True)
    python = target / "bin" / "python"
    if not python.exists():
        venv.create(target, with_pip=True)
    environment = os.environ | {
        "UV_CACHE_DIR": str(ROOT / ".cache" / "uv"),
        "UV_SYSTEM_CERTS": "true",  # as pip does: a company's proxy may have its own authority
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    environment.pop("VIRTUAL_ENV", None)

    def run(*command: str) -> None:
        subprocess.run([str(python), "-m", *command], check=True, env=environment, cwd=ROOT)

    run("pip", "install", "--quiet", "--no-cache-dir", UV)
    install = ("uv", "pip", "install", "--quiet", "--python", str(python))
    # Compiled now: without it every start of Airflow costs seconds more.
    run(*install, "--compile-bytecode", "--requirement", pins)
    if not pins_only:
        run(*install, "--no-deps", "--editable", ".", "--editable", "./sandbox")
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
