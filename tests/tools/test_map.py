"""The map of the house, docs/architecture.md, names nothing that is not there."""

from __future__ import annotations

from pathlib import Path

import check_docs
import pytest

MAP = """
| question | answer |
|---|---|
| Where is a file of a folder? | `api/retry.py` (`LONGEST_ASKED_WAIT`, `Tries.unmade`), `asking.py` |
| Where is what was moved? | `api/moved.py`, `tools/check_docs.py` |
"""


def test_lost_places_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is gone, and a name that its file does not have, are found; what is there is not."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/architecture.md").write_text(MAP)
    (tmp_path / "tools").symlink_to(check_docs.ROOT / "tools")
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    assert check_docs.lost_places() == [
        "docs/architecture.md: Tries.unmade is not in api/retry.py, asking.py",
        "docs/architecture.md: no file api/moved.py",
    ]
