"""
The folder that one Airflow lives in, and the settings it is started with.

Rule: everything is inside the folder, and nothing of the caller's own Airflow gets in.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "example_dags"
USER = PASSWORD = "admin"


class StartError(RuntimeError):
    """Airflow cannot be started; the message is one line, and names the way out."""


class Home:
    """
    A folder for one Airflow at a time.

    :param folder: where.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "standalone.log"
        self._lock: IO[str] | None = None

    def take(self, *, fresh: bool) -> None:
        """
        Take the folder for oneself.

        :param fresh: empty it first.
        :raises StartError: another Airflow has it.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        lock = (self.folder.parent / f"{self.folder.name}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StartError(f"another Airflow is running in {self.folder}; stop that one first") from None
        self._lock = lock
        if fresh:
            shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "home").mkdir(parents=True, exist_ok=True)
        users = self.folder / "simple_auth_manager_passwords.json.generated"
        users.write_text(json.dumps({USER: PASSWORD}))

    def leave(self) -> None:
        """Let another Airflow have the folder."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def environment(self, port: int, lake: Path, dags: Sequence[Path]) -> dict[str, str]:
        """
        Give Airflow's environment: the caller's, without any setting of another Airflow.

        :param port: of its API server.
        :param lake: where the example DAGs put their files.
        :param dags: the folders with DAGs.
        """
        url = f"http://127.0.0.1:{port}"
        theirs = {name: value for name, value in os.environ.items() if "AIRFLOW_" not in name}
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return theirs | {
            "PATH": programs,  # standalone starts its parts by the name "airflow"
            "HOME": str(self.folder / "home"),
            "NO_COLOR": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW_VAR_POWEROFFICE_LAKE": lake.as_uri(),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__HOST": "127.0.0.1",  # the password is known: no other machine may knock
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": self._kept("jwt.secret", lambda: secrets.token_urlsafe(32)),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags[0]),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",  # new files are seen soon; the default is 300 s
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([_bundle(path) for path in dags]),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__FERNET_KEY": self._kept("fernet.key", lambda: Fernet.generate_key().decode()),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",  # the default forks 32 workers
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.folder}/airflow.db",
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        }

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        """Read a secret of an earlier start, which the database still needs, or make one."""
        file = self.folder / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(make())
        return file.read_text()


def sandbox_port() -> int:
    """Give the sandbox's usual port, or 0 when another sandbox has it."""
    try:
        return free_port(8099)
    except StartError:
        return 0


def _bundle(folder: Path) -> dict[str, Any]:
    return {
        # Airflow keeps the name example_dags for itself.
        "name": f"{'checkout' if folder.parent == ROOT else folder.parent.name}-{folder.name}",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder)},
    }


def free_port(port: int = 0) -> int:
    """
    Find a port that nobody uses.

    :param port: the one wanted, 0 for any.
    :raises StartError: it is in use.
    """
    with socket.socket() as plug:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            plug.bind(("127.0.0.1", port))
        except OSError as error:
            way_out = f"choose another: make airflow PORT={port + 1}"
            raise StartError(f"port {port}: {(error.strerror or 'unusable').lower()}; {way_out}") from None
        return int(plug.getsockname()[1])
