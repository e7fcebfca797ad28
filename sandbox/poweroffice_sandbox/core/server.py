"""
uvicorn in a thread, or in the foreground.

Rule: knows sockets and threads, nothing of what is served. The socket is bound before uvicorn starts, so a
port in use is known at once; starting and stopping are events, not polled.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from .sockets import Connections, protocol_class

_START_SECONDS = 10


class PortError(OSError):
    """The address cannot be listened on."""


class _Server(uvicorn.Server):
    """uvicorn's server, told to stop instead of asking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self.ready: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets=sockets)
        self.up.set()
        if self.ready is not None:
            self.ready()

    async def main_loop(self) -> None:
        if self._stop is not None:
            await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for plug in sockets or []:
            plug.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for task in list(self.server_state.tasks):
            task.cancel()

    def stop(self) -> None:
        """Stop serving; may be called from any thread."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._stop.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        self.stop()


def listen(host: str, port: int) -> socket.socket:
    """
    Bind an address.

    :param host: a name or number of this machine.
    :param port: 0 for a free one.
    :raises PortError: it cannot be bound.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # The protocol is named because asyncio turns Nagle's delay off only for sockets that say TCP.
        plug = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plug.bind((host, port))
        plug.listen(128)
    except OverflowError:
        raise PortError(f"{host}:{port}: the port must be from 0 to 65535") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortError(f"{host}:{port} is in use: a program listens there already") from error
        raise PortError(f"{host}:{port}: {error.strerror or error}") from error
    return plug


class ServerThread:
    """
    A running server.

    :param app: the ASGI application.
    :param plug: from :func:`listen`.
    :param connections: filled with the transports of the clients.
    :param opened: called for each accepted connection.
    """

    def __init__(self, app: Any, plug: socket.socket, connections: Connections, opened: Any) -> None:
        self._plug = plug
        config = uvicorn.Config(
            app,
            http=protocol_class(connections, opened),
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="warning",  # of whoever starts a sandbox, the log is not ours to fill
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,  # the sandbox has a time of its own
            timeout_keep_alive=75,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="poweroffice-sandbox", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._plug])

    def start(self) -> None:
        """Serve in the background; returns when requests are answered."""
        self._thread.start()
        if not self._server.up.wait(_START_SECONDS):
            raise PortError("the server did not start")

    def stop(self) -> None:
        """Close the port and every connection."""
        if not self._thread.is_alive():
            self._plug.close()
            return
        self._server.stop()
        self._thread.join(_START_SECONDS)

    def run(self, ready: Callable[[], None]) -> None:
        """
        Serve in this thread until SIGINT or SIGTERM.

        :param ready: called when requests are answered and the signals are heard.
        """
        self._server.ready = ready
        self._run()
