"""
What the Test button says: which key or environment is wrong, or what the keys open.

Rule: sentences for the person who filled in the form; aliases, but no key, whole or in part. The answer is
short, however many companies there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from airflow_provider_poweroffice._compat import mask_secrets
from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.d365fo.services import services
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.texts import listed, one_line
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    NotFoundError,
    PowerOfficeError,
)
from airflow_provider_poweroffice.hooks.settings import D365FO_TYPE, Settings

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_SHOWN = 20  # privileges or companies: more would cover the page
_OTHER = {"production": "demo", "demo": "production"}
_LONGEST = 4000  # characters of an answer
_ONCE = RetryOptions(attempts=1)

Verdict: TypeAlias = tuple[bool, str, str]
"""Success, what is to be said, and what may be long and comes last."""


def diagnose(read: Callable[[str | None], Settings], names: Sequence[str | None]) -> tuple[bool, str]:
    """
    Try the keys.

    :param read: gives the settings of a company, or of the connection's default for None.
    :param names: the companies to try; at least one.
    :return: success, and a sentence or two.
    """
    try:
        settings = read(names[0])
        mask_secrets(settings.secrets)
        if len(names) > 1:
            works, text, more = _try_companies(read, names)
        else:
            works, text, more = _try_one(settings.for_test())
    except (ValueError, TypeError) as error:
        return False, str(error)
    return works, f"{text}{settings.remarks}{more}"


def _try_one(settings: Settings) -> Verdict:
    return _TRIALS.get(settings.api_version, _try_poweroffice)(settings)


def _try_companies(read: Callable[[str | None], Settings], names: Sequence[str | None]) -> Verdict:
    """Try the client key of each company."""
    refused: list[str] = []
    for name in names:
        try:
            with read(name).for_test().open(_ONCE) as client:
                client.auth.token()
        except APIConnectionError as error:  # the same for all, and each would take its time
            return False, str(error), ""
        except (PowerOfficeError, ValueError) as error:
            if isinstance(error, AuthenticationError) and error.key == "subscription key":
                return _try_one(read(name).for_test())
            refused.append(name or "the password's")
    if refused and len(refused) < len(names):
        told = (
            f"{len(names) - len(refused)} of {len(names)} client keys work. Not those of: "
            f"{listed(refused, _SHOWN)}. "
            "A client key belongs to one company, one application key and one environment."
        )
        return False, told, ""
    works, text, more = _try_one(read(names[0]).for_test())
    return works, f"{'All' if works else 'None'} of the {len(names)} client keys work. {text}", more


def _open(settings: Settings) -> Client:
    return settings.open(_ONCE, on_token=lambda token: mask_secrets((token,)))


def _try_d365fo(settings: Settings) -> Verdict:
    try:
        with _open(settings) as client:
            client.auth.token()
            groups = services(client)
            told = f"Connected to {client.connection.endpoints.base}: {len(groups)} service groups."
            return True, told, ""
    except AuthenticationError as error:
        return False, f"No token: {error}", ""
    except APIStatusError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            return False, f"Got a token, but Finance & Operations refused it: {error}", ""
        return False, f"Got a token, but no list of services: {error}", ""
    except (PowerOfficeError, ValueError) as error:
        return False, str(error), ""


def _try_poweroffice(settings: Settings) -> Verdict:
    try:
        with _open(settings) as client:
            return True, *_describe(_information(client), f"{settings.environment} {client.dialect.name}")
    except AuthenticationError as error:
        return False, _explain(error, settings), ""
    except (PowerOfficeError, ValueError) as error:
        return False, str(error), ""


_TRIALS: Mapping[str, Callable[[Settings], Verdict]] = MappingProxyType({D365FO_TYPE: _try_d365fo})


def _information(client: Client) -> dict[str, object]:
    """Ask who the keys are; names in lower case, as v1 and v2 spell them differently."""
    try:
        body = client.request("GET", "ClientIntegrationInformation").body
    except NotFoundError:
        if client.dialect.name == "v2":
            raise
        body = None  # v1 got it late
    return {str(name).lower(): value for name, value in body.items()} if isinstance(body, dict) else {}


def _describe(information: Mapping[str, object], environment: str) -> tuple[str, str]:
    if not information:
        return f"Connected ({environment}): the keys are right. The server does not say whose they are.", ""

    def privileges(name: str) -> str:
        values = information.get(name)
        return listed(values, _SHOWN) if isinstance(values, list) and values else "none"

    invalid = privileges("invalidprivileges")
    told = f"Connected to {information.get('clientname')} ({environment})."
    if invalid != "none":
        told += f" Invalid privileges: {invalid}."
    valid = one_line(f"Valid privileges: {privileges('validprivileges')}.", _LONGEST)
    return one_line(told, _LONGEST), f" {valid}"


def _explain(error: AuthenticationError, settings: Settings) -> str:
    other = _OTHER[settings.environment]
    if _works(replace(settings, environment=other)):
        return f"Wrong environment: these keys belong to {other}, the connection says {settings.environment}."
    keys = settings.credentials
    if not isinstance(keys, Credentials):
        return str(error)
    if error.key == "subscription key":
        hint = "" if _HEX.fullmatch(keys.subscription_key or "") else " It should be 32 hexadecimal digits."
        return f"Wrong subscription key (Extra Fields): the gateway refused it with {error.status}.{hint}"
    swapped = replace(keys, application_key=keys.client_key, client_key=keys.application_key)
    if keys.application_key != keys.client_key and _works(replace(settings, credentials=swapped)):
        return "The application key (login) and the client key (password) are in each other's place."
    refused = f"the token endpoint refused them with {error.status}."
    version = ""
    if settings.api_version == "v1" and keys.subscription_key:
        version = " API version is v1, which has no subscription key: are these keys of v2?"
    return f"Wrong application key (login) or client key (password): {refused}{_shapes(keys)}{version}"


def _works(settings: Settings) -> bool:
    try:
        with _open(settings) as client:
            client.auth.token()
    except (PowerOfficeError, ValueError):
        return False
    return True


def _shapes(keys: Credentials) -> str:
    """Point at a key that cannot be right by its form; real keys are GUIDs."""
    if keys.application_key == keys.client_key:
        return " Both hold the same key."
    forms = {"application key": keys.application_key, "client key": keys.client_key}
    odd = [name for name, key in forms.items() if not _GUID.fullmatch(key)]
    return (
        f" The {' and the '.join(odd)} should look like 00000000-0000-0000-0000-000000000000." if odd else ""
    )
