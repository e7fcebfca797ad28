"""No test says of itself that it need not run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "sandbox" / "tests").rglob("*.py")]
HOLDERS = {"pytest", "pytest.mark", "unittest"}
WORDS = {"skip", "skipif", "importorskip", "xfail", "SkipTest", "skipTest", "skipUnless"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_skip(path: Path) -> None:
    """A test that cannot run fails and says what it needs; a skipped one would look like a passed one."""
    used = {
        node.attr if isinstance(node, ast.Attribute) else node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node.value) in {"pytest", "pytest.mark", "unittest"}
        )
        or isinstance(node, ast.alias)
    }
    assert not used & WORDS
