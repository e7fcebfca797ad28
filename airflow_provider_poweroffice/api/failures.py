"""From an unsuccessful answer to a typed error, with every secret blanked out of its texts."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from requests.structures import CaseInsensitiveDict

from airflow_provider_poweroffice.api.credentials import scrub
from airflow_provider_poweroffice.api.dialects.base import Dialect, Fault
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.retry import may_have_been_carried_out, parse_retry_after
from airflow_provider_poweroffice.errors import APIStatusError, AuthenticationError

# An integrator met a misleading 404 above this length; only a hint hangs on it.
LONG_URL = 2000


def status_error(
    dialect: Dialect[Any],
    response: Response,
    now: float,
    secrets: tuple[str, ...],
    *,
    url_length: int = 0,
    privilege: str = "",
    meant: str | None = None,
) -> APIStatusError:
    """
    Build the error of an answer outside 2xx, or of one that refuses in its body.

    :param now: seconds since 1970, for a ``Retry-After`` date.
    :param secrets: texts to blank out: a server may echo what it was sent.
    :param url_length: characters of the URL that was asked for.
    :param privilege: what the call needs, as far as it is known.
    :param meant: the resource that an unknown one was perhaps meant to be.
    """
    response = scrubbed(response, secrets)
    fault = dialect.fault(response.headers, response.error_content)
    waits = (parse_retry_after(response.headers.get("Retry-After"), now), fault.retry_after)
    kind = dialect.error_kind(response.method, response.status_code, fault)
    hint = dialect.hint(response.status_code)
    if hint and privilege and response.status_code == HTTPStatus.FORBIDDEN:
        hint += f". This call needs {privilege}"
    message = _message(response, fault, url_length, hint)
    if meant and response.status_code == HTTPStatus.NOT_FOUND:
        message += f"; did you mean {meant}?"
    return kind(
        message,
        response=response,
        code=fault.code,
        title=fault.title,
        detail=fault.detail,
        trace_id=fault.trace_id,
        retry_after=next((wait for wait in waits if wait is not None), None),
        outcome_unknown=may_have_been_carried_out(response.status_code) and not fault.final,
        final=fault.final or _stays_refused(dialect, response),
        attributes=fault.attributes,
    )


def _stays_refused(dialect: Dialect[Any], response: Response) -> bool:
    """Tell whether a 401 is no matter of the token, which a later one could cure."""
    refused = response.status_code == HTTPStatus.UNAUTHORIZED
    return refused and not dialect.renewable(response.error_content)


def token_refusal(dialect: Dialect[Any], response: Response, secrets: tuple[str, ...]) -> AuthenticationError:
    """Say which key the token endpoint refused, as far as its answer tells."""
    response = scrubbed(response, secrets)
    fault = dialect.fault(response.headers, response.error_content)
    says = f" ({fault.code + ': ' if fault.code else ''}{fault.detail})" if fault.detail or fault.code else ""
    key, advice = dialect.token_advice(response.status_code, fault)
    return AuthenticationError(
        f"POST {response.path}: the {key} was refused with status {response.status_code}{says}; {advice}",
        key=key,
        status=response.status_code,
        code=fault.code,
    )


def _message(response: Response, fault: Fault, url_length: int, hint: str) -> str:
    said = ": ".join(dict.fromkeys(part for part in (fault.title, fault.detail) if part))
    text = (
        f"{response.method} {response.path}: {response.status_code} {said or _phrase(response.status_code)}"
    )
    if 300 <= response.status_code < 400:  # noqa: PLR2004 - the HTTP class
        text += "; redirects are not followed, check the host of the connection"
    if url_length > LONG_URL:
        text += f"; the URL is {url_length} characters long, split the lists in the query"
    return text if said or not hint else f"{text}; {hint}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no explanation"


def scrubbed(response: Response, secrets: tuple[str, ...]) -> Response:
    """Blank secrets out of an answer: a server may echo what it was sent."""
    headers = {name: scrub(value, secrets) for name, value in response.headers.items()}
    content = scrub(response.content.decode("latin-1"), secrets).encode("latin-1")
    return replace(response, headers=CaseInsensitiveDict(headers), content=content)
