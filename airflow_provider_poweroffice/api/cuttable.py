"""
Connections that another thread can cut, and that note when a request leaves, for urllib3's pools.

Rule: only a thread that belongs to a :class:`~airflow_provider_poweroffice.api.cancellation.Stop` lends its
connection to it, for as long as it waits for the answer.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from airflow_provider_poweroffice.api.cancellation import current


@dataclass
class Departure:
    """
    What is known of one try of a call.

    :param left: the connection is established, and the first bytes of the request are about to be written:
        from here on, only an answer tells whether the server carried the call out.
    """

    left: bool = False


_departure: ContextVar[Departure | None] = ContextVar("departure", default=None)


@contextlib.contextmanager
def noting(departure: Departure | None) -> Iterator[None]:
    """
    Have the requests of this thread noted.

    :param departure: None for requests that are not the call itself, such as that of a token.
    """
    token = _departure.set(departure)
    try:
        yield
    finally:
        _departure.reset(token)


def has_left() -> bool:
    """Tell whether the call of this thread has left; True where nobody notes it."""
    departure = _departure.get()
    return departure is None or departure.left


class _CuttableMixin:
    sock: Any

    def cut(self) -> None:
        """End both directions below TLS, which another thread may be reading from right now."""
        if isinstance(self.sock, socket.socket):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def connect(self) -> None:
        """Connect, unless this thread is stopped meanwhile: until now there was nothing to cut."""
        super().connect()  # type: ignore[misc]
        if stop := current.get():
            stop.check()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send, unless this thread was stopped while it connected."""
        if stop := current.get():
            stop.hold(self)
        super().request(*args, **kwargs)  # type: ignore[misc]

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        """Connect if need be, and write what was put together; until here nothing of the call was sent."""
        if self.sock is None:
            self.connect()
        if departure := _departure.get():
            departure.left = True
        super().endheaders(*args, **kwargs)  # type: ignore[misc]


class _Connection(_CuttableMixin, HTTPConnection):
    """Over TCP."""


class _TLSConnection(_CuttableMixin, HTTPSConnection):
    """Over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


POOLS = {"http": _Pool, "https": _TLSPool}
"""For ``PoolManager.pool_classes_by_scheme``."""
