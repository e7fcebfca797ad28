"""Batches as the operators run them, over the sandbox."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from upath import UPath

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.batches import batch
from airflow_provider_poweroffice.batches.mapping import compile_mapping
from airflow_provider_poweroffice.batches.plan import Job
from airflow_provider_poweroffice.batches.records import read_records

MAPPING = {
    "ExternalNumber": "{{ row.no }}",
    "Name": "{{ row.name }}",
    "MailAddress": {"City": "{{ row.city }}", "ZipCode": "5003"},
}


class KilledError(BaseException):
    """The worker is dead: nothing of it runs on."""


def customers(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Make customers; ``changes`` are for all of them."""
    return [{"no": 90_000 + n, "name": f"Kunde {n} AS", "city": "Bergen"} | changes for n in range(count)]


class Batches:
    """Runs batches of one client."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder

    def job(self, **changes: Any) -> Job:
        """Make a job: an upsert of customers, with some arguments changed."""
        mapping = changes.pop("mapping", MAPPING)
        given = {"endpoint": "Customers", "action": "upsert", "key": "ExternalNumber", "scope": "run 1"}
        return Job(**{**given, "lookups": {}, "mapper": compile_mapping(mapping, {}), **changes})

    def run(
        self,
        rows: list[Any] | bytes,
        *,
        form: str = "ndjson",
        folder: str = "run",
        max_failures: float = 0,
        **changes: Any,
    ) -> dict[str, Any]:
        """Run a batch of rows, or of the content of a file."""
        return batch.run(
            self.client,
            self.job(**changes),
            read_records(self.file(rows), form),
            UPath(f"file://{self.folder}/{folder}"),
            label="Customers",
            concurrency=4,
            max_failures=max_failures,
        )

    def preview(self, rows: list[Any] | bytes, **changes: Any) -> dict[str, Any]:
        """Say what a batch would do."""
        return batch.preview(self.client, self.job(**changes), read_records(self.file(rows), "ndjson"))

    def results(self, folder: str = "run") -> list[dict[str, Any]]:
        """Read the results."""
        text = (self.folder / folder / "results.ndjson").read_text()
        return [json.loads(line) for line in text.splitlines()]

    @staticmethod
    def file(rows: list[Any] | bytes) -> io.BytesIO:
        """Make a file of rows."""
        content = (
            rows if isinstance(rows, bytes) else b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        )
        return io.BytesIO(content)
