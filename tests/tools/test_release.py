"""``make release`` names what disagrees: tag, versions, changelog, wheels."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import release
from support.git import commit, git

CHANGELOG = "# Changelog\n\n## 0.2.0 - 2026-12-24\n\n### Added\n\n- More.\n\n## 0.1.0 - 2026-12-01\n"
TAG = "v0.2.0"
VERSION = '[project]\nversion = "0.2.0"\n'
EXTRA = '[project.optional-dependencies]\nsandbox = ["poweroffice-sandbox==0.2.0"]\n'
PIN = "Requires-Dist: poweroffice-sandbox=={}; extra == 'sandbox'"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a small checkout that is ready to be released as 0.2.0."""
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "pyproject.toml").write_text(VERSION + EXTRA)
    (tmp_path / "sandbox/pyproject.toml").write_text(VERSION)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "-q")
    commit(tmp_path, TAG)
    return tmp_path


def test_ready(checkout: Path) -> None:
    """What agrees has no problems."""
    assert release.source_problems(checkout) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("sandbox/pyproject.toml", "0.2.0", "0.1.9", "sandbox/pyproject.toml has version 0.1.9"),
        ("pyproject.toml", "sandbox==0.2.0", "sandbox==0.1.0", "the extra sandbox is"),
        ("CHANGELOG.md", "2026-12-24", "not released yet", "begins with '## 0.2.0 - not released yet'"),
        (
            "CHANGELOG.md",
            "# Changelog\n",
            "## 0.3.0 - not released yet\n\n- Late.\n",
            "begins with '## 0.3.0",
        ),
        ("CHANGELOG.md", "## 0.2.0", "## 0.2.0rc1", "begins with '## 0.2.0rc1 - 2026-12-24', not '## 0.2.0"),
    ],
)
def test_names_what_differs(checkout: Path, file: str, old: str, new: str, says: str) -> None:
    """One thing differs, and it is named alone."""
    path = checkout / file
    path.write_text(path.read_text().replace(old, new, 1))
    commit(checkout, TAG)
    (problem,) = release.source_problems(checkout)
    assert says in problem


def test_tag_and_tree(checkout: Path) -> None:
    """A commit behind the tag, and what is not committed, are named."""
    (checkout / "pyproject.toml").write_text(VERSION + EXTRA + "\n")
    assert release.source_problems(checkout) == ["not committed: pyproject.toml"]
    git(checkout, "commit", "-qam", "b")
    assert release.source_problems(checkout) == ["HEAD has no tag v0.2.0, but none: git tag v0.2.0"]


def test_wheels(tmp_path: Path) -> None:
    """Wheels of another version, and a pin that leads elsewhere, are named; so is a wheel too few."""

    def build(package: str, version: str, *more: str) -> None:
        for old in tmp_path.glob(f"{package}-*"):
            old.unlink()
        with zipfile.ZipFile(tmp_path / f"{package}-{version}-py3-none-any.whl", "w") as archive:
            lines = (f"Name: {package}", f"Version: {version}", *more, "", "text")
            archive.writestr(f"{package}-{version}.dist-info/METADATA", "\n".join(lines))

    assert len(release.wheel_problems(tmp_path, "0.2.0")) == 2
    build(release.SANDBOX, "0.2.0")
    build(release.PROVIDER, "0.2.0", PIN.format("0.2.0"))
    assert release.wheel_problems(tmp_path, "0.2.0") == []
    build(release.SANDBOX, "0.1.0")
    (problem,) = release.wheel_problems(tmp_path, "0.2.0")
    assert problem.startswith("poweroffice_sandbox-0.1.0-py3-none-any.whl has version 0.1.0")
    build(release.SANDBOX, "0.2.0")
    build(release.PROVIDER, "0.2.0", PIN.format("0.1.0"))
    (problem,) = release.wheel_problems(tmp_path, "0.2.0")
    assert "asks for" in problem
