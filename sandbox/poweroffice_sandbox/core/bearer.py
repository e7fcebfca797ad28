"""
What the token endpoints share: tokens that look like a JWT, and the Basic header.

Rule: nothing of any API; who may have a token, and what it says, is decided there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from .reply import json_bytes

_SIGNING_KEY = b"published: this key signs nothing but sandbox tokens"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: Mapping[str, Any]) -> str:
    """
    Write claims as a JWT, signed with a published key.

    :param claims: JSON values by name.
    """
    text = f"{_part(json_bytes({'alg': 'HS256', 'typ': 'JWT'}))}.{_part(json_bytes(claims))}"
    return f"{text}.{_part(hmac.new(_SIGNING_KEY, text.encode(), hashlib.sha256).digest())}"


def basic(authorization: str) -> tuple[str, str] | None:
    """
    Read a Basic header; ``None`` when it is none.

    :param authorization: the header.
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
