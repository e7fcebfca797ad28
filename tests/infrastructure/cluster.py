"""
An Airflow of separate programs on PostgreSQL, with Celery workers if its executor needs them.

Rule: it starts, waits and stops, as :mod:`standalone` does; what is run on it is decided elsewhere.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.infrastructure import postgres_dump
from tests.infrastructure.airflow_home import StartError, free_port
from tests.infrastructure.postgres_server import NoPostgresError, PostgresServer
from tests.infrastructure.processes import members
from tests.infrastructure.redis_server import RedisServer
from tests.infrastructure.standalone import CONNECTION, Standalone

EXECUTORS = ("CeleryExecutor", "LocalExecutor")
WORKERS = ("worker-1", "worker-2")
WORKER_PROCESSES = 3
"""Tasks that one Celery worker runs side by side; LocalExecutor runs as many as all workers together."""
HEARTBEAT_TIMEOUT = 30
"""Seconds without a sign of life after which a task counts as dead; Airflow's default is 300."""


class Cluster(Standalone):
    """
    Airflow, its database, its broker and a sandbox; a context manager.

    :param folder: where everything is kept, begun anew.
    :param executor: one of ``EXECUTORS``.
    :param keys: client keys of the connection that are not those of the sandbox, by alias.
    :param dags: the folder with DAGs.
    :param settings: the ``airflow_local_settings.py``, default none.
    :param say: is told, again and again, what is waited for.
    :param options: of the sandbox.
    """

    parts = ("scheduler", "dag_processor")
    warehouse_name = "warehouse"
    """A database of the server that has Airflow's own."""

    def __init__(
        self,
        folder: Path,
        *,
        executor: str,
        keys: Mapping[str, str],
        dags: Path,
        settings: Path | None = None,
        say: Callable[[str], None] = lambda _: None,
        **options: Any,
    ) -> None:
        super().__init__(folder, size="small", dags=(dags,), fresh=True, say=say, **options)
        self.executor = executor
        self.workers = WORKERS if executor == "CeleryExecutor" else ()
        self.postgres = PostgresServer()
        self._keys = keys
        self._settings = settings
        self._redis: RedisServer | None = None
        self._servers = ExitStack()

    def stop(self) -> None:
        """Stop all; nothing is left running."""
        super().stop()
        self._servers.close()

    def launch(self, environment: Mapping[str, str]) -> None:
        """
        Start the servers, make the database, and start the parts of Airflow.

        :raises StartError: PostgreSQL or Redis is not installed, or Airflow cannot make its tables.
        """
        try:
            self._servers.enter_context(self.postgres)
        except NoPostgresError as error:
            raise StartError(str(error)) from None
        postgres_dump.query(self.postgres, f"CREATE DATABASE {self.warehouse_name}")
        environment = {**environment, **self._database(), **self._broker()}
        if self._settings:
            config = self.home.folder / "config"
            config.mkdir()
            (config / "airflow_local_settings.py").write_text(self._settings.read_text())
        self._migrate(environment)
        for part in ("api-server", "scheduler", "dag-processor"):
            self.run(["airflow", part], environment, self._log(part))
        for worker in self.workers:
            files = {"AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port())}
            options = ["--celery-hostname", f"{worker}@%h", "--pid", str(self.home.folder / f"{worker}.pid")]
            command = ["airflow", "celery", "worker", "--concurrency", str(WORKER_PROCESSES), *options]
            self.run(command, {**environment, **files}, self._log(worker))
        self.wait(self._missing_workers)

    def connection(self, connection_id: str = CONNECTION) -> dict[str, Any]:
        """Give a connection of all companies; Celery workers share the rate limit by Redis."""
        plain = super().connection(connection_id)
        whole = json.loads(self.sandbox.connection_json(companies=self.sandbox.aliases()))["extra"]
        further = {"client_api_keys": whole["client_api_keys"] | self._keys}
        if self._redis:
            further["rate_limit_backend"] = f"{self._redis.url}/1"
        return plain | {"extra": json.dumps(json.loads(plain["extra"]) | further)}

    def further_connections(self) -> list[dict[str, Any]]:
        """Give that to the warehouse, in PostgreSQL, instead of a SQLite file."""
        others = [one for one in super().further_connections() if one["connection_id"] != "warehouse"]
        warehouse = self.postgres.airflow | {"connection_id": "warehouse", "schema": self.warehouse_name}
        return [*others, warehouse]

    def processes(self) -> dict[str, list[int]]:
        """Give the processes of each part of Airflow, tasks included; none of a server."""
        return {log.stem: [program.pid, *members(program.pid)] for log, program in self._programs.items()}

    def tasks_of(self, worker: str) -> int:
        """Count the tasks that a Celery worker has done."""
        return self._log(worker).read_text().count(" succeeded in ")

    def _log(self, part: str) -> Path:
        return self.home.folder / f"{part}.log"

    def _database(self) -> dict[str, str]:
        at = self.postgres.parts
        place = f"{at['user']}:{at['password']}@{at['host']}:{at['port']}/{at['dbname']}"
        return {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{place}",
            "AIRFLOW__CORE__EXECUTOR": self.executor,
            "AIRFLOW__CORE__PARALLELISM": str(len(WORKERS) * WORKER_PROCESSES),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "300",  # as Airflow's default
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT),
        }

    def _broker(self) -> dict[str, str]:
        """Start Redis where there are workers; Celery's results go to PostgreSQL, Airflow's default."""
        if not self.workers:
            return {}
        folder = self.home.folder / "redis"
        folder.mkdir()
        self._redis = self._servers.enter_context(RedisServer(folder))
        return {"AIRFLOW__CELERY__BROKER_URL": f"{self._redis.url}/0"}

    def _migrate(self, environment: Mapping[str, str]) -> None:
        self._say("waiting for the tables of Airflow's database")
        log = self._log("migrate")
        with log.open("wb") as output:
            done = subprocess.run(
                [f"{environment['PATH'].partition(':')[0]}/airflow", "db", "migrate"],
                env=dict(environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise StartError(f"airflow db migrate failed; the end of {log} says why")

    def _missing_workers(self) -> str:
        missing = [name for name in self.workers if " ready." not in self._log(name).read_text()]
        return " and ".join(missing)
