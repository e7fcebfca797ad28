"""The dialects by name; see :mod:`.base` for the contract."""

from __future__ import annotations

from typing import Any

from airflow_provider_poweroffice.api.dialects.base import Dialect
from airflow_provider_poweroffice.api.dialects.d365fo import D365FO
from airflow_provider_poweroffice.api.dialects.poweroffice_v1 import PowerOfficeV1
from airflow_provider_poweroffice.api.dialects.poweroffice_v2 import PowerOfficeV2

DIALECTS: dict[str, Dialect[Any]] = {
    dialect.name: dialect for dialect in (PowerOfficeV2(), PowerOfficeV1(), D365FO())
}
"""Dialects by the ``api_version`` of a connection."""

__all__ = ["DIALECTS"]
