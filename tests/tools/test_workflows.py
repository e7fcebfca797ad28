"""What runs on GitHub, and before a commit, is what .ci/run and the Makefile have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.airflow_home import ROOT

FILES = sorted([*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"])
TARGET = re.compile(r"\bmake ([a-z][a-z-]*(?: (?:lint|types|docs))*)")
ABROAD = re.compile(r"https?://|\b(?:[\w-]+\.)+(?:org|com|io|net|dev)\b")


def targets(text: str) -> set[str]:
    """Give the targets of make that a text starts."""
    return {name for found in TARGET.findall(text) for name in found.split()}


def commands(workflow: Any) -> str:
    """Give what the steps of a workflow run, its matrix's targets filled in."""
    found: list[str] = []
    for job in workflow["jobs"].values():
        rows = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
        runs = [step.get("run", "") for step in job["steps"]]
        found += [run.replace("${{ matrix.target }}", row.get("target", "")) for run in runs for row in rows]
    return "\n".join(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reads_and_names_no_host(path: Path) -> None:
    """Each file is YAML, and fetches nothing by an address of its own."""
    text = path.read_text()
    assert yaml.safe_load(text)
    assert not ABROAD.findall(text)


def test_targets_are_those_of_ci() -> None:
    """Each target of .ci/run is run on GitHub too, and no other."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    lines = (ROOT / ".ci/run").read_text().splitlines()
    ours = "\n".join(line for line in lines if not line.startswith(("#", "say ")))
    assert targets(commands(workflow)) == targets(ours)
    rows = workflow["jobs"]["test"]["strategy"]["matrix"]["include"]
    assert all(row not in rows[:place] for place, row in enumerate(rows))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".github/PULL_REQUEST_TEMPLATE.md"])
def test_targets_exist(name: str) -> None:
    """Whatever people are told to make can be made."""
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = re.findall(r"^make .+$|`make [^`]+`", (ROOT / name).read_text(), re.MULTILINE)
    assert said
    assert targets("\n".join(said)) <= made
