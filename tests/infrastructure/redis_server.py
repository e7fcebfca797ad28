"""
A Redis server of one's own that keeps every command it was ever sent.

Rule: nothing outlives the program that started it, see :mod:`processes`.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
from pathlib import Path
from typing import Self

from tests.infrastructure.airflow_home import StartError, free_port
from tests.infrastructure.processes import Guarded

START_SECONDS = 10.0


class RedisServer:
    """
    A server on a free port of the loopback; a context manager.

    :param folder: what it was sent is kept here, in ``appendonlydir``; must exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: Guarded | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The server, without a database."""
        return f"redis://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """
        Start; returns when it listens.

        :raises StartError: no Redis is installed, or it does not come up.
        """
        if shutil.which("redis-server") is None:
            raise StartError("no Redis server is installed: apt-get install redis-server")
        self.port = free_port()
        # The file of commands is never rewritten, so that what was deleted is still in it.
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self._folder),
            "save": "",
            "appendonly": "yes",
            "auto-aof-rewrite-percentage": "0",
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        log = self._folder / "redis.log"
        self._server = Guarded(["redis-server", *words], os.environ, self._folder, log)
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if time.monotonic() > deadline or not self._server.running:
                self.stop()
                raise StartError(f"Redis does not come up; the end of {log} says why")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it."""
        if self._server:
            self._server.stop()
            self._server = None

    def _listens(self) -> bool:
        with socket.socket() as plug:
            return plug.connect_ex(("127.0.0.1", self.port)) == 0
