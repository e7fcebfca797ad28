"""What a load is to do, for whom, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_provider_poweroffice.storage.sql.identifiers import TableName


@dataclass(frozen=True, slots=True)
class LoadOwner:
    """
    Whose rows a load writes, and who writes them.

    :param company: the rows of other companies are not touched.
    :param run_id: of the Airflow run.
    :param task: of that run; with ``run_id`` it tells a load from all others but its own retries.
    :param loaded_at: when the load began, as text with its zone.
    """

    company: str
    run_id: str
    task: str
    loaded_at: str


@dataclass(frozen=True, slots=True)
class Counts:
    """
    What became of the rows.

    :param inserted: rows that were not there.
    :param updated: rows that were there, and were replaced by what was read.
    :param deleted: rows deleted first: all of the company's (``replace``), or those of an earlier attempt
        (``append``).
    """

    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """
    What is to be loaded, and how.

    :param table: where to.
    :param mode: one of ``MODES``.
    :param layout: one of ``LAYOUTS``.
    :param key: fields that no two rows of a company share; none for rows without a key.
    :param owner: whose rows, and who loads them.
    :param source: the endpoint, for the table's comment.
    :param vendor: whose API it is of, for the comment too.
    :param changed_field: the field of a row with its change time.
    :param kinds: the kinds of fields by the official description.
    :param fields: the kinds of fields that the user gives, which go before it; columns layout.
    :param column_names: ``"snake_case"`` or ``"as sent"``; columns layout.
    :param allow_new_columns: a field without a column gets one; columns layout.
    :param keep_misfits: a value that does not fit its column is kept in ``_extra``; columns layout.
    :param whole_rows: rows are read with all their fields; columns layout.
    :param bulk: use the database's way to take many rows at once, where it has one.
    :param most_deleted: the share of the company's rows, 0 to 1, that may be marked as gone, or with
        ``replace`` be fewer than before; None: rows that are gone are not looked for.
    """

    table: TableName
    mode: str
    layout: str
    key: tuple[str, ...]
    owner: LoadOwner
    source: str
    changed_field: str
    kinds: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)
    column_names: str = "snake_case"
    allow_new_columns: bool = False
    keep_misfits: bool = False
    whole_rows: bool = False
    bulk: bool = True
    vendor: str = "PowerOffice Go"
    most_deleted: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """
    What a load did.

    :param counts: of the rows.
    :param repeated: rows that came twice in the read, the last of which counts.
    :param created: the table was made.
    :param columns_added: to a table that was there.
    :param fields_kept: fields with values but without a column of their own.
    :param marked_deleted: rows that were found to be gone.
    :param restored: rows that were gone and are there again.
    """

    counts: Counts
    repeated: int
    created: bool
    columns_added: list[str]
    fields_kept: list[str]
    marked_deleted: int = 0
    restored: int = 0
