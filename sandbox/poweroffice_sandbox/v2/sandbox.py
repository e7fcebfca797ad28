"""
:class:`Sandbox`: PowerOffice Go v2 for tests and notebooks.

Rule: what the Python face of v2 has besides :mod:`..core.poweroffice`; what is served is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.companies import ENVIRONMENTS, Environment, keys_of
from ..core.connection import as_json_text
from ..core.poweroffice import PowerOfficeSandbox, client_key_lines
from .api import V2Api
from .sizes import Sizes
from .state import State
from .switches import Switches


class Sandbox(PowerOfficeSandbox[State]):
    """
    A local server that behaves like PowerOffice Go v2; a context manager.

    The options are those of :class:`..core.sandbox.BaseSandbox`, the numbers of :class:`.sizes.Sizes` and the
    switches of :class:`.switches.Switches`. ``size`` is ``small``, ``medium`` or ``large``.
    """

    title, path, connection_name = "PowerOffice Go", "/v2", "POWEROFFICE_DEFAULT"
    switch_table, size_table, state_class, api_class = Switches, Sizes, State, V2Api

    def connection(self, company: int | str = 0, environment: str = "production") -> dict[str, Any]:
        """
        Give the parts of an Airflow connection, secrets among them.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        keys = self.keys(company, environment)
        return {
            "conn_type": "poweroffice",
            "host": self.url,
            "login": keys.application_key,
            "password": keys.client_key,
            "extra": {"subscription_api_key": keys.subscription_key, "environment": environment},
        }

    def connection_json(
        self,
        company: int | str = 0,
        environment: str = "production",
        companies: Iterable[int | str] | None = None,
    ) -> str:
        """
        Give an Airflow connection as JSON, e.g. for ``AIRFLOW_CONN_POWEROFFICE_DEFAULT``.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        :param companies: positions or aliases of those that the connection holds by alias, besides;
            :meth:`aliases` gives all.
        """
        connection = self.connection(company, environment)
        found = [self.state.company(item, environment) for item in companies or ()]
        if found:
            connection["extra"]["client_api_keys"] = {item.alias: keys_of(item).client_key for item in found}
        return as_json_text(connection)

    def aliases(self, environment: str = "production") -> list[str]:
        """
        Give the aliases of all companies that have published keys.

        :param environment: ``production`` or ``demo``.
        """
        return [item.alias for item in self.state.companies(environment) if item.client_keys]

    def tokens(self, company: int | str = 0, environment: str = "production") -> list[str]:
        """
        Give the tokens issued to a company, oldest first, without those that :meth:`expire_tokens` ended.

        For tests that look for leaked ones.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        wanted = self.state.company(company, environment)
        return [token for token, grant in self.state.tokens.grants().items() if grant.company == wanted]

    def set_privileges(
        self, company: int | str = 0, environment: str = "production", **changes: Any
    ) -> tuple[str, ...]:
        """
        Change what the integrations of a company may do; tokens issued before keep the old rights.

        :param company: position, alias or client id.
        :param environment: ``production`` or ``demo``.
        :param changes: ``privileges``, ``add``, ``remove``, ``allow_send_invoice``.
        :return: the privileges from now on.
        """
        return self.state.access.change_rights(self.state.company(company, environment), **changes).privileges

    def key_lines(self, environment: Environment) -> list[str]:
        """Say who may call an environment, for the command."""
        primary, secondary = environment.subscriptions[0].keys
        notes = {2: ", reduced privileges", 3: ", accounting firm"}
        lines = [
            f"subscription key {primary}",
            f"  or secondary   {secondary}",
            *client_key_lines(environment, notes),
        ]
        if further := self.aliases(environment.name)[len(environment.companies) :]:
            lines.append(
                f"{len(further)} further companies, {further[0]} to {further[-1]}: in the connection"
            )
        return lines

    def announced_connection(self) -> str:
        """Give the connection that the command prints; with all companies when there are further ones."""
        aliases = self.aliases()
        return self.connection_json(
            companies=aliases if len(aliases) > len(ENVIRONMENTS["production"].companies) else ()
        )

    def curl(self) -> list[str]:
        """Give the lines of an example for ``curl``."""
        keys = self.keys()
        subscription = f"  -H 'Ocp-Apim-Subscription-Key: {keys.subscription_key}' \\"
        return [
            f"TOKEN=$(curl -s -u {keys.application_key}:{keys.client_key} \\",
            subscription,
            f"  -d grant_type=client_credentials {self.token_url()} | cut -d '\"' -f 4)",
            'curl -i -H "Authorization: Bearer $TOKEN" \\',
            subscription,
            f"  '{self.base_url()}/Customers?PageSize=2'",
        ]
