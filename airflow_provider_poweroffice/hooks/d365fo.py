"""The hook of Dynamics 365 Finance & Operations: the client of one environment, and its list of services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.hooks.base import ClientHook

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.limits.throttle import Clock, Throttle
    from airflow_provider_poweroffice.hooks.settings import Settings


class D365FOHook(ClientHook):
    """
    Finance & Operations of one environment.

    :param d365fo_conn_id: the Airflow connection.
    :param company: legal entity whose rows are read; None takes the connection's default.
    :param retry_options: see :class:`~airflow_provider_poweroffice.api.options.RetryOptions`, or a mapping.
    :param token: used as given, with or without ``Bearer``, instead of the connection's keys; never renewed.
    :param read_timeout: seconds that one try may take, its answer included; 0 for no limit, None for what the
        connection says.
    :param unlimited: no limit either where the connection says nothing.
    :param clock: time; a test's own clock moves without waiting.
    :param throttle: paces requests instead of the one that the process shares for each app.

    .. seealso:: docs/d365fo.md
    """

    conn_name_attr = "d365fo_conn_id"
    default_conn_name = "d365fo_default"
    conn_type = "d365fo"
    hook_name = "Dynamics 365 Finance & Operations"

    def __init__(
        self,
        d365fo_conn_id: str = default_conn_name,
        *,
        company: str | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        token: str | None = None,
        read_timeout: float | None = None,
        unlimited: bool = False,
        clock: Clock | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        super().__init__(d365fo_conn_id, company=company, retry_options=retry_options)
        self.d365fo_conn_id = d365fo_conn_id
        self._token = token
        self._read_timeout = read_timeout
        self._unlimited = unlimited
        self._clock = clock
        self._throttle = throttle

    def services(self, name: str = "") -> Any:
        """
        Ask which services there are.

        :param name: ``""`` for service groups, ``Group``, ``Group/Service``, or a whole operation.
        :return: a list of names; for an operation, a dict with ``Parameters`` and ``Return``.
        :raises PowerOfficeError: the server refuses.
        """
        from airflow_provider_poweroffice.api.d365fo.services import services

        return services(self.client, name)

    def _read(self, conn: Connection, company: str | None, *, named: bool = True) -> Settings:
        from airflow_provider_poweroffice.hooks.settings import (
            read_settings,
            says_read_timeout,
        )

        settings = read_settings(conn, company, token=self._token, only=self.conn_type, named=named)
        if self._read_timeout is not None or (self._unlimited and not says_read_timeout(conn)):
            settings = replace(
                settings,
                timeouts=replace(
                    settings.timeouts, read=self._read_timeout or None, total=self._read_timeout or None
                ),
            )
        return settings

    def _open(self, settings: Settings) -> Client:
        if settings.has_token_and_keys:
            self.log.info("a token was handed in: it is used, and not client ID and secret")
        return settings.open(
            self.retry_options,
            on_token=lambda token: self.mask((token,)),
            clock=self._clock,
            throttle=self._throttle,
        )

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Declare the form for Airflow 3.1; later versions read the provider info."""
        from airflow_provider_poweroffice.hooks.form import (
            D365FO_UI_FIELD_BEHAVIOUR,
            for_airflow_3_1,
        )

        return for_airflow_3_1(D365FO_UI_FIELD_BEHAVIOUR)

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Declare the form's own fields for Airflow 3.1; later versions read the provider info."""
        from airflow_provider_poweroffice.hooks.form import D365FO_CONN_FIELDS, form_widgets

        return form_widgets(D365FO_CONN_FIELDS)
