"""
What the metadata service says of an entity: its key, and the kinds of its fields.

Source: the shape of ``/metadata/PublicEntities`` in published samples and public clients. Microsoft's own
page lists ``DataEntities`` and ``Labels`` only, so an environment without it is no error.

Rule: whatever the service answers, or does not, a read goes on with what is known.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_poweroffice.api.catalogue import catalogue
from airflow_provider_poweroffice.errors import (
    BadRequestError,
    NotFoundError,
    PermissionDeniedError,
    PowerOfficeError,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.options import RetryOptions
    from airflow_provider_poweroffice.api.response import Response

log = logging.getLogger(__name__)

ENTITY_BYTES = 8 * 1024 * 1024
"""Largest answer about an entity; one of several hundred fields has some hundred KB."""
_ATTEMPTS, _SECONDS = 3, 30.0
_SET = re.compile(r"/?(?:data/)?([A-Za-z_]\w*)/?", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_EDM = {
    "string": "text",
    "guid": "text",
    "boolean": "boolean",
    "byte": "integer",
    "sbyte": "integer",
    "int16": "integer",
    "int32": "integer",
    "int64": "integer",
    "decimal": "decimal",
    "double": "decimal",
    "single": "decimal",
    "date": "date",
    "datetimeoffset": "timestamp",
}
"""Kinds by the type of OData, which is how a value is sent."""
_XPP = {
    "string": "text",
    "guid": "text",
    "enum": "text",
    "int32": "integer",
    "int64": "integer",
    "real": "decimal",
    "date": "timestamp",  # sent with a time: noon, or midnight
    "utcdatetime": "timestamp",
}
"""Kinds by the type of X++, where that of OData is none of these: of enumerations the name is sent."""


@dataclass(frozen=True, slots=True)
class Entity:
    """
    What is known of an entity set; nothing, where nobody knows it.

    :param key: its key fields, in their order.
    :param kinds: field to kind, of the fields whose type is known.
    """

    key: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)


class Tried(Protocol):
    """Says how often a call is tried."""

    @property
    def retry(self) -> RetryOptions:
        """The options of each call."""
        ...


class Asks(Protocol):
    """Makes calls, as the client does, and remembers what is known of entities."""

    @property
    def connection(self) -> Tried:
        """How an environment is called."""
        ...

    @property
    def entities(self) -> dict[str, Entity | None]:
        """What was answered, by entity set; None: the environment was asked, and did not answer."""
        ...

    def request(
        self,
        method: str,
        endpoint: str,
        *,
        query: Mapping[str, Any] | None = None,
        max_bytes: int,
        retry: RetryOptions | None = None,
    ) -> Response:
        """Make one."""
        ...


def entity_key(client: Asks, endpoint: str, *, needed: bool = False) -> tuple[str, ...]:
    """
    Give the key fields of an entity: those of the catalogue, else the environment is asked, once a client.

    :param client: of an environment.
    :param endpoint: the entity set, such as ``ExchangeRates``.
    :param needed: nothing goes on without: the environment is asked as often as for any call.
    :return: the fields in the order of the key; none where nobody knows them.
    :raises PowerOfficeError: with ``needed``, the environment does not answer.
    """
    named = _SET.fullmatch(endpoint)
    if named and (known := catalogue("d365fo").find(f"data/{named[1]}")):
        return tuple(known.key.split(","))
    return _entity(client, named[1], needed=needed).key if named else ()


def entity_kinds(client: Asks, endpoint: str, query: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """
    Give the kinds of an entity's fields; asked for with its key, once a client.

    :param query: of the read, as it is sent: fields that its ``$select`` leaves out have none.
    :return: field to kind; none where nobody knows them.
    """
    named = _SET.fullmatch(endpoint)
    kinds = _entity(client, named[1]).kinds if named else {}
    chosen = [text for name, text in (query or {}).items() if name.lower() == "$select"]
    names = {name.strip().lower() for name in ",".join(chosen).split(",")}
    if not chosen or "*" in names:
        return kinds
    return {name: kind for name, kind in kinds.items() if name.lower() in names}


def _entity(client: Asks, name: str, *, needed: bool = False) -> Entity:
    found = client.entities.get(name)
    if found is None and (needed or name not in client.entities):
        found = client.entities[name] = _asked(client, name, needed=needed)
    return found or Entity()


def _asked(client: Asks, name: str, *, needed: bool) -> Entity | None:
    """Ask the environment; None where it does not answer."""
    usual = client.connection.retry
    few = replace(
        usual,
        attempts=min(_ATTEMPTS, usual.attempts),
        deadline=min(_SECONDS, usual.deadline),
        rate_limit_deadline=usual.deadline
        if usual.rate_limit_deadline is None
        else usual.rate_limit_deadline,
    )
    try:
        answer = client.request(
            "GET",
            "metadata/PublicEntities",
            query={"$filter": f"EntitySetName eq '{name}'"},
            max_bytes=ENTITY_BYTES,
            retry=None if needed else few,
        )
        found = _read(answer.body, name)
    except PowerOfficeError as error:
        is_final = isinstance(error, (NotFoundError, PermissionDeniedError, BadRequestError))
        if needed and not is_final:
            error.add_note(f"This asked for the key of {name}; key= names it where the environment does not.")
            raise
        log.warning("%s: neither its key nor the kinds of its fields are told: %s", name, error)
        return Entity() if is_final else None
    if not found.key:
        log.warning("%s: the metadata of the environment does not tell its key", name)
    return found


def _read(answer: Any, name: str) -> Entity:
    """Read what is said of an entity set; a key of which a field cannot be named is none."""
    entities = answer.get("value") if isinstance(answer, dict) else answer
    found = next((one for one in _objects(entities) if one.get("EntitySetName") == name), {})
    fields = [one for one in _objects(found.get("Properties")) if isinstance(one.get("Name"), str)]
    key = tuple(dict.fromkeys(one["Name"] for one in fields if one.get("IsKey") is True))
    kinds = {one["Name"]: kind for one in fields if (kind := _kind(one))}
    return Entity(key if all(map(_FIELD.fullmatch, key)) else (), kinds)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    return (one for one in (value if isinstance(value, list) else ()) if isinstance(one, dict))


def _kind(described: Mapping[str, Any]) -> str | None:
    """Choose the kind of a field; None where the rows are to tell it."""
    sent, typed = (str(described.get(name)).lower() for name in ("TypeName", "DataType"))
    if sent.startswith("edm."):
        return _EDM.get(sent.removeprefix("edm."))
    return None if sent.startswith("collection(") else _XPP.get(typed)
