"""
Whether a file arrived, where no answer says so.

Rule: nothing is sent again: files have nothing unique that a second one would be refused by. What is there is
looked for instead, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from airflow_provider_poweroffice.api.multipart import size_of
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.uploads import FIELD, digest_of, upload_of
from airflow_provider_poweroffice.api.writes.lookup import LAG_WAITS
from airflow_provider_poweroffice.errors import ResponseTooLargeError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.call import Call
    from airflow_provider_poweroffice.api.client import Client


def find_upload(client: Client, call: Call, *, waits: Sequence[float] = LAG_WAITS) -> Response | None:
    """
    Find out whether a file arrived that may have been sent: a file like it, byte for byte, is in the list.

    Reads may lag behind writes, so it is looked for several times; not to find it proves nothing.

    :param call: that was sent, with its files.
    :param waits: seconds between two looks.
    :return: what the list says of the file, as the call would have answered; None where it is not found, or
        the API has no such list.
    :raises PowerOfficeError: the list or a file in it cannot be read.
    """
    upload = upload_of(client.dialect.catalogue_name, call.method, call.endpoint)
    if upload is None or not upload.is_listed or call.files is None:
        return None
    name, content = call.files[FIELD][:2]
    size, digest = size_of(content), digest_of(content)
    for wait in (0.0, *waits):
        if wait:
            client.connection.clock.sleep(wait)
        with client.pages(call.endpoint) as pages:
            rows = [row for page in pages for row in page.rows]
        for row in rows:
            alike = (row.get("FileName"), row.get("FileSize")) in {(name, size), (name, None)}
            if alike and _digest_there(client, f"{call.endpoint}/{row.get('Id')}", size) == digest:
                return Response(
                    HTTPStatus.OK,
                    {"Content-Type": "application/json"},
                    msgspec.json.encode(row),
                    call.method,
                    client.connection.path_of(call),
                )
    return None


def _digest_there(client: Client, endpoint: str, size: int) -> str | None:
    try:
        found = client.download(endpoint, max_bytes=size)
    except ResponseTooLargeError:
        return None
    with found.body:
        return digest_of(found.body)
