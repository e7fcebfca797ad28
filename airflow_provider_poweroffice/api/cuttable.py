"""
Connections that another thread can cut, for urllib3's pools.

Rule: only a thread that belongs to a :class:`~airflow_provider_poweroffice.api.cancellation.Stop` lends its
connection to it, for as long as it waits for the answer.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from airflow_provider_poweroffice.api.cancellation import current


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
