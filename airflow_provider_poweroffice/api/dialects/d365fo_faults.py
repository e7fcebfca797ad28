"""
Reading an error of Finance & Operations, in each of its shapes.

Rule: pure; a body of any shape gives a fault. Shapes are from public captures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_poweroffice.api.dialects.base import Fault
from airflow_provider_poweroffice.api.dialects.problem import text_or_none
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    XppError,
)

ACTIVITY_HEADER = "ms-dyn-aid"  # Microsoft's page "Service request tracing"
ADVICE = {
    302: "on premises a refused token is led to a log-in page: check the audience (resource), and that the "
    "app is registered inside Finance & Operations",
    401: "the token is valid for its tenant, but Finance & Operations refuses it: is the app registered "
    "inside it (System administration > Setup > Microsoft Entra ID applications) and mapped to a user, and "
    "is the environment URL the token's audience? A token that was handed in may have expired",
    403: "the user that the app is mapped to lacks a role, duty or privilege for this call",
}
"""Advice on answers that say nothing; Microsoft's page "Troubleshoot service authentication"."""
_LONGEST = 1000  # characters of a text that is not JSON
_PREFIX = re.compile(r"^An exception occurr?ed when invoking the operation - ")  # the service misspells it
_INFOLOG = re.compile(r"^Write failed for table row of type '([^']*)'\. Infolog: (.*)$", re.DOTALL)
_LEVEL = re.compile(r"^(Info|Warning|Error):\s*")
_BOILERPLATE = ("validateWrite failed on data source", "Update has been canceled")
_HEAD = 4096  # characters of a page in which its title is looked for
_SAYS_NOTHING = frozenset({"An error has occurred.", "Authorization has been denied for this request."})
_BY_TEXT: tuple[tuple[str, type[APIStatusError]], ...] = (
    ("No resources were found when selecting for update", NotFoundError),  # a 400: PATCH, DELETE of no row
    ("update conflict occurred due to another user", ConflictError),
    ("is not found within the request content body", BadRequestError),
)
_WRITE_FAILED = "AxODataWriteException"
_BAD_INPUT = "XppServicesDeserializationException"
# Microsoft's page "Microsoft Entra authentication and authorization error codes": what was refused, and why.
_ID = "client id"
_SECRET = "client secret"  # noqa: S105 - the name of one
_TENANT = "tenant"
_AUDIENCE = "resource (audience)"
_SIGN_IN = {
    7000215: (_SECRET, "it is wrong; often the secret's id was pasted instead of its value"),
    7000222: (_SECRET, "it has expired: make a new one in the app registration"),
    7000218: (_SECRET, "it is missing, or the app needs a certificate"),
    700016: (_ID, "no such app in this tenant: check login (client id) and tenant_id"),
    90002: (_TENANT, "no such tenant: check tenant_id, and authority for a sovereign cloud"),
    500011: (_AUDIENCE, "the tenant knows no such resource: check host (environment URL), or set resource"),
    50001: (
        _AUDIENCE,
        "the resource is unknown or switched off: check host (environment URL), or set resource",
    ),
    70011: (_AUDIENCE, "the scope is malformed: check host (environment URL) and token_version"),
    1002012: (_AUDIENCE, "the scope must end in /.default: check token_version and resource"),
    900144: ("token request", "the endpoint misses a form field: check that token_version fits token_url"),
    65001: (_AUDIENCE, "not consented: a trailing slash or capitals in resource have this effect too"),
    50196: ("token request", "too many sign-ins in a row; wait before the next try"),
}
_UNKNOWN_SIGN_IN = (
    "client id or client secret",
    "check login (client id), password (client secret), tenant_id and host (environment URL)",
)
_AADSTS = re.compile(r"AADSTS(\d{1,9})(?!\d)")


def read_fault(headers: Mapping[str, str], body: Any) -> Fault:
    """Read an error answer."""
    activity = headers.get(ACTIVITY_HEADER)
    if not isinstance(body, dict):
        return _fault(_plain(body), activity=activity)
    facts = {str(name).lower(): value for name, value in body.items()}
    error = facts.get("error")
    if isinstance(error, Mapping):
        return _odata(error, activity)
    if error is not None:
        trace_id = text_or_none(facts.get("correlation_id")) or activity
        return Fault(code=str(error), detail=_sign_in(facts), trace_id=trace_id)
    return _service(facts, activity)


