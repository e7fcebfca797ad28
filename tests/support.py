"""What tests build with: time that moves without waiting, a throttle that does not, published keys."""

from __future__ import annotations

from airflow_provider_poweroffice.api import Credentials
from airflow_provider_poweroffice.sandbox import Sandbox, Switches

AS_NEW = Switches(rate_limit=0).as_dict()


class FakeClock:
    """Time that passes by being slept; ``naps`` are the sleeps in order."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        """Read the fake time."""
        return self.now

    def time(self) -> float:
        """Read the fake time as a date: 2026-11-22."""
        return self.now + 1_794_000_000.0

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.naps.append(seconds)
        self.now += seconds


class Unthrottled:
    """A throttle that counts and never waits."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def acquire(self) -> None:
        """Let everyone pass."""

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
