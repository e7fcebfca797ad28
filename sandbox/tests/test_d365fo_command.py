"""The command with several APIs, the connection of Finance & Operations, and its page."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

from poweroffice_sandbox import D365FOSandbox, D365FOSwitches, SizeError
from poweroffice_sandbox.cli import SERVED, main
from poweroffice_sandbox.d365fo.entities import ENTITIES
from poweroffice_sandbox.d365fo.services.operations import SERVICES
from poweroffice_sandbox.pytest import d365fo_sandbox  # noqa: F401 - used by name

if TYPE_CHECKING:
    from d365fo_client import Fo

COMMAND = [sys.executable, "-m", "poweroffice_sandbox"]
ROOT = Path(__file__).parents[2]


def _said(*options: str, **variables: str) -> str:
    """Start the command, read what it prints, run its ``curl`` example of F&O, and stop it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        lines = [""]
        while "Ctrl-C" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert process.poll() is None
        text = "".join(lines)
        for url in re.findall(r"sandbox on (http://127\.0\.0\.1:\d+)", text):
            assert requests.get(f"{url}/_sandbox/health", timeout=5).json()["status"] == "ok"
        example = text.partition("curl:\n")[2].rpartition("\n\n")[0] if options[1] == "d365fo" else "true"
        done = subprocess.run(
            ["/bin/sh", "-c", example], capture_output=True, text=True, timeout=10, check=True
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    return text + done.stdout


def test_all_are_served() -> None:
    """By default every API is served, each on a port of its own, and each prints a connection."""
    text = _said("--port", "0")
    urls = re.findall(r"sandbox on (http://127\.0\.0\.1:\d+)", text)
    assert len(set(urls)) == len(urls) == len(SERVED)
    for word in ("POWEROFFICE", "D365FO"):
        assert f"export AIRFLOW_CONN_{word}_DEFAULT='{{" in text


def test_terminal_without_the_letters() -> None:
    """A terminal that cannot show a secret's letters does not keep the command from starting."""
    assert "signs%41 and-\\xc6" in _said("--port", "0", PYTHONIOENCODING="ascii")


def test_one_is_served_and_its_example_works() -> None:
    """``--api`` chooses; the printed example gets a token and two rows."""
    text = _said(
        "--api", "d365fo", "--d365fo-port", "0", "--d365fo-page-size", "1", "--d365fo-customers", "3"
    )
    assert "AIRFLOW_CONN_POWEROFFICE_DEFAULT" not in text
    assert "HTTP/1.1 200 OK" in text
    assert "@odata.nextLink" in text


@pytest.mark.parametrize("api", [api for api in SERVED if api.prefix], ids=lambda api: api.name)
def test_second_port_in_use(api: object, capsys: pytest.CaptureFixture[str]) -> None:
    """A second port in use is one line that names the option, and exit code 2; the first is free again."""
    option = f"--{api.prefix}port"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["--port", "0", option, port]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), f"{option} 0 for a free one" in said, port in said) == (1, True, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--d365fo-customers", "-1"], "customers = -1: give a whole number"),
        (["--d365fo-page-size", "-1"], "page_size = -1"),
        (["--d365fo-fault", "action=nope"], "action = 'nope'"),
        (["--port", "99999"], "the port must be from 0 to 65535"),
    ],
)
def test_refused_options(options: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad option is one line that names it, and exit code 2."""
    assert main(["--port", "0", *options]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), words in said) == (1, True)


def test_connection(fo: Fo) -> None:
    """Both forms of the Airflow connection carry the environment, the app and the identity provider."""
    parts = json.loads(fo.sandbox.connection_json("retail"))
    keys = fo.sandbox.keys(1)
    assert parts == {
        "conn_type": "d365fo",
        "host": fo.sandbox.url,
        "login": keys.client_id,
        "password": keys.client_secret,
        "extra": {"tenant_id": keys.tenant_id, "authority": fo.sandbox.url},
    }
    uri = urlsplit(fo.sandbox.connection_uri("retail"))
    assert (uri.scheme, uri.username, unquote(uri.password)) == ("d365fo", keys.client_id, keys.client_secret)
    assert json.loads(parse_qs(uri.query)["__extra__"][0]) == parts["extra"]


def test_fixture(d365fo_sandbox: D365FOSandbox) -> None:  # noqa: F811 - the fixture
    """The published fixture gives a running sandbox."""
    assert requests.get(f"{d365fo_sandbox.url}/_sandbox/health", timeout=5).json()["status"] == "ok"


def test_bad_arguments() -> None:
    """An app, a version or a number there is not is an error that names it."""
    sandbox = D365FOSandbox()
    with pytest.raises(ValueError, match="app = 'nobody'"):
        sandbox.keys("nobody")
    with pytest.raises(ValueError, match="version = 'v3'"):
        sandbox.token_url("v3")
    with pytest.raises(SizeError, match="vendors = -1"):
        D365FOSandbox(vendors=-1)


def test_page_names_everything() -> None:
    """The page has a line for each switch with its values, each entity and each operation."""
    page = (ROOT / "sandbox" / "docs" / "d365fo.md").read_text(encoding="utf-8")
    for switch in fields(D365FOSwitches):
        cells = ", ".join(f"`{value}`" for value in switch.metadata["values"] or ())
        assert f"| `{switch.name}` | {cells}" in page
    operations = [name for services in SERVICES.values() for table in services.values() for name in table]
    assert all(f"| `{name}` |" in page for name in (*ENTITIES, *operations))
