"""
The picture of a night: a page of HTML, companies by resources, those that failed first.

Rule: it holds all it shows, runs no script and loads nothing; what is shown is escaped. A glyph and a title
say what a colour says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_poweroffice.storage.sql.loads_table import LoadRow

_GLYPHS = {
    "failed": "✗",
    "unknown": "?",
    "not_run": "○",
    "left_out": "·",
    "loaded": "✓",
    "unchanged": "=",
}
"""By outcome, in the order of the page; the first letter of an outcome is its class."""
_BAD = frozenset({"failed", "unknown", "not_run"})
_CLASSES = {outcome: f"{outcome[0]}{outcome[-1]}" for outcome in _GLYPHS}
_STYLE = """
body{font:13px system-ui,sans-serif;margin:20px;color:#1b1f24;background:#fff}
h1{font-size:18px}h2{font-size:15px}table{border-spacing:1px}
th{text-align:left;font-weight:600;padding:3px 8px;position:sticky;top:0;background:#fff}
td{padding:2px 8px;white-space:nowrap;font-variant-numeric:tabular-nums}
.fd{background:#f3b3ab;font-weight:700}.un{background:#ffd591}.nn{box-shadow:inset 0 0 0 1px #e5867c}
.lt{background:#dfe3e8;color:#57606a}.ld{background:#bfe3c6}.ud{background:#eaf5ec;color:#57606a}
"""


def page(title: str, rows: Sequence[LoadRow], causes: Sequence[Mapping[str, Any]]) -> str:
    """
    Draw the page.

    :param title: names the run.
    :param rows: of all companies and resources.
    :param causes: of the failures, as the summary has them: ``what``, ``error``, ``companies``.
    """
    companies: dict[str, dict[str, LoadRow]] = {}
    columns: dict[str, str] = {}
    for row in rows:
        companies.setdefault(row.company, {})[row.task] = row
        columns.setdefault(row.task, row.resource)
    order = sorted(companies, key=lambda company: _rank(company, companies[company].values()))
    counts = Counter(row.outcome for row in rows)
    bad = sum(any(row.outcome in _BAD for row in own.values()) for own in companies.values())
    legend = "".join(
        f"<td class={_CLASSES[outcome]}>{glyph} {outcome} {counts[outcome]:,}"
        for outcome, glyph in _GLYPHS.items()
        if counts[outcome]
    )
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>{escape(title)}</title>"
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1><p>{len(companies) - bad:,} of {len(companies):,} "
        f"companies are loaded{_span(rows)}; {sum(row.rows_loaded or 0 for row in rows):,} rows."
        f"<table><tr>{legend}</table>"
    )
    parts = [
        head,
        *_causes(causes),
        f"<h2>Seconds by company and resource</h2><table><tr><th>company{_heads(columns.values())}",
        '<th title="from the first request to the last row">all',
    ]
    parts += [_line(company, [companies[company].get(task) for task in columns]) for company in order]
    return "".join(parts) + "</table></html>\n"


def _rank(company: str, rows: Any) -> tuple[int, int, str]:
    outcomes = [row.outcome for row in rows]
    return -sum(outcome in _BAD for outcome in outcomes), -outcomes.count("left_out"), company.casefold()


def _heads(resources: Any) -> str:
    return "".join(f"<th>{escape(resource)}" for resource in resources)


def _causes(causes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not causes:
        return
    yield "<h2>What failed, and why</h2><table><tr><th>companies<th>what<th>why"
    for cause in causes:
        names = ", ".join(company or "none" for company in cause["companies"])
        yield (
            f'<tr><td title="{escape(names)}">{len(cause["companies"]):,}<td>{escape(cause["what"])}'
            f'<td style="white-space:normal">{escape(cause["error"])}'
        )
    yield "</table>"


def _line(company: str, rows: Sequence[LoadRow | None]) -> str:
    cells = "".join(_cell(row) if row else "<td>" for row in rows)
    return f"<tr><td>{escape(company)}{cells}<td>{_seconds(rows)}\n"


def _cell(row: LoadRow) -> str:
    if row.error:
        title = row.error
    elif row.outcome == "loaded" and row.rows_loaded is not None:
        gone = f", {row.marked_deleted} gone" if row.marked_deleted else ""
        new = "" if row.inserted is None else f": {row.inserted} new"
        title = f"{row.rows_loaded} rows{new}{gone}"
    else:
        title = ""
    said = f' title="{escape(title)}"' if title else ""
    seconds = f" {float(row.seconds):.1f}" if row.seconds is not None else ""
    return f"<td class={_CLASSES[row.outcome]}{said}>{_GLYPHS[row.outcome]}{seconds}"


def _moments(rows: Sequence[LoadRow | None]) -> list[datetime]:
    moments = [text for row in rows if row for text in (row.began_at, row.ended_at) if text]
    return [datetime.fromisoformat(text) for text in moments]


def _seconds(rows: Sequence[LoadRow | None]) -> str:
    moments = _moments(rows)
    return f"{(max(moments) - min(moments)).total_seconds():.1f}" if moments else ""


def _span(rows: Sequence[LoadRow]) -> str:
    moments = _moments(rows)
    if not moments:
        return ""
    return f", {min(moments):%Y-%m-%d %H:%M:%S} to {max(moments):%H:%M:%S} UTC"
