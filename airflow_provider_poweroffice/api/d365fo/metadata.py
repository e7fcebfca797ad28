"""
What the metadata service says of an entity: its key.

Source: the shape of ``/metadata/PublicEntities`` in published samples and public clients. Microsoft's own
page lists ``DataEntities`` and ``Labels`` only, so an environment without it is no error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_poweroffice.api.catalogue import catalogue
from airflow_provider_poweroffice.errors import (
    BadRequestError,
    NotFoundError,
    PermissionDeniedError,
    PowerOfficeError,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.response import Response

_SET = re.compile(r"/?(?:data/)?([A-Za-z_]\w*)/?", re.ASCII)


class Queries(Protocol):
    """Makes one call with a query, as the client does, and remembers what is known of entities."""

    @property
    def entities(self) -> dict[str, tuple[str, ...] | None]:
        """The keys that were asked for, by entity set."""
        ...

    def request(self, method: str, endpoint: str, *, query: Mapping[str, Any] | None = None) -> Response:
        """Make it."""
        ...


def entity_key(client: Queries, endpoint: str) -> tuple[str, ...] | None:
    """
    Give the key fields of an entity: those of the catalogue, else the environment is asked, once a client.

    :param client: of an environment.
    :param endpoint: the entity set, such as ``ExchangeRates``.
    :return: the fields in the order of the key; None where nobody knows them.
    """
    named = _SET.fullmatch(endpoint)
    if named is None:
        return None
    if known := catalogue("d365fo").find(f"data/{named[1]}"):
        return tuple(known.key.split(","))
    if named[1] not in client.entities:
        query = {"$filter": f"EntitySetName eq '{named[1]}'"}
        try:
            found = client.request("GET", "metadata/PublicEntities", query=query).body
        except (NotFoundError, PermissionDeniedError, BadRequestError):
            found = None  # it would say so again
        except PowerOfficeError:
            return None  # the read that follows says more than this one
        client.entities[named[1]] = _key_in(found, named[1])
    return client.entities[named[1]]


def _key_in(found: Any, name: str) -> tuple[str, ...] | None:
    """Find the key of an entity set in an answer."""
    entities = found.get("value") if isinstance(found, dict) else found
    fields = [
        (field.get("Name"), field.get("IsKey"))
        for entity in (entities if isinstance(entities, list) else [])
        if isinstance(entity, dict) and entity.get("EntitySetName") == name
        for field in entity.get("Properties") or ()
        if isinstance(field, dict)
    ]
    return tuple(name for name, is_key in fields if is_key is True and isinstance(name, str)) or None
