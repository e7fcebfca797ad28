"""
What it runs on: the table of docs/compatibility.md, from what .ci/run starts and requirements/ pins.

Rule: a row is a run of the tests. Nothing is written by hand that could be read from there.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RUN = re.compile(
    r"^\t@\$\((?:call python,([\d.]+)|PYTHON)\) tools/environment\.py \S+ (requirements/airflow-[\d.]+\.txt)$"
)
DATABASES = {
    "postgres": ("PostgreSQL", ("psycopg", "psycopg2-binary")),
    "mysql": ("MariaDB", ("pymysql", "mysql-connector-python")),
    "duckdb": ("DuckDB", ("duckdb",)),
    "sqlite": ("SQLite", ()),
}
"""Parameter of the fixture ``query`` to the database's name, and the distributions that speak with it."""


def runs() -> list[tuple[str, str, dict[str, str]]]:
    """Give the runs of the tests: Python (empty is the machine's own), target, pins."""
    found = []
    target = ""
    for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines():
        if name := re.match(r"^([\w-]+):", line):
            target = name[1]
        if run := RUN.match(line):
            pins = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / run[2]).read_text(encoding="utf-8"), re.MULTILINE)
            found.append((run[1] or "", "test" if target == "env" else target, dict(pins)))
    return found


def table() -> str:
    """Give the table."""
    own = f"the machine's `python3`, {_floor()} or later"
    names = [name for name, _ in DATABASES.values()]
    lines = [f"| Airflow | Python | by | {' | '.join(names)} |", "|---|---|---|" + "---|" * len(names)]
    for python, target, pins in runs():
        drivers = (
            ", ".join(f"{one} {pins[one]}" for one in wanted if one in pins) or "Python's own"
            for _, wanted in DATABASES.values()
        )
        cells = (pins["apache-airflow"], python or own, f"`make {target}`", *drivers)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def problems() -> list[str]:
    """Find what the table would say and CI does not run, or a classifier that no run stands for."""
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    targets = sorted({target for _, target, _ in runs()})
    found = [f".ci/run does not make {target}" for target in targets if f"\nmake {target}\n" not in ci]
    fixtures = (ROOT / "tests/airflow/conftest.py").read_text(encoding="utf-8")
    tested = re.search(r'params=\[([^]]*"sqlite"[^]]*)\]', fixtures)
    if tested is None or set(re.findall(r'"(\w+)"', tested[1])) != set(DATABASES):
        found.append("tools/compatibility.py: DATABASES are not those of tests/airflow/conftest.py")
    told = set(re.findall(r"Python :: (3\.\d+)", "\n".join(_project()["classifiers"])))
    pythons = {python or _floor() for python, _, _ in runs()}
    if told != pythons:
        found.append(f"pyproject.toml: classifiers for Python {sorted(told)}, tests on {sorted(pythons)}")
    return found


def _project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def _floor() -> str:
    return str(_project()["requires-python"]).removeprefix(">=")
