"""The link from a task of Finance & Operations to Microsoft's page about what it calls."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperatorLink

from airflow_provider_poweroffice.api.dialects.d365fo import D365FO


class D365FODocsLink(BaseOperatorLink):
    """Opens Microsoft's page about custom services, or about OData."""

    name = "Finance & Operations documentation"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Give the page."""
        return D365FO().docs_url("api/services" if hasattr(operator, "service_name") else "data")
