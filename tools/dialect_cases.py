"""
The cases that every API is held to, counted.

    python tools/dialect_cases.py
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "tests" / "api").glob("test_dialects*.py"))
_CASE = re.compile(r"::test_(\w+)\[(\w+)")


def counts() -> dict[str, Counter[str]]:
    """Give the number of variants of each case, by dialect; as pytest collects them."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *map(str, FILES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Counter[str]] = {}
    for name, dialect in _CASE.findall(done.stdout):
        found.setdefault(name, Counter())[dialect] += 1
    return found


def left_out() -> dict[tuple[str, str], str]:
    """Give the cases that an API cannot have, with the reason."""
    for node in ast.parse((ROOT / "tests" / "support" / "dialects.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "APART":
            return dict(ast.literal_eval(node.value))
    raise LookupError("tests/support/dialects.py has no APART")


def meanings() -> dict[str, str]:
    """Give the first line of what each case says of itself."""
    return {
        node.name.removeprefix("test_"): (ast.get_docstring(node) or "").splitlines()[0]
        for file in FILES
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def table() -> str:
    """Give the cases as a table, with the sum."""
    found, apart, says = counts(), left_out(), meanings()
    dialects = sorted({name for variants in found.values() for name in variants}, reverse=True)
    lines = ["| case | variants | what holds |", "|---|---|---|"]
    for name, variants in found.items():
        reasons = "".join(
            f" Not for `{api}`, which {why}." for (case, api), why in apart.items() if case == name
        )
        lines.append(f"| `{name}` | {max(variants.values())} | {says[name]}{reasons} |")
    each = sum(max(variants.values()) for variants in found.values())
    run = sum(variants.total() for variants in found.values()) - sum(found[case][api] for case, api in apart)
    shown = ", ".join(f"`{name}`" for name in dialects)
    return (
        f"{len(found)} cases in {each} variants x {len(dialects)} dialects ({shown}): {run} tests, "
        f"{len(apart)} left out.\n\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    print(table())
