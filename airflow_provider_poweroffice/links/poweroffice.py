"""The link from a task to the vendor's page about the resource it calls."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperatorLink

from airflow_provider_poweroffice.api.dialects.poweroffice_v1 import PowerOfficeV1
from airflow_provider_poweroffice.api.dialects.poweroffice_v2 import PowerOfficeV2


class PowerOfficeDocsLink(BaseOperatorLink):
    """Opens the vendor's page of the task's resource, or a front page."""

    name = "PowerOffice Go documentation"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Give the page of the endpoint; Airflow calls this in the worker, after the task has run."""
        endpoint = str(getattr(operator, "endpoint", "") or "")
        v1, v2 = PowerOfficeV1(), PowerOfficeV2()
        return (v1 if v1.known.find(endpoint) and not v2.known.find(endpoint) else v2).docs_url(endpoint)
