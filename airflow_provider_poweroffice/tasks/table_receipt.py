"""What a load into a table tells: the receipt, and the log's lines about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.tasks.company import labelled

if TYPE_CHECKING:
    from airflow_provider_poweroffice.storage.sql.plan import Plan, Stored
    from airflow_provider_poweroffice.tasks.collection import Reading


def receipt_of(operator: Any, plan: Plan, reading: Reading, stored: Stored) -> dict[str, Any]:
    """Give the receipt as JSON, but for the time it took and what was verified."""
    return {
        "table": str(plan.table),
        "conn_id": operator.conn_id,
        "endpoint": operator.endpoint,
        "company": plan.identity.company,
        "mode": plan.mode,
        "layout": plan.layout,
        "rows": reading.pages.rows - stored.repeated,
        "inserted": stored.counts.inserted,
        "updated": stored.counts.updated,
        "deleted": stored.counts.deleted,
        "repeated": stored.repeated,
        "pages": reading.pages.pages,
        "bytes": reading.bytes,
        "watermark": reading.watermark(),
        "created": stored.created,
        "columns_added": stored.columns_added,
        "fields_kept": stored.fields_kept,
        "truncated": reading.pages.truncated,
        "skipped_pages": reading.pages.skipped,
        "marked_deleted": stored.marked_deleted,
        "restored": stored.restored,
    }


def tell(operator: Any, receipt: Mapping[str, Any]) -> None:
    """Log what was done, and what is to be looked at."""
    log = operator.log
    log.info(
        "%s: %d rows to %s: %d inserted, %d updated, %d deleted, in %.1f s",
        labelled(operator.company, operator.endpoint),
        *(receipt[name] for name in ("rows", "table", "inserted", "updated", "deleted", "seconds")),
    )
    if operator.detect_deletions:
        log.info(
            "%s: %d rows are gone and marked, %d are there again",
            *(receipt[name] for name in ("table", "marked_deleted", "restored")),
        )
    if receipt["columns_added"]:
        log.info("%s: new columns: %s", receipt["table"], ", ".join(receipt["columns_added"]))
    if receipt["fields_kept"]:
        log.warning(
            "%s has no column for %s: kept in _extra. allow_new_columns=True adds columns",
            receipt["table"],
            ", ".join(receipt["fields_kept"]),
        )
