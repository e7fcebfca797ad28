"""
A collection into a table of any database Airflow knows.

Rule: pages wait on the local disk until the read is complete; then one transaction brings them into the
table. A killed task leaves the table as it was, and a retry gives exactly the new state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.options import is_given
from airflow_provider_poweroffice.tasks.base import check_flags
from airflow_provider_poweroffice.tasks.table_load import MAX_DELETIONS, BegunLoad, LoadSettings
from airflow_provider_poweroffice.tasks.transfer import TransferTask, now

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.hooks.base import ClientHook
    from airflow_provider_poweroffice.hooks.database import Target
    from airflow_provider_poweroffice.storage.sql.load import Load
    from airflow_provider_poweroffice.storage.sql.plan import LoadResult
    from airflow_provider_poweroffice.tasks.collection import Reading
    from airflow_provider_poweroffice.tasks.table_load import DoneLoad


class ToSql(TransferTask):
    """
    Load a collection into a table.

    Returns a receipt: ``{"table", "sql_conn_id", "endpoint", "company", "mode", "layout", "rows",
    "inserted", "updated", "deleted", "repeated", "pages", "bytes", "seconds", "watermark", "created",
    "columns_added", "fields_kept", "truncated", "skipped_pages", "marked_deleted", "restored",
    "verified", "began", "since"}``; ``bytes`` counts the JSON that was read, ``watermark`` is what the next
    ``changed_since`` goes on from, as in the receipt of the transfer to object storage; ``began`` is a moment
    in UTC, ``since`` what was read from, None for everything.

    :param sql_conn_id: the Airflow connection of the database (templated).
    :param table: the table, ``name`` or ``schema.name``; made where it is missing (templated).
    :param schema: the schema of the table (templated).
    :param mode: ``"append"`` adds the rows, once for each run; ``"replace"`` puts them in the place of all
        of the company's; ``"upsert"`` in the place of those with the same key (templated).
    :param layout: ``"raw"``: the row as sent, with its key and change time; ``"columns"``: a typed column
        for each field, nested ones as JSON (templated).
    :param key: a field that no two rows share, or several; default the resource's own. ``""``: rows have no
        key (templated).
    :param column_names: ``"snake_case"``: ``VatCode`` is in ``vat_code``; or ``"as sent"``; columns layout.
    :param fields: kinds of new columns, over those of the official description: field to ``"integer"``,
        ``"decimal"``, ``"boolean"``, ``"date"``, ``"timestamp"``, ``"text"`` or ``"json"``; columns layout.
    :param allow_new_columns: a field that the table has no column for gets one; else it is kept in
        ``_extra``, logged and in the receipt; columns layout.
    :param on_type_conflict: ``"fail"`` (default): a value that does not fit its column ends the task, and the
        table is as before; ``"extra"``: it is kept in ``_extra`` as it was sent, the column is null, and log
        and receipt say so; columns layout.
    :param bulk: take the database's way for many rows, such as ``COPY`` of PostgreSQL; False: plain inserts.
    :param detect_deletions: afterwards, list all keys that there are, by the same query, and mark the rows of
        the company that are not among them in ``_deleted_at`` (``deleted_at`` in the raw layout); those that
        come back are unmarked. Only with ``upsert``.
    :param max_deletions: the share of the company's rows, 0 to 1, that may be marked at once, or go with
        ``replace``, where it has more than 100; above it the task fails, and the table is as before. A
        ``replace`` by nothing counts however few rows there are; 1 allows all.
    :param verify: ``"trial-balance"``: afterwards, each voucher of the company in the table must sum to zero,
        and each account to what TrialBalance says; for ``AccountTransactions`` of PowerOffice Go v2.
    """

    template_fields = (
        *TransferTask.template_fields,
        "sql_conn_id",
        "table",
        "schema",
        "mode",
        "layout",
        "key",
    )
    ui_color = "#d9e8f5"

    def __init__(
        self,
        *,
        sql_conn_id: str,
        table: str,
        schema: str | None = None,
        mode: str = "upsert",
        layout: str = "columns",
        key: str | Sequence[str] | None = None,
        column_names: str = "snake_case",
        fields: Mapping[str, str] | None = None,
        allow_new_columns: bool = False,
        on_type_conflict: str = "fail",
        bulk: bool = True,
        detect_deletions: bool = False,
        max_deletions: float = MAX_DELETIONS,
        verify: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql_conn_id = sql_conn_id
        self.table = table
        self.schema = schema
        self.mode = mode
        self.layout = layout
        self.key = key
        self.column_names = column_names
        self.fields = fields
        self.allow_new_columns = allow_new_columns
        self.on_type_conflict = on_type_conflict
        self.bulk = bulk
        self.detect_deletions = detect_deletions
        self.max_deletions = max_deletions
        self.verify = verify
        check_flags(self, "allow_new_columns", "bulk", "detect_deletions")
        self.settings().check(rendered=False)

    def settings(self) -> LoadSettings:
        """Gather the arguments of the load."""
        return LoadSettings(
            read=self.read(),
            sql_conn_id=self.sql_conn_id,
            table=self.table,
            schema=self.schema,
            mode=self.mode,
            layout=self.layout,
            key=self.key,
            column_names=self.column_names,
            fields=self.fields or {},
            allow_new_columns=self.allow_new_columns,
            on_type_conflict=self.on_type_conflict,
            bulk=self.bulk,
            incremental=self.incremental,
            detect_deletions=self.detect_deletions,
            max_deletions=self.max_deletions,
            verify=self.verify,
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Load the collection and give the receipt."""
        from airflow_provider_poweroffice.hooks.database import Target

        index = getattr(context.get("ti"), "map_index", -1)
        name = f"{self.dag_id}.{self.task_id}" + (f"[{index}]" if index >= 0 else "")
        with self.running(context) as hook:
            begun = self.begin(context, hook, Target(self.sql_conn_id), name)
            return self.end(context, hook, begun, self.carry_out(hook.client, begun))

    def completed(self, settings: LoadSettings, client: Client) -> LoadSettings:  # noqa: ARG002 - an API may ask
        """Give the settings with what the API itself knows of the collection."""
        return settings

    def begin(self, context: Context, hook: ClientHook, target: Target, name: str) -> BegunLoad:
        """
        Begin a load: ask Airflow where it goes on from.

        :param name: of the load in its run; with the run it tells it from all others but its own retries.
        """
        from airflow_provider_poweroffice.storage.sql.plan import LoadOwner

        owner = LoadOwner(
            company=self.company or self.api_conn_id,
            run_id=str(context["run_id"]),
            task=name,
            loaded_at=now(),
        )
        settings = self.completed(self.settings(), hook.client)
        plan = settings.plan(hook.client.dialect, owner)
        increment = self.increment(context, target=f"{self.sql_conn_id}/{plan.table}")
        since = increment.since(full_refresh=self.full_refresh) if increment else self.changed_since
        return BegunLoad(settings=settings, target=target, plan=plan, increment=increment, since=since)

    def carry_out(self, client: Client, begun: BegunLoad) -> DoneLoad:
        """Load the rows; on any thread, as Airflow is not asked."""
        import tempfile

        from airflow_provider_poweroffice.storage.page_spool import PageSpool
        from airflow_provider_poweroffice.storage.sql.load import Load
        from airflow_provider_poweroffice.tasks.deletions import listed_keys
        from airflow_provider_poweroffice.tasks.lineage import moved, table_uri
        from airflow_provider_poweroffice.tasks.table_load import DoneLoad, receipt_of
        from airflow_provider_poweroffice.tasks.trial_balance import verify_ledger

        began, started = now(), monotonic()
        plan, target, since = begun.plan, begun.target, begun.since
        with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as keys:
            load = Load(plan, PageSpool(file))
            with target.session() as session:
                load.prepare(session)
                if begun.increment and since and not load.has_rows(session):
                    self.log.warning(
                        "%s has no rows of %s: everything is read", plan.table, plan.owner.company
                    )
                    since = None
            settings = begun.settings.reading_from(since)
            with self.reading(client, settings.read) as reading:
                for page in reading:
                    load.take(page)
                    del page  # its memory is free while the next one is fetched
            self._check_complete(reading)
            if settings.must_list_keys(client.dialect, reading.pages):
                listed = listed_keys(client, settings.read, plan.key)
                load.compare(PageSpool(keys), listed, whole=not is_given(self.created_since))
            stored = self._store(load, target, client, settings)
        check = verify_ledger(settings.read, client, target, plan) if self.verify else None
        self.moved += moved(
            client,
            self.api_conn_id,
            self.endpoint,
            table_uri(target.connection, str(plan.table)),
            columns=load.columns,
            rows=stored.counts.inserted + stored.counts.updated,
            checks=check.checks if check else {},
        )
        if check:
            check.raise_differences()
        receipt = receipt_of(settings, plan, load, reading, stored) | {
            "verified": check.receipt if check else None,
            "began": began,
            "since": str(since) if is_given(since) else None,
            "seconds": round(monotonic() - started, 3),
        }
        return DoneLoad(receipt, since)

    def end(self, context: Context, hook: ClientHook, begun: BegunLoad, done: DoneLoad) -> dict[str, Any]:
        """End a load: tell Airflow how far it came, and give the receipt."""
        from airflow_provider_poweroffice.tasks.lineage import report_lineage, table_uri
        from airflow_provider_poweroffice.tasks.table_load import log_receipt
        from airflow_provider_poweroffice.tasks.watermark import emit_asset_event

        report_lineage(hook, self.endpoint, table_uri(begun.target.connection, str(begun.plan.table)))
        receipt = done.receipt
        note = begun.increment.move(done.since, receipt["watermark"]) if begun.increment else None
        emit_asset_event(context, self.outlets, receipt, note)
        log_receipt(self.log, self.label, receipt, deletions=self.detect_deletions)
        return receipt

    def _store(self, load: Load, target: Target, client: Client, settings: LoadSettings) -> LoadResult:
        """
        Store the rows; where some are listed that neither were read nor are in the table, read again.

        Pages move while rows are deleted, and no filter for changes ever finds a row that was missed so.
        First the same rows are read again, as a row made since is among them, then all that there are.
        """
        from airflow_provider_poweroffice.errors import IncompleteReadError

        for since in dict.fromkeys((settings.read.changed_since, None)):
            try:
                with target.session() as session:
                    return load.store(session)
            except IncompleteReadError as error:
                self.log.warning("%s; rows are read again", error)
            with self.reading(client, settings.reading_from(since).read) as reading:
                for page in reading:
                    load.take(page)
                    del page
            self._check_complete(reading)
        with target.session() as session:
            return load.store(session)

    def _check_complete(self, reading: Reading) -> None:
        """Refuse to replace everything by a part."""
        from airflow_provider_poweroffice.errors import IncompleteReadError

        if self.mode == "replace" and not reading.pages.complete:
            numbers = ", ".join(str(skip["page"]) for skip in reading.pages.skipped)
            why = f"pages {numbers} could not be read" if numbers else "rows may have moved between pages"
            doubt = f": {reading.pages.doubt}" if reading.pages.doubt else ". The log says more"
            raise IncompleteReadError(
                f"{self.endpoint}: {why}, and mode='replace' needs all; {self.table} is as before{doubt}"
            )
