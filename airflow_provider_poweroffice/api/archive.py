"""Deleting a record, or archiving it where it is in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.retry import retry_reason
from airflow_provider_poweroffice.errors import APIStatusError, DeleteRefusedError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client


def delete_or_archive(
    client: Client,
    endpoint: str,
    *,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """
    Delete a record; if that is refused, read it and send it back archived.

    Both may be repeated: a second DELETE finds nothing or is refused again, and the archived record is the
    same record.

    :param endpoint: path of the record, such as ``Customer/42``.
    :return: the answer to the DELETE, or the archived record.
    :raises ValueError: the API has no archive.
    :raises DeleteRefusedError: the record is neither deleted nor archived; a note says why not.
    :raises PowerOfficeError: it could not be archived for now; the whole may be repeated.
    """
    if not client.dialect.archives:
        raise ValueError(
            f"on_refused_delete='archive' is not for {client.dialect.name}, which has no archive"
        )
    try:
        return client.request("DELETE", endpoint, query=query, headers=headers)
    except DeleteRefusedError as refusal:
        try:
            return _archive(client, endpoint)
        except (APIStatusError, ValueError) as error:
            if retry_reason(error, "GET"):
                raise  # a disturbance: the whole may be tried again
            refusal.add_note(f"It was not archived either: {error}")
            raise refusal from error


def _archive(client: Client, endpoint: str) -> Response:
    found = client.request("GET", endpoint)
    method, path, body = client.dialect.archiving(endpoint, found.content)
    answer = client.request(method, path, body=body, idempotent=True)
    if not (isinstance(answer.body, dict) and answer.body.get("isArchived") is True):
        raise ValueError(f"the server took {method} {path}, but does not say that the record is archived")
    return answer
