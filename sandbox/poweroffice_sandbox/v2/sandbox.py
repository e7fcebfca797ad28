"""
:class:`Sandbox`: PowerOffice Go v2 for tests and notebooks.

Rule: what the Python face of v2 has besides :mod:`..core.sandbox`; what is served is decided elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core.clock import Clock
from ..core.companies import Keys, environment_named, keys_of
from ..core.connection import as_json_text, as_uri
from ..core.sandbox import BaseSandbox
from .announce import announcement
from .api import App
from .sizes import SIZE_NAMES, sizes
from .state import State
from .switches import Switches


class Sandbox(BaseSandbox[State]):
    """
    A local server that behaves like PowerOffice Go v2; a context manager.

    :param host: the address to bind.
    :param port: 0 for a free port.
    :param seed: the same seed gives the same rows.
    :param size: ``small``, ``medium`` or ``large``.
    :param clock: the source of time, seconds since 1970.
    :param faults: from the start and after each :meth:`reset`; the settings of :class:`..core.faults.Fault`.
    :param options: by name, the numbers of :class:`.sizes.Sizes` and the switches of
        :class:`.switches.Switches`.
    :raises SwitchError: an unknown option, or a value it does not take.
    :raises SizeError: a number of rows out of range.
    :raises PortError: the port is in use; raised by :meth:`start`.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
        size: str = "small",
        clock: Callable[[], float] = time.time,
        faults: Iterable[Mapping[str, Any]] = (),
        **options: Any,
    ) -> None:
        rows = {name: options.pop(name) for name in SIZE_NAMES if name in options}
        switches = Switches().changed(options)
        state = State(switches, sizes(size, **rows), seed, Clock(clock), faults)
        super().__init__(host, port, state, App(state))

    def announcement(self) -> str:
        """Give what the command prints."""
        return announcement(self)

    def base_url(self, environment: str = "production") -> str:
        """
        Give the address the API's paths are below.

        :param environment: ``production`` or ``demo``.
        """
        return f"{self.url}{environment_named(environment).prefix}/v2"

    def token_url(self, environment: str = "production") -> str:
        """
        Give the address of the token endpoint.

        :param environment: ``production`` or ``demo``.
        """
        return f"{self.url}{environment_named(environment).prefix}/OAuth/Token"

    def keys(self, company: int | str = 0, environment: str = "production", application: int = 0) -> Keys:
        """
        Give a company's published keys.

        :param company: position or alias; 2 has reduced privileges, 3 is an accounting firm.
        :param environment: ``production`` or ``demo``.
        :param application: position; the third one has another subscription.
        """
        return keys_of(self.state.access.company(company, environment), application)

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
        found = [self.state.access.company(item, environment) for item in companies or ()]
        further = {item.alias: keys_of(item).client_key for item in found}
        return as_json_text(self.url, self.keys(company, environment), environment, further)

    def aliases(self, environment: str = "production") -> list[str]:
        """
        Give the aliases of all companies that have published keys.

        :param environment: ``production`` or ``demo``.
        """
        return [item.alias for item in self.state.access.companies(environment) if item.client_keys]

    def connection_uri(self, company: int | str = 0, environment: str = "production") -> str:
        """
        Give an Airflow connection as URI.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return as_uri(self.url, self.keys(company, environment), environment)

    def totals(self, company: int | str = 0, environment: str = "production") -> dict[str, int]:
        """
        Give the number of rows the sandbox holds, by resource.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return self.state.totals(self.state.access.company(company, environment))

    def tokens(self, company: int | str = 0, environment: str = "production") -> list[str]:
        """
        Give the tokens issued to a company, oldest first, without those that :meth:`expire_tokens` ended.

        For tests that look for leaked ones.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        wanted = self.state.access.company(company, environment)
        return [token for token, found in self.state.tokens.issued().items() if found == wanted]

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
        access = self.state.access
        return access.change_rights(access.company(company, environment), **changes).privileges
