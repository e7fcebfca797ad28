"""A MariaDB server of one's own, in a temporary folder, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

USER, PASSWORD = "tester", "m4riadb-t3ster"
PATIENCE = 60.0
"""Seconds in which the server must answer."""
# Its zone, letters and mode are what a load must not depend on; it is thrown away, so it need not survive a
# power cut.
_OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--default-time-zone=+05:30",
    "--character-set-server=latin1",
    "--collation-server=latin1_swedish_ci",
    "--sql-mode=",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
)


class NoMariaDBError(RuntimeError):
    """The programs of the server are not on this machine."""


def programs() -> tuple[str, str]:
    """
    Find ``mariadb-install-db`` and ``mariadbd``.

    :raises NoMariaDBError: there are none.
    """
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    install, server = (shutil.which(name, path=path) for name in ("mariadb-install-db", "mariadbd"))
    if not (install and server):
        raise NoMariaDBError("no MariaDB server is installed: apt-get install mariadb-server")
    return install, server


class MariaDBServer:
    """
    A server on a free port of the loopback; a context manager.

    :raises NoMariaDBError: by ``start``.
    """

    def __init__(self) -> None:
        self.port = 0
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Make the files, and serve them."""
        install, server = programs()
        folder = self._folder = Path(tempfile.mkdtemp(prefix="poweroffice-mariadb-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        log = folder / "log"
        (folder / "user.sql").write_text(
            f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO {USER}@'%';\n"
        )
        data, user = f"--datadir={folder / 'data'}", f"--user={pwd.getpwuid(os.geteuid()).pw_name}"
        made = subprocess.run(
            [install, "--no-defaults", data, user, "--skip-test-db", "--skip-name-resolve"],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if made.returncode:
            raise RuntimeError(f"{install} failed: {made.stdout}")
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(server, "--no-defaults", data, user, f"--port={self.port}", *_OPTIONS),
                    *(f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"),
                    f"--init-file={folder / 'user.sql'}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait(log)

    def _wait(self, log: Path) -> None:
        deadline = time.monotonic() + PATIENCE
        while b"ready for connections" not in log.read_bytes():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop serving, and remove everything."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @property
    def parts(self) -> dict[str, Any]:
        """What PyMySQL and MySQL's own driver take; without TLS, whose certificates take 70 ms to read."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "password": PASSWORD,
            "ssl_disabled": True,
        }

    @property
    def airflow(self) -> dict[str, Any]:
        """What an Airflow connection holds; of the drivers of Airflow's hook, the one without a compiler."""
        return {
            "conn_type": "mysql",
            "host": "127.0.0.1",
            "port": self.port,
            "login": USER,
            "password": PASSWORD,
            "extra": {"client": "mysql-connector-python"},
        }
