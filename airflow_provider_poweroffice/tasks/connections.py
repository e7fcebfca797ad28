"""Which API a task is for: the argument with its connection, its hook, its link, and what is known of it."""

from __future__ import annotations

from typing import Any

from airflow_provider_poweroffice.hooks.d365fo import D365FOHook
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.links import D365FODocsLink, PowerOfficeDocsLink
from airflow_provider_poweroffice.tasks.base import CompanyTask


class PowerOfficeTask(CompanyTask):
    """
    Base of tasks of PowerOffice Go, v2 and v1.

    :param poweroffice_conn_id: the Airflow connection (templated).
    """

    template_fields = (*CompanyTask.template_fields, "poweroffice_conn_id")
    hook_class = PowerOfficeHook
    catalogues = ("poweroffice_v2", "poweroffice_v1")
    operator_extra_links = (PowerOfficeDocsLink(),)

    def __init__(
        self, *, poweroffice_conn_id: str = PowerOfficeHook.default_conn_name, **kwargs: Any
    ) -> None:
        self.poweroffice_conn_id = poweroffice_conn_id  # first: an asset is named after it
        super().__init__(**kwargs)


class D365FOTask(CompanyTask):
    """
    Base of tasks of Dynamics 365 Finance & Operations.

    :param d365fo_conn_id: the Airflow connection (templated).
    """

    template_fields = (*CompanyTask.template_fields, "d365fo_conn_id")
    hook_class = D365FOHook
    operator_extra_links = (D365FODocsLink(),)

    def __init__(self, *, d365fo_conn_id: str = D365FOHook.default_conn_name, **kwargs: Any) -> None:
        self.d365fo_conn_id = d365fo_conn_id  # first: an asset is named after it
        super().__init__(**kwargs)
