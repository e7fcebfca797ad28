"""Which API a task is for: the argument with its connection, its hook, its link, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.options import check_choice
from airflow_provider_poweroffice.hooks.d365fo import D365FOHook
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.links import D365FODocsLink, PowerOfficeDocsLink
from airflow_provider_poweroffice.tasks.base import CompanyTask

if TYPE_CHECKING:
    from airflow.sdk import Connection

API_VERSIONS = ("v2", "v1")


class PowerOfficeTask(CompanyTask):
    """
    Base of tasks of PowerOffice Go, v2 and v1.

    :param poweroffice_conn_id: the Airflow connection (templated).
    :param api_version: ``"v2"`` or ``"v1"``: what the connection must be of, else the task fails before it
        asks for anything. None: either.
    """

    template_fields = (*CompanyTask.template_fields, "poweroffice_conn_id")
    hook_class = PowerOfficeHook
    catalogues = ("poweroffice_v2", "poweroffice_v1")
    connection_arguments = ("poweroffice_conn_id", "api_version")
    operator_extra_links = (PowerOfficeDocsLink(),)

    def __init__(
        self,
        *,
        poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
        api_version: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.poweroffice_conn_id = poweroffice_conn_id  # first: an asset is named after it
        self.api_version = api_version
        if api_version is not None:
            check_choice("api_version", api_version, API_VERSIONS)
        super().__init__(**kwargs)

    def check_connection(self, conn: Connection) -> None:
        """
        Refuse a connection of another API, or of another version of it.

        :raises ValueError: names both versions, or says which class takes it.
        """
        super().check_connection(conn)
        if self.api_version is None:
            return
        from airflow_provider_poweroffice.hooks.settings import api_version_of

        if (found := api_version_of(conn)) != self.api_version:
            raise ValueError(
                f"api_version={self.api_version!r}, but poweroffice_conn_id={conn.conn_id!r} is a connection "
                f"of {found!r} (its extra api_version, v2 where it has none): give api_version={found!r}, or "
                f"a connection of {self.api_version}"
            )


class D365FOTask(CompanyTask):
    """
    Base of tasks of Dynamics 365 Finance & Operations.

    :param d365fo_conn_id: the Airflow connection (templated).
    """

    template_fields = (*CompanyTask.template_fields, "d365fo_conn_id")
    hook_class = D365FOHook
    connection_arguments = ("d365fo_conn_id",)
    operator_extra_links = (D365FODocsLink(),)

    def __init__(self, *, d365fo_conn_id: str = D365FOHook.default_conn_name, **kwargs: Any) -> None:
        self.d365fo_conn_id = d365fo_conn_id  # first: an asset is named after it
        super().__init__(**kwargs)
