"""Fixtures of the sandbox's tests: running sandboxes and clients that have a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from d365fo_client import Fo
from sandbox_client import Api
from v1_client import V1Api

from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox


@pytest.fixture
def start() -> Iterator[Callable[..., Api]]:
    """Give a function that starts a sandbox with options, and gives a client with a token."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Api:
            sandbox = stack.enter_context(Sandbox(**{"rate_limit": 0, **options}))
            return Api(sandbox).login()

        yield begin


@pytest.fixture
def start_fo() -> Iterator[Callable[..., Fo]]:
    """Give a function that starts a sandbox of Finance & Operations, and gives a client with a token."""
    with ExitStack() as stack:

        def begin(app: str = "main", **options: Any) -> Fo:
            return Fo(stack.enter_context(D365FOSandbox(**options)), app).login()

        yield begin


@pytest.fixture
def fo(start_fo: Callable[..., Fo]) -> Fo:
    """Give a client of a small sandbox of Finance & Operations."""
    return start_fo()


@pytest.fixture
def api(start: Callable[..., Api]) -> Api:
    """Give a client of a small sandbox without a rate limit."""
    return start()


@pytest.fixture
def client_of() -> type[Api]:
    """Give the client class, for other companies and environments."""
    return Api


@pytest.fixture
def start_v1() -> Iterator[Callable[..., V1Api]]:
    """Give a function that starts a sandbox of v1 with options, and gives a client with a token."""
    with ExitStack() as stack:

        def begin(**options: Any) -> V1Api:
            sandbox = stack.enter_context(V1Sandbox(**{"rate_limit": 0, "read_lag": 0.0, **options}))
            return V1Api(sandbox).login()

        yield begin


@pytest.fixture
def v1(start_v1: Callable[..., V1Api]) -> V1Api:
    """Give a client of a sandbox of v1 without a rate limit and without a lag."""
    return start_v1()
