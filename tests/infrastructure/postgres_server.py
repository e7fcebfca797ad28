"""
A PostgreSQL server of one's own, in a temporary folder, gone at the end.

Run by root, the server runs as the user ``postgres``, as PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

USER, PASSWORD = "tester", "p0stgres-t3ster"


class NoPostgresError(RuntimeError):
    """The programs of the server are not on this machine."""


def programs() -> Path:
    """
    Find the folder of ``initdb`` and ``pg_ctl``.

    :raises NoPostgresError: there is none.
    """
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*([Path(found).resolve().parent] if found else []), *folders]:
        if (folder / "pg_ctl").exists() and (folder / "initdb").exists():
            return folder
    raise NoPostgresError("no PostgreSQL server is installed: apt-get install postgresql")


class PostgresServer:
    """
    A server on a free port of the loopback; a context manager.

    :raises NoPostgresError: by ``start``.
    """

    def __init__(self) -> None:
        self.port = 0
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Make a cluster and serve it."""
        bin_folder = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="poweroffice-postgres-"))
        (self._folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            for path in (self._folder, self._folder / "password"):
                os.chown(path, account.pw_uid, account.pw_gid)
        data = self._folder / "data"
        self._run(
            bin_folder / "initdb",
            *("-D", data, "-U", USER, "-A", "scram-sha-256", "--pwfile", self._folder / "password"),
            *("-E", "UTF8", "--locale", "C", "--no-sync"),
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # It is thrown away, so it need not survive a power cut.
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run(bin_folder / "pg_ctl", "-D", data, "-w", "-l", self._folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """Stop serving, and remove everything."""
        if self._folder is None:
            return
        self._run(programs() / "pg_ctl", "-D", self._folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    @property
    def pid(self) -> int:
        """Of its first process, the parent of all others."""
        if self._folder is None:
            raise RuntimeError("the server is not started")
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def _run(self, *command: object) -> None:
        account: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the server keeps it open
            stderr=subprocess.PIPE if "start" not in command else subprocess.DEVNULL,
            text=True,
            **account,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr}")

    @property
    def parts(self) -> dict[str, Any]:
        """What psycopg and psycopg2 take."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "password": PASSWORD,
            "dbname": "postgres",
        }

    @property
    def airflow(self) -> dict[str, Any]:
        """What an Airflow connection holds."""
        return {
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": self.port,
            "login": USER,
            "password": PASSWORD,
            "schema": "postgres",
        }
