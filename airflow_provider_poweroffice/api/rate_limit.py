"""How the rate limit is shared: a plain frozen dataclass that shows no password."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import unquote, urlsplit

from airflow_provider_poweroffice.api.texts import shown

log = logging.getLogger(__name__)

LOCAL_BACKENDS = ("host", "process")
REDIS_SCHEMES = ("redis", "rediss", "unix")
ON_UNREACHABLE = ("error", "local")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """
    How the limit is shared with others who use the same subscription key.

    :param share: part of the limit to use, above 0 and at most 1: the way out for several hosts that
        have nothing in common; their shares add up to 1 at most.
    :param backend: whom to share with: ``"host"``, all processes of this host; ``"process"``, the threads of
        this process; or a Redis URL (``redis://``, ``rediss://``, ``unix://``), all who name that server.
    :param password: of that Redis server, where the URL does not hold it.
    :param on_unreachable: what to do without that Redis: ``"error"`` fails the call, ``"local"`` keeps the
        limit for this host.
    :raises ValueError, TypeError: a share out of range, or an unknown word.
    """

    share: float = 1.0
    backend: str = "host"
    password: str = ""
    on_unreachable: str = "error"

    def __post_init__(self) -> None:
        if isinstance(self.share, bool) or not isinstance(self.share, (int, float)):
            raise TypeError(f"rate_limit_share must be a number, not {shown(self.share)}")
        if not 0 < self.share <= 1:
            raise ValueError(f"rate_limit_share must be above 0 and at most 1, not {shown(self.share)}")
        if not isinstance(self.backend, str):
            raise TypeError(f"rate_limit_backend must be text, not {shown(self.backend)}")
        if self.backend not in LOCAL_BACKENDS and not self.is_redis:
            scheme = self.backend.partition("://")[0] if "://" in self.backend else self.backend
            raise ValueError(
                f"rate_limit_backend must be 'host', 'process' or a Redis URL (redis://server:6379/0), "
                f"not {shown(self.backend) if '@' in self.backend else shown(scheme)}"
            )
        if self.password and not self.is_redis:
            raise ValueError("rate_limit_password is given, but rate_limit_backend is no Redis URL")
        if self.on_unreachable not in ON_UNREACHABLE:
            raise ValueError(
                f"rate_limit_on_unreachable must be 'error' or 'local', not {shown(self.on_unreachable)}"
            )

    def __repr__(self) -> str:
        """Show all but the password and what a Redis URL may hold."""
        backend = f"{self.backend.partition('://')[0]}://***" if self.is_redis else self.backend
        return f"RateLimit(share={self.share!r}, backend={backend!r}, on_unreachable={self.on_unreachable!r})"

    @property
    def is_redis(self) -> bool:
        """Tell whether the backend is a Redis server."""
        return self.backend.partition("://")[0] in REDIS_SCHEMES and "://" in self.backend

    @property
    def secrets(self) -> tuple[str, ...]:
        """List what must not be shown: the password, and the URL if it holds one."""
        inside = urlsplit(self.backend).password if self.is_redis else None
        found = (self.password, *((self.backend, inside, unquote(inside)) if inside else ()))
        return tuple(dict.fromkeys(one for one in found if one))

    @classmethod
    def of(cls, value: RateLimit | Mapping[str, Any] | None) -> RateLimit:
        """
        Read options from a mapping such as ``{"share": 0.5}``; None gives the defaults.

        :raises ValueError: an unknown name or a value out of range.
        :raises TypeError: a value of another type.
        """
        if value is None:
            return cls()
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise TypeError(f"rate_limit must be a mapping or RateLimit, not {type(value).__name__}")
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(value) - set(known)):
            raise ValueError(f"unknown rate_limit option {shown(unknown[0])}; known: {', '.join(known)}")
        return cls(**value)

    def rate(self, asked: float | None, vendors: float) -> float:
        """
        Give the requests per second to keep, with a warning if they are more than the vendor allows.

        :param asked: requests per second, None for the vendor's limit.
        :param vendors: the vendor's limit.
        """
        whole = vendors if asked is None else asked
        if whole > vendors:
            log.warning(
                "requests_per_second %g is above the vendor's limit of %g: expect refusals (429)",
                whole,
                vendors,
            )
        return whole * self.share
