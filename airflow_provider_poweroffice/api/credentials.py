"""The keys of PowerOffice Go."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Protocol

_LABELS = {
    "application_key": "application key",
    "client_key": "client key",
    "subscription_key": "subscription key",
}


class Keys(Protocol):
    """The keys of a caller; each dialect knows its own kind."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every text that must never be shown."""
        ...

    @property
    def limit_key(self) -> str:
        """Give what the rate limit is counted by; only its hash is stored."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """
    What identifies one company to one integration.

    Source: portal page "Authentication and authorization".

    :param application_key: GUID of the integration; user name of the token request.
    :param client_key: GUID of one company for that integration; its password.
    :param subscription_key: hex key of the developer portal's product subscription; sent as
        ``Ocp-Apim-Subscription-Key`` with every call. The rate limit hangs on it. Left out for v1.
    :raises ValueError: a key is empty or cannot be sent in a header; the message names the key.
    """

    application_key: str = field(repr=False)
    client_key: str = field(repr=False)
    subscription_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, label in _LABELS.items():
            value = getattr(self, name)
            if name == "subscription_key" and value is None:
                continue
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"the {label} is missing: set {name}")
            check_key(f"the {label} ({name})", value)
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
        spellings = (text for key in keys if key for text in (key, key.lower(), key.upper()))
        return tuple(dict.fromkeys((self.basic, *spellings)))

    @property
    def limit_key(self) -> str:
        """
        Give the key that the rate limit hangs on.

        It counts per subscription key, over all client keys (portal page "Requests"), so all companies of
        an accounting firm share it; in v1, per integration (v1 documentation, "Limitations").
        """
        return self.subscription_key or self.application_key


def check_key(name: str, value: str, *, ascii_only: bool = True) -> None:
    """
    Refuse a key as a careless copy gives it: with blanks around it, a line's end, an invisible character.

    :param name: of the key, for the message, which does not show it.
    :param ascii_only: no key of this kind has other letters.
    :raises ValueError: names the key.
    """
    if value != value.strip() or not value.isprintable() or (ascii_only and not value.isascii()):
        raise ValueError(f"{name} has spaces around it or characters that no key has: copy it again")
