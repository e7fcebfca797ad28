"""
A real ``airflow standalone`` with the sandboxes beside it, and an empty warehouse.

Rule: it starts, waits and stops; what is done with the running Airflow is decided elsewhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from poweroffice_sandbox import D365FOSandbox, PortError, Sandbox, V1Sandbox
from tests.infrastructure.airflow_home import DAGS, PASSWORD, ROOT, USER, Home, StartError, free_port
from tests.infrastructure.processes import Guarded

CONNECTION = "poweroffice_default"
FOLDER = ROOT / ".work" / "airflow"
COMPANIES = ("fjordlys", "havblaast")
START_SECONDS = 240.0


class Standalone:
    """
    Airflow and a sandbox of each API; a context manager. DAG files put into ``own_dags`` are seen soon.

    :param folder: where everything is kept; a second start finds what the first one left.
    :param port: of Airflow, 0 for a free one.
    :param sandbox_port: of the sandbox, 0 for a free one.
    :param size: of the sandbox's companies.
    :param today: the day on which the books of all sandboxes end, default their own.
    :param lake: where the example DAGs put their files, default inside the folder.
    :param dags: the folders with DAGs.
    :param connection: make the connections that the example DAGs use.
    :param fresh: begin with an empty folder.
    :param say: is told, again and again, what is waited for.
    :param options: further ones of the sandbox.
    """

    parts: Sequence[str] = ("scheduler", "dag_processor", "triggerer")

    def __init__(
        self,
        folder: Path = FOLDER,
        *,
        port: int = 0,
        sandbox_port: int = 0,
        size: str = "medium",
        today: date | None = None,
        lake: Path | None = None,
        dags: Sequence[Path] = (DAGS,),
        connection: bool = True,
        fresh: bool = False,
        say: Callable[[str], None] = lambda _: None,
        **options: Any,
    ) -> None:
        self.home = Home(folder)
        self.port = port
        self.sandbox = Sandbox(port=sandbox_port, size=size, today=today, **options)
        self.v1_sandbox = V1Sandbox(today=today)
        self.fo_sandbox = D365FOSandbox(today=today)
        self.lake = lake or folder / "lake"
        self.warehouse = folder / "warehouse.sqlite"
        self._dags = dags
        self.own_dags = folder / "dags"
        self._connection = connection
        self._fresh = fresh
        self._say = say
        self._programs: dict[Path, Guarded] = {}  # by the file their output goes to
        self._started = datetime.now(UTC)
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy stands between here and here

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """
        Start all, and return when every part of Airflow is healthy and has read the DAGs.

        :raises StartError: the folder or a port is in use, or Airflow does not come up.
        """
        self.home.take(fresh=self._fresh)
        self.own_dags.mkdir(exist_ok=True)
        self.port = free_port(self.port)
        try:
            self.sandbox.start()
            self.v1_sandbox.start()
            self.fo_sandbox.start()
        except PortError as error:
            raise StartError(f"the sandbox cannot listen on {error}") from None
        self._started = datetime.now(UTC)
        self.launch(self.home.environment(self.port, self.lake, (*self._dags, self.own_dags)))
        self.wait(self._missing_parts)
        self._log_in()
        self.wait(self._missing_dags)
        if self._connection:
            self.connect()
        return self

    def stop(self) -> None:
        """Stop all; nothing is left running."""
        with ThreadPoolExecutor() as together:
            list(together.map(Guarded.stop, self._programs.values()))
        self._programs = {}
        self.fo_sandbox.stop()
        self.v1_sandbox.stop()
        self.sandbox.stop()
        self.home.leave()

    def launch(self, environment: Mapping[str, str]) -> None:
        """
        Start the programs that Airflow consists of, each by :meth:`run`.

        :param environment: of Airflow.
        """
        self.run(["airflow", "standalone"], environment, self.home.log)

    def run(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start a program that ends when this Airflow is stopped, and that it cannot be without."""
        self._programs[log] = Guarded(command, environment, self.home.folder, log)

    def watch(self) -> None:
        """
        Return never, but by an exception.

        :raises StartError: Airflow has ended by itself.
        """
        while True:
            self._check()
            time.sleep(0.5)

    def wait(self, missing: Callable[[], str], seconds: float = START_SECONDS) -> None:
        """
        Wait until nothing is missing.

        :param missing: says what is, each time it is asked; nothing is an empty text.
        :param seconds: at most.
        :raises StartError: it took too long, or Airflow has ended.
        """
        deadline = time.monotonic() + seconds
        while what := missing():
            self._say(f"waiting for {what}")
            self._check()
            if time.monotonic() > deadline:
                raise StartError(
                    f"waited {seconds:.0f} s for {what}; see {', '.join(map(str, self._programs))}"
                )
            time.sleep(0.5)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """
        Call Airflow's REST API as the user.

        :param path: below ``/api/v2/``.
        :raises requests.HTTPError: it said no.
        """
        answer = self._http.request(method, f"{self.url}/api/v2/{path}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def connection(self, connection_id: str = CONNECTION) -> dict[str, Any]:
        """Give the connection to the sandbox with two companies, as Airflow's REST API takes it."""
        keys = self.sandbox.keys()
        whole = json.loads(self.sandbox.connection_json(companies=COMPANIES))
        return {
            "connection_id": connection_id,
            "conn_type": "poweroffice",
            "host": "http://127.0.0.1",
            "port": urlsplit(self.sandbox.url).port,  # without one, Airflow 3.3.2 refuses to test it
            "login": keys.application_key,
            "password": keys.client_key,
            "extra": json.dumps(whole["extra"]),
        }

    def v1_connection(self) -> dict[str, Any]:
        """Give the connection to the sandbox of v1 in the same way."""
        keys = self.v1_sandbox.keys()
        return self.connection("poweroffice_v1") | {
            "port": urlsplit(self.v1_sandbox.url).port,
            "login": keys.application_key,
            "password": keys.client_key,
            "extra": json.dumps({"api_version": "v1"}),
        }

    def further_connections(self) -> list[dict[str, Any]]:
        """Give those to Dynamics 365 and to the warehouse, a SQLite file in the folder."""
        fo = json.loads(self.fo_sandbox.connection_json())
        return [
            fo
            | {
                "connection_id": "d365fo_default",
                "host": "http://127.0.0.1",
                "port": urlsplit(self.fo_sandbox.url).port,
                "extra": json.dumps(fo["extra"]),
            },
            {"connection_id": "warehouse", "conn_type": "sqlite", "host": str(self.warehouse)},
        ]

    def _check(self) -> None:
        for log, program in self._programs.items():
            if not program.running:
                raise StartError(f"Airflow ended by itself; the end of {log} says why")

    def _missing_parts(self) -> str:
        try:
            health = self.api("GET", "monitor/health")
        except requests.RequestException:
            return "the API server"
        return ", ".join(f"the {part}" for part in self.parts if not self._alive(part, health[part]))

    def _alive(self, part: str, health: dict[str, Any]) -> bool:
        """Whether a part has given a sign of life since the start; one from before may be its last."""
        beat = health[f"latest_{part}_heartbeat"]
        return health["status"] == "healthy" and datetime.fromisoformat(beat) > self._started

    def _missing_dags(self) -> str:
        if errors := self.api("GET", "importErrors")["import_errors"]:
            last = str(errors[0]["stack_trace"]).strip().splitlines()[-1]
            raise StartError(f"{errors[0]['filename']} cannot be imported: {last}")
        missing = sum(len(list(path.glob("*.py"))) for path in self._dags) - int(
            self.api("GET", "dags")["total_entries"]
        )
        return f"{missing} DAGs to be read" if missing > 0 else ""

    def _log_in(self) -> None:
        body = {"username": USER, "password": PASSWORD}
        answer = self._http.post(f"{self.url}/auth/token", json=body, timeout=30)
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def connect(self) -> None:
        """Make the connections, or renew those of an earlier start: the ports may be others."""
        entities = [self.connection(), self.v1_connection(), *self.further_connections()]
        create = {"action": "create", "entities": entities, "action_on_existence": "overwrite"}
        result = self.api("PATCH", "connections", {"actions": [create]})
        if errors := result["create"]["errors"]:
            raise StartError(f"Airflow refused the connections: {errors}")
