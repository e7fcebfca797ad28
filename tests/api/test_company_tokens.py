"""Several companies with one application key and one subscription key: nothing of one reaches another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from random import Random

import pytest
from support import FakeClock, Unthrottled

from airflow_provider_poweroffice.api import Client, Credentials
from airflow_provider_poweroffice.errors import NotFoundError, PowerOfficeError
from poweroffice_sandbox import Sandbox

COMPANIES = 16
THREADS = 8
TURNS = 25


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    """Run a sandbox with many companies."""
    with Sandbox(companies=COMPANIES, customers=1, ledger_rows=0, rate_limit=0) as running:
        yield running


def client_for(sandbox: Sandbox, alias: str) -> Client:
    """Open a client of a company, named in its errors."""
    keys = sandbox.keys(alias)
    return Client(
        Credentials(
            application_key=keys.application_key,
            client_key=keys.client_key,
            subscription_key=keys.subscription_key,
        ),
        host=sandbox.url,
        clock=FakeClock(),
        throttle=Unthrottled(),
        company=alias,
    )


class Jumper(threading.Thread):
    """Jumps between clients of all companies and keeps what came from another company."""

    def __init__(self, sandbox: Sandbox, ids: dict[str, str], seed: int) -> None:
        super().__init__()
        self.sandbox, self.ids = sandbox, ids
        self.random = Random(seed)  # noqa: S311 - no cryptography
        self.clients = {alias: client_for(sandbox, alias) for alias in ids}
        self.trouble: list[tuple[str, str]] = []
        self.asked = 0

    def run(self) -> None:
        """Ask companies at random who they are; now and then with a new client."""
        for _ in range(TURNS):
            alias = self.random.choice(list(self.ids))
            if self.random.random() < 0.1:
                self.clients[alias].close()
                self.clients[alias] = client_for(self.sandbox, alias)
            said = self.ask(alias)
            self.asked += 1
            if said not in {None, self.ids[alias]}:
                self.trouble.append((alias, str(said)))

    def ask(self, alias: str) -> str | None:
        """Give the id that a company says; None where it was refused twice in a row."""
        try:
            return str(self.clients[alias].request("GET", "ClientIntegrationInformation").body["ClientId"])
        except PowerOfficeError as error:
            return None if str(error).startswith(f"[{alias}] ") else str(error)


def test_tokens_never_mix(office: Sandbox) -> None:
    """
    Each client reads its own company, under all that makes tokens change hands.

    Every thread has a client of every company and jumps between them; meanwhile tokens expire at the
    server, calls are refused with 401 and repeated, and clients are opened anew.
    """
    office.reset()
    ids = {alias: office.state.access.company(alias, "production").client_id for alias in office.aliases()}
    assert len(set(ids.values())) == COMPANIES
    office.add_fault(action="status", status=401, path="/ClientIntegrationInformation", times=0, chance=0.1)
    jumpers = [Jumper(office, ids, seed) for seed in range(THREADS)]
    for jumper in jumpers:
        jumper.start()
    seen = 0
    while any(jumper.is_alive() for jumper in jumpers):
        jumpers[0].join(0.005)
        asked = sum(jumper.asked for jumper in jumpers)
        if asked >= seen + THREADS:  # by what was done, not by time: a slow machine would do nothing else
            office.expire_tokens()
            seen = asked
    assert [trouble for jumper in jumpers for trouble in jumper.trouble] == []
    assert office.count("POST", "/OAuth/Token") > THREADS * COMPANIES / 2, "tokens were fetched again"
    assert office.count("GET", "/ClientIntegrationInformation") > THREADS * TURNS


def test_one_token_shared_by_threads(office: Sandbox) -> None:
    """The signers of two companies, each shared by many threads, keep one token each, and not the same."""
    office.reset()
    signers = {alias: client_for(office, alias).auth for alias in ("fjordlys", "havblaast")}
    found: dict[str, set[str]] = {alias: set() for alias in signers}

    def ask() -> None:
        for _ in range(20):
            for alias, signer in signers.items():
                found[alias].add(signer.token())

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(tokens) for tokens in found.values()] == [1, 1]
    assert found["fjordlys"] != found["havblaast"]
    assert office.count("POST", "/OAuth/Token") == 2


def test_errors_and_logs_name_the_company(office: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever is paged sees which company it was; once, and in the log of retries too."""
    office.reset()
    with client_for(office, "havblaast") as client:
        with pytest.raises(NotFoundError) as caught:
            client.request("GET", "Customers/1")
        assert str(caught.value).startswith("[havblaast] GET /v2/Customers/1: 404")
        assert caught.value.company == "havblaast"
        office.add_fault(action="status", status=503, path="/Customers")
        list(client.pages("Customers"))
    assert "[havblaast] GET /v2/Customers: attempt 1 of" in caplog.text
    with client_for(office, "fjordlys") as other:
        office.add_fault(action="reset_after", path="/Customers", times=0)
        with pytest.raises(PowerOfficeError) as lost:
            other.request("GET", "Customers")
    assert str(lost.value).startswith("[fjordlys] GET /v2/Customers: no reply from")
    assert str(lost.value).count("[fjordlys]") == 1
    # Where there is one company only, nothing is added.
    assert str(PowerOfficeError("text")) == "text"
