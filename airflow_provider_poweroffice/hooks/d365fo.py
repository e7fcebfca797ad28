"""
The hook of Dynamics 365 Finance & Operations: from an Airflow connection to an authenticated client.

Rule: it translates a connection, and speaks no HTTP itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice._compat import mask_secrets
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.hooks.d365fo_form import CONN_FIELDS, UI_FIELD_BEHAVIOUR
from airflow_provider_poweroffice.hooks.d365fo_settings import read_d365fo, says_read_timeout
from airflow_provider_poweroffice.hooks.poweroffice import (
    PowerOfficeHook,
    form_widgets,
    mask_token,
    open_client,
)
from airflow_provider_poweroffice.hooks.settings import D365FO_TYPE, Settings, naming

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.limits.throttle import Clock, Throttle


class D365FOHook(PowerOfficeHook):
    """
    Finance & Operations of one environment.

    :param d365fo_conn_id: the Airflow connection.
    :param company: legal entity whose rows are read; None takes the connection's default.
    :param retry_options: see :class:`~airflow_provider_poweroffice.api.options.RetryOptions`, or a mapping.
    :param token: used as given, with or without ``Bearer``, instead of the connection's keys; never renewed.
    :param read_timeout: seconds of silence while waiting for an answer; 0 for no limit, None for what the
        connection says.
    :param unlimited: no limit either where the connection says nothing.
    :param clock: time; a test's own clock moves without waiting.
    :param throttle: paces requests instead of the one that the process shares for each app.

    .. seealso:: docs/d365fo.md
    """

    conn_name_attr = "d365fo_conn_id"
    default_conn_name = "d365fo_default"
    conn_type = D365FO_TYPE
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

    @cached_property
    def client(self) -> Client:
        """
        Build the client, with every secret and token masked in Airflow's logs.

        :raises ValueError: the connection lacks a field, or has one that can not be used.
        """
        settings = self._settings()
        if settings.credentials.token and settings.credentials.client_secret:
            self.log.info("a token was handed in: it is used, and not client ID and secret")
        return self._open(settings, self.retry_options)

    def services(self, name: str = "") -> Any:
        """
        Ask which services there are.

        :param name: ``""`` for service groups, ``Group``, ``Group/Service``, or a whole operation.
        :return: a list of names; for an operation, a dict with ``Parameters`` and ``Return``.
        :raises PowerOfficeError: the server refuses.
        """
        from airflow_provider_poweroffice.api.d365fo.services import services  # noqa: PLC0415 - stays cheap

        return services(self.client, name)

    def test_connection(self) -> tuple[bool, str]:
        """
        Try the keys: a token, then ``GET /api/services``.

        A refusal of the token endpoint is explained by its AADSTS code; a 401 with a valid token mostly
        means that the app is not registered inside Finance & Operations.
        """
        from airflow_provider_poweroffice.hooks.d365fo_diagnosis import diagnose  # noqa: PLC0415 - loads requests

        try:
            settings = self._read(self.get_connection(self.d365fo_conn_id))
            works, text = diagnose(lambda: self._open(settings.for_test(), RetryOptions(attempts=1)))
        except (ValueError, TypeError) as error:
            return False, str(error)
        return works, text + settings.remarks

    def _open(self, settings: Settings, retry: RetryOptions) -> Client:
        return open_client(
            settings,
            retry,
            on_token=mask_token,
            clock=self._clock,
            throttle=self._throttle,
        )

    def _settings(self) -> Settings:
        conn = self.get_connection(self.d365fo_conn_id)
        with naming(conn):
            return self._read(conn)

    def _read(self, conn: Connection) -> Settings:
        settings = read_d365fo(conn, self.company, token=self._token)
        mask_secrets(settings.secrets)
        if self._read_timeout is not None or (self._unlimited and not says_read_timeout(conn)):
            settings = replace(settings, timeouts=replace(settings.timeouts, read=self._read_timeout or None))
        return settings

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Declare the form for Airflow 3.1; later versions read the provider info."""
        return {name.replace("-", "_"): value for name, value in UI_FIELD_BEHAVIOUR.items()}

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Declare the form's own fields for Airflow 3.1; later versions read the provider info."""
        return form_widgets(CONN_FIELDS)
