"""The hook of PowerOffice Go, v2 and v1: the client of one company, and the companies of its connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.hooks.base import ClientHook, without_frames
from airflow_provider_poweroffice.hooks.companies import EXTRA, active_companies, check_source

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client


class PowerOfficeHook(ClientHook):
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
    conn_type = "poweroffice"
    hook_name = "PowerOffice Go"

    def __init__(
        self,
        poweroffice_conn_id: str = default_conn_name,
        *,
        company: str | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(poweroffice_conn_id, company=company, retry_options=retry_options)
        self.poweroffice_conn_id = poweroffice_conn_id

    def companies(self, source: str = "connection") -> list[str]:
        """
        List the aliases of the connection's companies, to map tasks over; never a key.

        With ``source="client_admin"``, only those that are active clients of the firm: the hook's own company
        must be the firm's, with the privilege ClientAdmin. It is asked for its clients
        (``GET /ClientAdmin/Clients``) and each company who it is (``GET /ClientIntegrationInformation``): two
        requests a company. Active clients without a key here, and companies that are not active clients, are
        named in a warning. A company that does not answer stays in the list, so that its own task fails.

        :param source: ``"connection"`` or ``"client_admin"``.
        :return: aliases in the connection's order; the company of the password has none.
        :raises ValueError: another source, or no company to list.
        :raises PowerOfficeError: the firm's company did not answer.
        """
        check_source(source)
        aliases = self._aliases()
        if not aliases:
            raise ValueError(
                f"connection {self.poweroffice_conn_id!r} lists no companies; give it the extra {EXTRA}: "
                '{"alias": "client key", ...}'
            )
        if source == "connection":
            return aliases
        active = active_companies(self.client, self._client_of, aliases)
        if not active:
            raise ValueError(
                f"connection {self.poweroffice_conn_id!r}: none of its {len(aliases)} companies is an active "
                f"client of the firm; its extra {EXTRA} and ClientAdmin/Clients have none in common"
            )
        return active

    @without_frames
    def _aliases(self) -> list[str]:
        from airflow_provider_poweroffice.hooks.settings import read_aliases

        return read_aliases(self.get_connection(self.poweroffice_conn_id))

    @without_frames
    def _client_of(self, company: str) -> Client:
        """Open a client of another company; its keys are in no log, and masking many takes minutes."""
        settings = self._read(self.get_connection(self.poweroffice_conn_id), company)
        return settings.open(self.retry_options)

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Declare the form for Airflow 3.1; later versions read the provider info."""
        from airflow_provider_poweroffice.hooks.form import UI_FIELD_BEHAVIOUR, for_airflow_3_1

        return for_airflow_3_1(UI_FIELD_BEHAVIOUR)

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Declare the form's own fields for Airflow 3.1; later versions read the provider info."""
        from airflow_provider_poweroffice.hooks.form import CONN_FIELDS, form_widgets

        return form_widgets(CONN_FIELDS)
