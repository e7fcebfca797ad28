"""What a further API costs: one short dialect, its parts, hook and operators; the core names none."""

from __future__ import annotations

import dialect_cost
import pytest

NAMED_IN_CORE = {
    "api/__init__.py": "D365FOCredentials",  # exported beside the others
    "api/connection.py": 'api_version: str = "v2"',  # the default
}


@pytest.mark.parametrize("name", dialect_cost.PARTS)
def test_dialect_is_short(name: str) -> None:
    """A dialect keeps within its lines; what is more than a mapping of values is a part of its own."""
    own, parts = dialect_cost.costs()[name]
    print(f"{name}: {own} lines of code, {parts} in its parts")  # noqa: T201 - shown by pytest -s
    assert 30 < own <= dialect_cost.MOST
    assert parts > 0


def test_core_names_no_api() -> None:
    """Client, paging, retries, limits, storage, transfers and sensors name no API in their code."""
    found = dialect_cost.named_elsewhere()
    core = {
        path: lines
        for path, lines in found.items()
        if path.split("/")[0] in {"api", "storage", "transfers", "sensors"}
    }
    assert core.keys() == NAMED_IN_CORE.keys()
    for path, allowed in NAMED_IN_CORE.items():
        assert all(allowed in line or "d365fo.credentials" in line for line in core[path])


def test_names_are_found() -> None:
    """The search finds what it looks for: where connections are told apart, APIs are named."""
    assert "hooks/settings.py" in dialect_cost.named_elsewhere()
