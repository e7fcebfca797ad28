"""
Options of a connection: its time limits, and its share of the rate limit; no password is shown.

Rule: apart from the options of tasks, since DAG files load those.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from airflow_provider_poweroffice.api.options import DEADLINE, FromMapping, check_number
from airflow_provider_poweroffice.api.texts import shown

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts(FromMapping):
    """
    Time limits of one try, in seconds.

    :param connect: to establish the connection.
    :param read: the longest silence while waiting for, or reading, the answer; None for no limit.
    :param total: for the whole try, its answer included; None for what ``RetryOptions.deadline`` leaves.
    """

    connect: float = 10.0
    read: float | None = 120.0
    total: float | None = None

    def __post_init__(self) -> None:
        check_number("Timeouts", "connect", self.connect, minimum=0.001)
        if self.read is not None:
            check_number("Timeouts", "read", self.read, minimum=0.001)
        if self.total is not None:
            check_number("Timeouts", "total", self.total, minimum=0.001)

    def one_try(self, deadline: float) -> float:
        """
        Give the seconds for one try: to connect, send, and read the whole answer.

        A read timeout above the default deadline, or none, is deliberate: an operation of Finance &
        Operations may take an hour.

        :param deadline: of the request, see ``RetryOptions``.
        """
        if self.total is not None:
            return self.total
        if self.read is None:
            return math.inf
        return max(DEADLINE, self.read) if deadline == DEADLINE else deadline


LOCAL_BACKENDS = ("host", "process")
REDIS_SCHEMES = ("redis", "rediss", "unix")
ON_UNREACHABLE = ("error", "local")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit(FromMapping):
    """
    How the limit is shared with others who use the same subscription key.

    :param share: part of the limit to use, above 0 and at most 1: the way out for several hosts that
        have nothing in common; their shares add up to 1 at most.
    :param backend: whom to share with: ``"host"``, all processes of this host; ``"process"``, the threads of
        this process; or a Redis URL (``redis://``, ``rediss://``, ``unix://``), all who name that server.
    :param password: of that Redis server, where the URL does not hold it.
    :param on_unreachable: what to do without that Redis: ``"error"`` fails the call, ``"local"`` keeps the
        limit for this host.
    :param directory: of the file of ``"host"``; empty for the one that the environment variable
        ``AIRFLOW__POWEROFFICE__RATE_LIMIT_DIR`` names, else one in the temporary directory.
    :raises ValueError, TypeError: a share out of range, or an unknown word.
    """

    share: float = 1.0
    backend: str = "host"
    password: str = ""
    on_unreachable: str = "error"
    directory: str = ""

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
            raise ValueError("rate_limit_password is given, but rate_limit_backend is not a Redis URL")
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
