"""
:class:`D365FOSandbox`: Finance & Operations for tests and notebooks.

Rule: what the Python face has besides :mod:`..core.sandbox`; what is served is decided elsewhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode

from ..core.clock import Clock
from ..core.sandbox import BaseSandbox
from .api import D365FOPart
from .keys import APPS, DOMAIN, TENANT, app_of
from .sizes import ROW_NAMES, D365FORows
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

    :param host: the address to bind.
    :param port: 0 for a free port.
    :param seed: the same seed gives the same rows.
    :param clock: the source of time, seconds since 1970.
    :param faults: from the start and after each :meth:`reset`; the settings of :class:`..core.faults.Fault`.
    :param options: by name, the numbers of :class:`.sizes.D365FORows` and the switches of
        :class:`.switches.D365FOSwitches`.
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
        clock: Callable[[], float] = time.time,
        faults: Iterable[Mapping[str, Any]] = (),
        **options: Any,
    ) -> None:
        rows = D365FORows(**{name: options.pop(name) for name in ROW_NAMES if name in options})
        state = D365FOState(D365FOSwitches().changed(options), rows, seed, Clock(clock), faults)
        super().__init__(host, port, state, D365FOPart(state))

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
            raise ValueError(f"version = {version!r}: choose one of {', '.join(paths)}.")
        return f"{self.url}/{paths[version]}"

    def keys(self, app: int | str = 0) -> D365FOKeys:
        """
        Give an app registration's published id and secret.

        :param app: position, name or client id.
        :raises ValueError: there is no such app.
        """
        found = app_of(app)
        return D365FOKeys(TENANT, found.client_id, found.client_secret)

    def _parts(self, app: int | str) -> dict[str, Any]:
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
        return json.dumps(self._parts(app))

    def connection_uri(self, app: int | str = 0) -> str:
        """
        Give an Airflow connection as URI.

        :param app: position, name or client id.
        """
        parts = self._parts(app)
        secret, host = quote(parts["password"], safe=""), quote(parts["host"], safe="")
        extra = urlencode({"__extra__": json.dumps(parts["extra"])})
        return f"{parts['conn_type']}://{parts['login']}:{secret}@{host}/?{extra}"

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
