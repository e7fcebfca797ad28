"""Answers that repeat what they were sent: noticed, and given without the secrets."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from requests.structures import CaseInsensitiveDict

from airflow_provider_poweroffice.api.blanking import (
    SHORTEST_SECRET,
    blanked,
    holds_secret,
    scrub,
    shows_secret,
)
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.errors import InvalidResponseError

_SMALL = 8 * 1024  # bytes of an answer that is looked into as an error is
_PAGE = 256 * 1024


def scrubbed(response: Response, secrets: tuple[str, ...]) -> Response:
    """Blank secrets out of an answer, its headers and their names included, whatever it writes them in."""
    with contextlib.suppress(InvalidResponseError):  # then it is scrubbed as it came
        response = response.in_utf8()
    response = response.in_plain_letters()
    headers = {scrub(name, secrets): scrub(value, secrets) for name, value in response.headers.items()}
    content = blanked(response.content, secrets, may_be_cut=True)
    return replace(response, headers=CaseInsensitiveDict(headers), content=content)


def echoes(response: Response, secrets: tuple[str, ...], sent: tuple[str, ...]) -> bool:
    """
    Tell whether a good answer repeats a secret; cheap, as every page is asked.

    :param secrets: looked for in headers and in bodies up to 8 KB as in errors; in bodies up to 256 KB in any
        case, and in needless escapes of JSON.
    :param sent: those among them that went out with the call; looked for as they are in larger bodies.
    """
    heads = "\n".join((*response.headers, *response.headers.values())).encode("utf-8", "surrogatepass")
    content = response.in_plain_letters().content
    if holds_secret(heads, secrets) if len(content) <= _SMALL else shows_secret(heads, secrets):
        return True
    if len(content) <= _SMALL:
        return holds_secret(content, secrets)
    if len(content) <= _PAGE:
        return shows_secret(content, secrets)
    return any(key.encode() in content for key in sent if len(key) >= SHORTEST_SECRET)
