"""
Make the sites of all releases, for a host that serves files.

    python tools/docs_versions.py OUT

    OUT/0.1.0/          the site of the tag v0.1.0
    OUT/versions.html   lists the versions; every page of every site leads there
    OUT/latest/         a page for each of the newest version's, which leads to it
    OUT/index.html      leads to the newest version

OUT is deleted and made anew if this program has made it, and refused if it holds anything else.

Rule: the site of a tag is made by the tag's own ``make site``, so that a page says what was true then; what
changes with a later release, the list and what leads to the newest, is made here.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from html import escape
from pathlib import Path

from release import git

ROOT = Path(__file__).resolve().parent.parent
TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)(\D\S*)?")
LIST = "versions.html"
MARK = ".sites"
"""A file in the folder of all sites, the first that is made: what it lies in may be deleted."""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>PowerOffice for Airflow</title>{head}
<style>body {{ font: 1rem/1.6 sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}</style>
</head>
<body>{body}</body>
</html>
"""


def age(tag: str) -> tuple[bool, int, int, int, str]:
    """Order tags, the newest last; those before a release (``v1.0.0rc1``) are older than any release."""
    found = TAG.fullmatch(tag)
    if found is None:
        raise ValueError(f"{tag!r} is no tag of a release: v1.2.3")
    return (not found[4], int(found[1]), int(found[2]), int(found[3]), found[4] or "")


def tags(root: Path) -> list[str]:
    """Give the tags of releases, the newest first."""
    return sorted(filter(TAG.fullmatch, git(root, "tag", "--list", "v*").split()), key=age, reverse=True)


def make(root: Path, tag: str, out: Path) -> None:
    """
    Make the site of a tag, strictly.

    :param root: a checkout.
    :param out: the folder for it, which is made.
    :raises subprocess.CalledProcessError: it cannot be made.
    """
    checkout = root / ".work" / "sites" / tag
    shutil.rmtree(checkout, ignore_errors=True)
    checkout.mkdir(parents=True)
    packed = subprocess.run(["git", "archive", tag], cwd=root, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(checkout, filter="data")
    (root / ".cache").mkdir(exist_ok=True)
    (checkout / ".cache").symlink_to(root / ".cache")
    command = ["make", "site", f"VERSIONS=../{LIST}", f"PYTHON={sys.executable}"]
    # What make tells a make below it: this one is nobody's.
    outside = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    subprocess.run(command, cwd=checkout, env=outside, check=True)
    (checkout / "site").rename(out)
    shutil.rmtree(checkout)


def leading(to: str) -> str:
    """Give a page that leads to another, to the same heading of it."""
    goal = escape(to)
    head = f'<meta http-equiv="refresh" content="0; url={goal}"><link rel="canonical" href="{goal}">'
    script = f'<script>location.replace("{goal}" + location.search + location.hash)</script>'
    return PAGE.format(head=script + head, body=f'<p><a href="{goal}">{goal}</a></p>')


def listed(versions: list[str]) -> str:
    """Give the page that lists the versions, the newest first."""
    lines = "".join(f'<li><a href="{escape(one)}/index.html">{escape(one)}</a></li>' for one in versions)
    return PAGE.format(head="", body=f"<h1>PowerOffice for Airflow</h1><ul>{lines}</ul>")


def is_foreign(target: Path) -> bool:
    """Tell whether a place holds what was not made here."""
    if target.is_dir():
        return any(target.iterdir()) and not (target / MARK).is_file()
    return target.exists()


def main(out: str, root: Path = ROOT) -> int:
    """Make all of it anew; nothing is left in OUT of a tag that is gone, nor anything else deleted."""
    found = tags(root)
    if not found:
        print("no tag of a release (v1.2.3): make site makes the site of a checkout")
        return 1
    target = Path(out).resolve()
    if is_foreign(target):
        print(f"{out} is no folder of sites, and would be deleted: name an empty folder, or a new one")
        return 1
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    (target / MARK).write_text(
        "Made by tools/docs_versions.py, which deletes this folder when it runs again.\n"
    )
    versions = [tag.removeprefix("v") for tag in found]
    for tag, version in zip(found, versions, strict=True):
        make(root, tag, target / version)
    newest = target / versions[0]
    for page in sorted(newest.rglob("*.html")):
        place = page.relative_to(newest)
        leads = target / "latest" / place
        leads.parent.mkdir(parents=True, exist_ok=True)
        leads.write_text(leading(os.path.relpath(page, leads.parent)), encoding="utf-8")
    (target / "index.html").write_text(leading(f"{versions[0]}/index.html"), encoding="utf-8")
    (target / LIST).write_text(listed(versions), encoding="utf-8")
    print(f"{', '.join(versions)} in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
