"""
What an API costs in lines, and where the rest of the package names one.

    python tools/dialect_cost.py

A line of code is one that holds more than a comment, a docstring or nothing; imports count.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "airflow_provider_poweroffice"
MOST = 80
"""Lines of code that a dialect may have."""

PARTS = {
    "poweroffice_v2": ("poweroffice/addresses.py", "poweroffice/json_patch.py", "poweroffice/pagination.py"),
    "poweroffice_v1": ("poweroffice/addresses.py", "poweroffice/envelope.py", "poweroffice/options.py"),
    "d365fo": ("d365fo/*.py",),
}
"""Dialect to the files below ``api/`` that serve it alone, or the other version of PowerOffice Go too."""

OWN = re.compile(
    r"api/(dialects|poweroffice|d365fo)/|(hooks|operators|links|triggers)/(d365fo|service_)|sandbox/"
)
"""Where APIs may be named freely: dialects and their parts, their hooks, operators and sandboxes."""

_WORDS = re.compile(r"d365|(?<![a-z])v[12](?![a-z0-9])|poweroffice_?v[12]", re.IGNORECASE)
_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def _docstrings(source: str) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _tokens(file: Path) -> list[tokenize.TokenInfo]:
    """Give the tokens of a file that are code."""
    source = file.read_text()
    told = _docstrings(source)
    return [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in _NO_CODE and token.string and token.start[0] not in told
    ]


def code_lines(file: Path) -> int:
    """Count the lines of code of a file."""
    return len({line for token in _tokens(file) for line in range(token.start[0], token.end[0] + 1)})


def costs() -> dict[str, tuple[int, int]]:
    """Give the lines of code of each dialect, and of the parts it is made of."""
    api = PACKAGE / "api"
    found = {}
    for name, patterns in PARTS.items():
        parts = [file for pattern in patterns for file in api.glob(pattern)]
        found[name] = (code_lines(api / "dialects" / f"{name}.py"), sum(map(code_lines, parts)))
    return found


def named_elsewhere() -> dict[str, list[str]]:
    """Give the files outside an API's own whose code names one, with the lines."""
    found: dict[str, list[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE).as_posix()
        if OWN.match(path):
            continue
        lines = file.read_text().splitlines()
        numbers = {token.start[0] for token in _tokens(file) if _WORDS.search(token.string)}
        if numbers:
            found[path] = [lines[number - 1].strip() for number in sorted(numbers)]
    return found


def table() -> str:
    """Give the costs as a table."""
    lines = [f"| dialect | lines of code, {MOST} at most | in its parts |", "|---|---|---|"]
    lines += [f"| `{name}.py` | {own} | {parts} |" for name, (own, parts) in costs().items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print both; 1 when a dialect is too long."""
    print(table())
    for path, lines in named_elsewhere().items():
        print(path, *lines, sep="\n    ")
    return max(own for own, _ in costs().values()) > MOST


if __name__ == "__main__":
    sys.exit(main())
