"""
The tokens issued so far.

Rule: a token is looked up, never recomputed. It looks like the JWT of the real service, with the claims
Finance & Operations checks: ``aud``, ``tid``, ``appid``, ``exp``.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from ..core.bearer import signed
from .keys import AppRegistration


@dataclass(frozen=True)
class Grant:
    """What a token says; ``tenant`` is empty for AD FS."""

    app: AppRegistration
    audience: str
    tenant: str
    expires: float


class Tokens:
    """The tokens issued so far."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._issued = 0

    def expire(self) -> None:
        """Make every token issued so far invalid."""
        self._grants = {}

    def grant(self, authorization: str, now: float) -> Grant | None:
        """
        Find what a token allows; ``None`` when it is unknown or has expired.

        :param authorization: the header.
        :param now: the sandbox's time.
        """
        scheme, _, token = authorization.partition(" ")
        grant = self._grants.get(token.strip()) if scheme.lower() == "bearer" else None
        return grant if grant is not None and grant.expires > now else None

    def issue(self, grant: Grant, now: float) -> str:
        """
        Make a token.

        :param grant: what it says.
        :param now: the sandbox's time.
        """
        self._issued += 1
        issuer = (
            f"https://sts.windows.net/{grant.tenant}/" if grant.tenant else "http://adfs/adfs/services/trust"
        )
        claims = {
            "aud": grant.audience,
            "iss": issuer,
            "iat": int(now),
            "nbf": int(now),
            "exp": int(grant.expires),
            "appid": grant.app.client_id,
            "appidacr": "1",
            **({"tid": grant.tenant} if grant.tenant else {}),
            "oid": str(uuid.uuid5(uuid.NAMESPACE_OID, grant.app.client_id)),
            "ver": "1.0",
            "jti": str(self._issued),
        }
        token = signed(claims)
        self._grants[token] = grant
        return token
