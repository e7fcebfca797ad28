"""
``make release``: a dry run that proves that tag, versions, changelog and wheels agree. It publishes nothing.

    python tools/release.py

Rule: each line names what differs, and with what. What can be told without building is told first.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROVIDER = "airflow_provider_poweroffice"
SANDBOX = "poweroffice_sandbox"
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)


def git(root: Path, *command: str) -> str:
    """Ask git about a checkout."""
    return subprocess.run(
        ["git", *command], cwd=root, check=True, capture_output=True, text=True
    ).stdout.rstrip()


def project(folder: Path) -> dict[str, Any]:
    """Give the metadata of a distribution's folder."""
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def source_problems(root: Path) -> list[str]:
    """
    Find what disagrees before anything is built.

    :param root: a checkout.
    """
    version = project(root)["version"]
    problems = []
    if (other := project(root / "sandbox")["version"]) != version:
        problems.append(f"sandbox/pyproject.toml has version {other}, pyproject.toml {version}")
    pins = project(root)["optional-dependencies"]["sandbox"]
    if pins != [f"poweroffice-sandbox=={version}"]:
        problems.append(f"pyproject.toml: the extra sandbox is {pins}, not poweroffice-sandbox=={version}")
    problems += changelog_problems((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    tags = git(root, "tag", "--points-at", "HEAD").split()
    if f"v{version}" not in tags:
        problems.append(f"HEAD has no tag v{version}, but {tags or 'none'}: git tag v{version}")
    if changed := git(root, "status", "--porcelain"):
        problems.append(f"not committed: {', '.join(line[3:] for line in changed.splitlines()[:5])}")
    return problems


def changelog_problems(text: str, version: str) -> list[str]:
    """
    Find what a changelog does not say of a version.

    :param text: whose first version is the newest: ``## 0.1.0 - 2026-12-01``, or ``- not released yet``.
    """
    newest = HEADING.search(text)
    if newest and re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d{{2}}-\d{{2}}", newest[1]):
        return []
    said = f"'## {newest[1]}'" if newest else "nothing"
    return [f"CHANGELOG.md begins with {said}, not '## {version} - YYYY-MM-DD', the day of its release"]


def wheel_problems(dist: Path, version: str) -> list[str]:
    """
    Find what disagrees in the two wheels.

    :param dist: the folder they were built into.
    :param version: that both must have.
    """
    problems = []
    for package in (PROVIDER, SANDBOX):
        wheels = sorted(dist.glob(f"{package}-*.whl"))
        if len(wheels) != 1:
            problems.append(f"{dist.name}/ has {len(wheels)} wheels of {package}; run make build")
            continue
        with zipfile.ZipFile(wheels[0]) as archive:
            name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
            metadata = Parser().parsestr(archive.read(name).decode())
        if metadata["Version"] != version:
            problems.append(f"{wheels[0].name} has version {metadata['Version']}, pyproject.toml {version}")
        pins = [one for one in metadata.get_all("Requires-Dist", []) if one.startswith("poweroffice-sandbox")]
        if package == PROVIDER and [one.partition(";")[0].strip() for one in pins] != [
            f"poweroffice-sandbox=={version}"
        ]:
            problems.append(f"{wheels[0].name} asks for {pins}, not poweroffice-sandbox=={version}")
    return problems


def main() -> int:
    """Check, build, check again."""
    problems = source_problems(ROOT)
    version = project(ROOT)["version"]
    if not problems:
        subprocess.run(["make", "build"], check=True, cwd=ROOT)
        problems = wheel_problems(ROOT / "dist", version)
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{version} is ready: tag, changelog and both wheels agree; nothing was published")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
