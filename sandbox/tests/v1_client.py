"""
A plain ``requests`` client for the tests of the v1 sandbox.

Rule: it knows HTTP and nothing of the package's own client.
"""

from __future__ import annotations

from typing import Any

import requests

from poweroffice_sandbox import V1Sandbox

YEARS = {"fromDate": "2022-01-01", "toDate": "2030-12-31"}
FORM = {"grant_type": "client_credentials"}


class V1Api:
    """A client of one company."""

    def __init__(
        self, sandbox: V1Sandbox, company: int = 0, environment: str = "production", application: int = 0
    ) -> None:
        self.sandbox = sandbox
        self.keys = sandbox.keys(company, environment, application)
        self.base = sandbox.base_url(environment)
        self.token_url = sandbox.token_url(environment)
        self.session = requests.Session()

    def ask_token(self, **changes: Any) -> requests.Response:
        """Post a token request; ``changes`` replace arguments of ``requests.post``."""
        auth = (self.keys.application_key, self.keys.client_key)
        arguments = {"auth": auth, "data": FORM, **changes}
        return requests.post(self.token_url, timeout=5, **arguments)

    def login(self) -> V1Api:
        """Get a token and use it."""
        self.session.headers["Authorization"] = f"Bearer {self.ask_token().json()['access_token']}"
        return self

    def send(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        """Send a request below the base URL."""
        return self.session.request(method, f"{self.base}/{path}", json=body, params=params)

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET; ``filter``, ``orderby``, ``top`` and ``skip`` get their ``$``."""
        dollar = {"filter", "orderby", "top", "skip"}
        params = {f"${name}" if name in dollar else name: value for name, value in options.items()}
        return self.send("GET", path, **params)

    def rows(self, path: str, **options: Any) -> list[dict[str, Any]]:
        """Give the rows of a list that must succeed."""
        answer = self.get(path, **options).json()
        assert answer["success"], answer
        return answer["data"]

    def failed(self, path: str, **options: Any) -> dict[str, str]:
        """Give the validation of a list that must fail with HTTP 200."""
        answer = self.get(path, **options)
        assert answer.status_code == 200
        assert answer.json()["success"] is False
        return answer.json()["validation"]

    def control(self, method: str, name: str, body: Any = None, **params: Any) -> requests.Response:
        """Call a control endpoint without any key; a POST has a body, if an empty one."""
        body = {} if method == "POST" and body is None else body
        return requests.request(
            method, f"{self.sandbox.url}/_sandbox/{name}", json=body, params=params, timeout=5
        )
