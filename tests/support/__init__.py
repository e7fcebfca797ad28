"""What tests build with: time that moves without waiting, a throttle that does not, published keys."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_poweroffice.api import Client, Credentials, Page, Pages
from airflow_provider_poweroffice.api.dialects.base import Position
from airflow_provider_poweroffice.api.limits.throttle import Slot
from airflow_provider_poweroffice.api.options import CONCURRENCY
from airflow_provider_poweroffice.api.pages.page_source import PageRequest
from poweroffice_sandbox import Sandbox, Switches, V1Sandbox, V1Switches

AS_NEW = Switches(rate_limit=0).as_dict()
V1_AS_NEW = V1Switches(rate_limit=0, read_lag=0).as_dict()


class FakeClock:
    """Time that passes by being slept, from now on; ``naps`` are the sleeps in order."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.naps: list[float] = []
        self._date = time.time() - self.now
        self._followers: list[Sandbox | V1Sandbox] = []

    def monotonic(self) -> float:
        """Read the fake time."""
        return self.now

    def time(self) -> float:
        """Read the fake time as seconds since 1970."""
        return self.now + self._date

    def sleep(self, seconds: float) -> None:
        """Let time pass, here and in the sandboxes that follow."""
        self.naps.append(seconds)
        self.now += seconds
        for sandbox in self._followers:
            sandbox.advance(seconds)

    def lead(self, sandbox: Sandbox | V1Sandbox) -> None:
        """Have a sandbox's time pass with this one."""
        self._date = sandbox.clock.now() - self.now
        self._followers.append(sandbox)


class FromFunction:
    """A source of pages that a function makes."""

    def __init__(self, make: Callable[[Position], Page]) -> None:
        self._make = make

    def get(self, request: PageRequest) -> Page:
        """Make a page."""
        return self._make(request.at)

    def ahead(self, model: PageRequest, places: Iterable[Position]) -> None:
        """Fetch nothing ahead."""

    def begin(self, request: PageRequest) -> None:
        """Begin nothing."""

    def forget(self) -> None:
        """Have nothing to end."""

    def close(self) -> None:
        """Have nothing to end."""


class Unthrottled:
    """A throttle that counts and never waits."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def acquire(self, patience: float | None = None) -> Slot:  # noqa: ARG002 - the protocol's
        """Let everyone pass."""
        return Slot(0.0, 0.0)

    def answered(self, slot: Slot) -> None:
        """Learn nothing."""

    def lost(self, slot: Slot) -> None:
        """Learn nothing."""

    def pause(self, seconds: float) -> None:
        """Note the pause."""
        self.pauses.append(seconds)


def credentials(sandbox: Sandbox, company: int = 0, environment: str = "production") -> Credentials:
    """Take the published keys of one company."""
    keys = sandbox.keys(company=company, environment=environment)
    return Credentials(
        application_key=keys.application_key,
        client_key=keys.client_key,
        subscription_key=keys.subscription_key,
    )


class ReadingClient(Client):
    """A client that reads so many pages at once where a test does not say."""

    concurrency = CONCURRENCY

    def pages(self, endpoint: str, **options: Any) -> Pages:
        """Read a collection."""
        return super().pages(endpoint, **{"concurrency": self.concurrency} | options)


def client_of(
    sandbox: Sandbox, clock: FakeClock, *, concurrency: int = CONCURRENCY, **options: Any
) -> ReadingClient:
    """Open a client of the first company with fake time and no throttle, with some options changed."""
    given = {"host": sandbox.url, "clock": clock, "throttle": Unthrottled()} | options
    client = ReadingClient(credentials(sandbox), **given)
    client.concurrency = concurrency
    return client


def v1_client_of(sandbox: V1Sandbox, clock: FakeClock, company: int = 0, **options: Any) -> Client:
    """Open a client of a company of v1 in the same way."""
    keys = sandbox.keys(company)
    given = {"host": sandbox.base_url(), "api_version": "v1", "clock": clock, "throttle": Unthrottled()}
    credentials = Credentials(application_key=keys.application_key, client_key=keys.client_key)
    return Client(credentials, **(given | options))


def settle(url: str) -> None:
    """Let a sandbox take what earlier tests left on their sockets: an answer comes after all of that."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        for _ in range(2):
            connection.request("GET", "/_sandbox/health")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == HTTPStatus.OK


def threads() -> list[str]:
    """List the threads that fetch pages ahead."""
    return [thread.name for thread in threading.enumerate() if thread.name == "poweroffice-pages"]
