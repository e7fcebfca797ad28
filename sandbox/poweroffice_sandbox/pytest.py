"""
Pytest fixtures, for ``pytest_plugins`` or an import into ``conftest.py``.

Rule: the only file of the sandbox that needs pytest; nothing else here imports it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .d365fo import D365FOSandbox
from .v1.sandbox import V1Sandbox
from .v2.sandbox import Sandbox


@pytest.fixture
def poweroffice_sandbox() -> Iterator[Sandbox]:
    """Give a running sandbox of its own to a test, small and without a rate limit."""
    with Sandbox(rate_limit=0) as sandbox:
        yield sandbox


@pytest.fixture
def poweroffice_v1_sandbox() -> Iterator[V1Sandbox]:
    """Give a running sandbox of v1 of its own to a test, without a rate limit."""
    with V1Sandbox(rate_limit=0) as sandbox:
        yield sandbox


@pytest.fixture
def d365fo_sandbox() -> Iterator[D365FOSandbox]:
    """Give a running sandbox of Finance & Operations of its own to a test."""
    with D365FOSandbox() as sandbox:
        yield sandbox
