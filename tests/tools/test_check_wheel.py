"""What is built: one version for both distributions, and wheels that are looked into."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import check_wheel
import pytest

Build = Callable[..., list[str]]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Give a function that makes a small production wheel, and gives what is wrong with it."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "__init__.py").write_text("")
    item = replace(check_wheel.PROVIDER, package="made", folder=tmp_path, longest=5_000)

    def made(content: bytes = b"import requests", **files: bytes) -> list[str]:
        wheel = tmp_path / "made-1-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("made/__init__.py", content)
            archive.writestr("made-1.dist-info/entry_points.txt", "")
            archive.writestr("made-1.dist-info/licenses/LICENSE", "")
            for name, text in files.items():
                archive.writestr(name.replace("__", "/"), text)
        return list(check_wheel.wheel_problems(item, wheel))

    return made


def test_one_version() -> None:
    """Provider, sandbox and the pin of the provider's extra have one version."""
    assert check_wheel.versions() == []


def test_good_wheel(build: Build) -> None:
    """A whole wheel without a server and a published key is good."""
    assert build() == []


@pytest.mark.parametrize(
    "content",
    [
        b"KEY = 'c11e0001-0000-4000-8000-000000000001'",
        b"KEY = '5ab0c0de5ab0c0de5ab0c0de00000001'",
        b"import uvicorn",
        b"if True:\n    from http.server import HTTPServer",
        b"from starlette.requests import Request",
    ],
)
def test_server_or_key(build: Build, content: bytes) -> None:
    """A production wheel holds no server and no published key."""
    assert len(build(content)) == 1


def test_description(build: Build) -> None:
    """The text that an index shows has no link to a file beside it, and no picture; web pages are fine."""
    name = "made-1.dist-info__METADATA"
    assert build(**{name: b"[developer portal](https://example.com) and docs/sql.md"}) == []
    for near in (b"[docs](docs/sql.md)", b"![form](docs/form.png)", b"[top](#top)"):
        assert "links to files" in build(**{name: near})[0]


def test_examples_are_inside(build: Build, tmp_path: Path) -> None:
    """A folder beside the package that belongs into the wheel is looked for inside the package."""
    (tmp_path / "example_dags").mkdir()
    (tmp_path / "example_dags" / "first.py").write_text("")
    assert "made/example_dags/first.py" in build()[0]
    assert build(made__example_dags__first=b"") != []  # another name
    (tmp_path / "example_dags" / "first.py").rename(tmp_path / "example_dags" / "first")
    assert build(made__example_dags__first=b"") == []


def test_what_dbt_writes(build: Build, tmp_path: Path) -> None:
    """What dbt leaves in a checkout belongs into no wheel."""
    for name in ("models/a.sql", "target/manifest.json", "logs/dbt.log", ".user.yml"):
        (tmp_path / "dbt" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dbt" / name).write_text("")
    assert build(**{"made__dbt__models__a.sql": b""}) == []
    problems = build(**{"made__dbt__models__a.sql": b"", "made__dbt__target__manifest.json": b""})
    assert "['made/dbt/target/manifest.json']" in problems[0]


def test_other_parts(build: Build, tmp_path: Path) -> None:
    """A further package, a missing file and too many bytes are each named."""
    assert "poweroffice_sandbox" in build(poweroffice_sandbox__a=b"")[0]
    (tmp_path / "made" / "more.py").write_text("")
    assert "made/more.py" in build()[0]
    assert any("are the most" in problem for problem in build(made__more=b"x" * 6_000))
