"""
What the Test button says of a connection with several companies.

Rule: one short answer, however many companies there are; aliases, never keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_poweroffice.api.client import Client
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.errors import APIConnectionError, AuthenticationError, PowerOfficeError
from airflow_provider_poweroffice.hooks.diagnosis import diagnose
from airflow_provider_poweroffice.hooks.poweroffice import mask_token, open_client
from airflow_provider_poweroffice.hooks.settings import Settings

_SHOWN = 20  # companies that fail: more would cover the page
_ONCE = RetryOptions(attempts=1)


def diagnose_companies(
    read: Callable[[str | None], Settings], names: Sequence[str | None]
) -> tuple[bool, str]:
    """
    Try the client key of each company.

    :param read: gives the settings of an alias, or of the password's company for None.
    :param names: aliases; at least one.
    :return: success, and a sentence or two for the person who filled in the form.
    """
    if len(names) == 1:
        return _diagnose_one(read(names[0]))
    refused: list[str] = []
    for name in names:
        try:
            with open_client(read(name), _ONCE) as client:
                client.auth.token()
        except APIConnectionError as error:  # the same for all, and each would take its time
            return False, str(error)
        except (PowerOfficeError, ValueError) as error:
            if isinstance(error, AuthenticationError) and error.key == "subscription key":
                return _diagnose_one(read(name))
            refused.append(name or "the password's")
    if refused and len(refused) < len(names):
        return False, _refused(refused, len(names))
    works, text = _diagnose_one(read(names[0]))
    return works, f"{'All' if works else 'None'} of the {len(names)} client keys work. {text}"


def _diagnose_one(settings: Settings) -> tuple[bool, str]:
    def client_in(environment: str) -> Client:
        return open_client(settings, _ONCE, environment=environment, on_token=mask_token)

    return diagnose(client_in, settings.credentials, settings.environment)


def _refused(refused: Sequence[str], total: int) -> str:
    more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
    named = ", ".join(refused[:_SHOWN])
    return (
        f"{total - len(refused)} of {total} client keys work. Not those of: {named}{more}. "
        "A client key belongs to one company, one application key and one environment."
    )
