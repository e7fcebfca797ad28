"""Faults by chance, by storm and by drip; faults from the start; saving and restoring."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flow_client import voucher

from poweroffice_sandbox import FaultError, Sandbox
from poweroffice_sandbox.cli import main
from poweroffice_sandbox.core.faults import parse_fault

if TYPE_CHECKING:
    from sandbox_client import Api


def statuses(api: Api, count: int = 40) -> list[int]:
    """Ask again and again."""
    return [api.get("Departments", PageSize=1).status_code for _ in range(count)]


def test_chance_follows_the_seed(start: Callable[..., Api]) -> None:
    """A fault by chance hits about its share, the same requests with the same seed, others with another."""
    rule = {"action": "status", "status": 503, "chance": 0.3, "path": "/Departments"}
    runs = [statuses(start(seed=seed, faults=[rule])) for seed in (7, 7, 8)]
    assert runs[0] == runs[1] != runs[2]
    assert 4 <= runs[0].count(503) <= 20


def test_faults_from_the_start_come_back_with_a_reset(start: Callable[..., Api]) -> None:
    """Faults given at the start are in force after a reset too, and count anew."""
    api = start(faults=[parse_fault("action=status status=503 every=3 path=/Departments")])
    seen = statuses(api, 3)
    api.sandbox.reset()
    assert seen == statuses(api, 3) == [200, 200, 503]


@pytest.mark.parametrize(
    ("text", "words"),
    [("action=explode", "explode"), ("status=503", "action is missing"), ("action", "name=value"),
     ("action=status status=many", "many"), ("action=status chance=2", "chance = 2"),
     ("action=delay colour=1", "colour")],
)  # fmt: skip
def test_refused_fault_option(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault that cannot be used is one line and exit code 2."""
    with pytest.raises(FaultError):
        parse_fault(text)
    assert main(["--port", "0", "--fault", text]) == 2
    said = capsys.readouterr().err
    assert (words in said, said.count("\n")) == (True, 1)


def test_storm(api: Api) -> None:
    """A throttle storm answers 429 until its seconds have passed on the sandbox's clock."""
    api.sandbox.add_fault(action="throttle", seconds=30, path="/Departments")
    answer = api.get("Departments")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert answer.json()["message"] == "Rate limit is exceeded. Try again in 30 seconds."
    assert api.get("Products").status_code == 200
    api.sandbox.advance(31)
    assert api.get("Departments").status_code == 200


def test_drip(api: Api) -> None:
    """A dripping body is whole, and takes its seconds."""
    whole = api.get("Departments").content
    api.sandbox.add_fault(action="drip", seconds=0.2)
    before = time.perf_counter()
    assert api.get("Departments").content == whole
    assert time.perf_counter() - before >= 0.2
    assert api.sandbox.journal()[-1].fault == "drip"


def test_faults_are_shown(api: Api) -> None:
    """The control endpoint lists faults with their counts."""
    api.sandbox.add_fault(action="status", chance=0.5)
    shown = api.control("GET", "faults").json()[0]
    assert (shown["chance"], shown["times"], shown["hits"]) == (0.5, 0, 0)


def test_save_and_restore(api: Api) -> None:
    """What was saved comes back, as often as wanted: ledger, rows, rights and client keys."""
    api.post("Vouchers/ManualJournals", voucher(api))
    saved = api.sandbox.totals()
    api.sandbox.save()
    for _ in range(2):
        made = api.post("Vouchers/ManualJournals", voucher(api, ExternalImportReference="r"))
        assert made.status_code == 201
        assert api.post("Customers", {"Name": "A"}).status_code == 201
        api.sandbox.set_privileges(privileges=[])
        assert api.login().get("Customers").status_code == 403
        api.sandbox.restore()
        assert api.sandbox.count() == 0
        assert api.login().get("Customers").status_code == 200
        assert api.sandbox.totals() == saved
        assert len(api.ledger().json()) == saved["AccountTransactions"]


def test_save_by_name(api: Api) -> None:
    """Several states are kept by name; a name nothing was saved by is 400."""
    api.control("POST", "save", {"name": "empty"})
    api.post("Customers", {"Name": "A"})
    api.control("POST", "save", {"name": "one more"})
    counts = []
    for name in ("empty", "one more"):
        assert api.control("POST", "restore", {"name": name}).status_code == 200
        counts.append(api.sandbox.totals()["Customers"])
    assert counts == [120, 121]
    assert api.control("POST", "restore", {"name": "never"}).status_code == 400


@pytest.mark.parametrize("act", ["reset", "start"])
def test_quick(act: str) -> None:
    """A reset takes less than a millisecond or two, a start tens of milliseconds."""
    with Sandbox() as sandbox:
        before = time.perf_counter()
        actions: dict[str, Any] = {"reset": sandbox.reset, "start": lambda: Sandbox().start().stop()}
        for _ in range(10):
            actions[act]()
        assert (time.perf_counter() - before) / 10 < {"reset": 0.01, "start": 0.2}[act]
