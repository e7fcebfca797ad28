"""Each API with its sandbox, told in the same words, so that one test holds for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support import FakeClock, Unthrottled, credentials
from support.d365fo import fo_credentials

from airflow_provider_poweroffice.api import Client, Credentials
from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox

AnySandbox = Sandbox | V1Sandbox | D365FOSandbox
ROWS = 23
PAGE = 5
"""Rows of the list, and of a page of it: five pages, the last one short."""


@dataclass(frozen=True)
class Api:
    """
    One API.

    :param build: makes its sandbox with so many rows in the list.
    :param cap: the switch by which its server limits a page.
    :param cap_refuses: a call for more rows than that is refused, instead of answered with fewer.
    :param by_link: pages hang on links, so that their size is the server's alone.
    :param envelope: wraps rows, given as JSON text, as the API does.
    :param body: makes a new row by POST to ``creates``.
    """

    name: str
    build: Callable[[int], AnySandbox]
    endpoint: str
    key: str
    path: str
    token_path: str
    token_lifetime: int
    cap: str
    cap_refuses: bool
    by_link: bool
    envelope: str
    creates: str
    creates_path: str
    body: dict[str, Any]

    def wrap(self, rows: str, **facts: Any) -> str:
        """Wrap rows as the API does, with further facts in the envelope, if it has one."""
        further = "".join(f",{json.dumps(name)}:{json.dumps(fact)}" for name, fact in facts.items())
        return self.envelope.replace("ROWS", rows).replace("FURTHER", further)


APIS = {
    "v2": Api(
        name="v2",
        build=lambda rows: Sandbox(rate_limit=0, customers=rows),
        endpoint="Customers",
        key="Id",
        path="/Customers",
        token_path="*/OAuth/Token",
        token_lifetime=1200,
        cap="page_size_cap",
        cap_refuses=False,
        by_link=False,
        envelope="ROWS",
        creates="Customers",
        creates_path="/Customers",
        body={"Name": "New"},
    ),
    "v1": Api(
        name="v1",
        build=lambda rows: V1Sandbox(rate_limit=0, read_lag=0, customers=rows),
        endpoint="Customer",
        key="id",
        path="/Customer",
        token_path="*/OAuth/Token",
        token_lifetime=1200,
        cap="row_cap",
        cap_refuses=True,
        by_link=False,
        envelope='{"success":true,"data":ROWSFURTHER}',
        creates="Customer",
        creates_path="/Customer",
        body={"name": "New"},
    ),
    "d365fo": Api(
        name="d365fo",
        build=lambda rows: D365FOSandbox(customers=rows),
        endpoint="CustomersV3",
        key="CustomerAccount",
        path="/data/CustomersV3",
        token_path="*/oauth2/v2.0/token",
        token_lifetime=3599,
        cap="page_size",
        cap_refuses=False,
        by_link=True,
        envelope='{"@odata.context":"c","value":ROWSFURTHER}',
        creates="CustomerGroups",
        creates_path="/data/CustomerGroups",
        body={"dataAreaId": "usmf", "CustomerGroupId": "N1", "Description": "New"},
    ),
}
"""By the dialect's name."""

APART = {
    ("fewer_rows_than_counted", "d365fo"): "sends no count with its pages: the link alone says what follows",
}
"""What an API cannot have: case and dialect to the reason."""


class Bench:
    """An API with its running sandbox, and a client of it with fake time and no throttle."""

    def __init__(self, api: Api, sandbox: AnySandbox, clock: FakeClock) -> None:
        self.api = api
        self.sandbox = sandbox
        self.clock = clock
        self._clients: list[Client] = []

    @property
    def client(self) -> Client:
        """Give the first client, with default options."""
        return self._clients[0] if self._clients else self.open()

    def keys(self, *, wrong: bool = False) -> Any:
        """Give the published keys, or others."""
        sandbox = self.sandbox
        if isinstance(sandbox, D365FOSandbox):
            return fo_credentials(sandbox, **({"client_secret": "wrong-secret-0"} if wrong else {}))
        if isinstance(sandbox, Sandbox) and not wrong:
            return credentials(sandbox)
        keys = sandbox.keys()
        client_key = "00000000-0000-4000-8000-00000000dead" if wrong else keys.client_key
        subscription = keys.subscription_key if isinstance(sandbox, Sandbox) else None
        return Credentials(
            application_key=keys.application_key, client_key=client_key, subscription_key=subscription
        )

    def open(self, *, wrong: bool = False, **options: Any) -> Client:
        """Open a client."""
        given: dict[str, Any] = {"clock": self.clock, "throttle": Unthrottled()}
        if not isinstance(self.sandbox, D365FOSandbox):
            given["host"] = self.sandbox.base_url()
        client = Client(self.keys(wrong=wrong), api_version=self.api.name, **(given | options))
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients:
            client.close()

    def paged(self, size: int = PAGE) -> dict[str, Any]:
        """Have pages of a size: by the server's limit, or as an argument of ``pages``."""
        if self.api.by_link:
            self.sandbox.set(**{self.api.cap: size})
            return {}
        return {"page_size": size}

    def one_by_one(self) -> dict[str, Any]:
        """Have short pages that are asked for one after another, so that a test can act between two."""
        return self.paged() | {"concurrency": 1}

    def read(self, client: Client | None = None, **options: Any) -> list[Any]:
        """Read the list in short pages, and give the keys of its rows."""
        options = self.paged() | options
        pages = (client or self.client).pages(self.api.endpoint, **options)
        return [row[self.api.key] for page in pages for row in page.rows]

    def fault(self, **rule: Any) -> None:
        """Have requests of the list go wrong."""
        self.sandbox.add_fault(**({"path": self.api.path, "method": "GET"} | rule))

    def create(self, client: Client | None = None) -> Any:
        """Make a row by POST."""
        return (client or self.client).request("POST", self.api.creates, body=self.api.body)

    @property
    def requests(self) -> int:
        """Count the requests of the list."""
        return self.sandbox.count("GET", self.api.path)

    @property
    def posts(self) -> int:
        """Count the POSTs that make a row."""
        return self.sandbox.count("POST", self.api.creates_path)

    @property
    def made(self) -> int:
        """Count the rows where POST makes one."""
        return self.sandbox.totals()[self.api.creates]

    @property
    def tokens(self) -> int:
        """Count the token requests."""
        return self.sandbox.count("POST", self.api.token_path)
