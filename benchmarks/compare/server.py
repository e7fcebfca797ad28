"""The sandbox in a process of its own, and what it saw."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import requests


def _serve(rows: int, options: dict[str, Any], pipe: Connection) -> None:
    from poweroffice_sandbox import Sandbox  # noqa: PLC0415 - in its own process

    with Sandbox(**{"rate_limit": 0, "ledger_rows": rows} | options) as sandbox:
        keys = sandbox.keys()
        pipe.send(
            {
                "base": sandbox.base_url(),
                "connection": sandbox.connection_json(),
                "token_url": sandbox.token_url(),
                "auth": (keys.application_key, keys.client_key),
                "subscription": keys.subscription_key,
                "rows": sandbox.totals()["AccountTransactions"],
            }
        )
        seen = 0
        while (said := pipe.recv()) is not None:
            if "latency" in said:
                sandbox.clear_faults()
                if said["latency"]:
                    sandbox.add_fault(
                        action="delay", seconds=said["latency"], path="/AccountTransactions", times=0
                    )
            journal = list(sandbox.journal())
            new, seen = journal[seen:], len(journal)
            passed = [entry.time for entry in new if entry.status != 429]  # noqa: PLR2004 - too many requests
            counts = {
                "calls": sum("/v2/" in entry.path for entry in new),
                "tokens": sum("token" in entry.path.lower() for entry in new),
                "refused": len(new) - len(passed),
                "connections": sandbox.state.connections,
            }
            pipe.send((counts, passed))


class Server:
    """
    A sandbox to measure against; a context manager.

    :param rows: of the ledger, at least.
    :param options: of the sandbox.
    """

    passed: Sequence[float] = ()
    """When each request was counted that was let through, of those last seen."""

    def __init__(self, rows: int, **options: Any) -> None:
        self._pipe, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(rows, options, there), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        said = self._pipe.recv()
        self.base, self.connection, self.rows = said["base"], said["connection"], said["rows"]
        answer = requests.post(
            said["token_url"],
            auth=said["auth"],
            data={"grant_type": "client_credentials"},
            headers={"Ocp-Apim-Subscription-Key": said["subscription"]},
            timeout=10,
        )
        self.headers = {
            "Authorization": f"Bearer {answer.json()['access_token']}",
            "Ocp-Apim-Subscription-Key": said["subscription"],
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.send(None)
        self._process.join(10)

    def latency(self, seconds: float) -> None:
        """Let each page come so much later."""
        self._pipe.send({"latency": seconds})
        self._pipe.recv()

    def seen(self) -> dict[str, int]:
        """Count what came since this was last asked: calls, tokens, refused; connections in all."""
        self._pipe.send({})
        counts: dict[str, int]
        counts, self.passed = self._pipe.recv()
        return counts
