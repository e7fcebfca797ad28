"""
Links from a task to the vendor's page about what it calls.

Rule: a link is made in the worker, after the task has run; the catalogues are loaded then, not while DAG
files are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class PowerOfficeDocsLink(BaseOperatorLink):
    """Opens the vendor's page of the task's resource, or a front page."""

    name = "PowerOffice Go documentation"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's
        """Give the page of the endpoint; v1's for a resource that only v1 has."""
        from airflow_provider_poweroffice.api.dialects.registry import DIALECTS  # noqa: PLC0415 - see the head

        endpoint = str(getattr(operator, "endpoint", "") or "")
        v1, v2 = DIALECTS["v1"], DIALECTS["v2"]
        return (v1 if v1.catalogue.find(endpoint) and not v2.catalogue.find(endpoint) else v2).docs_url(
            endpoint
        )


class D365FODocsLink(BaseOperatorLink):
    """Opens Microsoft's page about custom services, or about OData."""

    name = "Finance & Operations documentation"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's
        """Give the page."""
        from airflow_provider_poweroffice.api.dialects.registry import DIALECTS  # noqa: PLC0415 - see the head

        return DIALECTS["d365fo"].docs_url("api/services" if hasattr(operator, "service_name") else "data")
