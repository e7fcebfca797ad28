"""
What the Test button says of Finance & Operations.

Rule: sentences only; no secret, whole or in part.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from airflow_provider_poweroffice.api.client import Client
from airflow_provider_poweroffice.api.d365fo.services import services
from airflow_provider_poweroffice.errors import APIStatusError, AuthenticationError, PowerOfficeError


def diagnose(open_client: Callable[[], Client]) -> tuple[bool, str]:
    """
    Try the keys.

    :return: success, and a sentence for the person who filled in the form.
    """
    try:
        with open_client() as client:
            client.auth.token()
            groups = services(client)
            return True, f"Connected to {client.endpoints.base}: {len(groups)} service groups."
    except AuthenticationError as error:
        return False, f"No token: {error}"
    except APIStatusError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            return False, f"Got a token, but Finance & Operations refused it: {error}"
        return False, f"Got a token, but no list of services: {error}"
    except (PowerOfficeError, ValueError) as error:
        return False, str(error)
