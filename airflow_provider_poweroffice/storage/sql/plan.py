"""What a load is to do, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.merge import Counts, Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What is to be loaded, and how.

    :param table: where to.
    :param mode: one of ``MODES``.
    :param layout: one of ``LAYOUTS``.
    :param key: fields that no two rows of a company share; none for rows without a key.
    :param identity: whose rows, and who loads them.
    :param source: the endpoint, for the table's comment.
    :param changed_field: the field of a row with its change time.
    :param kinds: the kinds of fields by the official description.
    :param fields: the kinds of fields that the user gives, which go before it; columns layout.
    :param column_names: ``"snake_case"`` or ``"as sent"``; columns layout.
    :param allow_new_columns: a field without a column gets one; columns layout.
    :param bulk: use the database's way to take many rows at once, where it has one.
    :param most_deleted: the share of the company's rows, 0 to 1, that may be marked as gone, or with
        ``replace`` be fewer than before; None: rows that are gone are not looked for.
    """

    table: TableName
    mode: str
    layout: str
    key: tuple[str, ...]
    identity: Identity
    source: str
    changed_field: str
    kinds: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)
    column_names: str = "snake_case"
    allow_new_columns: bool = False
    bulk: bool = True
    most_deleted: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
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
