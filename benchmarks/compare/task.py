"""What a contestant is asked to do, and what the reading of it cost."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

QUERY = {"fromDate": "2000-01-01", "toDate": "2099-12-31", "OrderBy": "Id asc"}
"""All rows of the ledger, in one order for everybody."""

IN_FLIGHT = 8
"""Requests that the hand-written readers keep in flight."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """
    Read the ledger of one company.

    :param base: URL of the API, ``…/v2``.
    :param connection: an Airflow connection as a dict.
    :param headers: with a fresh token, for those who are not measured on getting one.
    :param page_size: rows a page.
    :param pages: pages there are.
    :param folder: to write into.
    :param database: URI of a PostgreSQL database, or empty.
    :param concurrency: requests in flight, for those who can.
    :param limited: the server limits the rate: who does not keep it waits as the server says.
    """

    base: str
    connection: dict[str, Any]
    headers: dict[str, str]
    page_size: int
    pages: int
    folder: str
    database: str = ""
    concurrency: int = IN_FLIGHT
    limited: bool = False

    def query(self, number: int) -> dict[str, str]:
        """Ask for one page."""
        return QUERY | {"PageNumber": str(number), "PageSize": str(self.page_size)}

    @property
    def url(self) -> str:
        """URL of the ledger."""
        return f"{self.base}/AccountTransactions"

    @property
    def target(self) -> Path:
        """File to write."""
        return Path(self.folder) / "ledger.ndjson.gz"

    def to_json(self) -> str:
        """Write as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read from JSON."""
        return cls(**json.loads(text))
