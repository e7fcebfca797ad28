"""
A load into a table: its arguments, the plan made from them, and its receipt.

Rule: one function checks the arguments, while the DAG file is read and again when templates are rendered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_poweroffice.api.options import is_given
from airflow_provider_poweroffice.api.read_options import key_fields
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.tasks.base import is_literal

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.dialects.base import Dialect
    from airflow_provider_poweroffice.api.pages.pages import Pages
    from airflow_provider_poweroffice.api.pages.periods import PeriodPages
    from airflow_provider_poweroffice.api.read_options import ReadOptions
    from airflow_provider_poweroffice.hooks.database import Target
    from airflow_provider_poweroffice.storage.sql.load import Load
    from airflow_provider_poweroffice.storage.sql.plan import LoadOwner, LoadPlan, LoadResult
    from airflow_provider_poweroffice.tasks.collection import Log, Reading
    from airflow_provider_poweroffice.tasks.watermark import Increment

MAX_DELETIONS = 0.5
"""Share of a company's rows that may be marked as deleted at once, where nobody says otherwise."""
_selects_fields = re.compile("fields|select").search
_PARTS = ("first_page", "max_pages")


class LoadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """
    The arguments of ``PowerOfficeToSqlOperator`` and its sibling for Dynamics 365; see there.

    :param read: which rows are read.
    :param sql_conn_id: the Airflow connection of the database.
    """

    read: ReadOptions
    sql_conn_id: str
    table: str
    schema: str | None
    mode: str
    layout: str
    key: Any
    column_names: str
    fields: Mapping[str, str]
    allow_new_columns: bool
    on_type_conflict: str
    bulk: bool
    incremental: bool
    detect_deletions: bool
    max_deletions: float
    verify: str | None
    kinds: Mapping[str, str] = {}
    """Of fields, as far as the API itself tells them."""

    def check(self, *, rendered: bool) -> None:
        """
        Refuse arguments that contradict each other, or that no load can have.

        :param rendered: the arguments are rendered; otherwise those that are templates are skipped.
        :raises ValueError, TypeError: names the argument, its value and the way out.
        """
        from airflow_provider_poweroffice.storage.sql import COLUMN_NAMES, LAYOUTS, MODES, ON_TYPE_CONFLICT
        from airflow_provider_poweroffice.storage.sql.identifiers import TableName

        is_known = _always if rendered else is_literal
        known = {"mode": MODES, "layout": LAYOUTS, "column_names": COLUMN_NAMES}
        for name, choices in (known | {"on_type_conflict": ON_TYPE_CONFLICT}).items():
            value = getattr(self, name)
            if is_known(value) and value not in choices:
                raise ValueError(f"unknown {name} {value!r}; use one of: {', '.join(map(repr, choices))}")
        if is_known(self.table) and is_known(self.schema):
            TableName.of(self.table, self.schema)
        if self.fields is not None:
            from airflow_provider_poweroffice.storage.kinds import check_kinds

            check_kinds(self.fields)
        if self.mode == "replace":
            self._check_replace(is_known)
        self._check_deletions()
        if self.verify is not None:
            from airflow_provider_poweroffice.tasks.trial_balance import check_verify

            check_verify(self.verify, self.read, self.mode, is_known=is_known)

    def _check_replace(self, is_known: Callable[[Any], bool]) -> None:
        """Refuse to replace a whole table by part of its rows."""
        for name in ("changed_since", "created_since"):
            value = getattr(self.read, name)
            if is_known(value) and is_given(value):
                raise ValueError(
                    f"mode='replace' with {name} would drop the rows before it; use mode='upsert'"
                )
        if self.incremental:
            raise ValueError(
                "mode='replace' with incremental=True would drop what did not change; use mode='upsert'"
            )
        for name in _PARTS:
            if getattr(self.read, name) is not None:
                raise ValueError(f"mode='replace' reads everything: leave out {name}, or use another mode")

    def _check_deletions(self) -> None:
        """Refuse modes in which rows are never marked, and queries whose list is always partial."""
        most = self.max_deletions
        if isinstance(most, bool) or not isinstance(most, (int, float)) or not 0 <= most <= 1:
            raise ValueError(
                f"max_deletions must be a share of the company's rows, from 0 to 1, not {most!r}; "
                "1 allows all"
            )
        if not self.detect_deletions:
            if most != MAX_DELETIONS and self.mode in {"append", "upsert"}:
                raise ValueError(f"max_deletions={most} needs detect_deletions=True, or mode='replace'")
            return
        self._check_list()

    def _check_list(self) -> None:
        for name in _PARTS:
            if getattr(self.read, name) is not None:
                raise ValueError(f"detect_deletions=True compares with the whole list: leave out {name}")
        query = self.read.query
        names = query if isinstance(query, Mapping) else ()
        if moments := [name for name in names if str(name).lower().endswith("greaterthan")]:
            raise ValueError(
                f"query[{moments[0]!r}] lists new rows only, so detect_deletions=True would mark all others: "
                "use incremental=True or changed_since"
            )
        if self.mode == "append":
            raise ValueError(
                "detect_deletions=True marks rows, and mode='append' only adds: use mode='upsert'"
            )
        if self.mode == "replace":
            raise ValueError("mode='replace' needs no detect_deletions: rows that are gone are not put back")

    def reading_from(self, since: Any) -> LoadSettings:
        """Give the settings of a load that reads what changed since a moment; None reads everything."""
        return msgspec.structs.replace(self, read=replace(self.read, changed_since=since))

    def must_list_keys(self, dialect: Dialect[Any], pages: Pages | PeriodPages) -> bool:
        """
        Tell whether the keys must be listed.

        Rows may move between the pages of a whole read. Where it is not proved that none did, a list of keys
        shows whether all were read. It is not made where the API cannot send keys without their rows:
        everything would be read twice.

        :param pages: that were read.
        """
        from airflow_provider_poweroffice.tasks.deletions import sends_keys_alone

        if not self.detect_deletions:
            return False
        if is_given(self.read.changed_since) or is_given(self.read.created_since) or not pages.complete:
            return True
        return not pages.proved_whole and sends_keys_alone(dialect, self.read.endpoint)

    def plan(self, dialect: Dialect[Any], owner: LoadOwner) -> LoadPlan:
        """
        Make the plan of the load, from rendered arguments.

        :param dialect: of the API: it knows the resource.
        :raises ValueError: names the argument, its value and the way out.
        """
        from airflow_provider_poweroffice.api.catalogue.fields import fields_of
        from airflow_provider_poweroffice.storage.sql.identifiers import TableName
        from airflow_provider_poweroffice.storage.sql.plan import LoadPlan

        self.check(rendered=True)
        if self.verify and dialect.catalogue_name != "poweroffice_v2":
            raise ValueError(
                f"verify={self.verify!r} is for PowerOffice Go v2; this connection's API is {dialect.name}"
            )
        endpoint = self.read.endpoint
        return LoadPlan(
            table=TableName.of(self.table, self.schema),
            mode=self.mode,
            layout=self.layout,
            key=self._key(dialect),
            owner=owner,
            source=endpoint.strip("/"),
            vendor=dialect.vendor,
            changed_field=dialect.changed_field_of(endpoint),
            kinds={**self.kinds, **fields_of(dialect.catalogue_name, endpoint)},
            fields=self.fields,
            column_names=self.column_names,
            allow_new_columns=self.allow_new_columns,
            keep_misfits=self.on_type_conflict == "extra",
            whole_rows=not _selects_fields(f"{endpoint} {self.read.query}".lower()),
            bulk=self.bulk,
            most_deleted=self.max_deletions if self.detect_deletions or self.mode == "replace" else None,
        )

    def _key(self, dialect: Dialect[Any]) -> tuple[str, ...]:
        """Choose the argument, else the resource's own key; unknown resources are taken to have an Id."""
        given_key = dialect.key_field(self.read.endpoint).split(",") if self.key is None else self.key
        key = key_fields(given_key)
        if self.mode == "upsert" and not key:
            raise ValueError(
                f"mode='upsert' needs a key, and {self.read.endpoint} has no known one: "
                "name the fields that identify a row with key=, or use mode='replace'"
            )
        return key


