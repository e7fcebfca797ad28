"""
What the conformance test finds out: which operations are served, and the table of them in the documentation.

Run as a program with ``--write`` to bring the table in ``docs/v2.md`` up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

import requests
from openapi import Operation, operations

from poweroffice_sandbox import Sandbox

DOCS = Path(__file__).parents[1] / "docs" / "v2.md"
BEGIN, END = "<!-- conformance: begin -->\n", "<!-- conformance: end -->"
NOT_SERVED = {"statusCode": 404, "message": "Resource not found"}


def is_served(operation: Operation, sandbox: Sandbox) -> bool:
    """Ask without a token: an operation the sandbox does not know is the gateway's 404."""
    path = operation.path.replace("{", "").replace("}", "")
    headers = {"Ocp-Apim-Subscription-Key": sandbox.keys().subscription_key}
    answer = requests.request(
        operation.method, f"{sandbox.base_url()}{path}", headers=headers, timeout=5
    )  # fmt: skip
    return not (answer.status_code == 404 and answer.json() == NOT_SERVED)


def unserved() -> list[str]:
    """Give the operations the sandbox does not know."""
    with Sandbox(rate_limit=0) as sandbox:
        return [item.name for item in operations() if not is_served(item, sandbox)]


def table(missing: list[str]) -> str:
    """Write the table of operations by area."""
    areas: dict[str, list[str]] = {}
    for item in operations():
        areas.setdefault(item.area, []).append(item.name)
    lines = ["| Area | Operations | Served |", "|---|---:|---:|"]
    for area, names in sorted(areas.items()):
        lines.append(f"| `{area}` | {len(names)} | {len(set(names) - set(missing))} |")
    total = len(operations())
    lines.append(f"| all | {total} | {total - len(missing)} |")
    return "\n".join(lines) + "\n"


def documented() -> str:
    """Give the table as the documentation has it."""
    return DOCS.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    """Print the table, or write it."""
    made = table(unserved())
    if "--write" in sys.argv:
        text = DOCS.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        DOCS.write_text(f"{head}{BEGIN}{made}{END}{rest.partition(END)[2]}", encoding="utf-8")
    sys.stdout.write(made)


if __name__ == "__main__":
    main()
