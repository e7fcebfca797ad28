"""
Which rows were deleted: no API reports it, so all existing keys are listed.

Rule: the list is made after the rows were read, so that a row just read is never reported as deleted. It uses
the query's own filters without the filter for changes, and counts only when it is complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.call import encode_query
from airflow_provider_poweroffice.api.dialects.base import Paging
from airflow_provider_poweroffice.api.read_options import DEFAULT_ORDER
from airflow_provider_poweroffice.errors import IncompleteReadError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.dialects.base import Dialect
    from airflow_provider_poweroffice.api.pages.page import Page
    from airflow_provider_poweroffice.api.read_options import ReadOptions


def listed_keys(client: Client, read: ReadOptions, key: tuple[str, ...]) -> Iterator[Page]:
    """
    List the keys of all existing rows, in the largest pages the API allows, several in flight.

    An API that sends whole rows only (PowerOffice v1, lists without pages) is read whole.

    :param read: which rows were read; the same ones are listed, whenever they changed.
    :param key: fields of a row.
    :return: pages of rows with their key.
    :raises IncompleteReadError: the list is incomplete, or rows moved while it was read.
    """
    dialect, given = client.dialect, encode_query(read.query)
    query = {name: text for name, text in given.items() if name.lower() != dialect.order_key.lower()}
    size, most = read.page_size, read.page_bytes
    if sends_keys_alone(dialect, read.endpoint):
        query = {name: value for name, value in query.items() if name.lower() != dialect.fields_key.lower()}
        query[dialect.fields_key] = ",".join(key)
        size, most = (None if dialect.paging is Paging.LINKED else dialect.page_limit(read.endpoint)), None
    listing = replace(
        read,
        query=query,
        page_size=size,
        page_bytes=most,
        order_by=DEFAULT_ORDER,
        first_page=None,
        max_pages=None,
        changed_since=None,
        created_since=None,
        on_page_error="stop",
    )
    with client.read(listing) as pages:
        yield from pages
        if not pages.complete and read.order_by is not None:
            raise IncompleteReadError(
                f"{read.endpoint}: rows may have moved while their keys were listed, and nothing is marked"
                f"{': ' if (doubt := pages.doubt) else ''}{doubt}"
            )


def sends_keys_alone(dialect: Dialect[Any], endpoint: str) -> bool:
    """Tell whether an API sends the keys of a list without their rows."""
    resource = dialect.catalogue.find(endpoint)
    return bool(dialect.fields_key) and (resource is None or resource.kind != "whole")
