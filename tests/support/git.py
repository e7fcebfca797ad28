"""git, without the settings of this machine's user."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(root: Path, *command: str) -> None:
    """Run git in a checkout."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *command], cwd=root, check=True, capture_output=True)  # noqa: S607 - any git


def commit(root: Path, tag: str) -> None:
    """Commit all, and tag it."""
    git(root, "add", "-A")
    git(root, "commit", "-qm", "a", "--allow-empty")
    git(root, "tag", "-f", tag)
