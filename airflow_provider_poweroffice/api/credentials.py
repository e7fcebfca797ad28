"""The three keys of PowerOffice Go v2, and how to keep them out of texts."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

_LABELS = {
    "application_key": "application key",
    "client_key": "client key",
    "subscription_key": "subscription key",
}
_SHORTEST_SECRET = 5  # shorter texts would blank out ordinary words


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """
    What identifies one company to one integration.

    Source: portal page "Authentication and authorization".

    :param application_key: GUID of the integration; user name of the token request.
    :param client_key: GUID of one company for that integration; its password.
    :param subscription_key: hex key of the developer portal's product subscription; sent as
        ``Ocp-Apim-Subscription-Key`` with every call. The rate limit hangs on it.
    :raises ValueError: a key is empty or can not be sent in a header; the message names the key.
    """

    application_key: str = field(repr=False)
    client_key: str = field(repr=False)
    subscription_key: str = field(repr=False)

    def __post_init__(self) -> None:
        for name, label in _LABELS.items():
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"the {label} is missing: set {name}")
            if value != value.strip() or not value.isascii() or not value.isprintable():
                raise ValueError(f"the {label} ({name}) has spaces around it or characters that no key has")
        if ":" in self.application_key:
            raise ValueError("the application key (application_key) must not contain a colon")

    @property
    def basic(self) -> str:
        """Encode the user name and password part of the token request's ``Authorization`` header."""
        return base64.b64encode(f"{self.application_key}:{self.client_key}".encode()).decode("ascii")

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every text that must never be shown; keys also in the cases a server may print a GUID in."""
        keys = (self.application_key, self.client_key, self.subscription_key)
        spellings = (text for key in keys for text in (key, key.lower(), key.upper()))
        return tuple(dict.fromkeys((self.basic, *spellings)))


def scrub(text: str, secrets: tuple[str, ...]) -> str:
    """Replace each secret in a text by ``***``, in any case: a server may echo what it was sent."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = re.sub(re.escape(secret), "***", text, flags=re.IGNORECASE)
    return text
