"""
A plain ``requests`` client for the tests of the sandbox of Finance & Operations.

Rule: it knows HTTP and nothing of the package's own client.
"""

from __future__ import annotations

from typing import Any

import requests

from poweroffice_sandbox import D365FOSandbox

TEST = "SandboxServices/SandboxTestService"
ENUM = "Microsoft.Dynamics.DataEntities"


class Fo:
    """A client of one app registration; it keeps no cookies."""

    def __init__(self, sandbox: D365FOSandbox, app: str = "main", prefix: str = "") -> None:
        self.sandbox = sandbox
        self.keys = sandbox.keys(app)
        self.base = sandbox.base_url(prefix)
        self.headers: dict[str, str] = {}

    def ask_token(self, version: str = "v2", tenant: str | None = None, **changes: Any) -> requests.Response:
        """Post a token request; ``changes`` replace form fields, ``None`` leaves one out."""
        target = (
            {"scope": f"{self.sandbox.url}/.default"} if version == "v2" else {"resource": self.sandbox.url}
        )
        form = {
            "grant_type": "client_credentials",
            "client_id": self.keys.client_id,
            "client_secret": self.keys.client_secret,
            **target,
            **changes,
        }
        url = self.sandbox.token_url(version, tenant or self.keys.tenant_id)
        return requests.post(url, data=form, timeout=5)

    def login(self, version: str = "v2", **changes: Any) -> Fo:
        """Get a token and use it."""
        self.headers["Authorization"] = f"Bearer {self.ask_token(version, **changes).json()['access_token']}"
        return self

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call a path below the base; redirects are not followed."""
        headers = {**self.headers, **options.pop("headers", {})}
        return requests.request(
            method, self.base + path, headers=headers, timeout=10, allow_redirects=False, **options
        )

    def get(self, path: str, **params: Any) -> requests.Response:
        """GET below ``/data``."""
        return self.call("GET", f"/data/{path}", params=params)

    def run(self, operation: str, body: Any = None, **options: Any) -> requests.Response:
        """POST to an operation of the test service."""
        return self.call("POST", f"/api/services/{TEST}/{operation}", json=body, **options)

    def control(self, method: str, name: str, body: Any = None, **params: Any) -> requests.Response:
        """Call a control endpoint without any key; a POST has a body, if an empty one."""
        body = {} if method == "POST" and body is None else body
        url = f"{self.sandbox.url}/_sandbox/{name}"
        return requests.request(method, url, json=body, params=params, timeout=5)
