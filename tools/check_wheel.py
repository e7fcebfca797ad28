"""
Look at the built distributions, the provider and its sandbox: each complete, none with parts of the other.

    python tools/check_wheel.py dist             look at the four files
    python tools/check_wheel.py dist --install   then install the sandbox's wheel alone, and start it; and
                                                 both with Airflow alone, to do what the README says
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# What the keys that the sandbox publishes look like.
PUBLISHED = re.compile(rb"[0-9a-f]{8}-0000-4000-8000-\d{12}|5ab0c0de|s3cr\+t")
# A link, or picture, to what an index has not got.
NEARBY = re.compile(r"\]\((?!https?://)[^)]*\)")
SERVERS = re.compile(rb"^\s*(?:import|from) (?:starlette|uvicorn|http\.server|socketserver)\b", re.MULTILINE)
HEALTHY_SECONDS = 20
# What dbt writes beside its models.
WRITTEN = ("dbt/target/", "dbt/logs/", "dbt/.user.yml")


@dataclass(frozen=True)
class Distribution:
    """What is built of one folder; ``longest`` is the most bytes its wheel may have."""

    name: str
    package: str
    folder: Path
    longest: int
    is_production: bool
    placed: tuple[str, ...] = ()  # folders beside the package that the wheel holds inside it
    parts: tuple[str, ...] = ("entry_points.txt", "licenses/LICENSE")

    @property
    def file(self) -> str:
        """What the names of its files begin with."""
        return self.name.replace("-", "_")

    def project(self) -> dict[str, Any]:
        """Give its ``pyproject.toml``."""
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))

    def sources(self) -> dict[str, str]:
        """Give the files its wheel must hold: name in the wheel to name in the folder."""
        roots = ((self.package, ""), *((name, f"{self.package}/") for name in self.placed))
        return {
            f"{above}{path.relative_to(self.folder)}": str(path.relative_to(self.folder))
            for name, above in roots
            for path in (self.folder / name).rglob("*")
            if path.is_file()
            and path.suffix != ".pyc"
            and not str(path.relative_to(self.folder)).startswith(WRITTEN)
        }


PROVIDER = Distribution(
    "airflow-provider-poweroffice",
    "airflow_provider_poweroffice",
    ROOT,
    630 * 1024,
    is_production=True,
    placed=("example_dags", "dbt"),
)
SANDBOX = Distribution(
    "poweroffice-sandbox", "poweroffice_sandbox", ROOT / "sandbox", 400 * 1024, is_production=False
)


def versions() -> list[str]:
    """Find versions that differ: of the two, and of the provider's extra, which pins the sandbox."""
    provider, sandbox = PROVIDER.project()["project"], SANDBOX.project()["project"]
    pin = provider["optional-dependencies"]["sandbox"]
    if provider["version"] != sandbox["version"] or pin != [f"{SANDBOX.name}=={provider['version']}"]:
        return [f"{provider['version']}, {sandbox['version']}, the extra's {pin}: one version for both"]
    return []


def wheel_problems(item: Distribution, wheel: Path) -> Iterator[str]:
    """
    Look into a wheel.

    :param item: what it is of.
    :param wheel: the file.
    """
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    tops = {name.split("/")[0] for name in held if ".dist-info/" not in name}
    if tops != {item.package}:
        yield f"{wheel.name} holds {sorted(tops)}, not {item.package} alone"
    yield from file_problems(item, wheel, set(held))
    metadata = b"".join(content for name, content in held.items() if name.endswith(".dist-info/METADATA"))
    if near := NEARBY.findall(metadata.decode()):
        yield f"{wheel.name}: its description links to files that are not there: {near[:3]}"
    if wheel.stat().st_size > item.longest:
        yield f"{wheel.name} has {wheel.stat().st_size:,} bytes; {item.longest:,} are the most"
    if item.is_production:
        yield from production_problems(wheel, held)


def file_problems(item: Distribution, wheel: Path, held: set[str]) -> Iterator[str]:
    """
    Find files that a wheel lacks, or should not hold.

    :param item: what it is of.
    :param wheel: the file.
    :param held: its names.
    """
    files, wanted = {name for name in held if ".dist-info/" not in name}, set(item.sources())
    for what, names in (("lacks", wanted - files), ("holds, and should not,", files - wanted)):
        if names:
            yield f"{wheel.name} {what} {sorted(names)}"
    for part in item.parts:
        if not any(name.endswith(f".dist-info/{part}") for name in held):
            yield f"{wheel.name} lacks {part}"


