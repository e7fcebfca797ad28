"""Load pages into a database as the operator does, and read tables back."""

from __future__ import annotations

import json
import tempfile
from typing import Any

from support.databases import Database

from airflow_provider_poweroffice.api.dialects.base import PageInfo
from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.api.surrogates import split_rows
from airflow_provider_poweroffice.storage.page_spool import PageSpool
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.load import Load
from airflow_provider_poweroffice.storage.sql.plan import LoadOwner, LoadPlan, LoadResult

KINDS = {"Id": "integer", "Amount": "decimal", "Name": "text", "Date": "date", "Open": "boolean"}
KINDS |= {"LastChangedDateTimeOffset": "timestamp", "Address": "json"}


def plan(**changes: Any) -> LoadPlan:
    """Make a plan with some things changed; those of the owner by their names."""
    names = ("company", "run_id", "task")
    who = {"company": "acme", "run_id": "run 1", "task": "d.t"} | {
        name: changes.pop(name) for name in names if name in changes
    }
    given: dict[str, Any] = {
        "table": TableName("ledger"),
        "mode": "upsert",
        "layout": "raw",
        "key": ("Id",),
        "owner": LoadOwner(**who, loaded_at="2026-05-02T13:00:00.000000Z"),
        "source": "AccountTransactions",
        "changed_field": "LastChangedDateTimeOffset",
        "kinds": KINDS,
    }
    return LoadPlan(**given | changes)


def pages(*rows: Any, size: int = 3) -> list[Page]:
    """Write rows as pages; a text is a row as it stands."""
    texts = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    contents = [f"[{','.join(texts[n : n + size])}]".encode() for n in range(0, len(texts), size)]
    return [page_of(content) for content in contents]


def page_of(content: bytes) -> Page:
    """Make a page of a JSON array."""
    return Page(1, content, split_rows(content), PageInfo())


def load(
    db: Database, *rows: Any, before_store: Any = None, ids: list[Any] | None = None, **changes: Any
) -> LoadResult:
    """
    Load rows in pages of three.

    :param ids: rows of keys that there are besides those loaded; None: there are only those.
    """
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as keys:
        one = Load(plan(**changes), PageSpool(file))
        session = db.session()
        one.prepare(session)
        session.connection.close()
        for page in pages(*rows):
            one.take(page)
        if ids is not None:
            one.compare(PageSpool(keys), pages(*ids))
        if before_store:
            before_store()
        session = db.session()
        try:
            return one.store(session)
        finally:
            session.connection.close()


def counts(stored: LoadResult) -> tuple[int, int, int]:
    """Give inserted, updated, deleted."""
    return stored.counts.inserted, stored.counts.updated, stored.counts.deleted
