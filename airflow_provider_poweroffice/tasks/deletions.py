"""
Which rows are gone: no API reports it, so all keys that there are get listed.

Rule: the list is made after the rows were read, so that a row is never taken for gone that was read; it has
the query's own filters, never one for changes, and counts only when it is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_poweroffice.api.call import encode_query
from airflow_provider_poweroffice.api.change_filter import given
from airflow_provider_poweroffice.api.dialects.base import Paging

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client

MOST = 0.5


def check_deletions(operator: Any) -> None:
    """
    Refuse what contradicts looking for deleted rows.

    :raises ValueError, TypeError: names the argument.
    """
    most = operator.max_deletions
    if not isinstance(operator.detect_deletions, bool):
        raise TypeError(f"detect_deletions must be True or False, not {operator.detect_deletions!r}")
    if isinstance(most, bool) or not isinstance(most, (int, float)) or not 0 <= most <= 1:
        raise ValueError(
            f"max_deletions must be a share of the company's rows, from 0 to 1, not {most!r}; 1 allows all"
        )
    if not operator.detect_deletions:
        if most != MOST:
            raise ValueError(f"max_deletions={most} needs detect_deletions=True")
        return
    for name in ("first_page", "max_pages"):
        if getattr(operator, name) is not None:
            raise ValueError(f"detect_deletions=True compares with the whole list: leave out {name}")
    check_rendered(operator)


def check_rendered(operator: Any) -> None:
    """
    Refuse modes in which no row is marked, and queries whose list is never whole.

    :param operator: rendered, or what templates hold is not looked at.
    :raises ValueError: says what works instead.
    """
    names = operator.query if isinstance(operator.query, Mapping) else ()
    moments = [name for name in names if str(name).lower().endswith("greaterthan")]
    if operator.detect_deletions and moments:
        raise ValueError(
            f"query[{moments[0]!r}] lists new rows only, so detect_deletions=True would mark all others: "
            "use incremental=True or changed_since"
        )
    if operator.detect_deletions and operator.mode == "append":
        raise ValueError("detect_deletions=True marks rows, and mode='append' only adds: use mode='upsert'")
    if operator.detect_deletions and operator.mode == "replace":
        raise ValueError(
            "mode='replace' needs no detect_deletions: rows that are gone are no more in the table"
        )


def needs_list(operator: Any, since: Any, *, complete: bool) -> bool:
    """
    Tell whether the keys must be listed: not where the rows just read are all that there are.

    :param since: the moment that they were read from.
    :param complete: no page of them was left out.
    """
    is_part = given(since) or given(operator.created_since) or not complete
    return bool(operator.detect_deletions and is_part)


def listed_keys(client: Client, operator: Any, key: tuple[str, ...]) -> Iterator[bytes]:
    """
    List the keys of all rows that there are: by pages as large as the API allows, several in flight.

    An API that sends whole rows only (PowerOffice v1, lists without pages) is read whole.

    :param operator: a transfer, rendered.
    :param key: fields of a row.
    :return: JSON arrays of rows with their key and nothing else.
    :raises IncompleteReadError: the list is not whole, or rows moved while it was made.
    """
    dialect, query = client.dialect, encode_query(operator.query)
    options: dict[str, Any] = {"page_size": operator.page_size, "page_bytes": operator.page_bytes}
    resource = dialect.catalogue.find(operator.endpoint)
    if dialect.fields_key and (resource is None or resource.kind != "whole"):
        query = {name: value for name, value in query.items() if name.lower() != dialect.fields_key.lower()}
        query[dialect.fields_key] = ",".join(key)
        largest = None if dialect.paging is Paging.LINKED else dialect.page_limit(operator.endpoint)
        options = {"page_size": largest, "page_bytes": None}
    options |= {
        "query": query,
        "filters": operator.filters,
        "headers": operator.headers,
        "concurrency": operator.concurrency,
    }
    pages = (
        client.pages(operator.endpoint, **options)
        if operator.split_days is None
        else client.periods(operator.endpoint, split_days=operator.split_days, **options)
    )
    fields = [(f"k{number}", msgspec.Raw, msgspec.Raw(b"null")) for number in range(len(key))]
    row = msgspec.defstruct("Key", fields, rename={f"k{number}": name for number, name in enumerate(key)})
    rows = msgspec.json.Decoder(list[row])  # type: ignore[valid-type]
    with pages:
        for page in pages:
            yield msgspec.json.encode(rows.decode(page.content))
