"""
What the Test button says: which key or environment is wrong, or what the keys open.

Rule: sentences only; no key, whole or in part.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from airflow_provider_poweroffice.api.client import Client
from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.errors import AuthenticationError, NotFoundError, PowerOfficeError

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_SHOWN = 20  # privileges: more would cover the page
_OTHER = {"production": "demo", "demo": "production"}


def diagnose(
    open_client: Callable[[str], Client], credentials: Credentials, environment: str
) -> tuple[bool, str]:
    """
    Try the keys.

    :param open_client: opens a client for an environment.
    :return: success, and a sentence for the person who filled in the form.
    """
    try:
        with open_client(environment) as client:
            return True, _describe(_information(client), f"{environment} {client.dialect.name}")
    except AuthenticationError as error:
        return False, _explain(error, open_client, credentials, environment)
    except (PowerOfficeError, ValueError) as error:
        return False, str(error)


def _information(client: Client) -> dict[str, object]:
    """Ask who the keys are; names in lower case, as v1 and v2 spell them differently."""
    try:
        body = client.request("GET", "ClientIntegrationInformation").body
    except NotFoundError:
        if client.dialect.name == "v2":
            raise
        body = None  # v1 got it late
    return {str(name).lower(): value for name, value in body.items()} if isinstance(body, dict) else {}


def _describe(information: dict[str, object], environment: str) -> str:
    if not information:
        return f"Connected ({environment}): the keys are right. The server does not say whose they are."

    def listed(name: str) -> str:
        values = information.get(name)
        if not isinstance(values, list) or not values:
            return "none"
        more = f", and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        return ", ".join(map(str, values[:_SHOWN])) + more

    invalid = listed("invalidprivileges")
    return (
        f"Connected to {information.get('clientname')} ({environment}). "
        + ("" if invalid == "none" else f"Invalid privileges: {invalid}. ")
        + f"Valid privileges: {listed('validprivileges')}."
    )


def _explain(
    error: AuthenticationError,
    open_client: Callable[[str], Client],
    credentials: Credentials,
    environment: str,
) -> str:
    other = _OTHER[environment]
    if _works_in(other, open_client):
        return f"Wrong environment: these keys belong to {other}, the connection says {environment}."
    if error.key == "subscription key":
        hint = (
            ""
            if _HEX.fullmatch(credentials.subscription_key or "")
            else " It should be 32 hexadecimal digits."
        )
        return f"Wrong subscription key (Extra Fields): the gateway refused it with {error.status}.{hint}"
    refused = f"the token endpoint refused them with {error.status}."
    return f"Wrong application key (login) or client key (password): {refused}{_shapes(credentials)}"


def _works_in(environment: str, open_client: Callable[[str], Client]) -> bool:
    try:
        with open_client(environment) as client:
            client.auth.token()
    except (PowerOfficeError, ValueError):
        return False
    return True


def _shapes(credentials: Credentials) -> str:
    """Point at a key that can not be right by its form; real keys are GUIDs."""
    if credentials.application_key == credentials.client_key:
        return " Both hold the same key."
    odd = [
        name
        for name, key in (
            ("application key", credentials.application_key),
            ("client key", credentials.client_key),
        )
        if not _GUID.fullmatch(key)
    ]
    return (
        f" The {' and the '.join(odd)} should look like 00000000-0000-0000-0000-000000000000." if odd else ""
    )
