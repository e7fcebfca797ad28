"""Each row of docs/parameters.md has an example, and each example does on the wire what the row says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import d365fo_examples
import flow_examples
import pytest
import v1_examples
from parameter_table import CHECKS, CONNECTIONS, ROWS, SNIPPETS, Example, connection
from support.tap import Tap

if TYPE_CHECKING:
    from support import FakeClock

assert all((d365fo_examples, flow_examples, v1_examples))  # they fill CHECKS
NAMES = (
    "Title, Connection, Configuration, Description, Method, URI, Headers, Parameters, Response Type",
    "On Error",
    "retry on 429, IsSuccess, ErrorContent, Start page, Items per page, Max page count",
    "GET, POST, PUT, DELETE, $filter, $orderby, $top, $skip, success, data, count",
    "validation.summary, validation.errorLogReference, validation.exception",
    "ServiceName, Payload, PayloadCharset, RetryTimeout, ThrottleSeed, Tenant, Url, SystemUrl, ClientId",
    "ClientSecret, Token, EnableException, TimeoutSec",
)
"""What the three sources call their properties and parameters."""


def api_of(name: str) -> str:
    """Tell which source an example is of."""
    return name.split("_", maxsplit=1)[0] if name.startswith(("v1_", "fo_")) else "v2"


@pytest.fixture
def example(
    request: pytest.FixtureRequest, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Example]:
    """Give one example, with connections as the page shows them, through taps to the sandboxes."""
    name: str = request.param
    kind = api_of(name)
    sandbox = request.getfixturevalue({"v2": "sandbox", "v1": "v1_sandbox", "fo": "fo"}[kind])
    with Tap(sandbox.url) as tap, Tap(sandbox.url) as system:
        keys = sandbox.keys()
        if kind == "fo":
            names = {"URL": tap.url, "SYSTEM_URL": system.url, "TENANT": keys.tenant_id}
            names |= {"CLIENT_ID": keys.client_id, "CLIENT_SECRET": keys.client_secret}
            text = connection("fo_connection", names, extra={"authority": tap.url, "resource": sandbox.url})
            monkeypatch.setenv("AIRFLOW_CONN_D365FO_DEFAULT", text)
            monkeypatch.setenv("AIRFLOW__POWEROFFICE__TRUSTED_TOKEN_HOSTS", system.url)
        else:
            names = {"APPLICATION_KEY": keys.application_key, "CLIENT_KEY": keys.client_key}
            names["SUBSCRIPTION_KEY"] = keys.subscription_key
            of_page = {"v2": "flow_connection", "v1": "v1_connection"}[kind]
            text = connection(of_page, names, host=tap.url)
            for conn_id in {"v2": ("DEFAULT", "NORTH"), "v1": ("V1",)}[kind]:
                monkeypatch.setenv(f"AIRFLOW_CONN_POWEROFFICE_{conn_id}", text)
        yield Example(name, sandbox, tap, system, clock)


@pytest.mark.parametrize("example", dict.fromkeys(row[-1] for row in ROWS), indirect=True)
def test_example(example: Example) -> None:
    """An example does what its row says."""
    CHECKS[example.name](example)


def test_every_row_has_its_example() -> None:
    """The table names all properties and parameters, each with an example, each example with a check."""
    there = {word for row in ROWS for word in re.split(r"[,:] ", row[0].replace("`", ""))}
    assert [name for name in ", ".join(NAMES).split(", ") if name not in there] == []
    assert {row[-1] for row in ROWS} == CHECKS.keys()
    shown = set(CONNECTIONS).union(*(set(CHECKS) & set(code.split('"')) for code in SNIPPETS))
    assert shown == CHECKS.keys()
    print(f"{len(ROWS)} rows, {len(CHECKS)} examples")  # noqa: T201 - shown by pytest -s