def _service(facts: Mapping[str, Any], activity: str | None) -> Fault:
    """Read the error of a service operation."""
    said = [facts.get(name) for name in ("message", "exceptionmessage", "messagedetail")]
    text = ": ".join(dict.fromkeys(_PREFIX.sub("", item) for item in said if isinstance(item, str) and item))
    return _fault(
        text,
        exception_type=text_or_none(facts.get("exceptiontype")),
        activity=text_or_none(facts.get("activityid")) or activity,
        threw=any(isinstance(item, str) and _PREFIX.match(item) for item in said),
    )


def _odata(error: Mapping[str, Any], activity: str | None) -> Fault:
    """Read an OData error: the useful text is the innermost one."""
    inner: Any = error
    text, kind = "", None
    while isinstance(inner, Mapping):
        text = str(inner.get("message") or text)
        kind = text_or_none(inner.get("type")) or kind
        inner = inner.get("innererror") or inner.get("internalexception")
    code = text_or_none(error.get("code")) or None
    return _fault(_summary(text), inner_type=kind, activity=activity, code=code)


def _fault(
    text: str,
    *,
    exception_type: str | None = None,
    inner_type: str | None = None,
    activity: str | None = None,
    code: str | None = None,
    threw: bool = False,
) -> Fault:
    kind = _kind_of(text) or _kind_of_exception(exception_type, threw=threw)
    message = None if text in _SAYS_NOTHING else text or None
    return Fault(
        code=code,
        detail=message,
        trace_id=activity,
        kind=kind,
        final=kind is not None or _WRITE_FAILED in (inner_type or ""),
        attributes={
            "message": message,
            "exception_type": exception_type,
            "inner_type": inner_type,
            "activity_id": activity,
        },
    )


def _kind_of(text: str) -> type[APIStatusError] | None:
    return next((kind for part, kind in _BY_TEXT if part in text), None)


def _kind_of_exception(name: str | None, *, threw: bool) -> type[APIStatusError] | None:
    """
    Name the error of an exception in X++.

    :param name: of the exception's class; None where the body does not tell.
    :param threw: the message says that the operation threw one.
    """
    if _BAD_INPUT in (name or ""):
        return BadRequestError
    return XppError if name or threw else None


def _summary(text: str) -> str:
    """Take the messages out of an infolog, each once."""
    found = _INFOLOG.match(text)
    if not found:
        return text
    parts = (_LEVEL.sub("", part.strip()).strip() for part in found[2].rstrip(".").split(";"))
    useful = dict.fromkeys(part for part in parts if part and not part.startswith(_BOILERPLATE))
    return f"{found[1]}: {'; '.join(useful)}" if useful else text


def _sign_in(facts: Mapping[str, Any]) -> str | None:
    """Read the token endpoint's sentence; what follows its first line are ids and a time."""
    lines = str(facts.get("error_description") or "").splitlines()
    if lines:
        return lines[0]
    codes = facts.get("error_codes")
    return f"AADSTS{codes[0]}" if isinstance(codes, list) and codes else None


def _plain(body: Any) -> str:
    """Read a body that is not a JSON object: a throttle's sentence, or the title of a gateway's page."""
    text = body.strip() if isinstance(body, str) else ""
    return _title(text[:_HEAD]) if text.startswith("<") else text[:_LONGEST]


def _title(page: str) -> str:
    """Find the title of a page; not by an expression, which takes long where none is closed."""
    lower = page.lower()
    start = lower.find("<title>")
    end = lower.find("</title>", start)
    return " ".join(page[start + len("<title>") : end].split()) if 0 <= start < end else ""


def explain(fault: Fault) -> tuple[str, str]:
    """Say which key was refused, and what to do."""
    found = _AADSTS.search(fault.detail or "")
    return _SIGN_IN.get(int(found[1]), _UNKNOWN_SIGN_IN) if found else _UNKNOWN_SIGN_IN
