"""
The statements that bring Parquet objects of a list into a table of a cloud warehouse, for its own operators.

Rule: pure; the columns are those that ``format="parquet"`` writes for a described list, in their order.
docs/cloud_warehouses.md says what was run, and what was only read in the vendors' documentation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_poweroffice.storage.sql.identifiers import check_name, snake_case

_REST = "_rest"  # of storage.parquet, which would import more than a DAG file needs
_TYPES: Mapping[str, tuple[str, ...]] = {
    # integer, decimal, boolean, date, timestamp, text
    "snowflake": ("NUMBER(19, 0)", "NUMBER(38, 10)", "BOOLEAN", "DATE", "TIMESTAMP_LTZ", "VARCHAR"),
    "bigquery": ("INT64", "BIGNUMERIC", "BOOL", "DATE", "TIMESTAMP", "STRING"),
    "redshift": ("BIGINT", "DECIMAL(38, 10)", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR(65535)"),
    "databricks": ("BIGINT", "DECIMAL(38, 10)", "BOOLEAN", "DATE", "TIMESTAMP", "STRING"),
}
_KINDS = ("integer", "decimal", "boolean", "date", "timestamp", "text")
_is_company = re.compile(r"[\w .&-]+").fullmatch


@dataclass(frozen=True)
class WarehouseTable:
    """
    A table of a list's rows in a cloud warehouse, and the table beside it that objects are copied into.

    Columns are named as those of ``PowerOfficeToSqlOperator``: ``AccountNo`` is ``account_no``; fields that
    are not described are in ``_extra``. Nested values are JSON as text.

    :param warehouse: ``"snowflake"``, ``"bigquery"``, ``"redshift"`` or ``"databricks"``.
    :param endpoint: path of a described list with a key, such as ``Customers``.
    :param table: ``table``, ``schema.table`` or ``database.schema.table``; letters, digits and underscores.
    :param company: whose rows the objects hold; letters, digits, spaces, ``_ . & -``.
    :param api_version: ``"v2"`` or ``"v1"``.
    :raises ValueError: another argument; a list that is not described, or has no key of one field.
    """

    warehouse: str
    endpoint: str
    table: str
    company: str = "poweroffice_default"
    api_version: str = "v2"

    def __post_init__(self) -> None:
        if self.warehouse not in _TYPES:
            raise ValueError(f"unknown warehouse {self.warehouse!r}; use one of: {', '.join(_TYPES)}")
        for part in self.table.split("."):
            check_name("table", part)
        if not _is_company(self.company):
            raise ValueError(f"company={self.company!r} must be a name of letters, digits, spaces and _.&-")
        if self._key not in self._fields:
            raise ValueError(f"the rows of {self.endpoint!r} are not described, or have no key of one field")

    @property
    def staging(self) -> str:
        """Name the table that objects are copied into."""
        return f"{self.table}_staging"

    @property
    def create(self) -> str:
        """Make the table where there is none."""
        audit = (
            ("_extra", "text"),
            ("_company", "text"),
            ("_run_id", "text"),
            ("_loaded_at", "timestamp"),
            ("_deleted_at", "timestamp"),
        )
        named = ((snake_case(name), kind) for name, kind in self._fields.items())
        return f"CREATE TABLE IF NOT EXISTS {self.table} ({self._columns((*named, *audit))})"

    @property
    def create_staging(self) -> str:
        """Make the table that one object is copied into, empty; in Redshift after :attr:`drop_staging`."""
        verb = "CREATE TABLE" if self.warehouse == "redshift" else "CREATE OR REPLACE TABLE"
        return f"{verb} {self.staging} ({self._columns((*self._fields.items(), (_REST, 'text')))})"

    @property
    def drop_staging(self) -> str:
        """Remove that table."""
        return f"DROP TABLE IF EXISTS {self.staging}"

    @property
    def upsert(self) -> list[str]:
        """Have the copied rows take the place of those with their key; in one transaction."""
        target, source = (name.rpartition(".")[2] for name in (self.table, self.staging))
        values = {snake_case(name): f"{source}.{self._name(name)}" for name in self._fields}
        values |= {
            "_extra": f"{source}.{self._name(_REST)}",
            "_company": f"'{self.company}'",
            "_run_id": "'{{ run_id }}'",
            "_loaded_at": self._now,
            "_deleted_at": "NULL",
        }
        same = (
            f"{target}.{self._name('_company')} = '{self.company}' "
            f"AND {target}.{self._name(snake_case(self._key))} = {source}.{self._name(self._key)}"
        )
        columns, sources = ", ".join(map(self._name, values)), ", ".join(values.values())
        if self.warehouse == "redshift":  # its MERGE compares columns with columns only
            return [
                f"DELETE FROM {self.table} USING {self.staging} WHERE {same}",  # noqa: S608 - names are checked
                f"INSERT INTO {self.table} ({columns}) SELECT {sources} FROM {self.staging}",  # noqa: S608
            ]
        changes = ", ".join(
            f"{self._name(column)} = {value}"
            for column, value in values.items()
            if column not in {"_company", snake_case(self._key)}
        )
        merge = (
            f"MERGE INTO {self.table} USING {self.staging} ON {same} "  # noqa: S608 - names are checked
            f"WHEN MATCHED THEN UPDATE SET {changes} "
            f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({sources})"
        )
        return [merge]

    @property
    def mark_deleted(self) -> list[str]:
        """
        Mark the company's rows whose keys are not among the copied ones, and unmark those that came back.

        The copied object holds the keys of all rows. Nothing is marked if they are fewer than half of the
        company's rows, which is more often a lost privilege or a cut list than the truth.
        """
        deleted, key = self._name("_deleted_at"), self._name(snake_case(self._key))
        rows = f"{self._name('_company')} = '{self.company}' AND {deleted} IS"
        listed = f"(SELECT {self._name(self._key)} FROM {self.staging})"  # noqa: S608 - names are checked
        mark = (
            f"UPDATE {self.table} SET {deleted} = {self._now} WHERE {rows} NULL AND {key} NOT IN {listed} "  # noqa: S608
            f"AND (SELECT COUNT(*) FROM {self.staging}) * 2 >= "
            f"(SELECT COUNT(*) FROM {self.table} WHERE {rows} NULL)"
        )
        unmark = f"UPDATE {self.table} SET {deleted} = NULL WHERE {rows} NOT NULL AND {key} IN {listed}"  # noqa: S608
        return [mark, unmark]

    @property
    def _fields(self) -> Mapping[str, str]:
        from airflow_provider_poweroffice.api.catalogue.fields import fields_of

        return fields_of(f"poweroffice_{self.api_version}", self.endpoint)

    @property
    def _key(self) -> str:
        from airflow_provider_poweroffice.api.catalogue import catalogue

        found = catalogue(f"poweroffice_{self.api_version}").find(self.endpoint)
        return found.key if found else ""

    @property
    def _now(self) -> str:
        return "GETDATE()" if self.warehouse == "redshift" else "CURRENT_TIMESTAMP()"

    def _name(self, name: str) -> str:
        """Quote a name so that a query finds it without quotes, in any case."""
        if self.warehouse in {"bigquery", "databricks"}:
            return f"`{name}`"
        return f'"{name.upper() if self.warehouse == "snowflake" else name.lower()}"'

    def _columns(self, columns: tuple[tuple[str, str], ...]) -> str:
        types = dict(zip(_KINDS, _TYPES[self.warehouse], strict=True))
        return ", ".join(f"{self._name(name)} {types.get(kind, types['text'])}" for name, kind in columns)
