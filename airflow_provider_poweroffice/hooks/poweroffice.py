"""
The hook: from an Airflow connection to an authenticated client.

Rule: it translates a connection, and speaks no HTTP itself. Nothing is read before it is needed, as
hooks are also built while DAG files are parsed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from airflow.sdk import BaseHook

from airflow_provider_poweroffice._compat import mask_secrets
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.hooks.companies import EXTRA, check_source, read_client_keys
from airflow_provider_poweroffice.hooks.form import CONN_FIELDS, UI_FIELD_BEHAVIOUR
from airflow_provider_poweroffice.hooks.settings import (
    CONN_TYPE,
    D365FO_TYPE,
    Settings,
    read_aliases,
    read_extra,
    read_settings,
    read_unnamed,
)

if TYPE_CHECKING:
    import requests

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.limits.throttle import Clock, Throttle

log = logging.getLogger(__name__)


class PowerOfficeHook(BaseHook):
    """
    PowerOffice Go of one company.

    May be used as a context manager, which closes its connections at the end.

    :param poweroffice_conn_id: the Airflow connection.
    :param company: alias of one of the connection's companies (its extra ``client_api_keys``); None is
        the company of its password.
    :param retry_options: see :class:`~airflow_provider_poweroffice.api.options.RetryOptions`, or a
        mapping such as ``{"attempts": 3, "deadline": 60}``.

    .. seealso:: docs/connection.md, docs/companies.md
    """

    conn_name_attr = "poweroffice_conn_id"
    default_conn_name = "poweroffice_default"
    conn_type = CONN_TYPE
    hook_name = "PowerOffice Go"

    def __init__(
        self,
        poweroffice_conn_id: str = default_conn_name,
        *,
        company: str | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.poweroffice_conn_id = poweroffice_conn_id
        self.company = company
        self.retry_options = RetryOptions.of(retry_options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def client(self) -> Client:
        """
        Build the client, with its keys and tokens masked in Airflow's logs.

        :raises ValueError: the connection lacks a key, has a field that can not be used, or does not know
            the company.
        """
        settings = self._settings()
        return open_client(settings, self.retry_options, on_token=mask_token)

    def companies(self, source: str = "connection") -> list[str]:
        """
        List the aliases of the connection's companies, to map tasks over; never a key.

        With ``source="client_admin"``, only those that are active clients of the firm: the hook's own company
        must be the firm's, with the privilege ClientAdmin. It is asked for its clients
        (``GET /ClientAdmin/Clients``) and each company who it is (``GET /ClientIntegrationInformation``): two
        requests a company. Active clients without a key here, and companies that are no active clients, are
        named in a warning. A company that does not answer stays in the list, so that its own task fails.

        :param source: ``"connection"`` or ``"client_admin"``.
        :return: aliases in the connection's order; the company of the password has none.
        :raises ValueError: another source, or no company to list.
        :raises PowerOfficeError: the firm's company did not answer.
        """
        check_source(source)
        aliases = read_aliases(self.get_connection(self.poweroffice_conn_id))
        if not aliases:
            raise ValueError(
                f"connection {self.poweroffice_conn_id!r} lists no companies; give it the extra {EXTRA}: "
                '{"alias": "client key", ...}'
            )
        if source == "connection":
            return aliases
        from airflow_provider_poweroffice.hooks.client_admin import active_companies  # noqa: PLC0415 - requests

        active = active_companies(self.client, self._client_of, aliases)
        if not active:
            raise ValueError(
                f"connection {self.poweroffice_conn_id!r}: none of its {len(aliases)} companies is an active "
                f"client of the firm; its extra {EXTRA} and ClientAdmin/Clients have none in common"
            )
        return active

    def _client_of(self, company: str) -> Client:
        """Open a client of another company; its keys are in no log, and masking many takes minutes."""
        settings = read_settings(self.get_connection(self.poweroffice_conn_id), company)
        return open_client(settings, self.retry_options)

    def get_conn(self) -> requests.Session:
        """
        Give an authenticated ``requests.Session``.

        URLs may be relative, ``get_conn().get("Customers")``. The session signs requests to the API's
        own server only, follows no redirect, keeps the rate limit and has a timeout; it does not retry.
        """
        return self.client.session

    def close(self) -> None:
        """Close the connections, if any were opened."""
        if "client" in self.__dict__:
            self.client.close()
            del self.__dict__["client"]

    def test_connection(self) -> tuple[bool, str]:
        """
        Try the keys.

        On success: the company's name, its valid and its invalid privileges, by
        ``GET /ClientIntegrationInformation``. On failure: which key, or whether the environment, is wrong.
        A connection of several companies is tried with each client key; those that fail are named.
        See :meth:`Settings.for_test` for what of the extras is not used.
        """
        from airflow_provider_poweroffice.hooks.company_diagnosis import diagnose_companies  # noqa: PLC0415

        try:
            conn = self.get_connection(self.poweroffice_conn_id)
            if conn.conn_type == D365FO_TYPE:
                from airflow_provider_poweroffice.hooks.d365fo import D365FOHook  # noqa: PLC0415 - a circle

                return D365FOHook(self.poweroffice_conn_id).test_connection()
            names: list[str | None] = [self.company]
            if self.company is None and (aliases := list(read_client_keys(read_extra(conn.extra)))):
                names = [*([None] if conn.password else []), *aliases]
            settings = read_unnamed(conn, names[0])
            mask_secrets(settings.secrets)
            works, text = diagnose_companies(lambda name: read_unnamed(conn, name).for_test(), names)
        except (ValueError, TypeError) as error:
            return False, str(error)
        return works, text + settings.remarks

    def _settings(self) -> Settings:
        settings = read_settings(self.get_connection(self.poweroffice_conn_id), self.company)
        mask_secrets(settings.secrets)
        return settings

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Declare the form for Airflow 3.1; later versions read the provider info."""
        return {name.replace("-", "_"): value for name, value in UI_FIELD_BEHAVIOUR.items()}

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Declare the form's own fields for Airflow 3.1; later versions read the provider info."""
        return form_widgets(CONN_FIELDS)


