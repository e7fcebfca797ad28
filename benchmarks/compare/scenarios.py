"""What is measured; each scenario gives a part of the report."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from airflow_provider_poweroffice.triggers.clients import THREADS
from benchmarks.compare.run import Figures, compare, figures, once
from benchmarks.compare.server import Server
from benchmarks.compare.task import IN_FLIGHT, Task
from benchmarks.deferred_sensors import LATE, measure
from benchmarks.share import share

OURS = "ours"
FILES = (OURS, "http_operator", "dlt_files", "requests_loop", "threads", "aiohttp_reader")
_SMALL = 100  # rows a page: a thousand pages one after another say enough once
_SLOW = 0.05  # seconds a page
_MANY = 100  # times the pages
LIMIT = 10
TIMEOUT, POLL = 12.0, 5.0  # seconds
LONG_TOKEN = {"token_lifetime": 1_000_000}


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A ratio of this run, and what it should be at most (or at least)."""

    text: str
    value: float
    limit: float
    least: bool = False

    @property
    def met(self) -> bool:
        """Tell whether it is reached."""
        return self.value >= self.limit if self.least else self.value <= self.limit


@dataclass(frozen=True, kw_only=True)
class Part:
    """
    A part of the report: a heading, tables of figures by caption, and goals.

    :param sheet: a table of other figures, its heads first.
    """

    title: str
    about: str
    tables: dict[str, list[Figures]] = field(default_factory=dict)
    sheet: list[tuple[str, ...]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)


def task_of(
    server: Server, pages: int, page_size: int, *, limited: bool = False, concurrency: int = IN_FLIGHT
) -> Task:
    """Say what a contestant is to read from a server."""
    connection = json.loads(server.connection)
    if not limited:
        connection["extra"]["requests_per_second"] = 1e6
    return Task(
        base=server.base,
        connection=connection,
        headers=server.headers,
        page_size=page_size,
        pages=pages,
        folder="",
        concurrency=concurrency,
        limited=limited,
    )


def _by(found: list[Figures], name: str) -> Figures:
    return next(item for item in found if item.name == name)


