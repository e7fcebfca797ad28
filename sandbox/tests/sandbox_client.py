"""
A plain ``requests`` client for the sandbox's tests.

Rule: it knows HTTP and nothing of the package's own client.
"""

from __future__ import annotations

import json
from typing import Any

import requests

from poweroffice_sandbox import Sandbox

YEARS = {"fromDate": "2022-01-01", "toDate": "2030-12-31"}


class Api:
    """A client of one company."""

    def __init__(
        self, sandbox: Sandbox, company: int = 0, environment: str = "production", application: int = 0
    ) -> None:
        self.sandbox = sandbox
        self.keys = sandbox.keys(company, environment, application)
        self.base = sandbox.base_url(environment)
        self.token_url = sandbox.token_url(environment)
        self.session = requests.Session()
        self.session.headers["Ocp-Apim-Subscription-Key"] = self.keys.subscription_key

    def ask_token(self, **changes: Any) -> requests.Response:
        """Post a token request; ``changes`` replace arguments of ``requests.post``."""
        arguments = {
            "auth": (self.keys.application_key, self.keys.client_key),
            "data": {"grant_type": "client_credentials"},
            **changes,
        }
        return self.session.post(self.token_url, **arguments)

    def login(self) -> Api:
        """Get a token and use it."""
        self.session.headers["Authorization"] = f"Bearer {self.ask_token().json()['access_token']}"
        return self

    def get(self, path: str, **params: Any) -> requests.Response:
        """GET below the base URL."""
        return self.session.get(f"{self.base}/{path}", params=params)

    def post(self, path: str, body: Any) -> requests.Response:
        """POST JSON below the base URL."""
        return self.session.post(f"{self.base}/{path}", json=body)

    def patch(
        self, path: str, body: Any, media_type: str = "application/json-patch+json"
    ) -> requests.Response:
        """PATCH below the base URL."""
        headers = {"Content-Type": media_type}
        return self.session.patch(f"{self.base}/{path}", data=json.dumps(body), headers=headers)

    def delete(self, path: str) -> requests.Response:
        """DELETE below the base URL."""
        return self.session.delete(f"{self.base}/{path}")

    def ledger(self, **params: Any) -> requests.Response:
        """GET AccountTransactions of all years."""
        return self.get("AccountTransactions", **{**YEARS, **params})

    def control(self, method: str, name: str, body: Any = None, **params: Any) -> requests.Response:
        """Call a control endpoint without any key; a POST has a body, if an empty one."""
        body = {} if method == "POST" and body is None else body
        return requests.request(
            method, f"{self.sandbox.url}/_sandbox/{name}", json=body, params=params, timeout=5
        )
