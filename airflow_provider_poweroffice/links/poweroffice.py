"""The link from a task to the vendor's page about the resource it calls."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperatorLink

from airflow_provider_poweroffice.api.dialects.poweroffice_v2 import PowerOfficeV2


class PowerOfficeDocsLink(BaseOperatorLink):
    """Opens the developer portal at the task's resource, or at its front page."""

    name = "PowerOffice Go documentation"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Give the page of the endpoint; Airflow calls this in the worker, after the task has run."""
        return PowerOfficeV2().docs_url(str(getattr(operator, "endpoint", "") or ""))
