"""Turns an unsuccessful answer into a typed error, with every secret blanked out of its texts."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from airflow_provider_poweroffice.api.blanking import scrub
from airflow_provider_poweroffice.api.decoding import UNREADABLE
from airflow_provider_poweroffice.api.dialects.base import Dialect, Fault
from airflow_provider_poweroffice.api.echoes import scrubbed
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.retry import LONGEST_WAIT, may_have_been_carried_out, parse_retry_after
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import APIStatusError, AuthenticationError

# An integrator met a misleading 404 above this length; it only adds advice to the message.
LONG_URL = 2000
_FOREIGN = "the body is not the API's own: a gateway or a firewall on the way may have sent it"


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
