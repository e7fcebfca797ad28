"""The report: docs/benchmarks.md and its chart."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.compare.chart import bars
from benchmarks.compare.run import Figures
from benchmarks.compare.scenarios import OURS, Part

NAMES = {
    "ours": "this package",
    "ours_postgres": "this package, raw layout",
    "ours_postgres_columns": "this package, columns layout",
    "http_operator": "HttpOperator",
    "dlt_files": "dlt rest_api",
    "dlt_postgres": "dlt rest_api",
    "requests_loop": "requests + json loop",
    "threads": "threads by hand",
    "aiohttp_reader": "aiohttp by hand",
}
_PACKAGES = ("apache-airflow", "apache-airflow-providers-http", "dlt", "requests", "aiohttp", "msgspec")
_HEAD = """\
# Benchmarks

Made by `make bench`; the text below is written by that command. Every reader gets the same data from one
sandbox on the same machine, one fresh process a run, in turn; medians are given, and ratios of one run say
more than seconds. What is imported, and a first page, are not measured. What a revision of this package costs
against an earlier one: `.venvs/bench/bin/python -m benchmarks.against REVISION`, both in turn.

The readers by hand are the limit of what can be had, not something to run: they know how many pages there
are, renew no token, check no page and retry nothing. Nor do they ask for the keys of all rows, by
which this package proves that no row moved between pages: one more call, beside the last pages. Sandbox
and reader share the machine's cores: walls grow with whatever else it does meanwhile.
"""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


_COLUMNS = (
    "reader | wall s (range) | ÷ ours | CPU s | memory + MB | rows/s | connections | tokens | calls | 429"
)


def _row(item: Figures, base: Figures) -> str:
    cells = (
        NAMES[item.name],
        f"{item.wall:.2f} ({item.least:.2f}–{item.most:.2f})",
        f"{item.wall / base.wall:.2f}",
        f"{item.cpu:.2f}",
        f"{item.memory / 1e6:.0f}",
        f"{item.rows / item.wall:,.0f}",
        *(str(item.counts[name]) for name in ("connections", "tokens", "calls", "refused")),
    )
    return f"| {' | '.join(cells)} |"


def _section(part: Part) -> list[str]:
    lines = [f"## {part.title}", "", part.about, ""]
    for number, cells in enumerate(part.sheet):
        lines += [f"| {' | '.join(cells)} |", *(["|" + "---|" * len(cells)] if not number else [])]
    lines += [""] if part.sheet else []
    for caption, found in part.tables.items():
        lines += [
            f"**{caption}**",
            "",
            f"| {_COLUMNS} |",
            "|" + "---|" * (_COLUMNS.count("|") + 1),
            *(_row(item, found[0]) for item in found),
            "",
        ]
    return lines


def write(parts: list[Part], folder: Path) -> None:
    """Write the report and the chart."""
    goals = [goal for part in parts for goal in part.goals]
    lines = [
        _HEAD,
        f"Measured {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}; "
        + ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
        + ".",
        "",
        "| goal (ratios of this run) | wanted | measured | |",
        "|---|---|---|---|",
        *(
            f"| {goal.text} | {'≥' if goal.least else '≤'} {goal.limit:g} | {goal.value:.2f} "
            f"| {'met' if goal.met else '**missed**'} |"
            for goal in goals
        ),
        "",
    ]
    charted = next((part.tables.get("20 ms a page") for part in parts if "20 ms a page" in part.tables), None)
    if charted:
        values = {NAMES[item.name]: item.wall for item in sorted(charted, key=lambda item: item.wall)}
        text = bars("200 pages of 100 rows to ndjson.gz, 20 ms a page", values, "s", NAMES[OURS])
        (folder / "benchmarks.svg").write_text(text, encoding="utf-8")
        lines += ["![Seconds for 200 pages](benchmarks.svg)", ""]
    for part in parts:
        lines += _section(part)
    (folder / "benchmarks.md").write_text("\n".join(lines), encoding="utf-8")
