"""
What a transfer read and wrote, for whoever collects lineage, such as the OpenLineage provider.

Rule: a courtesy. Without a collector nothing happens, and no load fails for what one thinks of a name.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_poweroffice._compat import lineage_collector
from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset

log = logging.getLogger(__name__)


def report_lineage(hook: Any, operator: Any, target: str | None) -> None:
    """
    Report a transfer's collection as read, and an object or a table as written.

    :param hook: of the collection, with its client.
    :param target: URI of what was written; None where it has none.
    """
    collector = lineage_collector()
    try:
        scheme = hook.client.dialect.asset_scheme
        source = poweroffice_asset(operator.endpoint, conn_id=operator.poweroffice_conn_id, scheme=scheme)
        collector.add_input_asset(context=hook, uri=source.uri)
        if target:
            collector.add_output_asset(context=hook, uri=target)
    except ValueError as error:
        log.info("no lineage of %s: %s", operator.endpoint, error)


def object_uri(path: str) -> str:
    """Name an object without the connection that its path may hold."""
    parts = urlsplit(path)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def table_uri(connection: Any, table: str) -> str | None:
    """
    Name a table of PostgreSQL, as its provider does; None for other databases.

    :param connection: of Airflow.
    :param table: with or without its schema.
    """
    if connection.conn_type not in {"postgres", "postgresql"} or not connection.host:
        return None
    schema, _, name = table.rpartition(".")
    place = f"{connection.host}:{connection.port or 5432}/{connection.schema}"
    return f"postgres://{place}/{schema or 'public'}/{name}"
