"""
Reports what a transfer read and wrote: to Airflow's lineage collector, and in OpenLineage's terms.

Rule: best effort. Without a collector nothing happens; a name that it refuses is logged, not raised. Field
names and counts are reported, never a value of a row.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from airflow_provider_poweroffice._compat import lineage_collector
from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Connection
    from openlineage.client.event_v2 import InputDataset, OutputDataset

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.hooks.base import ClientHook

log = logging.getLogger(__name__)
_FILES = frozenset({"duckdb", "sqlite"})
"""Types of connections whose host is a file."""


def report_lineage(hook: ClientHook, endpoint: str, target: str | None) -> None:
    """
    Report a collection as read, and an object or a table as written.

    :param target: URI of what was written; None where it has none.
    """
    collector = lineage_collector()
    try:
        source = poweroffice_asset(endpoint, conn_id=hook.conn_id, scheme=hook.client.dialect.asset_scheme)
        collector.add_input_asset(context=hook, uri=source.uri)
        if target:
            collector.add_output_asset(context=hook, uri=target)
    except ValueError as error:
        log.info("no lineage of %s: %s", endpoint, error)


def report_written(hook: ClientHook, endpoint: str, source: str | None) -> None:
    """
    Report an object or a table as read, and a collection as written.

    :param source: URI of what was read; None where it has none.
    """
    collector = lineage_collector()
    try:
        target = poweroffice_asset(endpoint, conn_id=hook.conn_id, scheme=hook.client.dialect.asset_scheme)
        if source:
            collector.add_input_asset(context=hook, uri=source)
        collector.add_output_asset(context=hook, uri=target.uri)
    except ValueError as error:
        log.info("no lineage of %s: %s", endpoint, error)


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one transfer moved, and where to.

    :param source: URI of the collection.
    :param fields: the kinds of its fields, as far as they are described.
    :param target: URI of the object or the table; None where it has none.
    :param columns: the kinds of the columns or fields there.
    :param rows: that were written.
    :param size: bytes of the object; None for a table.
    :param checks: what was checked of the table, and whether it holds.
    """

    source: str
    fields: Mapping[str, str]
    target: str | None
    columns: Mapping[str, str]
    rows: int
    size: int | None = None
    checks: Mapping[str, bool] = {}


def moved(client: Client, conn_id: str, endpoint: str, target: str | None, **facts: Any) -> list[Moved]:
    """
    Note a transfer.

    :param facts: fields of :class:`Moved`; without ``columns`` they are those of the collection.
    :return: nothing where the collection has no URI.
    """
    from airflow_provider_poweroffice.api.catalogue.fields import fields_of

    fields = fields_of(client.dialect.catalogue_name, endpoint)
    try:
        source = poweroffice_asset(endpoint, conn_id=conn_id, scheme=client.dialect.asset_scheme).uri
    except ValueError:
        return []
    return [Moved(source=source, fields=fields, target=target, **{"columns": fields} | facts)]


def openlineage(transfers: Sequence[Moved]) -> OperatorLineage:
    """Say in OpenLineage's terms what was moved: schemas, rows written, and what was checked of a table."""
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset

    fields = {one.source: one.fields for one in transfers}
    inputs = [InputDataset(*_dataset(source), facets=_schema(kinds)) for source, kinds in fields.items()]
    targets: dict[str, list[Moved]] = {}
    for one in transfers:
        if one.target:
            targets.setdefault(one.target, []).append(one)
    # What was checked is told of what a task reads, and to check a table is to read it.
    checked = [
        _checked(target, there) for target, there in targets.items() if any(one.checks for one in there)
    ]
    outputs = [_written(target, there) for target, there in targets.items()]
    return OperatorLineage(inputs=inputs + checked, outputs=outputs)


def _written(target: str, there: Sequence[Moved]) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    last = there[-1]
    written = statistics.OutputStatisticsOutputDatasetFacet(
        rowCount=sum(one.rows for one in there), size=last.size
    )
    facets: dict[str, Any] = {"outputStatistics": written}
    return OutputDataset(*_dataset(target), facets=_schema(last.columns), outputFacets=facets)


def _checked(target: str, there: Sequence[Moved]) -> InputDataset:
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as quality

    checks = [check for one in there for check in one.checks.items()]
    found = quality.DataQualityAssertionsDatasetFacet(
        [quality.Assertion(assertion=name, success=holds) for name, holds in checks]
    )
    facets: dict[str, Any] = {"dataQualityAssertions": found}
    return InputDataset(*_dataset(target), facets=_schema(there[-1].columns), inputFacets=facets)


def _schema(kinds: Mapping[str, str]) -> dict[str, Any]:
    from openlineage.client.facet_v2 import schema_dataset

    fields = [schema_dataset.SchemaDatasetFacetFields(name=name, type=kind) for name, kind in kinds.items()]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)} if fields else {}


def _dataset(uri: str) -> tuple[str, str]:
    """Give namespace and name, by the provider that the URI belongs to; Azure's has no such names."""
    if uri.partition(":")[0] in _FILES:
        place, _, name = uri.rpartition("/")
        return place, name
    from airflow.providers.common.compat.openlineage.utils.utils import translate_airflow_asset
    from airflow.sdk import Asset

    if found := translate_airflow_asset(Asset(uri=uri), None):
        return found.namespace, found.name
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")


def object_uri(path: str) -> str:
    """Name an object without the connection that its path may hold."""
    parts = urlsplit(path)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _in_a_file(kind: str, path: str, table: str) -> str | None:
    """Name a table as dbt does, whose database of DuckDB is called like its file."""
    if not path.startswith("/"):
        return None  # in memory, or in whatever directory a process is
    database = f"{PurePosixPath(path).stem}." if kind == "duckdb" else ""
    return f"{kind}://{path}/{database}{table}"


def table_uri(connection: Connection, table: str) -> str | None:
    """
    Name a table of PostgreSQL or MySQL as their providers do, of DuckDB or SQLite as dbt does, or none.

    None is what others are given, and a database that is not named.

    :param table: with or without its schema.
    """
    kind, host, database = connection.conn_type, connection.host or "", connection.schema
    schema, _, name = table.rpartition(".")
    if kind in _FILES:
        return _in_a_file(kind, host, f"{schema or 'main'}.{name}")
    if kind == "mysql":  # whose schemas are its databases
        database = schema or database
        uri = f"mysql://{host}:{connection.port or 3306}/{database}/{name}"
    elif kind in {"postgres", "postgresql"}:
        uri = f"postgres://{host}:{connection.port or 5432}/{database}/{schema or 'public'}/{name}"
    else:
        return None
    return uri if host and database else None
