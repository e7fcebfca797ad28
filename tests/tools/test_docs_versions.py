"""The sites of several releases, made from the tags of a repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import urljoin

import docs_versions
import pytest
from support.git import commit, git

MAKEFILE = """site:
\t@mkdir -p site/docs
\t@echo '<a href="$(VERSIONS)">$(shell cat version)</a>' > site/index.html
\t@cp site/index.html site/docs/sql.html
"""
LINK = re.compile(r'href="([^"]+)"')


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Give a repository with two releases, something between, and work that is no release."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    (root / "Makefile").write_text(MAKEFILE)
    for tag in ("v0.9.0", "v0.10.0rc1", "v0.10.0", "vnext"):
        (root / "version").write_text(tag)
        commit(root, tag)
    return root


def test_a_folder_for_each_release(repository: Path, tmp_path: Path) -> None:
    """Each tag has its own site, which leads to the list of all; the newest release stands first."""
    out = tmp_path / "sites"
    (repository / "version").write_text("not committed")
    assert docs_versions.main(str(out), repository) == 0
    versions = ["0.10.0", "0.9.0", "0.10.0rc1"]
    for version in versions:
        assert (out / version / "index.html").read_text() == f'<a href="../versions.html">v{version}</a>\n'
    assert LINK.findall((out / "versions.html").read_text()) == [f"{one}/index.html" for one in versions]
    assert sorted(path.name for path in out.iterdir()) == [
        docs_versions.MARK,
        "0.10.0",
        "0.10.0rc1",
        "0.9.0",
        "index.html",
        "latest",
        "versions.html",
    ]


@pytest.mark.parametrize("page", ["index.html", "latest/index.html", "latest/docs/sql.html"])
def test_the_newest_is_led_to(repository: Path, tmp_path: Path, page: str) -> None:
    """The root, and each page below latest, lead to the same page of the newest release."""
    out = tmp_path / "sites"
    docs_versions.main(str(out), repository)
    goals = {urljoin(page, goal) for goal in LINK.findall((out / page).read_text())}
    assert goals == {f"0.10.0/{page.removeprefix('latest/')}"}
    assert (out / goals.pop()).is_file()


def test_what_is_gone(repository: Path, tmp_path: Path) -> None:
    """A second run makes all anew: what was deleted is gone, and a site that cannot be made is an error."""
    out = tmp_path / "sites"
    docs_versions.main(str(out), repository)
    git(repository, "tag", "-d", "v0.9.0")
    docs_versions.main(str(out), repository)
    assert not (out / "0.9.0").exists()
    (repository / "Makefile").write_text("site:\n\tfalse\n")
    commit(repository, "v0.11.0")
    with pytest.raises(subprocess.CalledProcessError):
        docs_versions.main(str(out), repository)


def test_nothing_is_released(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a tag of a release there is nothing to make, and nothing is deleted."""
    git(tmp_path, "init", "-q")
    commit(tmp_path, "vnext")
    (tmp_path / "sites").mkdir()
    assert docs_versions.main(str(tmp_path / "sites"), tmp_path) == 1
    assert "no tag of a release" in capsys.readouterr().out
    assert (tmp_path / "sites").is_dir()


@pytest.mark.parametrize("foreign", ["thesis.txt", "0.9.0/index.html", ""])
def test_what_it_did_not_make(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], foreign: str
) -> None:
    """A folder with anything else in it, or a file, is refused and stays; one that is empty is taken."""
    out = tmp_path / "out"
    kept = out / foreign if foreign else out
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("a year of work")
    assert docs_versions.main(str(out), repository) == 1
    assert kept.read_text() == "a year of work"
    assert f"{out} is no folder of sites" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert docs_versions.main(str(tmp_path / "empty"), repository) == 0


def test_a_run_that_broke_off(repository: Path, tmp_path: Path) -> None:
    """What it left is deleted by the next one."""
    out = tmp_path / "sites"
    (repository / "Makefile").write_text("site:\n\tfalse\n")
    commit(repository, "v0.11.0")
    with pytest.raises(subprocess.CalledProcessError):
        docs_versions.main(str(out), repository)
    git(repository, "tag", "-d", "v0.11.0")
    assert docs_versions.main(str(out), repository) == 0
