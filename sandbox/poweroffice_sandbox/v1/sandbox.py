"""
:class:`V1Sandbox`: the v1 sandbox for tests and notebooks.

Rule: the public Python face; what is served is decided elsewhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ..core.clock import Clock
from ..core.companies import (
    ENVIRONMENTS,
    Company,
    Environment,
    Keys,
    company_among,
    environment_named,
    keys_of,
)
from ..core.sandbox import BaseSandbox
from .api import V1Part
from .sizes import V1_SIZE_NAMES, V1Sizes
from .state import V1State
from .switches import V1Switches


class V1Sandbox(BaseSandbox[V1State]):
    """
    A local server that behaves like PowerOffice Go v1; a context manager.

    :param host: the address to bind.
    :param port: 0 for a free port.
    :param seed: the same seed gives the same rows.
    :param clock: the source of time, seconds since 1970.
    :param faults: from the start and after each reset; the settings of :class:`..core.faults.Fault`.
    :param options: by name, the numbers of :class:`.sizes.V1Sizes` and the switches of
        :class:`.switches.V1Switches`.
    :raises SwitchError: an unknown option, or a value it does not take.
    :raises SizeError: a number of rows out of range.
    :raises PortError: the port is in use; raised when it starts.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
        faults: Iterable[Mapping[str, Any]] = (),
        **options: Any,
    ) -> None:
        rows = {name: options.pop(name) for name in V1_SIZE_NAMES if name in options}
        state = V1State(V1Switches().changed(options), V1Sizes(**rows), seed, Clock(clock), faults)
        super().__init__(host, port, state, V1Part(state))

    def base_url(self, environment: str = "production") -> str:
        """
        Give the address the API's paths are below.

        :param environment: ``production`` or ``demo``.
        """
        return f"{self.url}{environment_named(environment).prefix}"

    def token_url(self, environment: str = "production") -> str:
        """
        Give the address of the token endpoint.

        :param environment: ``production`` or ``demo``.
        """
        return f"{self.base_url(environment)}/OAuth/Token"

    def keys(self, company: int | str = 0, environment: str = "production", application: int = 0) -> Keys:
        """
        Give a company's published keys; v1 uses the first two, which are those of v2.

        :param company: position or alias; 2 has the Accounting module only.
        :param environment: ``production`` or ``demo``.
        :param application: position.
        """
        return keys_of(_company(company, environment), application)

    def connection_json(self, company: int | str = 0, environment: str = "production") -> str:
        """
        Give an Airflow connection as JSON, for ``AIRFLOW_CONN_POWEROFFICE_V1_DEFAULT``.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return json.dumps(self._connection(company, environment))

    def connection_uri(self, company: int | str = 0, environment: str = "production") -> str:
        """
        Give an Airflow connection as URI.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        parts = self._connection(company, environment)
        host, extra = quote(parts["host"], safe=""), urlencode({"__extra__": json.dumps(parts["extra"])})
        return f"{parts['conn_type']}://{parts['login']}:{parts['password']}@{host}/?{extra}"

    def _connection(self, company: int | str, environment: str) -> dict[str, Any]:
        keys = self.keys(company, environment)
        return {
            "conn_type": "poweroffice",
            "host": self.base_url(environment),
            "login": keys.application_key,
            "password": keys.client_key,
            "extra": {"api_version": "v1"},
        }

    def totals(self, company: int | str = 0, environment: str = "production") -> dict[str, int]:
        """
        Give the number of rows the sandbox holds, by path.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return self.state.totals(_company(company, environment))

    def set_modules(
        self, *modules: str, company: int | str = 0, environment: str = "production"
    ) -> tuple[str, ...]:
        """
        Change the modules of a company; tokens issued before keep the old ones.

        :param modules: those it has from now on, of :data:`.state.MODULES`.
        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        :return: the same, in order.
        :raises ValueError: there is no such module or company.
        """
        return self.state.set_modules(_company(company, environment), modules)

    def announcement(self) -> str:
        """Give what the command prints."""
        keys = self.keys()
        lines = [
            f"PowerOffice Go v1 sandbox on {self.url}",
            *(line for environment in ENVIRONMENTS.values() for line in self._environment(environment)),
            "",
            "Airflow:",
            f"export AIRFLOW_CONN_POWEROFFICE_V1_DEFAULT='{self.connection_json()}'",
            "",
            "curl:",
            f"TOKEN=$(curl -s -u {keys.application_key}:{keys.client_key} \\",
            f"  -d grant_type=client_credentials {self.token_url()} | cut -d '\"' -f 4)",
            f"curl -i -g -H \"Authorization: Bearer $TOKEN\" '{self.base_url()}/Customer?$orderby=Id&$top=2'",
        ]
        return "\n".join(lines) + "\n"

    def _environment(self, environment: Environment) -> list[str]:
        lines = [
            f"base URL         {self.base_url(environment.name)}",
            f"token URL        {self.token_url(environment.name)}",
            f"application key  {environment.applications[0].key}",
        ]
        for company in environment.companies:
            note = ", Accounting module only" if company.invalid_privileges else ""
            lines.append(f"client key       {company.client_key}  {company.name}{note}")
        return ["", f"{environment.name}:", *(f"  {line}" for line in lines)]


def _company(name: int | str, environment: str) -> Company:
    return company_among(environment_named(environment).companies, name)
