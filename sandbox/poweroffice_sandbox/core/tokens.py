"""
What the token endpoints share: tokens that look like a JWT, the store of those issued, and the Basic header.

Rule: nothing of any API; who may have a token, and what it says, is decided there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

from .reply import json_bytes

_SIGNING_KEY = b"published: this key signs nothing but sandbox tokens"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: Mapping[str, Any]) -> str:
    """Write claims as a JWT, signed with a published key."""
    text = f"{_part(json_bytes({'alg': 'HS256', 'typ': 'JWT'}))}.{_part(json_bytes(claims))}"
    return f"{text}.{_part(hmac.new(_SIGNING_KEY, text.encode(), hashlib.sha256).digest())}"


def basic(authorization: str) -> tuple[str, str] | None:
    """
    Read a Basic header; ``None`` when it is none.

    :return: user and password, as they were joined.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


class Expiring(Protocol):
    """What a token allows, and until when in seconds since 1970."""

    @property
    def expires(self) -> float:
        """When it ends."""


G = TypeVar("G", bound=Expiring)


class IssuedTokens(Generic[G]):
    """The tokens issued so far; one is looked up, never read."""

    def __init__(self) -> None:
        self._grants: dict[str, G] = {}
        self._issued = 0

    def expire(self) -> None:
        """Make every token issued so far invalid."""
        self._grants = {}

    def grant(self, authorization: str, now: float) -> G | None:
        """Find what a Bearer header allows; ``None`` when its token is unknown or has expired."""
        scheme, _, token = authorization.partition(" ")
        grant = self._grants.get(token.strip()) if scheme.lower() == "bearer" else None
        return grant if grant is not None and grant.expires > now else None

    def grants(self) -> dict[str, G]:
        """Give the tokens issued since the start or since :meth:`expire`, and what each allows."""
        return dict(self._grants)

    def store(self, grant: G, now: float, claims: Mapping[str, Any]) -> str:
        """Make a token of claims; when it was issued and ends, and its number, are added."""
        self._issued += 1
        times = {"nbf": int(now), "exp": int(grant.expires), "iat": int(now), "jti": str(self._issued)}
        token = signed({**claims, **times})
        self._grants[token] = grant
        return token
