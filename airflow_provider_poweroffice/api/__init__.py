"""
The PowerOffice client without Airflow: sessions, retries, pages.

Names are loaded when first used, so that importing a submodule does not pay for ``requests``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.connection_options import Timeouts
    from airflow_provider_poweroffice.api.credentials import Credentials
    from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
    from airflow_provider_poweroffice.api.options import RetryOptions
    from airflow_provider_poweroffice.api.pages.page import Page
    from airflow_provider_poweroffice.api.pages.pages import Pages
    from airflow_provider_poweroffice.api.response import Response

__all__ = [
    "Client",
    "Credentials",
    "D365FOCredentials",
    "Page",
    "Pages",
    "Response",
    "RetryOptions",
    "Timeouts",
]

_HOME = {
    "Client": "client",
    "Credentials": "credentials",
    "D365FOCredentials": "d365fo.credentials",
    "Page": "pages.page",
    "Pages": "pages.pages",
    "Response": "response",
    "RetryOptions": "options",
    "Timeouts": "connection_options",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
