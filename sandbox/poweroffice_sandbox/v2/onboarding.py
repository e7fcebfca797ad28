"""
Onboarding: how an integration gets a client key from a user of Go, without a token.

Rule: Initiate gives a page, the user logs in there and is sent back with a one-time token, Finalize turns the
token into client keys; only the subscription key is needed (OpenAPI). The page of the sandbox is a control
endpoint, where the user always agrees, unless ``answer=reject``. Assumed: names of the parameters sent back,
a validity of 15 minutes, no white list of addresses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import msgspec

from ..core.clock import stamp, ticks
from ..core.companies import Company, Environment
from ..core.reply import RefusedError, Reply, as_json
from .access import Access, Onboarding
from .flows.bodies import read_entity
from .reply import refuse
from .schema.dto import BadValueError

PAGE = "/_sandbox/onboarding"
OPERATIONS = (("POST", "/Onboarding/Initiate"), ("POST", "/Onboarding/Finalize"))
"""The operations that need no token."""

_NAMES = tuple(f"{method} {path.lower()}" for method, path in OPERATIONS)
_VALID = 900
_USER = "bruker@regnskap.example"


def answer(
    path: str, *, environment: Environment, access: Access, body: bytes, origin: str, now: float
) -> Reply | None:
    """
    Answer an operation that needs no token; ``None`` when it is another one.

    :param path: below ``/v2``, in lower case, with the method in front.
    :param origin: scheme and host as the client wrote them.
    """
    if path == _NAMES[0]:
        return _initiate(environment, access, body, origin, now)
    return _finalize(environment, access, body, now) if path == _NAMES[1] else None


def _invalid(detail: str) -> RefusedError:
    return refuse(400, "Onboarding validation error(s)", detail)


def _read(entity: str, body: bytes) -> dict[str, Any]:
    try:
        return read_entity(entity, msgspec.json.decode(body or b"null"))
    except (BadValueError, msgspec.DecodeError) as error:
        raise _invalid(str(error)) from None


def _initiate(environment: Environment, access: Access, body: bytes, origin: str, now: float) -> Reply:
    sent = _read("InitiateOnboarding", body)
    if sent["ApplicationKey"] not in {application.key for application in environment.applications}:
        raise _invalid(f"Application with key = {sent['ApplicationKey']} not found.")
    organization = sent.get("ClientOrganizationNo")
    known = {company.organization_number for company in access.companies(environment.name)}
    if organization is not None and organization not in known:
        raise _invalid(f"Client with organization number = {organization} not found.")
    code = hashlib.sha256(f"onboarding {len(access.onboardings)}".encode()).hexdigest()[:40]
    access.onboardings[code] = Onboarding(
        code, environment, sent["ApplicationKey"], organization, sent.get("RedirectUri"), now + _VALID
    )
    page = {
        "TemporaryUrl": f"{origin}{PAGE}?code={code}",
        "ValidUntilDateTimeOffset": stamp(ticks(now + _VALID)),
    }
    return as_json(200, page)


def consent(access: Access, query: Mapping[str, str], now: float) -> Reply:
    """
    Answer the page as a user who logs in and agrees.

    :param query: ``code``; ``company``, aliases with commas between; ``answer=reject`` to refuse.
    :raises ValueError: there is no such process, or no such company.
    """
    process = access.onboardings.get(query.get("code", ""))
    if process is None or process.expires <= now:
        raise ValueError(f"code = {query.get('code')!r}: no such onboarding, or its time is over.")
    if query.get("answer") == "reject":
        return _back(process, {"status": "rejected"})
    access.onboardings[process.code] = replace(process, agreed=_chosen(process, access, query.get("company")))
    return _back(process, {"status": "success", "token": process.code})


def _chosen(process: Onboarding, access: Access, names: str | None) -> tuple[Company, ...]:
    if process.organization is not None:
        companies = access.companies(process.environment.name)
        return tuple(item for item in companies if item.organization_number == process.organization)
    wanted = (names or "0").split(",")
    return tuple(access.company(name.strip(), process.environment.name) for name in wanted)


def _back(process: Onboarding, values: dict[str, str]) -> Reply:
    if process.redirect is None:
        return as_json(200, values)
    joint = "&" if "?" in process.redirect else "?"
    return Reply(302, headers={"Location": f"{process.redirect}{joint}{urlencode(values)}"})


def _finalize(environment: Environment, access: Access, body: bytes, now: float) -> Reply:
    token = _read("FinalizeOnboarding", body)["OnboardingToken"]
    process = access.onboardings.get(token)
    if process is None or process.environment != environment or process.expires <= now or not process.agreed:
        raise _invalid("The onboarding token is unknown, has been used or has expired.")
    access.onboardings[token] = replace(process, agreed=(), expires=0)
    made = [access.mint(process.application, company) for company in process.agreed]
    return as_json(
        200,
        {
            "OnboardedClientsInformation": [
                {
                    "ClientKey": item.client_key,
                    "ClientName": item.company.name,
                    "ClientOrganizationNumber": item.company.organization_number,
                }
                for item in made
            ],
            "UserEmail": _USER,
        },
    )
