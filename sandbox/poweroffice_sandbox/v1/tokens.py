"""
The token endpoint of v1 and the tokens it has issued.

Rule: a token carries company, environment, modules and privileges as they were when it was issued. No
subscription key. Facts: official v1 documentation, "Auth" and "Backend changes".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from ..core.companies import ENVIRONMENTS, Company, Environment
from ..core.reply import Reply, as_json
from ..core.tokens import IssuedTokens, basic
from .reply import failure
from .switches import V1Switches

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Integration:
    """An application in a company: whom a token is for."""

    company: Company
    application: int

    @property
    def client_key(self) -> str:
        """Its client key."""
        return self.company.client_keys[self.application]


@dataclass(frozen=True)
class Grant:
    """
    What a token allows, and until when.

    :param invalid: privileges that the integration asks for and has not.
    """

    integration: Integration
    subscriptions: frozenset[str]
    privileges: frozenset[str]
    invalid: frozenset[str]
    expires: float

    @property
    def company(self) -> Company:
        """The company it opens."""
        return self.integration.company


def integration_of(pair: tuple[str, str] | None, environment: Environment) -> Integration | None:
    """Find an integration by its keys."""
    if pair is None:
        return None
    for place, application in enumerate(environment.applications):
        for company in environment.companies:
            if (application.key, company.client_keys[place]) == (pair[0].lower(), pair[1].lower()):
                return Integration(company, place)
    return None


class V1Tokens(IssuedTokens[Grant]):
    """
    The tokens issued so far.

    :param subscriptions: gives the modules of a company.
    :param privileges: gives the privileges of integrations in a company.
    :param all_privileges: those there are.
    """

    def __init__(
        self,
        subscriptions: Callable[[Company], frozenset[str]],
        privileges: Callable[[Company], frozenset[str]],
        all_privileges: tuple[str, ...],
    ) -> None:
        super().__init__()
        self._subscriptions, self._privileges = subscriptions, privileges
        self._all = frozenset(all_privileges)
        self._refresh: dict[str, Integration] = {}

    def answer(
        self,
        authorization: str,
        content_type: str,
        body: bytes,
        *,
        environment: Environment,
        switches: V1Switches,
        now: float,
    ) -> Reply:
        """Answer a token request."""
        if switches.token_body == "form" and content_type.partition(";")[0].strip().lower() != _FORM:  # noqa: S105
            return _error("invalid_request", f"The Content-Type must be {_FORM}.")
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        kind = form.get("grant_type", "")
        if not kind:
            return _error("invalid_request", "The mandatory parameter 'grant_type' is missing.")
        if kind == "refresh_token" and switches.refresh_token != "absent":  # noqa: S105
            return self._refreshed(form.get("refresh_token", ""), environment, switches, now)
        if kind != "client_credentials":
            return _error("unsupported_grant_type", f"The grant type '{kind}' is not supported.")
        found = integration_of(basic(authorization), environment)
        return _wrong_keys(switches) if found is None else self._issue(found, switches, now)

    def _refreshed(self, token: str, environment: Environment, switches: V1Switches, now: float) -> Reply:
        found = self._refresh.get(token)
        if found is None or found.company.environment != environment.name:
            return _error("invalid_grant", "The refresh token is unknown or was used.")
        if switches.refresh_token == "single-use":  # noqa: S105
            del self._refresh[token]
        return self._issue(found, switches, now)

    def _issue(self, found: Integration, switches: V1Switches, now: float) -> Reply:
        lifetime = switches.token_lifetime
        told: Any = {"number": lifetime, "string": str(lifetime), "one-less": lifetime - 1}[
            switches.expires_in
        ]
        privileges = self._privileges(found.company)
        # The right to read is part of the right to write.
        held = privileges | {name.removesuffix("_Full") for name in privileges}
        subscriptions = self._subscriptions(found.company)
        grant = Grant(found, subscriptions, privileges, self._all - held, now + lifetime)
        token = self._signed(grant, now)
        body: dict[str, Any] = {"access_token": token, "token_type": "bearer", "expires_in": told}
        if switches.refresh_token != "absent":  # noqa: S105
            body["refresh_token"] = hashlib.sha256(f"refresh/{token}".encode()).hexdigest()
            self._refresh[body["refresh_token"]] = found
        return as_json(200, body, Cache_Control="no-store")

    def _signed(self, grant: Grant, now: float) -> str:
        """Make a text that looks like the JWT of the .NET 8 backend."""
        company = grant.company
        claims = {
            "goClientId": company.client_id,
            "goClientName": company.name,
            "goUserId": ENVIRONMENTS[company.environment].applications[grant.integration.application].key,
            "goActiveClientSubscriptions": sorted(grant.subscriptions),
            "goInvalidPrivileges": sorted(grant.invalid),
            "role": sorted(grant.privileges),
            "iss": "poweroffice-sandbox",
            "aud": f"poweroffice-sandbox-{company.environment}",
        }
        return self.store(grant, now, claims)


def _wrong_keys(switches: V1Switches) -> Reply:
    # Official v1 documentation: 400 with only "error". The description of 2021 has a 401 with the envelope.
    if switches.bad_keys == "401":
        return failure("Unauthorized", status=401)
    return as_json(400, {"error": "invalid_client"})


def _error(error: str, description: str) -> Reply:
    return as_json(400, {"error": error, "error_description": description})
