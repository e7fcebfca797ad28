"""
Connections for urllib3's pools: bounded in time, strict about an answer's framing, shut down from outside.

Rule: every read and write of a socket passes here, so that a server which sends a byte now and then cannot
hold a thread past its deadline, and an answer whose head did not come whole is a lost reply.
"""

from __future__ import annotations

import contextlib
import errno
import io
import math
import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, parse_headers
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HeaderParsingError
from urllib3.util.response import assert_header_parsing

from airflow_provider_poweroffice.api.call_context import call_context

LARGEST_UNFRAMED = 256 * 1024 * 1024
"""Bytes that are read at once at most where the caller names no number."""
_LONGEST_LINE = 65_536
_LENGTH = re.compile(r"[0-9]{1,18}")


class UnreadableHeadError(HTTPException):
    """The head of an answer did not come whole, or does not say where its body ends."""


def _bounded(silence: float | None, left: Callable[[], float] | None) -> float | None:
    """
    Give the seconds that one wait on a socket may take.

    :raises TimeoutError: none is left.
    """
    if left is None:
        return silence
    seconds = left()
    if seconds <= 0:
        raise TimeoutError(errno.ETIMEDOUT, "the call's deadline has passed")
    seconds = min(seconds, math.inf if silence is None else silence)
    return None if seconds == math.inf else seconds


class _Socket(io.RawIOBase):
    """Reads a socket until a deadline, however often a byte comes."""

    def __init__(self, sock: Any, left: Callable[[], float] | None) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._silence = sock.gettimeout()
        self._left = left
        self.is_done = False
        """Nothing more is read from the socket; what was read before is still there."""

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def readinto(self, buffer: Any) -> int | None:
        if self.is_done:
            return None
        self._sock.settimeout(_bounded(self._silence, self._left))
        try:
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            _bounded(None, self._left)
            raise
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

    @property
    def holds_more(self) -> bool:
        """Tell whether TLS has decrypted bytes that nobody read; polling the socket does not show them."""
        pending = getattr(self._sock, "pending", None)
        return pending is not None and pending() > 0

    def end(self) -> None:
        """End reading below TLS, so that the connection is not used again: its pool finds it readable."""
        if isinstance(self._sock, socket.socket):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._sock, socket.SHUT_RD)


class _Reader(io.BufferedReader):
    """Notices a line that breaks off, and reads no more than a bound where no number is named."""

    broken_off = False
    raw: _Socket

    def readline(self, size: int | None = -1, /) -> bytes:
        bounded = size is not None and size >= 0
        line = super().readline(size if bounded else _LONGEST_LINE + 1)
        if not bounded and len(line) > _LONGEST_LINE:
            raise OSError(errno.EMSGSIZE, f"a line of the answer is longer than {_LONGEST_LINE} bytes")
        self.broken_off = not line.endswith(b"\n")
        return line

    def end(self) -> None:
        """End reading; a server that has sent more than the answer is out of step with its calls."""
        self.raw.is_done = True
        if self.raw.holds_more or self.peek(1):
            self.raw.end()

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size >= 0:
            return super().read(size)
        content = super().read(LARGEST_UNFRAMED)
        if len(content) == LARGEST_UNFRAMED:
            raise OSError(errno.EMSGSIZE, f"the answer is larger than {LARGEST_UNFRAMED} bytes")
        return content


class _Answer(HTTPResponse):
    """An answer, whose head must be whole."""

    fp: Any

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = _Reader(_Socket(sock, call_context().exchange_left))

    def begin(self) -> None:
        """
        Read the head.

        :raises UnreadableHeadError: it breaks off, or a line is not a header, so that what follows is lost.
        """
        reader = self.fp
        super().begin()
        if reader.broken_off:
            raise UnreadableHeadError("the headers broke off")
        if self.status < HTTPStatus.OK:
            self.will_close = True  # whatever comes behind it must not become the next call's
        try:
            assert_header_parsing(self.msg)
        except HeaderParsingError:
            raise UnreadableHeadError("a line of the headers is not a header") from None
        for value in self.msg.get_all("Content-Length", ()):
            if not all(_LENGTH.fullmatch(part.strip()) for part in value.split(",")):
                raise UnreadableHeadError("Content-Length is not a number of bytes")
        if self.msg.get("Transfer-Encoding", "chunked").strip().lower() not in {"chunked", "identity"}:
            raise UnreadableHeadError("Transfer-Encoding is not chunked")

    def _read_status(self) -> tuple[str, int, str]:
        """
        Read the status, past the interim answers that may come before it (RFC 9110 §15.2).

        Nobody asked for another protocol: 101 is an answer.
        """
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            interim = HTTPStatus.CONTINUE <= status < HTTPStatus.OK
            if not interim or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            parse_headers(self.fp)

    def _close_conn(self) -> None:
        """End reading this answer, whole or not; what came behind it must not become the next call's."""
        if not self.fp.closed:
            self.fp.end()
        super()._close_conn()  # type: ignore[misc]


class _BoundedMixin:
    debuglevel = 0  # http.client prints headers, keys included, where it is switched on for all
    sock: Any
    timeout: Any
    response_class: Any = _Answer

    def shutdown(self) -> None:
        """End both directions below TLS, which another thread may be reading from right now."""
        if isinstance(self.sock, socket.socket):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def connect(self) -> None:
        """Connect, unless this thread is cancelled meanwhile: until now there was nothing to shut down."""
        super().connect()  # type: ignore[misc]
        call_context().check_cancelled()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send, unless this thread was cancelled while it connected."""
        if scope := call_context().scope:
            scope.register(self)
        super().request(*args, **kwargs)  # type: ignore[misc]

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        """Connect if need be, and write what was put together; until here nothing of the call was sent."""
        if self.sock is None:
            self.connect()
        if departure := call_context().departure:
            departure.left = True
        super().endheaders(*args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        """Send a part of the request, as long as there is time."""
        if self.sock is not None:
            silence = self.timeout if isinstance(self.timeout, (int, float)) else None
            self.sock.settimeout(_bounded(silence, call_context().exchange_left))
        super().send(data)  # type: ignore[misc]


class _Connection(_BoundedMixin, HTTPConnection):
    """Over TCP."""


class _TLSConnection(_BoundedMixin, HTTPSConnection):
    """Over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


POOLS = {"http": _Pool, "https": _TLSPool}
"""For ``PoolManager.pool_classes_by_scheme``."""
