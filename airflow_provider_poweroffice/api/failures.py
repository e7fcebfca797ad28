"""Turns an unsuccessful answer into a typed error, with every secret blanked out of its texts."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from requests.structures import CaseInsensitiveDict

from airflow_provider_poweroffice.api.credentials import SHORTEST_SECRET, scrub
from airflow_provider_poweroffice.api.decoding import UNREADABLE
from airflow_provider_poweroffice.api.dialects.base import Dialect, Fault
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.retry import LONGEST_WAIT, may_have_been_carried_out, parse_retry_after
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import APIStatusError, AuthenticationError, InvalidResponseError

# An integrator met a misleading 404 above this length; it only adds advice to the message.
LONG_URL = 2000
_FOREIGN = "the body is not the API's own: a gateway or a firewall on the way may have sent it"
_SMALL = 256 * 1024  # bytes
_LONGEST_SECRET = 16 * 1024  # characters: a token fits in a header
_CODES = rb"u00(2[013-9a-fA-F]|[346][0-9a-fA-F]|5[0-9abABd-fD-F]|7[0-9a-eA-E])"
NEEDLESS_ESCAPE = re.compile(rb"\\" + _CODES)
"""A printable character of ASCII other than the quote and the backslash, as an escape of JSON."""
_WITH_BACKSLASHES = re.compile(rb"(\\+)" + _CODES)


def status_error(
    dialect: Dialect[Any],
    response: Response,
    now: float,
    secrets: tuple[str, ...],
    *,
    url_length: int = 0,
    privilege: str = "",
    hint: str = "",
) -> APIStatusError:
    """
    Build the error of an answer outside 2xx, or of one that refuses in its body.

    :param now: seconds since 1970, for a ``Retry-After`` date.
    :param secrets: texts to blank out: a server may echo what it was sent.
    :param url_length: characters of the URL that was asked for.
    :param privilege: what the call needs, as far as it is known.
    :param hint: which resource or method was perhaps meant, where this one is not there.
    """
    response = scrubbed(response, secrets)
    fault = read_fault(dialect, response, secrets)
    waits = (parse_retry_after(response.headers.get("Retry-After"), now), fault.retry_after)
    kind = dialect.error_kind(response.method, response.status_code, fault)
    message = _message(response, fault, url_length, _advice(dialect, response, privilege))
    if hint and response.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        message += f"; {hint}"
    return kind(
        message,
        response=response,
        code=fault.code,
        title=fault.title,
        detail=fault.detail,
        trace_id=fault.trace_id,
        retry_after=next((min(wait, LONGEST_WAIT) for wait in waits if wait is not None), None),
        outcome_unknown=may_have_been_carried_out(response.status_code) and not fault.final,
        final=fault.final or _stays_refused(dialect, response),
        attributes=fault.attributes,
    )


def _advice(dialect: Dialect[Any], response: Response, privilege: str) -> str:
    advice = dialect.advice(response.status_code)
    if advice and response.content.strip() and not isinstance(response.error_content, dict):
        return _FOREIGN
    if advice and privilege and response.status_code == HTTPStatus.FORBIDDEN:
        return f"{advice}. This call needs {privilege}"
    return advice


def _stays_refused(dialect: Dialect[Any], response: Response) -> bool:
    """Tell whether a 401 has another reason than the token, so that a new one does not help."""
    refused = response.status_code == HTTPStatus.UNAUTHORIZED
    return refused and not dialect.token_expired(response.error_content)


def token_refusal(dialect: Dialect[Any], response: Response, secrets: tuple[str, ...]) -> AuthenticationError:
    """Say which key the token endpoint refused, as far as its answer tells."""
    response = scrubbed(response, secrets)
    fault = read_fault(dialect, response, secrets)
    says = f" ({fault.code + ': ' if fault.code else ''}{fault.detail})" if fault.detail or fault.code else ""
    key, advice = dialect.token_advice(response.status_code, fault)
    return AuthenticationError(
        f"POST {response.path}: the {key} was refused with status {response.status_code}{says}; {advice}",
        key=key,
        status=response.status_code,
        code=fault.code,
    )


def _message(response: Response, fault: Fault, url_length: int, advice: str) -> str:
    said = one_line(": ".join(dict.fromkeys(part for part in (fault.title, fault.detail) if part)))
    text = (
        f"{response.method} {response.path}: {response.status_code} {said or _phrase(response.status_code)}"
    )
    if 300 <= response.status_code < 400:  # noqa: PLR2004 - the HTTP class
        text += "; redirects are not followed, check the host of the connection"
    if url_length > LONG_URL:
        text += f"; the URL is {url_length} characters long, split the lists in the query"
    return text if said or not advice else f"{text}; {advice}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no explanation"


def read_fault(dialect: Dialect[Any], response: Response, secrets: tuple[str, ...]) -> Fault:
    """
    Read what an answer says about a failure; each text in it is one printable line without secrets.

    :param response: an unsuccessful answer.
    """
    try:
        fault = dialect.fault(response.headers, response.error_content)
    except UNREADABLE:  # whatever is in the body: the status alone tells what is to be done
        fault = Fault()

    def shown(text: str | None) -> str | None:
        return None if text is None else one_line(scrub(text, secrets))

    return replace(
        fault,
        code=shown(fault.code),
        title=shown(fault.title),
        detail=shown(fault.detail),
        trace_id=shown(fault.trace_id),
        attributes={
            name: scrub(value, secrets) if isinstance(value, str) else value
            for name, value in fault.attributes.items()
        },
    )


def scrubbed(response: Response, secrets: tuple[str, ...]) -> Response:
    """
    Blank secrets out of an answer: a server may echo what it was sent.

    Found are secrets in any case, in any charset of JSON, and in the escapes of JSON, HTML and URLs.
    """
    with contextlib.suppress(InvalidResponseError):  # then it is scrubbed as it came
        response = response.in_utf8()
    headers = {name: scrub(value, secrets) for name, value in response.headers.items()}
    text = response.content.decode("latin-1")
    for spelling in (text, *_in_the_clear(text)):
        blanked = _without_cut_end(scrub(spelling, secrets), secrets)
        if blanked != spelling:
            text = blanked
    return replace(response, headers=CaseInsensitiveDict(headers), content=text.encode("latin-1", "replace"))


def _without_cut_end(text: str, secrets: tuple[str, ...]) -> str:
    """Blank a secret that the end of a text cuts off: a body may break off, or be read up to a bound."""
    end = text[-_LONGEST_SECRET:].lower()
    for secret in secrets:
        for size in range(min(len(secret), len(end)), SHORTEST_SECRET - 1, -1):
            if end.endswith(secret[:size].lower()):
                return f"{text[:-size]}***"
    return text


def _in_the_clear(text: str) -> Iterator[str]:
    """Give a body in other spellings, in which a secret may show that the body as it came hides."""
    if "\\u00" in text:
        yield plain_escapes(text.encode("latin-1")).decode("latin-1")
    if "\0" in text:  # UTF-16 or -32 that nobody declared
        yield text.replace("\0", "")
    if "&#" in text:
        yield html.unescape(text)
    if "%" in text:
        yield unquote(text, "latin-1")


def echoes(response: Response, secrets: tuple[str, ...], sent: tuple[str, ...]) -> bool:
    """
    Tell whether a good answer repeats a secret; cheap, as every page is asked.

    :param secrets: looked for in headers and in bodies up to 256 KB, also in JSON's needless escapes.
    :param sent: those among them that went out with the call; looked for in larger bodies.
    """
    content = response.content
    small = len(content) <= _SMALL
    keys = [key.encode() for key in (secrets if small else sent) if len(key) >= SHORTEST_SECRET]
    places = [content, "\n".join(response.headers.values()).encode("utf-8", "replace")]
    # A single byte is found far faster than four.
    if small and b"\\" in content and b"\\u00" in content and NEEDLESS_ESCAPE.search(content):
        places.append(plain_escapes(content))
    return any(key in place for place in places for key in keys)


def plain_escapes(content: bytes) -> bytes:
    """Write JSON with the characters of ASCII as such, where the server wrote escapes for them."""
    return _WITH_BACKSLASHES.sub(_plain, content)


def _plain(found: re.Match[bytes]) -> bytes:
    backslashes, code = found.groups()
    # An odd backslash is itself escaped, and what follows is text.
    return found[0] if len(backslashes) % 2 == 0 else backslashes[:-1] + bytes.fromhex(code.decode())
