"""Any number of companies: each with keys and rows of its own, found by position and alias."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from poweroffice_sandbox import Sandbox


def who(sandbox: Sandbox, alias: str, environment: str = "production") -> str:
    """Ask the sandbox which company a client key opens."""
    keys = sandbox.keys(alias, environment)
    basic = base64.b64encode(f"{keys.application_key}:{keys.client_key}".encode()).decode()
    subscription = {"Ocp-Apim-Subscription-Key": keys.subscription_key}
    token = requests.post(
        sandbox.token_url(environment),
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}", **subscription},
        timeout=10,
    ).json()["access_token"]
    answer = requests.get(
        f"{sandbox.base_url(environment)}/ClientIntegrationInformation",
        headers={"Authorization": f"Bearer {token}", **subscription},
        timeout=10,
    )
    return str(answer.json()["ClientName"])


def test_many_companies() -> None:
    """Fifty companies: all keys differ, each opens its own company, and nothing else changes for the four."""
    with Sandbox(companies=50, customers=2, ledger_rows=0, rate_limit=0) as sandbox:
        aliases = sandbox.aliases()
        assert aliases[:5] == ["fjordlys", "havblaast", "bjorkasen", "granli", "firma-004"]
        assert (len(aliases), aliases[-1]) == (50, "firma-049")
        keys = {sandbox.keys(alias, name).client_key for alias in aliases for name in ("production", "demo")}
        assert len(keys) == 100
        assert who(sandbox, "firma-049") == "Firma 49 AS"
        assert who(sandbox, "firma-012", "demo") == "Firma 12 AS (demo)"
        assert who(sandbox, "fjordlys") == "Fjordlys Verksted AS"
        assert sandbox.totals("firma-049")["Customers"] == 2
        assert sandbox.keys(49) == sandbox.keys("firma-049")
        assert requests.get(f"{sandbox.url}/_sandbox/health", timeout=10).json()["companies"] == 100
        totals = requests.get(f"{sandbox.url}/_sandbox/totals?company=firma-010", timeout=10).json()
        assert (totals["company"], totals["rows"]["Customers"]) == ("firma-010", 2)
        with pytest.raises(
            ValueError, match=r"company = 'firma-050': choose one of 0 \(fjordlys\).* and 40 more"
        ):
            sandbox.keys("firma-050")


def test_tokens_of_a_company() -> None:
    """A test can ask which tokens there are, to look for leaked ones; ended ones are gone."""
    with Sandbox(companies=6, customers=0, ledger_rows=0, rate_limit=0) as sandbox:
        for alias in ("firma-005", "granli", "firma-005"):
            who(sandbox, alias)
        assert [len(sandbox.tokens(alias)) for alias in ("granli", "firma-005", "firma-004")] == [1, 2, 0]
        assert sandbox.tokens("firma-005", "demo") == []
        assert not set(sandbox.tokens("granli")) & set(sandbox.tokens("firma-005"))
        sandbox.expire_tokens()
        assert sandbox.tokens("firma-005") == []


def test_connection_of_several() -> None:
    """A connection holds the companies asked for, by alias, besides the one of its password."""
    sandbox = Sandbox(companies=6)
    extra = json.loads(sandbox.connection_json("granli", companies=[0, "firma-005"]))["extra"]
    assert extra["client_api_keys"] == {
        "fjordlys": sandbox.keys(0).client_key,
        "firma-005": sandbox.keys(5).client_key,
    }
    assert "client_api_keys" not in json.loads(sandbox.connection_json())["extra"]
    assert "firma-005" in sandbox.announcement()
    assert "2 further companies, firma-004 to firma-005" in sandbox.announcement()
    assert "client_api_keys" not in Sandbox().announcement()
    made = sandbox.state.access.create_company("production", "Ny AS", "999777666")
    assert made.alias not in sandbox.aliases()
    with pytest.raises(ValueError, match="made at run time"):
        sandbox.keys(made.alias)
