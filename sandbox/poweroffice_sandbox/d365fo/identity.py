"""
The token endpoints: Entra v1, Entra v2 and AD FS, client credentials only.

Rule: a form is decoded exactly as a form: ``+`` is a blank, ``%XX`` a byte of UTF-8. Codes and shapes as in
public captures; which status goes with which code is assumed for all but 7000215, 900144 and 70011.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from ..core.asgi import Incoming
from ..core.reply import RefusedError, Reply, as_json
from ..core.tokens import basic
from .keys import APPS, HR_AUDIENCE, TENANTS, AppRegistration
from .state import D365FOState
from .tokens import Grant

_PATH = re.compile(r"/(?P<tenant>[^/]+)/oauth2(?P<v2>/v2\.0)?/token/?$", re.IGNORECASE)
_DEFAULT = "/.default"
_STATUS = {7000215: 401, 7000222: 401, 7000218: 401}


def is_token_path(path: str) -> bool:
    """Say whether a path is a token endpoint."""
    return _PATH.match(path) is not None


class _Endpoint:
    """One token request."""

    def __init__(self, incoming: Incoming, state: D365FOState) -> None:
        match = _PATH.match(incoming.path)
        self.tenant_name = match["tenant"].lower() if match else ""
        self.is_adfs = self.tenant_name == "adfs"
        self.is_v2 = bool(match and match["v2"])
        self.incoming, self.state = incoming, state
        form: dict[str, str] = {}
        for name, value in parse_qsl(incoming.body.decode("utf-8", "replace"), keep_blank_values=True):
            form.setdefault(name.lower(), value)
        self.form: Mapping[str, str] = form

    def refuse(self, code: int, error: str, text: str) -> RefusedError:
        """Make the exception for an AADSTS code; to be raised."""
        now = datetime.fromtimestamp(self.state.clock.now(), UTC)
        stamp, trace, correlation = f"{now:%Y-%m-%d %H:%M:%SZ}", self.state.new_id(), self.state.new_id()
        ids = f"Trace ID: {trace}\r\nCorrelation ID: {correlation}"
        described = f"AADSTS{code}: {text}\r\n{ids}\r\nTimestamp: {stamp}"
        body = {
            "error": error,
            "error_description": described,
            "error_codes": [code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={code}",
        }
        return RefusedError(as_json(_STATUS.get(code, 400), body, Cache_Control="no-store"))

    def given(self, name: str) -> str:
        """
        Give a form field that must be there.

        :raises RefusedError: it is missing or empty.
        """
        value = self.form.get(name, "")
        if not value:
            text = f"The request body must contain the following parameter: '{name}'."
            raise self.refuse(900144, "invalid_request", text)
        return value

    def tenant(self) -> str:
        """Give the tenant's id; empty for AD FS."""
        if self.is_adfs and not self.is_v2:
            return ""
        if self.tenant_name not in TENANTS:
            raise self.refuse(
                90002,
                "invalid_request",
                f"Tenant '{self.tenant_name}' not found. Check to make sure you have the correct tenant ID.",
            )
        return TENANTS[self.tenant_name]

    def app(self) -> AppRegistration:
        """Give the app whose id and secret were sent."""
        # RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
        pair = basic(self.incoming.headers.get("authorization", "")) if self.is_v2 else None
        client_id = unquote_plus(pair[0]) if pair else self.given("client_id")
        found = next((item for item in APPS if item.client_id == client_id.lower()), None)
        if found is None:
            text = f"Application with identifier '{client_id}' was not found in the directory."
            raise self.refuse(700016, "unauthorized_client", text)
        secret = unquote_plus(pair[1]) if pair else self.form.get("client_secret", "")
        if not secret:
            text = "The request body must contain 'client_assertion' or 'client_secret'."
            raise self.refuse(7000218, "invalid_client", text)
        if secret != found.client_secret:
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client "
                f"secret value, not the client secret ID, for a secret added to app '{client_id}'."
            )
            raise self.refuse(7000215, "invalid_client", text)
        if found.expired:
            text = f"The provided client secret keys for app '{client_id}' are expired."
            raise self.refuse(7000222, "invalid_client", text)
        return found

    def audience(self) -> str:
        """Give the resource the token is for, as written."""
        resource = self.given("resource") if not self.is_v2 else self._scope()
        known = {self.incoming.origin.lower(), HR_AUDIENCE, *self.state.origins}
        plain = resource.lower().rstrip("/")
        if plain not in known:
            text = (
                f"The resource principal named {resource} was not found in the tenant. This can happen if "
                "the application has not been installed by the administrator of the tenant."
            )
            raise self.refuse(500011, "invalid_resource", text)
        if resource != plain and self.state.switches.odd_audience == "65001":
            text = "The user or administrator has not consented to use the application."
            raise self.refuse(65001, "invalid_grant", text)
        return resource

    def _scope(self) -> str:
        scope = self.given("scope")
        if " " in scope.strip() or "://" not in scope:
            text = f"The provided value for the input parameter 'scope' is not valid. The scope is {scope}."
            raise self.refuse(70011, "invalid_scope", text)
        if not scope.endswith(_DEFAULT):
            text = f"The provided value for scope {scope} is not valid. Client credential flows must have a "
            raise self.refuse(
                1002012, "invalid_scope", f"{text}scope value with /.default suffixed to the resource."
            )
        return scope.removesuffix(_DEFAULT)

    def answer(self) -> Reply:
        """Answer the request."""
        if self.incoming.method != "POST":
            raise self.refuse(900561, "invalid_request", "The endpoint only accepts POST requests.")
        tenant, grant_type = self.tenant(), self.given("grant_type")
        if grant_type != "client_credentials":
            text = f"The app requested an unsupported grant type '{grant_type}'."
            raise self.refuse(70003, "unsupported_grant_type", text)
        app, audience = self.app(), self.audience()
        now, lifetime = self.state.clock.now(), self.state.switches.token_lifetime
        token = self.state.tokens.issue(Grant(app, audience, tenant, now + lifetime), now)
        return as_json(200, self._body(token, audience, int(now), lifetime), Cache_Control="no-store")

    def _body(self, token: str, audience: str, now: int, lifetime: int) -> dict[str, Any]:
        switches = self.state.switches
        if self.is_v2:
            seconds: Any = str(lifetime) if switches.expires_in_v2 == "string" else lifetime
            head = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
            return {**head, "access_token": token}
        if self.is_adfs and switches.adfs_answer == "small":
            return {"access_token": token, "token_type": "bearer", "expires_in": lifetime}
        seconds = str(lifetime) if switches.expires_in_v1 == "string" else lifetime
        return {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "expires_on": str(now + lifetime),
            "not_before": str(now),
            "resource": audience,
            "access_token": token,
        }


def token_answer(incoming: Incoming, state: D365FOState) -> Reply:
    """
    Answer a token request.

    :param incoming: with a path of :func:`is_token_path`.
    :raises RefusedError: the request is refused; carries the error body.
    """
    reply = _Endpoint(incoming, state).answer()
    request_id = incoming.headers.get("client-request-id") or str(uuid.UUID(state.new_id()))
    return Reply(reply.status, reply.body, {**reply.headers, "client-request-id": request_id})
