"""The tables of sandbox/docs/fidelity.md say what the sandboxes do, and a stale one is found."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import check_docs
import fidelity
import pytest
import requests

from poweroffice_sandbox import V1Sandbox

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "sandbox" / "docs" / "fidelity.md"


def test_every_described_operation_is_there() -> None:
    """v2 serves all of its description; of v1's reference, what is not served is refused by name."""
    v2 = Counter((item.source, item.served) for item in fidelity.v2())
    assert v2[fidelity.OPENAPI, fidelity.YES] == 245
    assert set(v2) == {(fidelity.OPENAPI, fidelity.YES), (fidelity.ASSUMED, fidelity.YES)}
    v1 = Counter((item.source, item.served) for item in fidelity.v1())
    assert v1 == {(fidelity.REFERENCE, fidelity.YES): 239, (fidelity.REFERENCE, fidelity.REFUSED): 32}


def test_no_operation_is_listed_twice() -> None:
    """An operation has one row."""
    for operations in fidelity.APIS.values():
        every = Counter((item.method, item.path) for item in operations())
        assert max(every.values()) == 1


def test_v1_refuses_by_name() -> None:
    """Each route that the table calls refused answers 501 with its name; the others do not."""
    with V1Sandbox(rate_limit=0) as sandbox:
        keys = sandbox.keys()
        pair = (keys.application_key, keys.client_key)
        form = {"grant_type": "client_credentials"}
        asked = requests.post(sandbox.token_url(), auth=pair, data=form, timeout=5)
        headers = {"Authorization": f"Bearer {asked.json()['access_token']}"}
        for item in fidelity.v1():
            path = item.path.replace("{", "").replace("}", "")
            answer = requests.request(
                item.method, f"{sandbox.base_url()}/{path}", headers=headers, json={}, timeout=5
            )
            assert (answer.status_code == 501) == (item.served == fidelity.REFUSED), item
            assert answer.status_code != 501 or f"{item.method} {item.path}" in answer.text


@pytest.mark.parametrize("row", ["| `Customers` |", "| `Customer` |", "| `data/CustomersV3` |"])
def test_a_stale_table_is_found(row: str) -> None:
    """A row that is missing is a part that differs from the code."""
    text = PAGE.read_text(encoding="utf-8")
    assert check_docs.generated(text) == text
    stale = "\n".join(line for line in text.split("\n") if not line.startswith(row))
    assert stale != text
    assert check_docs.generated(stale) == text


def test_check_runs() -> None:
    """The check of the documentation looks at the page."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "check_docs.py")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, PAGE in check_docs.PAGES) == (0, True), done.stdout