def form_widgets(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Make the widgets of Airflow 3.1 from declared fields."""
    from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget  # noqa: PLC0415
    from flask_babel import lazy_gettext  # noqa: PLC0415 - Airflow 3.1 stands in for these three
    from wtforms import BooleanField, PasswordField, StringField  # noqa: PLC0415

    def widget(field: Mapping[str, Any]) -> Any:
        label, description = lazy_gettext(field["label"]), field["description"]
        schema = field["schema"]
        if schema.get("format") == "password":
            return PasswordField(label, widget=BS3PasswordFieldWidget(), description=description)
        if "boolean" in schema["type"]:
            return BooleanField(label, default=schema["default"], description=description)
        return StringField(
            label, widget=BS3TextFieldWidget(), default=schema.get("default"), description=description
        )

    return {name: widget(field) for name, field in fields.items()}


def mask_token(token: str) -> None:
    """Have Airflow blank out a token in every log of this task."""
    mask_secrets((token,))


def open_client(
    settings: Settings,
    retry: RetryOptions,
    *,
    environment: str | None = None,
    on_token: Callable[[str], None] | None = None,
    clock: Clock | None = None,
    throttle: Throttle | None = None,
) -> Client:
    """Open a client with a connection's settings; also on the triggerer, where a hook can not read one."""
    from airflow_provider_poweroffice.api.client import Client  # noqa: PLC0415 - requests costs 150 ms

    if settings.verify is False:
        log.warning("verify is off in the connection: any server that answers is trusted, and gets the keys")
    return Client(
        settings.credentials,
        environment=environment or settings.environment,
        host=settings.host,
        api_version=settings.api_version,
        retry=retry,
        timeouts=settings.timeouts,
        verify=settings.verify,
        requests_per_second=settings.requests_per_second,
        rate_limit=settings.rate_limit,
        on_token=on_token,
        company=settings.company,
        clock=clock,
        throttle=throttle,
    )
