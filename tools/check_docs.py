"""
Keep the documentation true: generated parts equal the code, links lead somewhere, nothing private is named.

    python tools/check_docs.py           check
    python tools/check_docs.py --write   write the generated parts again
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import compatibility
import dialect_cases
import fidelity
import reliability

from airflow_provider_poweroffice import errors
from airflow_provider_poweroffice.hooks.form import CONN_FIELDS, D365FO_CONN_FIELDS
from airflow_provider_poweroffice.provider_info import get_provider_info

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("", "dbt/", "docs/", "requirements/", "sandbox/", "sandbox/docs/")
PAGES = sorted(page for folder in FOLDERS for page in ROOT.glob(f"{folder}*.md"))
BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
PACKAGE = ROOT / "airflow_provider_poweroffice"
SPAN = re.compile(r"`([^`]+)`")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def connection_fields(fields: dict[str, dict[str, Any]] = CONN_FIELDS) -> str:
    """Give the table of a connection form's own fields."""
    lines = ["| extra | label in the form | type | meaning |", "|---|---|---|---|"]
    for name, field in fields.items():
        schema = field["schema"]
        kind = " or ".join(f"`{item}`" for item in schema.get("enum", ()) if item) or schema["type"][0]
        default = f"; default `{str(schema['default']).lower()}`" if "default" in schema else ""
        lines.append(f"| `{name}` | {field['label']} | {kind}{default} | {field['description']} |")
    return "\n".join(lines) + "\n"


def error_tree() -> str:
    """Give the tree that is drawn in errors.py."""
    drawn = (errors.__doc__ or "").split("::\n\n", 1)[1].split("\n\n", 1)[0]
    return "```text\n" + "\n".join(line.removeprefix("    ") for line in drawn.splitlines()) + "\n```\n"


def settings() -> str:
    """Give the table of the options in Airflow's configuration, as Airflow is told of them."""
    lines = ["| option | variable | meaning | example |", "|---|---|---|---|"]
    for section, found in get_provider_info()["config"].items():
        for name, option in found["options"].items():
            variable = f"AIRFLOW__{section}__{name}".upper()
            lines.append(
                f"| `[{section}] {name}` | `{variable}` | {option['description']} | `{option['example']}` |"
            )
    return "\n".join(lines) + "\n"


GENERATED = {
    "compatibility": compatibility.table,
    "connection-fields": connection_fields,
    "d365fo-fields": lambda: connection_fields(D365FO_CONN_FIELDS),
    "dialect-cases": dialect_cases.table,
    "error-tree": error_tree,
    "fidelity-counts": fidelity.counts,
    "fidelity-v2": lambda: fidelity.table(fidelity.v2()),
    "fidelity-v1": lambda: fidelity.table(fidelity.v1()),
    "fidelity-d365fo": lambda: fidelity.table(fidelity.d365fo()),
    "findings": reliability.table,
    "settings": settings,
}


def generated(text: str) -> str:
    """Fill in the generated parts of a page."""
    return BLOCK.sub(lambda found: found[1] + GENERATED[found[2]]() + found[3], text)


def anchors(text: str) -> set[str]:
    """Give the anchors of a page's headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def broken_links(page: Path, text: str) -> list[str]:
    """Find links to files, pictures or headings that are not there."""
    broken = []
    for target, anchor in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if "://" in target:
            continue
        file = (page.parent / unquote(target)).resolve() if target else page
        if not file.exists():
            broken.append(f"{page.relative_to(ROOT)}: no file {target}")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            broken.append(f"{page.relative_to(ROOT)}: no heading {target}#{anchor}")
    return broken


def unlisted() -> list[str]:
    """Find guides that the contents of the site do not name."""
    contents = ROOT / "docs/README.md"
    return [
        f"docs/README.md, the contents of the site, does not list {page.name}"
        for page in sorted(ROOT.glob("docs/*.md"))
        if page != contents and f"]({page.name})" not in contents.read_text()
    ]


def lost_places() -> list[str]:
    """Find files that docs/architecture.md names and that do not exist, and names that are not in them."""
    lost = []
    for line in (ROOT / "docs/architecture.md").read_text().splitlines():
        spans = SPAN.findall(line.rpartition(" | ")[2])
        files = {
            span: next(PACKAGE.glob(f"**/{span}"), ROOT / span) for span in spans if span.endswith(".py")
        }
        lost += [f"docs/architecture.md: no file {span}" for span, file in files.items() if not file.exists()]
        code = "".join(file.read_text() for file in files.values() if file.exists())
        names = [span for span in spans if re.fullmatch(r"[A-Za-z_][\w.]*", span) and "." not in span[-4:]]
        for name in names if code and line.startswith("|") else ():
            if not re.search(rf"\b{name.rpartition('.')[2]}\b", code):
                lost.append(f"docs/architecture.md: {name} is not in {', '.join(files)}")
    return lost


def main() -> int:
    """Check, or write."""
    problems = [*reliability.problems(), *compatibility.problems()]
    for page in PAGES:
        text = page.read_text()
        fresh = generated(text)
        if fresh != text and "--write" in sys.argv:
            page.write_text(fresh)
        elif fresh != text:
            problems.append(
                f"{page.relative_to(ROOT)}: generated parts are stale; run tools/check_docs.py --write"
            )
        problems += broken_links(page, fresh)
    problems += [*unlisted(), *lost_places()]
    lines = len((ROOT / "README.md").read_text().splitlines())
    if lines > 150:  # noqa: PLR2004 - what a reader's patience is taken to be
        problems.append(f"README.md has {lines} lines; 150 is the most")
    print("\n".join(problems) or f"{len(PAGES)} pages are true")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
