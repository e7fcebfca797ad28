"""Fixtures of the sandbox's tests: running sandboxes and clients that have a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sandbox_client import Api

from airflow_provider_poweroffice.sandbox import Sandbox


@pytest.fixture
def start() -> Iterator[Callable[..., Api]]:
    """Give a function that starts a sandbox with options, and gives a client with a token."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Api:
            sandbox = stack.enter_context(Sandbox(**{"rate_limit": 0, **options}))
            return Api(sandbox).login()

        yield begin


@pytest.fixture
def api(start: Callable[..., Api]) -> Api:
    """Give a client of a small sandbox without a rate limit."""
    return start()


@pytest.fixture
def client_of() -> type[Api]:
    """Give the client class, for other companies and environments."""
    return Api
