"""The examples of README run as printed, against a sandbox; the one for PHP does not: it was never run."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from poweroffice_sandbox import Sandbox

README = Path(__file__).resolve().parents[1] / "README.md"
PRINTED = "http://127.0.0.1:8099"
# Program: the language of its block, and the name of a file it takes.
PROGRAMS = {"bash": ("bash", "a.sh"), "node": ("js", "a.mjs")}
NEEDED = {"bash": "curl --version", "node": "node -e fetch"}


def _is_here(program: str) -> bool:
    """Tell whether a program is installed, in a version that can ask a server."""
    asked = NEEDED[program].split(maxsplit=2)
    return (
        bool(shutil.which(program) and shutil.which(asked[0]))
        and not subprocess.run(asked, capture_output=True, check=False).returncode
    )


HERE = [name for name in PROGRAMS if _is_here(name)]


@pytest.mark.parametrize("program", HERE)
def test_example(program: str, tmp_path: Path) -> None:
    """It gets a token, asks, and prints two customers."""
    language, name = PROGRAMS[program]
    blocks = re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    with Sandbox() as sandbox:
        script = tmp_path / name
        script.write_text(blocks[0].replace(PRINTED, sandbox.url), encoding="utf-8")
        done = subprocess.run(
            [program, str(script)], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("Name") == 2
        asked = [(item.method, item.path, item.status) for item in sandbox.journal()]
    assert asked == [("POST", "/OAuth/Token", 200), ("GET", "/v2/Customers", 200)]
