"""
The transfer: a collection into a table of any database Airflow knows.

Rule: pages wait on the local disk until the read is complete; then one transaction brings them into the
table. A killed task leaves the table as it was, and a retry gives exactly the new state.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.change_filter import OVERLAP
from airflow_provider_poweroffice.api.options import CONCURRENCY, RetryOptions
from airflow_provider_poweroffice.errors import IncompleteReadError, PowerOfficeError
from airflow_provider_poweroffice.hooks.database import database, database_hook
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.links import PowerOfficeDocsLink
from airflow_provider_poweroffice.storage.sql.load import Load
from airflow_provider_poweroffice.storage.sql.merge import Identity
from airflow_provider_poweroffice.storage.sql.spool import PageSpool
from airflow_provider_poweroffice.tasks.advice import warn_of_unknown
from airflow_provider_poweroffice.tasks.collection import Reading
from airflow_provider_poweroffice.tasks.company import CompanyOperator, report_company
from airflow_provider_poweroffice.tasks.deletions import MOST, listed_keys, needs_list
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.lineage import report_lineage, table_uri
from airflow_provider_poweroffice.tasks.page_arguments import check_reading
from airflow_provider_poweroffice.tasks.table_arguments import check_settled, plan_of
from airflow_provider_poweroffice.tasks.table_receipt import receipt_of, tell
from airflow_provider_poweroffice.tasks.trial_balance import verify
from airflow_provider_poweroffice.tasks.watermark import (
    announce,
    check_incremental,
    increment_of,
    with_asset,
)

if TYPE_CHECKING:
    from airflow.sdk import Context


class PowerOfficeToSqlOperator(CompanyOperator):
    """
    Load a collection of PowerOffice Go into a table.

    Returns a receipt: ``{"table", "conn_id", "endpoint", "company", "mode", "layout", "rows", "inserted",
    "updated", "deleted", "repeated", "pages", "bytes", "seconds", "watermark", "created", "columns_added",
    "fields_kept", "truncated", "skipped_pages", "marked_deleted", "restored", "verified"}``; ``bytes`` counts
    the JSON that was read, ``watermark`` is what the next ``changed_since`` goes on from, as in the receipt
    of the transfer to object storage.

    :param endpoint: path of a list, such as ``AccountTransactions`` (templated).
    :param conn_id: the Airflow connection of the database (templated).
    :param table: the table, ``name`` or ``schema.name``; made where it is missing (templated).
    :param schema: the schema of the table (templated).
    :param mode: ``"append"`` adds the rows, once for each run; ``"replace"`` puts them in the place of all
        of the company's; ``"upsert"`` in the place of those with the same key (templated).
    :param layout: ``"raw"``: the row as sent, with its key and change time; ``"columns"``: a typed column
        for each field, nested ones as JSON (templated).
    :param key: a field that no two rows share, or several; default the resource's own. ``""``: rows have no
        key (templated).
    :param company: alias of one of the connection's companies (templated), see docs/companies.md. It is
        written into the company column, without one ``poweroffice_conn_id`` is; a load touches rows of its
        company only.
    :param column_names: ``"snake_case"``: ``VatCode`` is in ``vat_code``; or ``"as sent"``; columns layout.
    :param allow_new_columns: a field that the table has no column for gets one; else it is kept in
        ``_extra``, logged and in the receipt; columns layout.
    :param bulk: take the database's way for many rows, such as ``COPY`` of PostgreSQL; False: plain inserts.
    :param query: filters (templated).
    :param headers: further headers (templated).
    :param changed_since: read only what changed since this moment (templated); not with ``replace``.
    :param created_since: the same for the time of creation (templated).
    :param incremental: read only what changed since the last load of this table; the watermark is kept with
        the asset ``poweroffice://<connection>/<endpoint>``, see docs/increments.md. The first load, and one
        into a table without rows of the company, reads everything.
    :param full_refresh: read everything this time all the same, e.g. ``"{{ params.full_refresh }}"``
        (templated).
    :param detect_deletions: afterwards, list all keys that there are, by the same query, and mark the rows of
        the company that are not among them in ``_deleted_at`` (``deleted_at`` in the raw layout); those that
        come back are unmarked. Only with ``upsert``.
    :param max_deletions: the share of the company's rows that may be marked at once, 0 to 1, where it has
        more than 100; above it the task fails, and the table is as before.
    :param verify: ``"trial-balance"``: afterwards, each voucher of the company in the table must sum to zero,
        and each account to what TrialBalance says; for ``AccountTransactions`` of PowerOffice Go v2.
    :param overlap: seconds to go back from that moment; the API's filters are strictly greater than.
    :param filters: OData filter as data, for APIs that have ``$filter``; see docs/filters.md (templated).
    :param split_days: read ``fromDate`` to ``toDate`` of the query in periods of so many days at most, as one
        collection.
    :param page_size: rows per page, default 5000; at most what the API allows.
    :param first_page: page to begin with; not with ``replace``.
    :param max_pages: pages to read at most; not with ``replace``.
    :param concurrency: pages in flight, 1 to 32, default 4; the rows and their order are those of 1.
    :param page_bytes: largest page in bytes, default 16 MiB; larger ones are read as smaller pages.
    :param order_by: order of the pages, default a unique key of the resource.
    :param on_page_error: ``"stop"`` (default), ``"skip"`` or a callable ``(error, page_number) -> bool``;
        a ``replace`` that lacks pages fails all the same.
    :param retry_options: a mapping such as ``{"attempts": 3, "deadline": 60}``.
    :param poweroffice_conn_id: the Airflow connection of PowerOffice Go (templated).

    .. seealso:: docs/sql.md
    """

    template_fields: Sequence[str] = (
        "company",
        "endpoint",
        "conn_id",
        "table",
        "schema",
        "mode",
        "layout",
        "key",
        "query",
        "filters",
        "headers",
        "changed_since",
        "created_since",
        "full_refresh",
        "poweroffice_conn_id",
    )
    template_fields_renderers = {"query": "json", "filters": "json", "headers": "json"}  # noqa: RUF012 - Airflow's form
    operator_extra_links = (PowerOfficeDocsLink(),)
    ui_color = "#d9e8f5"

    def __init__(
        self,
        *,
        endpoint: str,
        conn_id: str,
        table: str,
        schema: str | None = None,
        mode: str = "upsert",
        layout: str = "columns",
        key: str | Sequence[str] | None = None,
        company: str | None = None,
        column_names: str = "snake_case",
        allow_new_columns: bool = False,
        bulk: bool = True,
        query: Mapping[str, Any] | None = None,
        filters: Any = None,
        headers: Mapping[str, str] | None = None,
        changed_since: Any = None,
        created_since: Any = None,
        overlap: float = OVERLAP,
        incremental: bool = False,
        full_refresh: bool | str = False,
        detect_deletions: bool = False,
        max_deletions: float = MOST,
        verify: str | None = None,
        split_days: int | None = None,
        page_size: int | None = None,
        first_page: int | None = None,
        max_pages: int | None = None,
        concurrency: int = CONCURRENCY,
        page_bytes: int | None = None,
        order_by: str | None = "default",
        on_page_error: str | Callable[[PowerOfficeError, int], bool] = "stop",
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            **with_asset(kwargs, incremental=incremental, endpoint=endpoint, conn_id=poweroffice_conn_id)
        )
        self.endpoint = endpoint
        self.conn_id = conn_id
        self.table = table
        self.schema = schema
        self.mode = mode
        self.layout = layout
        self.key = key
        self.company = company
        self.column_names = column_names
        self.allow_new_columns = allow_new_columns
        self.bulk = bulk
        self.query = query
        self.filters = filters
        self.headers = headers
        self.changed_since = changed_since
        self.created_since = created_since
        self.overlap = overlap
        self.incremental = incremental
        self.full_refresh = full_refresh
        self.detect_deletions = detect_deletions
        self.max_deletions = max_deletions
        self.verify = verify
        self.split_days = split_days
        self.page_size = page_size
        self.first_page = first_page
        self.max_pages = max_pages
        self.concurrency = concurrency
        self.page_bytes = page_bytes
        self.order_by = order_by
        self.on_page_error = on_page_error
        self.retry_options = RetryOptions.from_mapping(retry_options)
        self.poweroffice_conn_id = poweroffice_conn_id
        check_reading(self)
        check_incremental(self)
        check_settled(self)
        warn_of_unknown(endpoint)

    @cached_property
    def hook(self) -> PowerOfficeHook:
        """Give the hook of the PowerOffice connection."""
        return PowerOfficeHook(
            self.poweroffice_conn_id, company=self.company, retry_options=self.retry_options
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Load the collection and give the receipt."""
        with fail_task_when_final(), report_company(context, self.company):
            return self._load(context)

    def _load(self, context: Context) -> dict[str, Any]:
        started = monotonic()
        with (
            self.hook as hook,
            tempfile.TemporaryFile() as file,
            tempfile.TemporaryFile() as keys,
        ):
            target = database_hook(self.conn_id)
            plan = plan_of(self, hook.client.dialect, self._identity(context))
            company = plan.identity.company
            load = Load(plan, PageSpool(file))
            increment = increment_of(self, context, target=f"{self.conn_id}/{plan.table}")
            since = increment.since(full_refresh=self.full_refresh) if increment else self.changed_since
            with database(target) as session:
                load.prepare(session)
                if increment and since and not load.has_rows(session):
                    self.log.warning("%s has no rows of %s: everything is read", plan.table, company)
                    since = None
            with Reading(hook.client, self, changed_since=since) as reading:
                for page in reading:
                    load.take(page.content)
                    del page  # its memory is free while the next one is fetched
            self._check_complete(reading)
            if needs_list(self, since, complete=reading.pages.complete):
                load.compare(PageSpool(keys), listed_keys(hook.client, self, plan.key))
            with database(target) as session:
                stored = load.store(session)
            report_lineage(hook, self, table_uri(hook.get_connection(self.conn_id), str(plan.table)))
            check = verify(self, hook.client, target, plan)
        if check:
            check.raise_differences()
        receipt = receipt_of(self, plan, reading, stored) | {
            "verified": check.receipt if check else None,
            "seconds": round(monotonic() - started, 3),
        }
        note = increment.move(since, receipt["watermark"]) if increment else None
        announce(context, self.outlets, receipt, note)
        tell(self, receipt)
        return receipt

    def _identity(self, context: Context) -> Identity:
        """Say whose rows these are, and what tells this load from others but not from its own retries."""
        index = getattr(context.get("ti"), "map_index", -1)
        return Identity(
            company=self.company or self.poweroffice_conn_id,
            run_id=str(context["run_id"]),
            task=f"{self.dag_id}.{self.task_id}" + (f"[{index}]" if index >= 0 else ""),
            loaded_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        )

    def _check_complete(self, reading: Reading) -> None:
        """Refuse to replace everything by a part."""
        if self.mode == "replace" and not reading.pages.complete:
            numbers = ", ".join(str(skip["page"]) for skip in reading.pages.skipped)
            raise IncompleteReadError(
                f"{self.endpoint}: pages {numbers} could not be read, and mode='replace' needs all; "
                f"{self.table} is as before"
            )
