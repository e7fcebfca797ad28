"""
Reports what a transfer read and wrote to the lineage collector, such as the OpenLineage provider's.

Rule: best effort. Without a collector nothing happens; a name that it refuses is logged, not raised.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow_provider_poweroffice._compat import lineage_collector
from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_poweroffice.hooks.base import ClientHook

log = logging.getLogger(__name__)


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


def object_uri(path: str) -> str:
    """Name an object without the connection that its path may hold."""
    parts = urlsplit(path)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def table_uri(connection: Connection, table: str) -> str | None:
    """
    Name a table of PostgreSQL, as its provider does; None for other databases.

    :param table: with or without its schema.
    """
    if connection.conn_type not in {"postgres", "postgresql"} or not connection.host:
        return None
    schema, _, name = table.rpartition(".")
    place = f"{connection.host}:{connection.port or 5432}/{connection.schema}"
    return f"postgres://{place}/{schema or 'public'}/{name}"
