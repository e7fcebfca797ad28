"""The command ``python -m poweroffice_sandbox``, in a process of its own."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

import poweroffice_sandbox as sandbox
from poweroffice_sandbox import Switches
from poweroffice_sandbox.cli import main
from poweroffice_sandbox.core.faults import ACTIONS

if TYPE_CHECKING:
    from sandbox_client import Api

COMMAND = [sys.executable, "-m", "poweroffice_sandbox"]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_at_once(number: int) -> None:
    """A signal right after the first line is heard too."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    options = {"stdout": subprocess.PIPE, "env": environment}
    with subprocess.Popen([*COMMAND, "--port", "0"], **options) as process:
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(5) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_start_and_stop(number: int) -> None:
    """The command prints what is needed, answers, and ends with 0 on a signal."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen([*COMMAND, "--port", "0"], **options) as process:
        lines = []
        while not lines or "PageSize=2" not in lines[-1]:
            lines.append(process.stdout.readline())
        text = "".join(lines)
        url = re.search(r"http://127\.0\.0\.1:\d+", text).group()
        assert requests.get(f"{url}/_sandbox/health", timeout=5).json()["status"] == "ok"
        process.send_signal(number)
        assert process.wait(5) == 0
        assert process.stderr.read() == ""
    assert "export AIRFLOW_CONN_POWEROFFICE_DEFAULT='{" in text
    assert text.count("client key ") == 8


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--nulls", "maybe"], "'maybe'"),
        (["--port", "many"], "'many'"),
        (["--colour", "red"], "--colour"),
        (["--customers", "-4"], "customers = -4: give a whole number from 0 to 200000."),
        (["--rate-limit", "-1"], "rate_limit = -1"),
    ],
)
def test_refused_options(options: Any, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad option is one line that names it, and exit code 2."""
    try:
        code = main(options)
    except SystemExit as stopped:
        code = stopped.code
    said = capsys.readouterr().err
    assert (code, said.count("\n")) == (2, 1)
    assert words in said


def test_port_in_use(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use is one line with the way out, and exit code 2."""
    port = api.sandbox.url.rpartition(":")[2]
    assert main(["--port", port]) == 2
    said = capsys.readouterr().err
    assert port in said
    assert "--port 0 for a free one" in said


def test_help_names_every_switch(capsys: pytest.CaptureFixture[str]) -> None:
    """Every switch is an option, named with dashes."""
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(f"--{name.replace('_', '-')} " in text for name in Switches.names())


def test_page_names_every_switch_and_action() -> None:
    """The page of the sandbox has a line for each switch, with its values, and for each fault."""
    page = (ROOT / "sandbox" / "docs" / "v2.md").read_text(encoding="utf-8")
    for switch in fields(Switches):
        values = switch.metadata["values"] or ()
        cells = ", ".join(f"`{value}`" for value in values)
        assert f"| `{switch.name}` | {cells}" in page
    assert all(f"| `{action}` |" in page for action in ACTIONS)


def test_sandbox_is_independent() -> None:
    """The sandbox imports neither Airflow nor anything else of this package."""
    allowed = {"msgspec", "starlette", "uvicorn", "pytest", *sys.stdlib_module_names}
    root = Path(sandbox.__file__).parent
    for path in root.rglob("*.py"):
        within = len(path.relative_to(root).parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert 0 < node.level <= within or node.module.partition(".")[0] in allowed, path.name
            elif isinstance(node, ast.Import):
                assert {name.name.partition(".")[0] for name in node.names} <= allowed, path.name
