"""
:class:`D365FOSandbox`: Finance & Operations for tests and notebooks.

Rule: what the Python face has besides :mod:`..core.sandbox`; what is served is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from ..core.connection import as_json_text, as_uri
from ..core.near import choose
from ..core.sandbox import BaseSandbox
from .api import D365FOApi
from .keys import APPS, DOMAIN, TENANT, app_of
from .sizes import D365FOSizes
from .state import D365FOState
from .switches import D365FOSwitches


@dataclass(frozen=True)
class D365FOKeys:
    """What a client needs to call as one app registration."""

    tenant_id: str
    client_id: str
    client_secret: str


class D365FOSandbox(BaseSandbox[D365FOState]):
    """
    A local server that behaves like Dynamics 365 Finance & Operations and its identity provider.

    The options are those of :class:`..core.sandbox.BaseSandbox`, the numbers of
    :class:`.sizes.D365FOSizes` and the switches of :class:`.switches.D365FOSwitches`.
    """

    switch_table, size_table, state_class, api_class = D365FOSwitches, D365FOSizes, D365FOState, D365FOApi

    def bind(self) -> Self:
        """
        Take the port; the names of the loopback address with it are the environment's URL.

        :raises PortError: the address cannot be listened on.
        """
        super().bind()
        names = ("127.0.0.1", "localhost", "[::1]")
        self.state.origins = {self.url, *(f"http://{name}:{self._port}" for name in names)}
        return self

    def base_url(self, prefix: str = "") -> str:
        """
        Give the address ``/data`` and ``/api/services`` are below.

        :param prefix: e.g. ``/namespaces/AXSF`` for an environment on premises.
        """
        return self.url + prefix

    def token_url(self, version: str = "v2", tenant: str = TENANT) -> str:
        """
        Give the address of a token endpoint.

        :param version: ``v2``, ``v1`` or ``adfs``.
        :param tenant: id or domain; not used for AD FS.
        :raises ValueError: there is no such version.
        """
        paths = {
            "v2": f"{tenant}/oauth2/v2.0/token",
            "v1": f"{tenant}/oauth2/token",
            "adfs": "adfs/oauth2/token",
        }
        if version not in paths:
            raise ValueError(f"version = {version!r}: {choose(version, paths)}.")
        return f"{self.url}/{paths[version]}"

    def keys(self, app: int | str = 0) -> D365FOKeys:
        """
        Give an app registration's published id and secret.

        :param app: position, name or client id.
        :raises ValueError: there is no such app.
        """
        found = app_of(app)
        return D365FOKeys(TENANT, found.client_id, found.client_secret)

    def connection(self, app: int | str = 0) -> dict[str, Any]:
        """
        Give the parts of an Airflow connection, secrets among them.

        :param app: position, name or client id.
        """
        keys = self.keys(app)
        return {
            "conn_type": "d365fo",
            "host": self.url,
            "login": keys.client_id,
            "password": keys.client_secret,
            "extra": {"tenant_id": keys.tenant_id, "authority": self.url},
        }

    def connection_json(self, app: int | str = 0) -> str:
        """
        Give an Airflow connection as JSON, e.g. for ``AIRFLOW_CONN_D365FO_DEFAULT``.

        :param app: position, name or client id.
        """
        return as_json_text(self.connection(app))

    def connection_uri(self, app: int | str = 0) -> str:
        """
        Give an Airflow connection as URI.

        :param app: position, name or client id.
        """
        return as_uri(self.connection(app))

    def totals(self, company: str | None = None) -> dict[str, int]:
        """
        Give the number of rows the sandbox holds, by set.

        :param company: only of this one, and of sets without companies; ``None`` for all.
        """
        return self.state.totals(company)

    def executed(self) -> dict[str, int]:
        """Give how often each service operation was run, by ``Group/Service/Operation``."""
        return dict(self.state.executed)

    def announcement(self) -> str:
        """Give what the command prints."""
        keys = self.keys()
        lines = [
            "",
            f"Dynamics 365 Finance & Operations sandbox on {self.url}",
            f"  environment URL  {self.url}",
            f"  on premises      {self.base_url('/namespaces/AXSF')}",
            *(f"  token URL {version:<6} {self.token_url(version)}" for version in ("v2", "v1", "adfs")),
            f"  tenant           {TENANT} or {DOMAIN}",
            *(f"  {app.name:<15}  {app.client_id}  {app.client_secret}" for app in APPS),
            "",
            "Airflow:",
            f"export AIRFLOW_CONN_D365FO_DEFAULT='{self.connection_json()}'",
            "",
            "curl:",
            f"TOKEN=$(curl -s {self.token_url()} -d grant_type=client_credentials \\",
            f"  -d scope={self.url}/.default -d client_id={keys.client_id} \\",
            f"  --data-urlencode 'client_secret={keys.client_secret}' | cut -d '\"' -f 12)",
            f"curl -i -H \"Authorization: Bearer $TOKEN\" '{self.url}/data/CustomersV3?$top=2'",
        ]
        return "\n".join(lines) + "\n"
