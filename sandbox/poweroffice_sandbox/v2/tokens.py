"""
The token endpoint and the tokens it has issued (portal page "Authentication and authorization").

Rule: a token carries company, environment and privileges as they were when it was issued; it is looked up,
never recomputed. It looks like the JWT of the real service, so that clients that peek into it find
something.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from ..core.companies import Company, Environment
from ..core.reply import Reply, as_json
from ..core.tokens import IssuedTokens, basic
from .access import Access, Integration, Rights
from .switches import Switches


@dataclass(frozen=True)
class Grant:
    """What a token allows, and until when."""

    integration: Integration
    rights: Rights
    expires: float

    @property
    def company(self) -> Company:
        """The company it opens."""
        return self.integration.company

    def allows(self, privilege: str | None, *, write: bool) -> bool:
        """
        Say whether an operation is allowed.

        :param privilege: its name without ``_Full``, or several with ``/`` of which one is enough; ``None``
            for an operation that needs none.
        """
        if privilege is None:
            return True
        names = privilege.split("/")
        wanted = {f"{name}_Full" for name in names} | (set() if write else set(names))
        return not wanted.isdisjoint(self.rights.privileges)


class Tokens(IssuedTokens[Grant]):
    """The tokens issued so far, and the endpoint that issues them."""

    def issue(self, integration: Integration, rights: Rights, now: float, lifetime: float) -> str:
        """
        Make a token.

        :param lifetime: seconds until it expires.
        """
        company = integration.company
        # Claims: official v1 documentation "Backend changes"; the string flags were seen on v2 demo tokens.
        claims = {
            "unique_name": f"integration-{company.alias}",
            "goUserId": str(910000 + company.index),
            "goClientId": company.client_id,
            "goClientName": company.name,
            "goActiveClientSubscriptions": ["Accounting", "Payroll"],
            "goInvalidPrivileges": list(rights.invalid),
            "goAllowSendInvoice": str(rights.allow_send_invoice),
            "goAllowShowCustomerSSN": "False",
            "goAllowShowEmployeeSSN": "False",
            "role": list(rights.privileges),
            "iss": "poweroffice-sandbox",
            "aud": f"poweroffice-sandbox-{company.environment}",
        }
        return self.store(Grant(integration, rights, now + lifetime), now, claims)

    def answer(
        self,
        authorization: str,
        form: bytes,
        *,
        environment: Environment,
        access: Access,
        switches: Switches,
        now: float,
    ) -> Reply:
        """Answer a token request."""
        grant_type = parse_qs(form.decode("utf-8", "replace")).get("grant_type", [""])[0]
        if not grant_type:
            return _error(400, "invalid_request", "The mandatory parameter 'grant_type' is missing.")
        if grant_type != "client_credentials":
            return _error(400, "unsupported_grant_type", f"The grant type '{grant_type}' is not supported.")
        pair = basic(authorization)
        if pair is None:
            return _error(400, "invalid_request", "The Authorization header must be 'Basic' with two keys.")
        found = access.integration(pair[1])
        wanted = (pair[0].lower(), environment.name)
        if found is None or (found.application, found.company.environment) != wanted:
            # Token OpenAPI, example of a 400.
            return _error(
                int(switches.bad_keys),
                "invalid_client",
                "Client integration not found. "
                "Please ensure the provided keys are matching the desired environment.",
            )
        lifetime = switches.token_lifetime
        return as_json(
            200,
            {
                "access_token": self.issue(found, access.rights(found.company), now, lifetime),
                "token_type": "bearer",
                "expires_in": str(lifetime) if switches.expires_in == "string" else lifetime,
            },
            Cache_Control="no-store",
        )


def _error(status: int, error: str, description: str) -> Reply:
    return as_json(status, {"error": error, "error_description": description})
