"""
:class:`V1Sandbox`: the v1 sandbox for tests and notebooks.

Rule: what the Python face of v1 has besides :mod:`..core.poweroffice`; what is served is decided elsewhere.
"""

from __future__ import annotations

from typing import Any

from ..core.companies import Environment
from ..core.poweroffice import PowerOfficeSandbox, client_key_lines
from .api import V1Api
from .sizes import V1Sizes
from .state import V1State
from .switches import V1Switches


class V1Sandbox(PowerOfficeSandbox[V1State]):
    """
    A local server that behaves like PowerOffice Go v1; a context manager.

    The options are those of :class:`..core.sandbox.BaseSandbox`, the numbers of :class:`.sizes.V1Sizes` and
    the switches of :class:`.switches.V1Switches`.
    """

    title, path, connection_name = "PowerOffice Go v1", "", "POWEROFFICE_V1"
    switch_table, size_table, state_class, api_class = V1Switches, V1Sizes, V1State, V1Api

    def connection(self, company: int | str = 0, environment: str = "production") -> dict[str, Any]:
        """
        Give the parts of an Airflow connection, secrets among them.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        keys = self.keys(company, environment)
        return {
            "conn_type": "poweroffice",
            "host": self.base_url(environment),
            "login": keys.application_key,
            "password": keys.client_key,
            "extra": {"api_version": "v1"},
        }

    def set_subscriptions(
        self, *names: str, company: int | str = 0, environment: str = "production"
    ) -> tuple[str, ...]:
        """
        Change the modules of a company; tokens issued before keep the old ones.

        :param names: those it has from now on, of :data:`.state.SUBSCRIPTIONS`.
        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        :return: the same, in order.
        :raises ValueError: there is no such module or company.
        """
        return self.state.set_subscriptions(self.state.company(company, environment), names)

    def set_privileges(
        self, *names: str, company: int | str = 0, environment: str = "production"
    ) -> tuple[str, ...]:
        """
        Change the privileges of integrations in a company; tokens issued before keep the old ones.

        :param names: those they have from now on, of :data:`.state.PRIVILEGES`.
        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        :return: the same, in order.
        :raises ValueError: there is no such privilege or company.
        """
        return self.state.set_privileges(self.state.company(company, environment), names)

    def key_lines(self, environment: Environment) -> list[str]:
        """Say who may call an environment, for the command."""
        return client_key_lines(environment, {2: ", Accounting module only, and few privileges"})

    def curl(self) -> list[str]:
        """Give the lines of an example for ``curl``."""
        keys = self.keys()
        return [
            f"TOKEN=$(curl -s -u {keys.application_key}:{keys.client_key} \\",
            f"  -d grant_type=client_credentials {self.token_url()} | cut -d '\"' -f 4)",
            f"curl -i -g -H \"Authorization: Bearer $TOKEN\" '{self.base_url()}/Customer?$orderby=Id&$top=2'",
        ]
