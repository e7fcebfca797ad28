"""A name that does not exist is refused with the near ones, wherever it is given."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from poweroffice_sandbox import D365FOSandbox, PortError, Sandbox, SeedError, V1Sandbox
from poweroffice_sandbox.cli import main
from poweroffice_sandbox.core.near import near

ALL = (Sandbox, V1Sandbox, D365FOSandbox)


def _said(options: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    try:
        code = main(options)
    except SystemExit as stopped:
        code = stopped.code
    said = capsys.readouterr().err
    assert (code, said.count("\n")) == (2, 1)
    return said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--nuls", "omitted"], "--nuls: no such option; perhaps --nulls"),
        (["--page_size_cap=3"], "--page_size_cap: no such option; perhaps --page-size-cap"),
        (["--put", "merge"], "--d365fo-put"),  # a switch of another API, without its prefix
        (["--colour", "red"], "--colour: no such option. See --help."),
        (["--d365fo-cusomers", "4"], "perhaps --d365fo-customers"),
        (["--seed", "one"], "--seed: invalid int value: 'one'"),
        (["--size", "smal"], "choose from"),
        (["--fault", "acton=status"], "acton: no such setting of a fault; perhaps action."),
        (["--fault", "action=reset_aftr"], "; perhaps reset_after."),
    ],
)
def test_command(options: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option is one line with the near ones, and exit code 2."""
    assert words in _said(options, capsys)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"page_sise": 1}, "page_sise: no such option; perhaps "),
        ({"custmers": 1}, "custmers: no such option; perhaps customers"),
        ({"prot": 8099}, "prot: no such option; perhaps port"),
        ({"sed": 3}, "sed: no such option; perhaps seed"),
        ({"size": "smal"}, "size = 'smal': choose one of small"),
        ({"seed": "7"}, "seed = '7': give a whole number."),
        ({"seed": True}, "seed = True: give a whole number."),
    ],
)
def test_python(kind: type[Any], options: dict[str, Any], words: str) -> None:
    """An argument is refused before anything starts."""
    if "page_sise" in options and kind is V1Sandbox:
        options, words = {"row_kap": 1}, "row_kap: no such option; perhaps row_cap."
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        kind(**options)
    with pytest.raises(SeedError):
        kind(seed=1.5)


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "switches", {"token_lifetim": 5}, "token_lifetim: no such switch; perhaps token_lifetime."),
        ("POST", "faults", {"action": "statsu"}, "; perhaps status."),
        ("GET", "counts?pth=/x", None, "pth: no such setting of this call; perhaps path."),
        ("GET", "totals?compnay=0", None, "compnay: no such setting of this call; perhaps company."),
        ("POST", "save", {"nmae": "x"}, "nmae: no such setting of this call; perhaps name."),
        ("POST", "advance", {"secnds": 5}, "secnds: no such setting of this call; perhaps seconds."),
        ("POST", "reset", {"data": 1}, "data: no such setting of this call; it takes nothing."),
        ("POST", "swiches", {}, "no such control endpoint; perhaps POST /_sandbox/switches"),
    ],
)
@pytest.mark.parametrize("kind", ALL)
def test_control(kind: type[Any], method: str, path: str, body: Any, words: str) -> None:
    """A control call says what it does not take, and does nothing."""
    with kind() as sandbox:
        answer = requests.request(method, f"{sandbox.url}/_sandbox/{path}", json=body, timeout=5)
        assert answer.status_code in {400, 404}
        assert words in answer.json()["error"]


def test_companies() -> None:
    """A company's alias too."""
    with pytest.raises(ValueError, match="; perhaps fjordlys"):
        Sandbox().keys("fjordlis")


@pytest.mark.parametrize("kind", ALL)
def test_port_in_use(kind: type[Any]) -> None:
    """A port in use says so, and what to do."""
    with Sandbox() as first:
        port = int(first.url.rpartition(":")[2])
        words = rf"127\.0\.0\.1:{port} is in use.*Choose another port, or 0 for a free one\."
        with pytest.raises(PortError, match=words):
            kind(port=port).start()


def test_near() -> None:
    """Dashes, underscores and cases make no difference; what is unlike is not named."""
    assert near("Page-Size-Cap", ("page_size_cap", "nulls")) == ["page_size_cap"]
    assert near("zzz", ("page_size_cap", "nulls")) == []
    assert near("", ("a",)) == []