def _always(_value: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunLoad:
    """
    A load that may be carried out.

    :param increment: its watermark, where it keeps one.
    :param since: the moment to read from; None reads everything.
    """

    settings: LoadSettings
    target: Target
    plan: LoadPlan
    increment: Increment | None
    since: Any

    @property
    def place(self) -> dict[str, str]:
        """Name the table."""
        return {"table": str(self.plan.table)}


@dataclass(frozen=True, slots=True)
class DoneLoad:
    """
    A load whose rows are stored.

    :param since: the moment it read from, which may be earlier than was meant.
    """

    receipt: dict[str, Any]
    since: Any


def receipt_of(
    settings: LoadSettings, plan: LoadPlan, load: Load, reading: Reading, stored: LoadResult
) -> dict[str, Any]:
    """Give the receipt as JSON, but for the time it took and what was verified."""
    return {
        "table": str(plan.table),
        "sql_conn_id": settings.sql_conn_id,
        "endpoint": settings.read.endpoint,
        "company": plan.owner.company,
        "mode": plan.mode,
        "layout": plan.layout,
        "rows": load.rows - stored.repeated,
        "inserted": stored.counts.inserted,
        "updated": stored.counts.updated,
        "deleted": stored.counts.deleted,
        "repeated": stored.repeated,
        "pages": reading.pages.pages,
        "bytes": reading.bytes,
        "watermark": reading.watermark(),
        "created": stored.created,
        "columns_added": stored.columns_added,
        "fields_kept": [one_line(name) for name in stored.fields_kept],
        "truncated": reading.pages.truncated,
        "skipped_pages": reading.pages.skipped,
        "marked_deleted": stored.marked_deleted,
        "restored": stored.restored,
    }


def log_receipt(log: Log, label: str, receipt: Mapping[str, Any], *, deletions: bool) -> None:
    """
    Log what was done, and what is to be looked at.

    :param label: company and endpoint.
    :param deletions: whether rows that are gone were looked for.
    """
    gone = ", {marked_deleted} marked as deleted, {restored} unmarked" if deletions else ""
    log.info(
        "%s: %d rows to %s: %d inserted, %d updated, %d deleted%s, in %.1f s",
        label,
        *(receipt[name] for name in ("rows", "table", "inserted", "updated", "deleted")),
        gone.format(**receipt),
        receipt["seconds"],
    )
    if receipt["columns_added"]:
        log.info("%s: new columns: %s", receipt["table"], ", ".join(receipt["columns_added"]))
    if receipt["fields_kept"]:
        log.warning(
            "%s has no column for %s, or for some values: kept in _extra. allow_new_columns=True adds some",
            receipt["table"],
            ", ".join(receipt["fields_kept"]),
        )