def latencies(runs: int) -> Part:
    """200 pages of 100 rows, pages coming 0, 20 and 80 ms late."""
    tables = {}
    with Server(20_000, **LONG_TOKEN) as server:
        pages = -(-server.rows // 100)
        for delay in (0.0, 0.02, 0.08):
            server.latency(delay)
            few = runs if delay < _SLOW else max(1, runs // 2)
            tables[f"{delay * 1000:.0f} ms a page"] = compare(
                server, FILES, task_of(server, pages, 100), runs=few, rows=server.rows
            )
    late = tables["20 ms a page"]
    ours = _by(late, OURS).wall
    return Part(
        title="200 pages of 100 rows to ndjson.gz",
        about=f"{IN_FLIGHT} requests in flight for those who can.",
        tables=tables,
        goals=[
            Goal(text="20 ms: wall ÷ HttpOperator", value=ours / _by(late, "http_operator").wall, limit=0.15),
            Goal(
                text=f"20 ms: wall ÷ hand-written threads×{IN_FLIGHT}",
                value=ours / _by(late, "threads").wall,
                limit=1.1,
            ),
        ],
    )


def page_sizes(runs: int) -> Part:
    """100 000 rows in pages of several sizes, 20 ms a page."""
    tables = {}
    with Server(100_000, **LONG_TOKEN) as server:
        server.latency(0.02)
        for size in (_SMALL, 1000, 5000, 20_000):
            names = (
                (OURS, "requests_loop")
                if size == _SMALL
                else (OURS, "http_operator", "requests_loop", "threads")
            )
            tables[f"{size} rows a page"] = compare(
                server,
                names,
                task_of(server, -(-server.rows // size), size),
                runs=1 if size == _SMALL else runs,
                rows=server.rows,
            )
        loop, ours = (_by(tables["5000 rows a page"], name) for name in ("requests_loop", OURS))
    return Part(
        title="100 000 rows, by page size",
        about="20 ms a page.",
        tables=tables,
        goals=[Goal(text="20 pages of 5000: CPU ÷ requests+json loop", value=ours.cpu / loop.cpu, limit=0.5)],
    )


def growth(runs: int) -> Part:
    """1x, 10x and 100x the pages, and a million rows in memory."""
    tables, walls = {}, []
    for factor in (1, 10, _MANY):
        with Server(20_000 * factor, **LONG_TOKEN) as server:
            task = task_of(server, -(-server.rows // 1000), 1000, concurrency=4)
            tables[f"{factor}×: {server.rows:,} rows"] = compare(
                server,
                (OURS,),
                task,
                runs=runs if factor < _MANY else 1,
                rows=server.rows,
            )
            walls.append(tables[f"{factor}×: {server.rows:,} rows"][0].wall / server.rows)
    with Server(1_000_000, **LONG_TOKEN) as server:
        task = task_of(server, -(-server.rows // 5000), 5000, concurrency=4)
        million = tables["1,000,000 rows, pages of 5000, 4 in flight"] = compare(
            server, (OURS,), task, runs=1, rows=server.rows
        )
    return Part(
        title="Growth",
        about="Pages of 1000 rows, 4 requests in flight, no latency.",
        tables=tables,
        goals=[
            Goal(text="10× the pages (20 → 200): time ×", value=10 * walls[1] / walls[0], limit=10.2),
            Goal(text="10× the pages (200 → 2000): time ×", value=10 * walls[2] / walls[1], limit=10.2),
            Goal(text="memory for 1 M rows, MB", value=million[0].memory / 1e6, limit=25),
        ],
    )


def limited(runs: int) -> Part:
    """Several processes under one limit of 10 requests a second."""
    tables: dict[str, list[Figures]] = {}
    goals = []
    for at_once in (1, 4, 16):
        caption = f"{at_once} at once"
        ours = [_under_limit(OURS, at_once) for _ in range(runs)]
        loop = _under_limit("requests_loop", at_once)
        tables[caption] = [
            figures(name, [(one.slowest, one.counts) for one in found])
            for name, found in ((OURS, ours), ("requests_loop", [loop]))
        ]
        goals += [
            Goal(
                text=f"{caption}: share of {LIMIT} a second used",
                value=statistics.median(one.share for one in ours),
                limit=0.97,
                least=True,
            ),
            Goal(
                text=f"{caption}: refused of 200 requests",
                value=200 * sum(one.counts["refused"] for one in ours) / sum(one.passed for one in ours),
                limit=1,
            ),
        ]
    return Part(
        title=f"200 pages under a limit of {LIMIT} requests a second",
        about=(
            "Several processes read at once and share the limit; the loop learns of it by being refused. The "
            "share is that of all requests that the server let through, tokens too, from the first to the "
            "last that is a multiple of ten later; the refused are those of all runs. Pages have 100 rows: "
            "with 500 the last requests of 16 processes, which ask for all numbers at once, keep the sandbox "
            "busy for two seconds, and it counts none meanwhile. A request that is counted late by d seconds "
            "blocks its place for 1 + d, so no more than 1 / (1 + d) of the limit can be used without being "
            "refused; a refusal costs everybody a second, 5 % of such a run."
        ),
        tables=tables,
        goals=goals,
    )


class _UnderLimit(NamedTuple):
    """
    One run of several processes under the limit.

    :param slowest: figures of the process that took the longest.
    :param passed: requests that were let through.
    """

    slowest: dict[str, float]
    counts: dict[str, int]
    passed: int
    share: float


def _under_limit(name: str, at_once: int) -> _UnderLimit:
    with Server(20_000 // at_once, rate_limit=LIMIT, **LONG_TOKEN) as server:
        pages = 200 // at_once
        task = task_of(server, pages, -(-server.rows // pages), limited=True, concurrency=4)
        results, counts = once(server, name, task, at_once)
        found = share(server.passed, LIMIT)
        slowest = max(results, key=lambda result: result["wall"])
        said = f"{slowest['wall']:7.2f} s {found:.3f} {counts}"
        print(f"  {at_once} at once {name:<18} {said}", file=sys.stderr)
        return _UnderLimit(slowest, counts, len(server.passed), found)


def sensors() -> Part:
    """One deferred sensor, and fifty of one connection, on one event loop."""
    found = {}
    for count in (1, 50):
        found[count] = measure(["nothing yet"], count, TIMEOUT, POLL)
        print(f"  {count} deferred {max(found[count].ended):7.2f} s", file=sys.stderr)
    many = found[50]
    return Part(
        title="Deferred sensors",
        about=(
            f"Sensors of one connection in one triggerer, with a timeout of {TIMEOUT:g} s and a "
            f"poke_interval of {POLL:g} s, on a condition that is never fulfilled: each asks for a page, "
            "waits on the event loop, and asks again. `python -m benchmarks.deferred_sensors` has them wait "
            "for a server that is slow, refuses, fails or drips."
        ),
        sheet=[
            (
                "sensors",
                "pages asked for",
                "tokens",
                "most requests in a second",
                "most threads at once",
                "ended by, s",
                "longest wait of a neighbour for a thread, s",
            ),
            *(
                (
                    str(count),
                    str(one.pages),
                    str(one.tokens),
                    str(one.most),
                    str(one.threads),
                    f"{max(one.ended):.1f}",
                    f"{max(one.neighbour):.2f}",
                )
                for count, one in found.items()
            ),
        ],
        goals=[
            Goal(text="50 deferred sensors: threads", value=many.threads, limit=THREADS),
            Goal(text="50 deferred sensors: tokens", value=many.tokens, limit=1),
            Goal(text="50 deferred sensors: most requests in a second", value=many.most, limit=LIMIT),
            Goal(
                text="50 deferred sensors: ended after their timeout, s",
                value=max(many.ended) - TIMEOUT,
                limit=LATE,
            ),
        ],
    )


def database(runs: int, uri: str) -> Part:
    """To PostgreSQL."""
    with Server(200_000, **LONG_TOKEN) as server:
        task = task_of(server, -(-server.rows // 5000), 5000, concurrency=4)
        task = replace(task, database=uri)
        found = compare(
            server,
            ("ours_postgres", "ours_postgres_columns", "dlt_postgres"),
            task,
            runs=runs,
            rows=server.rows,
        )
    dlt = _by(found, "dlt_postgres").wall
    return Part(
        title="200 000 rows to PostgreSQL",
        about=(
            "Pages of 5000 rows. `python benchmarks/to_postgres.py --only speed --rows 300000` measures "
            "COPY of the same rows by `psql` beside it: on two quiet cores, 3.9 to 4.2 s ÷ 1.25 to 1.46 s "
            "= 2.9 to 3.3 for columns, reading included, at 0.9 to 1.0 s of the client's CPU for 100,000 "
            "rows. `python -m benchmarks.page_cost` shows where that CPU goes, see "
            "[decisions](decisions.md#pages). The rows are read whole before the database is connected, then "
            "staged by COPY, then inserted: the three follow each other."
        ),
        tables={"a table replaced": found},
        goals=[
            Goal(
                text="rows/s ÷ dlt, raw layout",
                value=dlt / _by(found, "ours_postgres").wall,
                limit=3,
                least=True,
            ),
            Goal(
                text="rows/s ÷ dlt, columns layout",
                value=dlt / _by(found, "ours_postgres_columns").wall,
                limit=3,
                least=True,
            ),
        ],
    )


def parts(only: str | None, runs: int, uri: str) -> Iterator[Part]:
    """Run the scenarios, or one of them."""
    made: dict[str, Callable[[], Part]] = {
        "latencies": lambda: latencies(runs),
        "page_sizes": lambda: page_sizes(runs),
        "growth": lambda: growth(runs),
        "limited": lambda: limited(runs),
        "sensors": sensors,
    }
    if uri:
        made["database"] = lambda: database(runs, uri)
    for name, make in made.items():
        if only in {None, name}:
            print(name, file=sys.stderr)
            yield make()