def production_problems(wheel: Path, held: dict[str, bytes]) -> Iterator[str]:
    """
    Find what is no business of a production machine.

    :param wheel: the file.
    :param held: its contents by name.
    """
    for name, content in held.items():
        if PUBLISHED.search(content):
            yield f"{wheel.name}: {name} holds a published key"
        if SERVERS.search(content):
            yield f"{wheel.name}: {name} imports a server"


def sdist_problems(item: Distribution, sdist: Path) -> Iterator[str]:
    """
    Look into a source distribution.

    :param item: what it is of.
    :param sdist: the file.
    """
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    if missing := sorted({*item.sources().values(), "pyproject.toml", "README.md", "LICENSE"} - held):
        yield f"{sdist.name} lacks {missing}"
    if item.is_production and (strangers := sorted(name for name in held if name.startswith("sandbox/"))):
        yield f"{sdist.name} holds {strangers[:3]} of the other distribution"


def look(folder: Path) -> list[str]:
    """
    Look at what was built.

    :param folder: with a wheel and a source distribution of each.
    """
    problems = versions()
    for item in (PROVIDER, SANDBOX):
        version = item.project()["project"]["version"]
        wheel = folder / f"{item.file}-{version}-py3-none-any.whl"
        sdist = folder / f"{item.file}-{version}.tar.gz"
        found = [*wheel_problems(item, wheel), *sdist_problems(item, sdist)]
        problems += found
        if not found:
            print(f"{wheel.name}: {len(item.sources())} files, {wheel.stat().st_size:,} bytes, complete")
    return problems


def _url(lines: Iterable[str]) -> str:
    for line in lines:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found.group()
    raise LookupError("the sandbox did not say where it is")


def start_alone(folder: Path) -> None:
    """
    Install the sandbox's wheel in an empty environment, start it, ask it, stop it.

    :param folder: with its wheel.
    """
    wheel = next(folder.glob(f"{SANDBOX.file}-*.whl"))
    with tempfile.TemporaryDirectory() as place:
        before = time.perf_counter()
        venv.create(place, with_pip=True)
        quiet = ("--quiet", "--disable-pip-version-check")
        subprocess.run([f"{place}/bin/pip", "install", *quiet, str(wheel)], check=True)
        listed = subprocess.run(
            [f"{place}/bin/pip", "list", "--format=json"], check=True, capture_output=True, text=True
        )
        names = {item["name"].lower() for item in json.loads(listed.stdout)}
        if strangers := {name for name in names if "airflow" in name or name in {"requests", "pytest"}}:
            raise LookupError(f"the sandbox alone brings {sorted(strangers)}")
        installed = time.perf_counter() - before
        command = [f"{place}/bin/poweroffice-sandbox", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            url = _url(process.stdout)
            with urllib.request.urlopen(f"{url}/_sandbox/health", timeout=HEALTHY_SECONDS) as answer:
                found = json.load(answer)
            process.terminate()
            code = process.wait(HEALTHY_SECONDS)
        if (found["status"], code) != ("ok", 0):
            raise LookupError(f"the sandbox alone says {found} and ends with {code}")
        print(f"{wheel.name} alone: installed in {installed:.1f} s with {len(names)} packages, healthy")


def come_in(folder: Path) -> None:
    """
    Install both wheels and Airflow in an empty environment, and do there what the README says.

    :param folder: with the wheels.
    """
    with tempfile.TemporaryDirectory() as place:
        venv.create(place)
        pins = ("--constraint", str(ROOT / "requirements/airflow-3.3.txt"))
        wheels = (str(next(folder.glob(f"{item.file}-*.whl"))) for item in (PROVIDER, SANDBOX))
        install = ("pip", "install", "--quiet", "--compile-bytecode", "--python", f"{place}/bin/python")
        subprocess.run([f"{sys.prefix}/bin/uv", *install, *pins, *wheels], check=True)
        home = Path(place, "home")
        home.mkdir()
        script = ROOT / "tools/front_door.py"
        subprocess.run([f"{place}/bin/python", "-I", str(script), str(home)], check=True, cwd=home)


def main(folder: str, what: str = "") -> int:
    """Look at what was built; install it when asked to."""
    problems = look(Path(folder))
    print("\n".join(problems), end="\n" if problems else "")
    if not problems and what == "--install":
        start_alone(Path(folder))
        come_in(Path(folder))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
