"""
The tokens issued so far.

Rule: a token is looked up, never recomputed. It looks like the JWT of the real service, with the claims
Finance & Operations checks: ``aud``, ``tid``, ``appid``, ``exp``.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from ..core.tokens import IssuedTokens
from .keys import AppRegistration


@dataclass(frozen=True)
class Grant:
    """What a token says; ``tenant`` is empty for AD FS."""

    app: AppRegistration
    audience: str
    tenant: str
    expires: float


class Tokens(IssuedTokens[Grant]):
    """The tokens issued so far."""

    def issue(self, grant: Grant, now: float) -> str:
        """Make a token."""
        issuer = (
            f"https://sts.windows.net/{grant.tenant}/" if grant.tenant else "http://adfs/adfs/services/trust"
        )
        claims = {
            "aud": grant.audience,
            "iss": issuer,
            "appid": grant.app.client_id,
            "appidacr": "1",
            **({"tid": grant.tenant} if grant.tenant else {}),
            "oid": str(uuid.uuid5(uuid.NAMESPACE_OID, grant.app.client_id)),
            "ver": "1.0",
        }
        return self.store(grant, now, claims)
